//! Errors of limiters.

use std::error::Error;
use std::fmt;
use std::time::Instant;

use model_studio_limits::Limit;
use model_studio_limits_core::Grouped;

#[cfg(feature = "redis")]
use crate::StoreError;

/// Error returned when a permit is not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcquireError {
    /// The request exceeds a limit by itself, so it can never be admitted.
    TooLarge(TooLarge),
    /// The limits do not allow the request now.
    NotYet {
        /// The time at which the request can be admitted according to the present usage. It becomes
        /// earlier if another request is cancelled or costs less than estimated, and later if other
        /// requests come first. If the request has to wait until another one ends, this can be only
        /// a millisecond from now.
        at: Instant,
    },
    /// The request was not admitted before its timeout.
    Timeout,
    /// The limiter is paused.
    Paused {
        /// The time at which the pause ends.
        until: Instant,
    },
    /// The list of models or limiters is empty.
    NoCandidates,
    /// The call would block a Tokio runtime whose time is paused, and never return.
    WouldBlock,
    /// Only the store knows whether the limits allow the request, and a call to it takes a round
    /// trip. Use [`acquire_timeout`](crate::Limiter::acquire_timeout) instead of `try_acquire`.
    #[cfg(feature = "redis")]
    AskStore,
    /// The store could not be reached before the timeout, or cannot be used at all.
    #[cfg(feature = "redis")]
    Store(StoreError),
}

impl AcquireError {
    /// Returns the time at which to try again, if the limits do not allow the request yet or the
    /// limiter is paused.
    #[must_use]
    pub fn retry_at(&self) -> Option<Instant> {
        match self {
            Self::NotYet { at } | Self::Paused { until: at } => Some(*at),
            _ => None,
        }
    }
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(error) => error.fmt(f),
            Self::NotYet { .. } => f.write_str("the rate limits do not allow the request yet"),
            Self::Timeout => {
                f.write_str("the rate limits did not allow the request before its timeout")
            }
            Self::Paused { .. } => f.write_str("the limiter is paused"),
            Self::NoCandidates => {
                f.write_str("the list of models or limiters is empty: name at least one")
            }
            Self::WouldBlock => f.write_str(
                "blocking this thread would stop the paused time of its runtime: use `acquire`",
            ),
            #[cfg(feature = "redis")]
            Self::AskStore => {
                f.write_str("only the store can admit the request: use `acquire_timeout`")
            }
            #[cfg(feature = "redis")]
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl Error for AcquireError {}

impl From<TooLarge> for AcquireError {
    fn from(error: TooLarge) -> Self {
        Self::TooLarge(error)
    }
}

/// Error returned when a request exceeds a limit by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooLarge {
    /// The amount that the request needs.
    pub requested: u64,
    /// The amount that the request may use: the limiter's share of the count of `limit`, without the
    /// headroom of other classes.
    pub allowed: u64,
    /// The limit.
    pub limit: Limit,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            requested,
            allowed,
            limit,
        } = *self;
        let (noun, requested) = (limit.kind.noun(requested), Grouped(requested));
        write!(
            f,
            "the request needs {requested} {noun}, which can never be admitted: "
        )?;
        if allowed == limit.count.get() {
            write!(f, "the limit is {limit}")
        } else {
            write!(f, "its share is {} of {limit}", Grouped(allowed))
        }
    }
}

impl Error for TooLarge {}

/// Error returned when a builder with a store lacks a name, or has a setting without effect.
#[cfg(feature = "redis")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// [`count_at_completion`](crate::Builder::count_at_completion) has no effect with a store.
    CountAtCompletion,
    /// A limiter with a store needs a [`name`](crate::Builder::name).
    NoName,
}

#[cfg(feature = "redis")]
impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CountAtCompletion => {
                f.write_str("`count_at_completion` has no effect with a store: remove it")
            }
            Self::NoName => {
                f.write_str("the store identifies quotas by name: call `name` with the model ID")
            }
        }
    }
}

#[cfg(feature = "redis")]
impl Error for BuildError {}
