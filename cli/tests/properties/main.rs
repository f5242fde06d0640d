//! `list` and `show` with the properties of models, and with a table of one's own.

mod conditions;
mod formats;
mod own_table;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod unusual;
