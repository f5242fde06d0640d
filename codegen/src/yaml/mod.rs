//! Reads YAML as a tree of values with locations.

mod nesting;
mod parse;
mod read;
mod tree;

pub(crate) use parse::parse;
pub(crate) use read::{Fields, Reader};
pub(crate) use tree::{Entry, Node, Value};
