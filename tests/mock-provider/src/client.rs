//! Clients, which stay below the limits in different ways.

use std::time::{Duration, Instant};

use model_studio_limiter::{
    AcquireError, Builder, Clock, Limiter, LimiterLimits, ManualClock, Permit,
};

use crate::governor::Governor;
use crate::{MINUTE, PerMinute};

/// A client, which decides when to send its next request.
#[derive(Debug)]
pub struct Client(ClientKind);

#[derive(Debug)]
enum ClientKind {
    Limiter(Ours),
    Governor(TwoGovernors),
    FixedWindow(FixedWindow),
}

impl Client {
    /// Creates a client with the limiter of this project.
    #[must_use]
    pub fn limiter(settings: Builder<LimiterLimits>) -> Self {
        let clock = ManualClock::new();
        Self(ClientKind::Limiter(Ours {
            limiter: settings.clock(clock.clone()).build(),
            start: clock.now(),
            clock,
        }))
    }

    /// Creates a client with two limiters of governor, which allow a minute's requests and tokens
    /// at once and refill them over a minute.
    #[must_use]
    pub fn governor_per_minute(limit: PerMinute) -> Self {
        Self::governor(limit, limit)
    }

    /// Creates a client with two limiters of governor that keep the limit in every minute: they
    /// allow a second's requests and `largest` tokens at once, and refill the rest of the limit
    /// over a minute. No request may have more than `largest` tokens.
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
        Self(ClientKind::Governor(TwoGovernors {
            requests: Governor::new(burst.requests, refill.requests),
            tokens: Governor::new(burst.tokens, refill.tokens),
            has_request: false,
        }))
    }

    /// Creates a client that counts requests and tokens, and starts at zero every minute.
    #[must_use]
    pub fn fixed_window(limit: PerMinute) -> Self {
        Self(ClientKind::FixedWindow(FixedWindow {
            limit,
            end: MINUTE,
            requests: 0,
            tokens: 0,
        }))
    }

    /// Sends a request now, or returns the time at which to try again. The time is `Duration::MAX`
    /// if another request has to complete first.
    pub(crate) fn send(&mut self, now: Duration, tokens: u64) -> Result<Option<Permit>, Duration> {
        match &mut self.0 {
            ClientKind::Limiter(limiter) => limiter.send(now, tokens).map(Some),
            ClientKind::Governor(governor) => governor.send(now, tokens).map(|()| None),
            ClientKind::FixedWindow(window) => window.send(now, tokens).map(|()| None),
        }
    }

    /// Advances the client's clock, before the client learns what happened to a request.
    pub(crate) fn set_time(&mut self, now: Duration) {
        if let ClientKind::Limiter(limiter) = &mut self.0 {
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
                // The request waits until another one completes.
                Err(if at > now { at } else { Duration::MAX })
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// A limiter of requests and one of tokens.
#[derive(Debug)]
struct TwoGovernors {
    requests: Governor,
    tokens: Governor,
    /// Whether the next request only waits for its tokens. Both cannot be taken in one step.
    has_request: bool,
}

impl TwoGovernors {
    fn send(&mut self, now: Duration, tokens: u64) -> Result<(), Duration> {
        if !self.has_request {
            self.requests.take(now, 1)?;
            self.has_request = true;
        }
        self.tokens.take(now, tokens)?;
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
