//! Runs the examples of the root README as tests. The other tests are in `tests/`.
//!
//! They are here because the root package does not depend on the limiter.

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
