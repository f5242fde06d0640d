//! Waits until the limits of a model allow a request.

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

/// A clock that can sleep.
pub trait Time: Clock + Clone {
    fn sleep(&self, duration: Duration);
}

impl Time for MonotonicClock {
    fn sleep(&self, duration: Duration) {
        thread::sleep(duration);
    }
}

/// For tests and dry runs. Sleeping advances the clock and returns immediately.
impl Time for FakeRelativeClock {
    fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}

type Limiter<T> = RateLimiter<NotKeyed, InMemoryState, T, NoOpMiddleware<<T as Clock>::Instant>>;

/// Keeps requests within the limits of a model.
pub struct Pacer<T: Time> {
    time: T,
    start: T::Instant,
    waited: Duration,
    queries: Option<Limiter<T>>,
    tokens: Option<Limiter<T>>,
}

impl<T: Time> Pacer<T> {
    /// Creates a pacer that uses `share` percent of the limits, for requests of up to `largest`
    /// tokens.
    pub fn new(limits: Limits, share: u8, largest: NonZeroU32, time: T) -> anyhow::Result<Self> {
        let share = |limit: u64| limit.saturating_mul(share.into()) / 100;
        let limiter = |quota| RateLimiter::direct_with_clock(quota, time.clone());

        let queries = limits.queries_per_minute().map(|limit| {
            // A query may wait for tokens after its limiter counted it, which brings it closer to
            // the next query. Lowering the limit by one query makes up for that.
            let limit = share(limit.get().into()).saturating_sub(1);
            quota::within(limit, NonZeroU32::MIN)
                .context("the limit of queries per minute is too low")
        });
        let tokens = limits.tokens_per_minute().map(|limit| {
            let limit = share(limit.get());
            quota::within(limit, largest).with_context(|| {
                format!("a request of {largest} tokens is larger than half of the limit of {limit} tokens per minute")
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

    /// Waits until a request of this many tokens can be sent. Send it immediately afterwards.
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

    /// Sends each request as soon as the limits allow, without waiting for earlier answers.
    pub fn send_all<R: Send>(
        &mut self,
        requests: &[Request],
        send: impl Fn(&Request) -> R + Sync,
    ) -> anyhow::Result<Vec<R>> {
        // One thread per request.
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

    /// The time since the pacer was created.
    pub fn elapsed(&self) -> Duration {
        self.since(self.start)
    }

    /// The total time spent waiting for the limits.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    fn since(&self, earlier: T::Instant) -> Duration {
        self.time.now().duration_since(earlier).into()
    }
}
