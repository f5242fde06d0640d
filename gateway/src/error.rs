//! The errors of a gateway that cannot start.

use std::error::Error;
use std::fmt;
use std::io;

use model_studio_limiter::{BuildError, StoreError};

/// Error returned when a gateway cannot start, or cannot use new settings.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The URL of the provider's server has no scheme or no host.
    Upstream,
    /// The provider's API key is not a valid header value.
    ProviderKey,
    /// The store cannot be used.
    Store(StoreError),
    /// The connection to Redis for tasks cannot be used.
    Redis(redis::RedisError),
    /// The limiters cannot be built.
    Limiters(BuildError),
    /// The gateway cannot listen.
    Listen(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upstream => f.write_str(
                "invalid URL of the provider: expected a scheme and a host, such as \
                 `https://example.com`",
            ),
            Self::ProviderKey => f.write_str(
                "the provider's API key contains a character that is not allowed in a header",
            ),
            Self::Store(error) => write!(f, "the store cannot be used: {error}"),
            Self::Redis(error) => write!(f, "the store cannot be used: {error}"),
            Self::Limiters(error) => error.fmt(f),
            Self::Listen(error) => write!(f, "cannot listen: {error}"),
        }
    }
}

impl Error for StartError {}
