//! When a simulated runtime polls.

use std::time::Duration;

use fastrand::Rng;

/// How much of the time the thread of a runtime is busy with other work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Busy {
    /// The average time from one busy stretch to the next.
    pub period: Duration,
    /// The fraction of the period in which nothing is polled.
    pub part: f64,
}

impl Busy {
    /// A runtime that always polls immediately.
    pub const NEVER: Self = Self {
        period: Duration::from_secs(1),
        part: 0.0,
    };
}

/// A runtime with one thread.
#[derive(Debug)]
pub(crate) struct Runtime {
    busy: Busy,
    rng: Rng,
    busy_from: Duration,
    busy_until: Duration,
}

impl Runtime {
    pub(crate) fn new(busy: Busy, seed: u64) -> Self {
        Self {
            busy,
            rng: Rng::with_seed(seed),
            busy_from: Duration::ZERO,
            busy_until: Duration::ZERO,
        }
    }

    /// Returns the time from which woken tasks are polled.
    pub(crate) fn free_at(&mut self, now: Duration) -> Duration {
        while now >= self.busy_until {
            let period = self.busy.period.mul_f64(0.5 + self.rng.f64());
            self.busy_from = self.busy_until + period.mul_f64(1.0 - self.busy.part);
            self.busy_until += period;
        }
        if now >= self.busy_from {
            self.busy_until
        } else {
            now
        }
    }
}
