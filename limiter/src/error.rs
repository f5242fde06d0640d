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
        /// The time at which the request can be admitted, by what is counted now. This is not a
        /// promise. It is earlier if a request that runs is settled with less than its estimate, or
        /// if one that waits is cancelled, and later if other requests come first. If only the end of
        /// another request can make room, it is a short time from now.
        at: Instant,
    },
    /// The request was not admitted before its timeout.
    Timeout,
    /// The limiter is paused.
    Paused {
        /// The time at which the pause ends.
        until: Instant,
    },
    /// The call would block a tokio runtime whose time is paused, so that it would never return.
    WouldBlock,
    /// Only the store knows whether the limits allow the request, and asking it takes a round trip.
    /// Use [`acquire_timeout`](crate::Limiter::acquire_timeout) instead of `try_acquire`.
    #[cfg(feature = "redis")]
    AskStore,
    /// The store could not be reached before the timeout, or cannot be used at all.
    #[cfg(feature = "redis")]
    Store(StoreError),
}

impl AcquireError {
    /// Returns the time at which to try again, if the limits do not allow the request now.
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
            Self::WouldBlock => {
                f.write_str("blocking would stop the paused time of this runtime: use `acquire`")
            }
            #[cfg(feature = "redis")]
            Self::AskStore => {
                f.write_str("a limiter with a store cannot answer at once: use `acquire_timeout`")
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
    /// The amount that the limiter may use: its share of the count of `limit`.
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
            write!(
                f,
                "the share of this limiter is {} of {limit}",
                Grouped(allowed)
            )
        }
    }
}

impl Error for TooLarge {}

/// Error returned when a builder with a store has a setting that a store ignores, or lacks a name.
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
            Self::CountAtCompletion => f.write_str(
                "a store counts amounts when requests are admitted: remove `count_at_completion`",
            ),
            Self::NoName => f.write_str(
                "a store needs a name to tell quotas apart: call `name` with the model ID",
            ),
        }
    }
}

#[cfg(feature = "redis")]
impl Error for BuildError {}
