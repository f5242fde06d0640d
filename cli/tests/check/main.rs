//! Runs `model-studio-limits check`.

mod command;
mod configuration;
mod files;
mod fix;
mod formats;
mod names;
#[path = "../support/mod.rs"]
mod support;
