//! The times and durations of limiters.

use std::ops::{Add, Sub};
use std::time::Duration;

/// A duration in nanoseconds. Sums and differences saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Nanos(pub(crate) u64);

impl Nanos {
    pub(crate) const ZERO: Self = Self(0);
    pub(crate) const MAX: Self = Self(u64::MAX);
    pub(crate) const SECOND: Self = Self(1_000_000_000);
    pub(crate) const MINUTE: Self = Self(60 * Self::SECOND.0);

    pub(crate) const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000_000)
    }

    #[expect(clippy::cast_precision_loss, reason = "the result need not be exact")]
    pub(crate) fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast of a float saturates"
    )]
    pub(crate) fn from_secs_f64(seconds: f64) -> Self {
        Self((seconds * 1e9) as u64)
    }

    /// Returns the duration in microseconds, rounded down.
    #[cfg(feature = "redis")]
    pub(crate) const fn as_micros(self) -> u64 {
        self.0 / 1_000
    }
}

/// Saturates after 584 years.
impl From<Duration> for Nanos {
    #[inline]
    fn from(duration: Duration) -> Self {
        let nanos = duration.as_secs().saturating_mul(1_000_000_000);
        Self(nanos.saturating_add(u64::from(duration.subsec_nanos())))
    }
}

impl From<Nanos> for Duration {
    fn from(nanos: Nanos) -> Self {
        Self::from_nanos(nanos.0)
    }
}

impl Add for Nanos {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Nanos {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// A time of a limiter, in nanoseconds from an arbitrary origin. Sums and differences saturate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub(crate) u64);

impl Time {
    /// The time at which every limiter starts. It is not 0, because some times are before the
    /// start: a limiter with a burst starts as if it had been idle.
    pub(crate) const START: Self = Self(1 << 60);

    /// A time before all others.
    pub(crate) const MIN: Self = Self(0);

    /// A time that is never reached.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// Returns the time that has passed since an earlier time, or zero if it is later.
    #[inline]
    pub(crate) fn since(self, earlier: Self) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Nanos> for Time {
    type Output = Self;

    #[inline]
    fn add(self, duration: Nanos) -> Self {
        Self(self.0.saturating_add(duration.0))
    }
}

impl Sub<Nanos> for Time {
    type Output = Self;

    #[inline]
    fn sub(self, duration: Nanos) -> Self {
        Self(self.0.saturating_sub(duration.0))
    }
}

/// A time of the store, in microseconds since the epoch of its server.
#[cfg(feature = "redis")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StoreTime(pub(crate) u64);

/// Only the unit changes: the result is a time of the store, for code that works with either clock.
#[cfg(feature = "redis")]
impl From<StoreTime> for Time {
    fn from(at: StoreTime) -> Self {
        Self(at.0.saturating_mul(1_000))
    }
}
