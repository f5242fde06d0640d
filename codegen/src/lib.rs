//! Turns a YAML table of models and their rate limits into a typed Rust enum, in a build script.

mod catalogue;
mod docs;
mod emit;
mod generator;
mod identifier;
mod lookup;
mod meaning;
mod overlay;
mod report;
mod shape;
mod yaml;

pub use generator::{Code, Generator};
pub use report::Error;
