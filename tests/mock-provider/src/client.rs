//! Clients, which keep to the limits in different ways.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use governor::clock::FakeRelativeClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};
use model_studio_limiter::{
    AcquireError, Builder, Clock, Limiter, LimiterLimits, ManualClock, Permit,
};

use crate::{MINUTE, PerMinute};

/// A client, which decides when to send its next request.
#[derive(Debug)]
pub struct Client(Kind);

#[derive(Debug)]
enum Kind {
    Limiter(Ours),
    Governor(Governor),
    FixedWindow(FixedWindow),
}

impl Client {
    /// Creates a client with the limiter of this project.
    #[must_use]
    pub fn limiter(settings: Builder<LimiterLimits>) -> Self {
        let clock = ManualClock::new();
        Self(Kind::Limiter(Ours {
            limiter: settings.clock(clock.clone()).build(),
            start: clock.now(),
            clock,
        }))
    }

    /// Creates a client with two limiters of governor, which allow a minute's requests and tokens at
    /// once and refill them over a minute.
    #[must_use]
    pub fn governor_per_minute(limit: PerMinute) -> Self {
        Self::governor(limit, limit)
    }

    /// Creates a client with two limiters of governor that keep the limit in every minute: they allow
    /// a second's requests and `largest` tokens at once, and refill the rest of the limit over a
    /// minute. No request can have more than `largest` tokens.
    #[must_use]
    pub fn governor_reduced(limit: PerMinute, largest: u64) -> Self {
        let burst = PerMinute {
            requests: limit.requests.div_ceil(60),
            tokens: limit.tokens.div_ceil(60).max(largest),
        };
        let refill = PerMinute {
            requests: limit.requests - burst.requests,
            tokens: limit.tokens - burst.tokens,
        };
        Self::governor(burst, refill)
    }

    fn governor(burst: PerMinute, refill: PerMinute) -> Self {
        let clock = FakeRelativeClock::default();
        let limiter = |burst, refill| {
            let period = MINUTE / count(refill).get();
            let quota = Quota::with_period(period).expect("the period is not zero");
            let quota = quota.allow_burst(count(burst));
            RateLimiter::direct_with_clock(quota, clock.clone())
        };
        Self(Kind::Governor(Governor {
            requests: limiter(burst.requests, refill.requests),
            tokens: limiter(burst.tokens, refill.tokens),
            clock,
            now: Duration::ZERO,
            has_request: false,
        }))
    }

    /// Creates a client that counts requests and tokens, and starts again every minute.
    #[must_use]
    pub fn fixed_window(limit: PerMinute) -> Self {
        Self(Kind::FixedWindow(FixedWindow {
            limit,
            end: MINUTE,
            requests: 0,
            tokens: 0,
        }))
    }

    /// Sends a request now, or returns the time at which to try again. A client that cannot tell
    /// returns `Duration::MAX`.
    pub(crate) fn send(&mut self, now: Duration, tokens: u64) -> Result<Option<Permit>, Duration> {
        match &mut self.0 {
            Kind::Limiter(limiter) => limiter.send(now, tokens).map(Some),
            Kind::Governor(governor) => governor.send(now, tokens).map(|()| None),
            Kind::FixedWindow(window) => window.send(now, tokens).map(|()| None),
        }
    }

    /// Moves the client's clock, before it learns what happened to a request.
    pub(crate) fn set_time(&mut self, now: Duration) {
        if let Kind::Limiter(limiter) = &mut self.0 {
            limiter.set_time(now);
        }
    }
}

#[derive(Debug)]
struct Ours {
    limiter: Limiter,
    clock: ManualClock,
    start: Instant,
}

impl Ours {
    fn set_time(&mut self, now: Duration) {
        self.clock.advance(self.start + now - self.clock.now());
    }

    fn send(&mut self, now: Duration, tokens: u64) -> Result<Permit, Duration> {
        self.set_time(now);
        match self.limiter.try_acquire(tokens) {
            Ok(permit) => Ok(permit),
            Err(AcquireError::NotYet { at } | AcquireError::Paused { until: at }) => {
                let at = at - self.start;
                // The limiter waits for a request to complete.
                Err(if at > now { at } else { Duration::MAX })
            }
            Err(error) => panic!("{error}"),
        }
    }
}

type GovernorLimiter =
    RateLimiter<NotKeyed, InMemoryState, FakeRelativeClock, NoOpMiddleware<Nanos>>;

#[derive(Debug)]
struct Governor {
    requests: GovernorLimiter,
    tokens: GovernorLimiter,
    clock: FakeRelativeClock,
    now: Duration,
    /// Whether the next request only waits for its tokens. The limiters cannot take both at once.
    has_request: bool,
}

impl Governor {
    fn send(&mut self, now: Duration, tokens: u64) -> Result<(), Duration> {
        self.clock.advance(now.saturating_sub(self.now));
        self.now = now;
        if !self.has_request {
            self.requests.check().map_err(|wait| time(&wait))?;
            self.has_request = true;
        }
        let result = self.tokens.check_n(count(tokens));
        let result = result.expect("the burst is large enough for every request");
        result.map_err(|wait| time(&wait))?;
        self.has_request = false;
        Ok(())
    }
}

#[derive(Debug)]
struct FixedWindow {
    limit: PerMinute,
    end: Duration,
    requests: u64,
    tokens: u64,
}

impl FixedWindow {
    fn send(&mut self, now: Duration, tokens: u64) -> Result<(), Duration> {
        while now >= self.end {
            self.end += MINUTE;
            (self.requests, self.tokens) = (0, 0);
        }
        if self.requests + 1 > self.limit.requests || self.tokens + tokens > self.limit.tokens {
            return Err(self.end);
        }
        self.requests += 1;
        self.tokens += tokens;
        Ok(())
    }
}

fn time(wait: &NotUntil<Nanos>) -> Duration {
    wait.earliest_possible().into()
}

/// Converts an amount for governor.
fn count(amount: u64) -> NonZeroU32 {
    let amount = u32::try_from(amount).ok().and_then(NonZeroU32::new);
    amount.expect("the amount is from 1 to u32::MAX")
}
