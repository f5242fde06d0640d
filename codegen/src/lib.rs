#![doc = include_str!("../README.md")]

// The builder, and the steps that it runs.
mod generator;
mod pipeline;
mod settings;

// path -> TextFile
mod input;

// TextFile -> Node
mod yaml;

// Node -> TableFile or OverlayFile
mod decode;
mod property;
mod table_file;

// TableFile -> Table, and Table + OverlayFile -> Table
mod identifier;
mod name_index;
mod overlay;
mod table;
mod validate;

// Table -> code
mod render;

// Table -> data for programs
mod data;

// Used by all steps.
mod diagnostic;
mod error;
mod text;

pub use data::{Deprecation, Model, Property, PropertyValue, RetiredModel, Table};
pub use error::Error;
pub use generator::{Code, Generator};
pub use model_studio_limits_core::{Category, Date, Limit, LimitKind, PropertyKind};
pub use table_file::Source;
