//! The error of a store.

use std::error::Error;
use std::fmt;

use ::redis::RedisError;

/// Error returned when the store cannot be reached or cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError(String);

impl StoreError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// Creates the error of a store that programs with another version of the protocol use.
    pub(super) fn version(used: &str, own: &str) -> Self {
        Self(format!(
            "the store is used by version {used} of the protocol, but this program has version \
             {own}: use the same version of `model-studio-limiter` in all programs that share an \
             account, or another account name"
        ))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the rate limit store failed: {}", self.0)
    }
}

impl Error for StoreError {}

impl From<RedisError> for StoreError {
    fn from(error: RedisError) -> Self {
        Self(error.to_string())
    }
}
