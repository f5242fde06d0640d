//! The generator, from a table to code or to a report.

mod arbitrary;
mod body;
mod compiles;
mod diagnostics;
mod files;
mod properties;
mod snapshot;
mod support;
