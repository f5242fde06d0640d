//! Requests and grants.

#[cfg(feature = "redis")]
use crate::time::StoreTime;
use crate::time::Time;
use crate::{ClassKey, Cost, TooLarge};

/// What a caller asks for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) cost: Cost,
    pub(crate) class: ClassKey,
    /// Whether it submits a task, which can outlive the process.
    #[cfg_attr(
        not(feature = "redis"),
        expect(dead_code, reason = "only a store needs it")
    )]
    pub(crate) is_task: bool,
    /// Whether it waits in several queues, so that it can leave this one at any time.
    pub(crate) is_any: bool,
}

/// An admitted request.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) counted_at: CountedAt,
    /// The ID in the queue, if the request has waited. A store identifies requests by it.
    #[cfg_attr(
        not(feature = "redis"),
        expect(dead_code, reason = "only a store needs it")
    )]
    pub(crate) id: Option<u64>,
    pub(crate) request: Request,
}

/// The time at which an admitted request is counted, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountedAt {
    /// In this process: by its own quota, or by the fallback of a store.
    Process(Time),
    /// In the store.
    #[cfg(feature = "redis")]
    Store(StoreTime),
}

impl CountedAt {
    /// Returns the time, which for a store is that of the store.
    #[inline]
    pub(crate) fn time(self) -> Time {
        match self {
            Self::Process(at) => at,
            #[cfg(feature = "redis")]
            Self::Store(at) => at.into(),
        }
    }
}

/// Why a request has left the queue without being admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    TooLarge(TooLarge),
    /// It waited in several queues, and another limiter has admitted it.
    Elsewhere,
}

/// Why a request is not admitted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    TooLarge(TooLarge),
    NotYet,
    /// The limiter is paused until this time.
    Paused(Time),
    /// Only the store can admit it.
    #[cfg(feature = "redis")]
    AskStore,
}
