//! How the pace increases again after refusals. All paces are fractions of the full pace.

use crate::time::{Nanos, Time};

/// The slowest pace.
const MIN_FACTOR: f64 = 0.05;

/// How long the pace stays near a limit that was found, at least and at most, in seconds.
const MIN_PLATEAU: f64 = 10.0;
const MAX_PLATEAU: f64 = 120.0;

/// The number of requests to send meanwhile, so that the few that are refused at its end are less
/// than 3%.
const PLATEAU_REQUESTS: f64 = 85.0;

/// The fraction by which the pace grows within this many seconds after the plateau. In twice the
/// time, it grows 8 times as much.
const GROWTH: f64 = 0.2;
const GROWTH_TIME: f64 = 10.0;

/// The slowest pace when the provider lacks capacity.
const MIN_RECOVERY: f64 = 0.1;

/// How long the pace takes to recover from a lack of capacity.
const RECOVERY: Nanos = Nanos(15 * Nanos::SECOND.0);

/// The pace after throttling, below a limit that was found.
///
/// It approaches the limit, stays there for a while, and then grows faster and faster, because the
/// limit may have moved. This is the idea of CUBIC, a congestion control of TCP.
#[derive(Debug)]
pub(crate) struct Growth {
    /// The pace at the start, and the limit that was found.
    start: f64,
    ceiling: f64,
    since: Time,
    /// The length of the plateau, in seconds.
    plateau: f64,
    /// The time at which the pace is full again.
    full_at: Time,
}

impl Growth {
    pub(crate) fn new() -> Self {
        Self {
            start: 1.0,
            ceiling: 1.0,
            since: Time::MIN,
            plateau: 1.0,
            full_at: Time::MIN,
        }
    }

    #[inline]
    pub(crate) fn is_full(&self, now: Time) -> bool {
        now >= self.full_at
    }

    /// Returns the pace.
    pub(crate) fn factor(&self, now: Time) -> f64 {
        if self.is_full(now) {
            return 1.0;
        }
        let time = now.since(self.since).as_secs_f64() - self.plateau;
        let factor = if time < 0.0 {
            self.ceiling + (self.ceiling - self.start) * (time / self.plateau).powi(3)
        } else {
            self.ceiling * (1.0 + GROWTH * (time / GROWTH_TIME).powi(3))
        };
        factor.min(1.0)
    }

    /// Starts at a pace below a limit that was found, and grows from a time on. `per_second` is the
    /// number of requests that are accepted.
    pub(crate) fn slow_down(&mut self, start: f64, limit: f64, per_second: f64, since: Time) {
        self.start = start.clamp(MIN_FACTOR, 1.0);
        self.ceiling = limit.clamp(MIN_FACTOR, 1.0);
        let plateau = MIN_PLATEAU + PLATEAU_REQUESTS / per_second;
        self.plateau = plateau.min(MAX_PLATEAU);
        self.start_at(since);
    }

    /// Starts again at the same pace, and grows from a time on.
    pub(crate) fn start_at(&mut self, since: Time) {
        self.since = since;
        let growth = GROWTH_TIME * ((1.0 / self.ceiling - 1.0) / GROWTH).cbrt();
        self.full_at = since + Nanos::from_secs_f64(self.plateau + growth);
    }
}

/// The pace after a lack of capacity, which grows evenly.
#[derive(Debug)]
pub(crate) struct Recovery {
    start: f64,
    since: Time,
}

impl Recovery {
    pub(crate) fn new() -> Self {
        Self {
            start: 1.0,
            since: Time::MIN,
        }
    }

    #[inline]
    pub(crate) fn is_full(&self, now: Time) -> bool {
        self.start >= 1.0 || now.since(self.since) >= RECOVERY
    }

    /// Returns the pace.
    pub(crate) fn factor(&self, now: Time) -> f64 {
        if self.is_full(now) {
            return 1.0;
        }
        let recovered = now.since(self.since).as_secs_f64() / RECOVERY.as_secs_f64();
        self.start + (1.0 - self.start) * recovered
    }

    /// Multiplies the pace by a factor.
    pub(crate) fn slow_down(&mut self, factor: f64, now: Time) {
        self.start = (self.factor(now) * factor).max(MIN_RECOVERY);
        self.since = now;
    }
}
