//! Formats the tables.

mod comparison;
pub(crate) mod files;
mod yaml;
