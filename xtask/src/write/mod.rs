//! Formats the tables.

mod comparison;
pub(crate) mod files;
mod rust;
mod yaml;
