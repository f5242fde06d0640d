//! Why quotas could not be read.

use std::fmt;
use std::time::Duration;

use crate::region::Region;

/// Error returned when the quotas of an account cannot be read.
///
/// No message contains the key, even if the server repeats it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The URL of the endpoint contains the key, such as in place of the workspace. No request was sent,
    /// because host names are sent in clear text.
    KeyInUrl,
    /// The provider rejected the key. A key is valid in one region only.
    KeyRejected {
        /// The region of the endpoint.
        region: Region,
        /// The response in words.
        reason: String,
    },
    /// The request failed in a way that can pass: a timeout, a broken connection, or status 429 or 5xx.
    /// If there were retries, none of them succeeded.
    Temporary {
        /// What happened, in words.
        reason: String,
        /// The time after which the server asks to try again.
        retry_after: Option<Duration>,
    },
    /// The provider refused the request, or the server could not be found or asked. The value says why.
    Failed(String),
    /// The response is not one that the provider documents. The value says what was expected.
    UnexpectedResponse(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyInUrl => f.write_str("the workspace or the URL contains the key"),
            Self::KeyRejected { region, reason } => write!(
                f,
                "the key was rejected in the region `{region}`: {reason}\n\
                 A key is valid in one region only."
            ),
            Self::Temporary { reason, .. } | Self::Failed(reason) => f.write_str(reason),
            Self::UnexpectedResponse(reason) => write!(f, "unexpected response: {reason}"),
        }
    }
}

impl std::error::Error for Error {}
