//! Waits until the limits of a model let a request through.

use std::num::NonZeroU32;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use governor::clock::{Clock, FakeRelativeClock, MonotonicClock, Reference as _};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{InsufficientCapacity, RateLimiter};
use model_studio_limits::Limits;

use crate::endpoint::Request;
use crate::quota;

/// A clock that can be waited for: the machine's, or one that is only moved by waiting.
pub trait Time: Clock + Clone {
    fn sleep(&self, duration: Duration);
}

impl Time for MonotonicClock {
    fn sleep(&self, duration: Duration) {
        thread::sleep(duration);
    }
}

/// For tests and dry runs: an hour of waiting takes no time.
impl Time for FakeRelativeClock {
    fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}

type Limiter<T> = RateLimiter<NotKeyed, InMemoryState, T, NoOpMiddleware<<T as Clock>::Instant>>;

/// Keeps requests below the limits of a model.
pub struct Pacer<T: Time> {
    time: T,
    start: T::Instant,
    waited: Duration,
    queries: Option<Limiter<T>>,
    tokens: Option<Limiter<T>>,
}

impl<T: Time> Pacer<T> {
    /// Takes a share of the limits, in percent, for requests of up to `largest` tokens.
    pub fn new(limits: Limits, share: u8, largest: NonZeroU32, time: T) -> anyhow::Result<Self> {
        let share = |limit: u64| limit.saturating_mul(share.into()) / 100;
        let limiter = |quota| RateLimiter::direct_with_clock(quota, time.clone());

        let queries = limits.queries_per_minute().map(|limit| {
            // One less: a query that is counted may still wait for its tokens, and then leaves
            // later, closer to the next ones, than its limiter knows.
            let limit = share(limit.get().into()).saturating_sub(1);
            quota::within(limit, NonZeroU32::MIN)
                .context("too few queries per minute to keep below")
        });
        let tokens = limits.tokens_per_minute().map(|limit| {
            let limit = share(limit.get());
            quota::within(limit, largest).with_context(|| {
                format!("a request of {largest} tokens is more than half of {limit} per minute")
            })
        });
        Ok(Self {
            start: time.now(),
            waited: Duration::ZERO,
            queries: queries.transpose()?.map(limiter),
            tokens: tokens.transpose()?.map(limiter),
            time,
        })
    }

    /// Waits until a request of so many tokens may be sent, which is to be done at once.
    pub fn wait(&mut self, tokens: NonZeroU32) -> Result<(), InsufficientCapacity> {
        let before = self.time.now();
        for (limiter, cells) in [(&self.queries, NonZeroU32::MIN), (&self.tokens, tokens)] {
            let Some(limiter) = limiter else { continue };
            while let Err(not_yet) = limiter.check_n(cells)? {
                self.time.sleep(not_yet.wait_time_from(self.time.now()));
            }
        }
        self.waited += self.since(before);
        Ok(())
    }

    /// Sends requests, each when it may be, without waiting for the answer to the one before.
    pub fn send_all<R: Send>(
        &mut self,
        requests: &[Request],
        send: impl Fn(&Request) -> R + Sync,
    ) -> anyhow::Result<Vec<R>> {
        // A thread a request: as many as the limit lets through in the time that an answer takes.
        thread::scope(|scope| {
            let mut sent = Vec::new();
            for request in requests {
                self.wait(request.tokens)?;
                sent.push(thread::Builder::new().spawn_scoped(scope, || send(request))?);
            }
            let joined = sent.into_iter().map(thread::ScopedJoinHandle::join);
            joined
                .map(|result| result.map_err(|_| anyhow!("a request panicked")))
                .collect()
        })
    }

    /// The time since the pacer was made.
    pub fn elapsed(&self) -> Duration {
        self.since(self.start)
    }

    /// The time that requests waited for the limits.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    fn since(&self, earlier: T::Instant) -> Duration {
        self.time.now().duration_since(earlier).into()
    }
}
