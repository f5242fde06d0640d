//! A limiter of the crate `governor`, for comparison.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::FakeRelativeClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::MINUTE;

/// A limiter of `governor`, on a clock of its own.
#[derive(Debug)]
pub(crate) struct Governor {
    limiter: RateLimiter<NotKeyed, InMemoryState, FakeRelativeClock, NoOpMiddleware<Nanos>>,
    clock: FakeRelativeClock,
    now: Duration,
}

impl Governor {
    /// Creates a limiter that allows `burst` at once, and refills `refill` over a minute.
    pub(crate) fn new(burst: u64, refill: u64) -> Self {
        let quota = Quota::with_period(MINUTE / count(refill).get());
        let quota = quota.expect("the period is not zero");
        let clock = FakeRelativeClock::default();
        Self {
            limiter: RateLimiter::direct_with_clock(quota.allow_burst(count(burst)), clock.clone()),
            clock,
            now: Duration::ZERO,
        }
    }

    /// Takes an amount, or returns the time at which to try again.
    pub(crate) fn take(&mut self, now: Duration, amount: u64) -> Result<(), Duration> {
        self.clock.advance(now.saturating_sub(self.now));
        self.now = now;
        let result = self.limiter.check_n(count(amount));
        let result = result.expect("the burst is large enough for every request");
        result.map_err(|wait| wait.earliest_possible().into())
    }
}

/// Converts an amount for `governor`.
fn count(amount: u64) -> NonZeroU32 {
    let amount = u32::try_from(amount).ok().and_then(NonZeroU32::new);
    amount.expect("the amount is from 1 to u32::MAX")
}
