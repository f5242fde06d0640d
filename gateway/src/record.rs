//! What is known of a request when it has ended, for metrics and logs.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, StatusCode};

/// A request that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// The ID that the client or the gateway has given the request.
    pub(crate) request_id: HeaderValue,
    /// The format of the endpoint, or what else the request was for.
    pub(crate) operation: &'static str,
    /// The model of the call, by its ID in the table. Empty if it is not known.
    pub(crate) model: Arc<str>,
    /// The class in whose queue the call has waited.
    pub(crate) class: Arc<str>,
    /// The status of the response to the client, if there was one.
    pub(crate) status: Option<StatusCode>,
    pub(crate) outcome: Outcome,
    /// The time in the queues.
    pub(crate) waited: Duration,
    /// From the header of the request to that of the response, or to the first event of a stream.
    pub(crate) first_byte: Option<Duration>,
    /// From the header of the request to the end of the response.
    pub(crate) duration: Duration,
    /// The tokens that the provider has reported for a complete answer.
    pub(crate) usage: Option<(u64, u64)>,
    /// The tokens that the gateway has expected.
    pub(crate) estimate: (u64, u64),
    /// How many times the provider has refused the call.
    pub(crate) refusals: u32,
}

impl Record {
    /// Creates the record of a request that has just arrived. Until something else is known, its client
    /// has left.
    pub(crate) fn new(request_id: HeaderValue, operation: &'static str) -> Self {
        Self {
            request_id,
            operation,
            model: Arc::default(),
            class: Arc::default(),
            status: None,
            outcome: Outcome::ClientLeft,
            waited: Duration::ZERO,
            first_byte: None,
            duration: Duration::ZERO,
            usage: None,
            estimate: (0, 0),
            refusals: 0,
        }
    }

    /// Returns `true` if the response is the beginning of an answer. A stream can contain a refusal
    /// although its status is that of a success.
    pub(crate) fn is_success(&self) -> bool {
        let is_success = self.status.is_some_and(|status| status.is_success());
        is_success && self.outcome != Outcome::Refused
    }
}

/// How a request has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// The response was passed on completely, whatever its status.
    Completed,
    /// The client has left.
    ClientLeft,
    /// The gateway has refused the request as invalid, or its model, client or size.
    Invalid,
    /// The call could not start before its deadline.
    Deadline,
    /// Too many requests were waiting.
    QueueFull,
    /// The provider refused the call, and it was not sent again.
    Refused,
    /// The provider could not be reached, has not answered in time, or has broken off its answer.
    ProviderFailed,
    /// The gateway could not admit the call, because of its store.
    Internal,
}

impl Outcome {
    /// Every outcome, in the order of the variants.
    pub(crate) const ALL: [Self; 8] = [
        Self::Completed,
        Self::ClientLeft,
        Self::Invalid,
        Self::Deadline,
        Self::QueueFull,
        Self::Refused,
        Self::ProviderFailed,
        Self::Internal,
    ];

    /// Returns the name in metrics and logs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::ClientLeft => "client_left",
            Self::Invalid => "invalid",
            Self::Deadline => "deadline",
            Self::QueueFull => "queue_full",
            Self::Refused => "refused",
            Self::ProviderFailed => "provider_failed",
            Self::Internal => "internal",
        }
    }
}
