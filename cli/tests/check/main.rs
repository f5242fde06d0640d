//! Runs `model-studio-limits check`.

mod command;
mod configuration;
mod files;
mod fix;
mod formats;
mod names;
mod own_table;
mod servers;
#[path = "../support/mod.rs"]
mod support;
