#![doc = include_str!("../README.md")]

mod generator;
mod pipeline;

// YAML text -> tree
mod yaml;

// tree -> table
mod decode;
mod decoder;
mod table;

// table -> catalogue
mod catalogue;
mod identifier;
mod name_index;
mod overlay;
mod validate;

// catalogue -> code
mod perfect_hash;
mod render;

mod diagnostics;

pub use diagnostics::Error;
pub use generator::{Code, Generator};
