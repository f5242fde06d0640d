//! What a limiter reports about itself.

use std::time::Duration;

use model_studio_limits::Limit;

use crate::ClassKey;

/// The usage of a limiter's limits at a time, and counts since it was created.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Usage {
    /// The number of waiting requests.
    pub queued: usize,
    /// The number of permits that have not ended. Without a store, dropped tasks that still count
    /// as running are included.
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
    /// The number of permits that were dropped before they were settled or finished.
    pub unsettled: u64,
    /// The rate at which the limiter sends requests now, as a fraction of what the limits allow,
    /// from 0 to 1. It is below 1 after refusals. If some were for a sudden rise, it is also below 1
    /// after an idle time.
    pub pace: f64,
    /// The classes of requests, by key. The first one is the default class.
    pub classes: Vec<ClassUsage>,
    /// The calls to the store, if there is one.
    pub store: Option<StoreUsage>,
}

/// The usage of a class of requests. All counts begin when the class is created, and again after it
/// was forgotten. See [the guide](crate::guide#fair-shares).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClassUsage {
    /// The name of the class, which is empty for the default class.
    pub key: ClassKey,
    /// The weight of the class.
    pub weight: u32,
    /// The fraction of the limits that the other classes leave unused.
    pub headroom: f64,
    /// The number of waiting requests.
    pub waiting: usize,
    /// The number of permits that have not ended.
    pub in_flight: u64,
    /// The number of requests that were admitted, excluding those that were cancelled.
    pub admitted: u64,
    /// The total time that admitted requests waited.
    pub wait_time: Duration,
    /// The part of what all classes used in about the last minute, from 0 to 1. It is measured in
    /// the time that a limit takes to allow a request, for the limit that takes longest.
    pub share: f64,
}

/// Counts of a limiter's calls to its store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreUsage {
    /// The number of calls.
    pub calls: u64,
    /// The number of requests that the calls admitted.
    pub admitted: u64,
    /// A moving average of the duration of a call.
    pub round_trip: Duration,
    /// The number of admitted requests that were put back into the queue because it was too late to
    /// send them, for example after the process was suspended.
    pub late_grants: u64,
    /// The number of times that the clock of the server stepped back.
    pub clock_steps: u64,
    /// The number of attempts to call the store that failed.
    pub failures: u64,
    /// The number of times that the store found damaged data, deleted it and started again.
    pub resets: u64,
    /// Whether the server deletes keys when its memory is full, so that limits can be exceeded. See
    /// `RedisStore::check`.
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
    /// The amount that is used: within the last window and its guard, or by running requests.
    pub used: u64,
}

impl LimitUsage {
    /// Returns the amount that is left: what is allowed minus what is used.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.allowed.saturating_sub(self.used)
    }

    /// Returns the amount by which the usage exceeds what is allowed.
    ///
    /// This happens if requests cost more than estimated, or if the limit was lowered. New requests
    /// wait until the excess has expired.
    #[must_use]
    pub fn debt(&self) -> u64 {
        self.used.saturating_sub(self.allowed)
    }
}
