//! Runs `model-studio-limits check`.

mod command;
mod configuration;
mod files;
mod fix;
mod formats;
mod names;
mod own_table;
#[path = "../support/mod.rs"]
mod support;
