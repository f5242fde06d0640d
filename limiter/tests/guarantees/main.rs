//! The guarantees of the documentation, under random loads in simulated time.

#![allow(
    clippy::cast_precision_loss,
    clippy::unchecked_time_subtraction,
    reason = "the numbers in tests are small"
)]

#[path = "../common/mod.rs"]
mod common;
mod load;
mod schedule;
mod throughput;
mod windows;

use proptest::prelude::ProptestConfig;

/// Runs each property with this number of random inputs.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        // A failure prints its input. A test of its own then reproduces it.
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
