//! Runs `model-studio-limits quotas` against a local server.

mod account;
mod command;
mod failures;
mod limits;
mod pages;
mod secrecy;
mod server;
