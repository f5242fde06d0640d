//! What a limiter reports about itself.

use std::time::Duration;

use model_studio_limits::Limit;

/// The state of a limiter at a time, and counts since it was created.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Usage {
    /// The number of requests that wait.
    pub queued: usize,
    /// The number of permits that have not ended and, without a store, of dropped tasks that still
    /// count as running.
    pub in_flight: u64,
    /// The usage of each limit: first those with a window, then those on concurrency.
    pub limits: Vec<LimitUsage>,
    /// The number of requests that were admitted, excluding those that were cancelled.
    pub admitted: u64,
    /// The number of requests that had to wait.
    pub waited: u64,
    /// The total time that admitted requests waited.
    pub wait_time: Duration,
    /// The number of permits that ended with a refusal.
    pub refused: u64,
    /// The number of permits that ended without a known cost.
    pub unsettled: u64,
    /// The fraction of the full pace that the limiter allows now, from 0 to 1. It is below 1 after
    /// refusals.
    pub pace: f64,
    /// The calls to the store, if there is one.
    pub store: Option<StoreUsage>,
}

/// The calls of a limiter to a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreUsage {
    /// The number of calls. Divide it by the time to get calls per second.
    pub calls: u64,
    /// The number of requests that the calls admitted.
    pub admitted: u64,
    /// A moving average of the time that a call takes.
    pub round_trip: Duration,
    /// The number of requests that were admitted and could not be sent in time, for example because
    /// the process was stopped. They were put back into the queue.
    pub late_grants: u64,
    /// The number of times that the clock of the store stepped back.
    pub clock_steps: u64,
    /// The number of calls that failed and were repeated.
    pub failures: u64,
    /// The number of times that the store had damaged data, deleted it and started again.
    pub resets: u64,
    /// Whether the server may delete keys when its memory is full, so that limits can be exceeded.
    /// See `RedisStore::check`.
    pub may_evict: bool,
}

/// The usage of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitUsage {
    /// The limit.
    pub limit: Limit,
    /// The amount that the limiter may use: its share of the count of `limit`.
    pub allowed: u64,
    /// The amount that is used: within the last window and its guard, or running.
    pub used: u64,
}

impl LimitUsage {
    /// Returns the amount that is left: the amount that is allowed, less what is used.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.allowed.saturating_sub(self.used)
    }

    /// Returns the amount above the limit. It is above 0 if requests cost more than estimated, or if
    /// the limit was lowered. New requests wait until it has expired.
    #[must_use]
    pub fn debt(&self) -> u64 {
        self.used.saturating_sub(self.allowed)
    }
}
