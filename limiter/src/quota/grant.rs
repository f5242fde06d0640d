//! Requests and their outcomes.

use std::time::Duration;

#[cfg(feature = "redis")]
use crate::time::StoreTime;
use crate::time::Time;
use crate::usage::{LimitUsage, Usage};
use crate::{Cost, TooLarge};

/// What a caller asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) cost: Cost,
    /// Whether it submits a task, which can outlive the process.
    #[cfg_attr(
        not(feature = "redis"),
        expect(dead_code, reason = "only a store needs it")
    )]
    pub(crate) is_task: bool,
}

/// A request that was admitted.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) place: Place,
    /// The ID in the queue, if the request has waited. A store knows requests by it.
    #[cfg_attr(
        not(feature = "redis"),
        expect(dead_code, reason = "only a store needs it")
    )]
    pub(crate) id: Option<u64>,
    pub(crate) request: Request,
}

/// Where an admitted request is counted, and at which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the quota of this process.
    Local(Time),
    /// In the store.
    #[cfg(feature = "redis")]
    Store(StoreTime),
    /// In the quota that is used while the store is down.
    #[cfg(feature = "redis")]
    Fallback(Time),
}

/// Why a request was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    TooLarge(TooLarge),
    NotYet,
    /// Not before this time.
    Paused(Time),
    /// Only the store can admit it.
    #[cfg(feature = "redis")]
    AskStore,
}

/// Counts since the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    pub(crate) in_flight: u64,
    pub(crate) admitted: u64,
    pub(crate) waited: u64,
    pub(crate) refused: u64,
    pub(crate) unsettled: u64,
}

impl Counters {
    /// Returns the usage with these counts.
    pub(crate) fn usage(&self, queued: usize, limits: Vec<LimitUsage>, pace: f64) -> Usage {
        Usage {
            queued,
            in_flight: self.in_flight,
            limits,
            admitted: self.admitted,
            waited: self.waited,
            wait_time: Duration::ZERO,
            refused: self.refused,
            unsettled: self.unsettled,
            pace,
            store: None,
        }
    }
}
