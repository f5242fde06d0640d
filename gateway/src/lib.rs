//! A reverse proxy that keeps the calls of programs in any language below the rate limits of Alibaba
//! Cloud Model Studio.
#![forbid(unsafe_code)]

pub mod clients;
pub mod config;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the proxy that uses it follows")
)]
mod formats;
pub mod key;
pub mod logging;
pub mod mock_provider;

/// Checks for fuzzing. This is not a part of the public interface.
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub use formats::oracle;
