//! Tenants that share a limit, in simulated time. `--nocapture` prints the figures of the guide.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the numbers in tests are small"
)]

mod adversaries;
#[path = "../common/mod.rs"]
mod common;
mod waits;
mod world;
