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
        /// The earliest time at which the request may be admitted. It may be admitted later. If
        /// that depends on running requests, this is a short time from now.
        at: Instant,
    },
    /// The request cannot be admitted before its timeout.
    Timeout,
    /// The limiter is paused.
    Paused {
        /// The time at which the pause ends.
        until: Instant,
    },
    /// The store could not be reached before the timeout.
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
                f.write_str("the rate limits do not allow the request before its timeout")
            }
            Self::Paused { .. } => f.write_str("the limiter is paused"),
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
    pub available: u64,
    /// The limit.
    pub limit: Limit,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            requested,
            available,
            limit,
        } = *self;
        let (noun, requested) = (limit.kind.noun(requested), Grouped(requested));
        write!(
            f,
            "the request needs {requested} {noun}, which can never be admitted: "
        )?;
        if available == limit.count.get() {
            write!(f, "the limit is {limit}")
        } else {
            write!(
                f,
                "the share of this limiter is {} of {limit}",
                Grouped(available)
            )
        }
    }
}

impl Error for TooLarge {}
