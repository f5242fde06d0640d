#![doc = include_str!("../README.md")]

mod generator;
mod settings;

mod pipeline;

// 1. path -> text
mod input;

// 2. text -> tree
mod yaml;

// 3. tree -> file
mod decode;
mod table_file;

// 4. file -> table
mod identifier;
mod name_index;
mod overlay;
mod table;
mod validate;

// 5. table -> code
mod render;

mod diagnostic;
mod error;
mod text;

pub use error::Error;
pub use generator::{Code, Generator};
