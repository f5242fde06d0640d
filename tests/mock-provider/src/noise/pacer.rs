//! Decides when a worker sends its request.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::FakeRelativeClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use model_studio_limiter::{Builder, LimiterLimits};

use crate::MINUTE;

/// What decides when a worker sends its request.
#[derive(Debug)]
pub enum Pacer {
    /// The limiter of this project. A refused request waits for a new permit at once.
    Limiter(Builder<LimiterLimits>),
    /// Governor. Workers wait in a queue, the first until the earliest possible time. A refused
    /// request is retried after a random backoff, which doubles.
    ///
    /// It allows a second's requests at once and refills the rest of the limit over a minute, so
    /// that no minute exceeds the limit.
    Governor,
}

/// A limiter of governor on a clock of its own.
#[derive(Debug)]
pub(crate) struct Governor {
    limiter: RateLimiter<NotKeyed, InMemoryState, FakeRelativeClock, NoOpMiddleware<Nanos>>,
    clock: FakeRelativeClock,
    now: Duration,
}

impl Governor {
    pub(crate) fn new(per_minute: u64) -> Self {
        let count = |amount: u64| {
            let amount = u32::try_from(amount).ok().and_then(NonZeroU32::new);
            amount.expect("the amount is from 1 to u32::MAX")
        };
        let burst = per_minute.div_ceil(60);
        let refill = per_minute.saturating_sub(burst).max(1);
        let quota = Quota::with_period(MINUTE / count(refill).get());
        let quota = quota.expect("the period is not zero");
        let clock = FakeRelativeClock::default();
        Self {
            limiter: RateLimiter::direct_with_clock(quota.allow_burst(count(burst)), clock.clone()),
            clock,
            now: Duration::ZERO,
        }
    }

    /// Takes a request, or returns the time at which to try again.
    pub(crate) fn check(&mut self, now: Duration) -> Result<(), Duration> {
        self.clock.advance(now.saturating_sub(self.now));
        self.now = now;
        let result = self.limiter.check();
        result.map_err(|wait| wait.earliest_possible().into())
    }
}
