#![doc = include_str!("../README.md")]

mod catalogue;
mod docs;
mod emit;
mod generator;
mod identifier;
mod lookup;
mod meaning;
mod overlay;
mod reference;
mod report;
mod shape;
mod yaml;

pub use generator::{Code, Generator};
pub use report::Error;
