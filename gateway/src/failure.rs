//! Error responses of the gateway itself.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::record::Outcome;

/// A request that the gateway answers with an error.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) outcome: Outcome,
    pub(crate) status: StatusCode,
    /// A code for programs, such as `model_not_found`.
    pub(crate) code: &'static str,
    /// What is wrong, for people.
    pub(crate) message: String,
    /// When a retry can succeed.
    pub(crate) retry_after: Option<Duration>,
}

impl Failure {
    pub(crate) fn new(
        outcome: Outcome,
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            outcome,
            status,
            code,
            message: message.into(),
            retry_after: None,
        }
    }

    /// Creates the error of a request that is wrong by itself.
    pub(crate) fn invalid(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Outcome::Invalid, status, code, message)
    }

    /// Creates the error of a request that has to be sent again later.
    pub(crate) fn queue_full(message: &str) -> Self {
        Self {
            retry_after: Some(Duration::from_secs(1)),
            ..Self::new(
                Outcome::QueueFull,
                StatusCode::SERVICE_UNAVAILABLE,
                "queue_full",
                message,
            )
        }
    }

    /// Creates the error of a request that the provider has not received or answered.
    pub(crate) fn unreachable(error: &(dyn Error + 'static)) -> Self {
        let error = Chain(error);
        tracing::warn!(%error, "the provider could not be reached");
        let message = "the provider could not be reached, or has closed the connection";
        Self::provider(StatusCode::BAD_GATEWAY, message)
    }

    /// Creates the error of a request whose answer was not complete.
    pub(crate) fn incomplete() -> Self {
        let message = "the provider closed the connection before its response was complete";
        Self::provider(StatusCode::BAD_GATEWAY, message)
    }

    /// Creates the error of a call to which the provider has not answered.
    pub(crate) fn provider(status: StatusCode, message: impl Into<String>) -> Self {
        let code = if status == StatusCode::GATEWAY_TIMEOUT {
            "provider_timeout"
        } else {
            "provider_unreachable"
        };
        Self::new(Outcome::ProviderFailed, status, code, message)
    }
}

/// An error with its causes.
struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
