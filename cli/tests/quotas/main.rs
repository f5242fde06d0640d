//! Runs `model-studio-limits quotas` against a local server.

mod account;
mod arguments;
mod command;
mod diff;
mod failures;
mod limits;
mod pages;
mod retries;
mod secrecy;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../support/mod.rs"]
mod support;
