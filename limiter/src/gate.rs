//! Decides which requests of a limiter are admitted, by a quota of its own or one in a store.

use std::time::Duration;

use model_studio_limits::Limit;

use crate::quota::Quota;
use crate::quota::grant::{Grant, Place, Rejection, Request};
#[cfg(feature = "redis")]
use crate::redis::StoredQuota;
use crate::time::Time;
use crate::usage::Usage;
use crate::{Cost, Refusal, TooLarge};

/// Limits, and the requests that wait for them.
///
/// Time never goes back: an earlier time counts as the latest one seen. A function for the time is
/// only called if it is needed, since reading a clock takes most of the time.
#[derive(Debug)]
pub(crate) enum Gate {
    Local(Box<Quota>),
    #[cfg(feature = "redis")]
    Stored(Box<StoredQuota>),
}

/// Calls a method of the quota or of the stored quota, which have the same arguments.
macro_rules! either {
    ($gate:expr, $quota:ident => $call:expr) => {
        match $gate {
            Gate::Local($quota) => $call,
            #[cfg(feature = "redis")]
            Gate::Stored($quota) => $call,
        }
    };
}

impl Gate {
    /// Admits a request now, unless others wait.
    #[inline]
    pub(crate) fn try_acquire(&mut self, request: &Request, now: Time) -> Result<Place, Rejection> {
        match self {
            Self::Local(quota) => quota.try_acquire(request, now).map(Place::Local),
            #[cfg(feature = "redis")]
            Self::Stored(quota) => Err(quota.try_acquire(request, now)),
        }
    }

    /// Returns the time at which a request that is added now can be admitted, by what is known now.
    pub(crate) fn expected_at(&self, cost: &Cost) -> Time {
        match self {
            Self::Local(quota) => quota.expected_at(cost),
            // More is not known before a call.
            #[cfg(feature = "redis")]
            Self::Stored(quota) => quota.lower_bound(cost),
        }
    }

    /// Returns a time before which a request that is added now cannot be admitted, unless requests
    /// ahead of it are cancelled.
    pub(crate) fn lower_bound(&self, cost: &Cost) -> Time {
        either!(self, quota => quota.lower_bound(cost))
    }

    /// Adds a request to the queue and returns its ID.
    pub(crate) fn enqueue(&mut self, request: Request) -> Result<u64, TooLarge> {
        either!(self, quota => quota.enqueue(request))
    }

    /// Removes a request from the queue.
    pub(crate) fn cancel(&mut self, id: u64) {
        either!(self, quota => quota.cancel(id));
    }

    /// Admits the first request of the queue, if the limits allow it. Returns its ID. It fails if the
    /// limits have become smaller than the request.
    pub(crate) fn next(&mut self, now: Time) -> Option<(u64, Result<Place, TooLarge>)> {
        match self {
            Self::Local(quota) => {
                let (id, result) = quota.next(now)?;
                Some((id, result.map(Place::Local)))
            }
            #[cfg(feature = "redis")]
            Self::Stored(quota) => quota.next(now),
        }
    }

    /// Returns the time at which [`next`](Self::next) has to be called again. Returns `None` if the
    /// queue is empty or if only a change can admit its first request.
    pub(crate) fn next_event(&self) -> Option<Time> {
        either!(self, quota => quota.next_event())
    }

    /// Returns `true` if requests wait.
    pub(crate) fn has_waiters(&self) -> bool {
        either!(self, quota => quota.has_waiters())
    }

    /// Counts an admitted request from now on. Returns `false`, and puts it back into the queue at its
    /// place, if it cannot be sent now.
    pub(crate) fn renew(&mut self, id: u64, grant: &mut Grant, now: Time) -> bool {
        match self {
            Self::Local(quota) => {
                let at = quota.renew(id, local_time(grant), &grant.request, now);
                grant.place = at.map_or(grant.place, Place::Local);
                at.is_some()
            }
            #[cfg(feature = "redis")]
            Self::Stored(quota) => quota.renew(id, grant, now),
        }
    }

    /// Takes back a request that was never sent.
    pub(crate) fn take_back(&mut self, grant: &Grant) {
        match self {
            Self::Local(quota) => quota.take_back(local_time(grant), &grant.request.cost),
            #[cfg(feature = "redis")]
            Self::Stored(quota) => quota.take_back(grant),
        }
    }

    /// Updates the known cost of a request that runs.
    pub(crate) fn report(&mut self, grant: &mut Grant, cost: &Cost, now: &dyn Fn() -> Time) {
        match self {
            Self::Local(quota) => quota.report(local_time(grant), &grant.request.cost, cost, now),
            #[cfg(feature = "redis")]
            Self::Stored(quota) => quota.report(grant, cost, now()),
        }
        grant.request.cost = *cost;
    }

    /// Ends a request with what it cost.
    pub(crate) fn settle(&mut self, grant: &Grant, cost: &Cost, now: &dyn Fn() -> Time) {
        match self {
            Self::Local(quota) => quota.settle(local_time(grant), &grant.request.cost, cost, now),
            #[cfg(feature = "redis")]
            Self::Stored(quota) => quota.settle(grant, cost, now()),
        }
    }

    /// Ends a request without a known cost. Its estimate stays counted.
    pub(crate) fn leave_unsettled(&mut self, grant: &Grant, now: &dyn Fn() -> Time) {
        match self {
            Self::Local(quota) => quota.leave_unsettled(&grant.request.cost, now),
            #[cfg(feature = "redis")]
            Self::Stored(quota) => quota.leave_unsettled(grant, now()),
        }
    }

    /// Ends a request that the provider refused, and pauses or slows down. The request stays
    /// counted, because the provider may count it too. Returns how long to pause.
    pub(crate) fn refuse(
        &mut self,
        grant: &Grant,
        refusal: Refusal,
        retry_after: Option<Duration>,
        now: Time,
    ) -> Duration {
        match self {
            Self::Local(quota) => {
                let cost = &grant.request.cost;
                quota.refuse(local_time(grant), cost, refusal, retry_after, now)
            }
            #[cfg(feature = "redis")]
            Self::Stored(quota) => quota.refuse(grant, refusal, retry_after, now),
        }
    }

    /// Ends a task that may still run. It counts as running until it has taken the longest time.
    pub(crate) fn abandon_task(&mut self, grant: &Grant, now: Time) {
        match self {
            Self::Local(quota) => quota.abandon_task(local_time(grant), &grant.request.cost, now),
            #[cfg(feature = "redis")]
            Self::Stored(quota) => quota.abandon_task(grant, now),
        }
    }

    /// Admits nothing before a time, unless the pause is already longer.
    pub(crate) fn pause_until(&mut self, until: Time) {
        either!(self, quota => quota.pause_until(until));
    }

    /// Ends a pause.
    pub(crate) fn resume(&mut self, now: Time) {
        either!(self, quota => quota.resume(now));
    }

    /// Replaces the limits. What was used is kept.
    pub(crate) fn set_limits(&mut self, limits: &[Limit], now: Time) {
        either!(self, quota => quota.set_limits(limits, now));
    }

    /// Returns `true` if nothing that happened before matters any more.
    pub(crate) fn is_idle(&mut self, now: Time) -> bool {
        either!(self, quota => quota.is_idle(now))
    }

    /// Returns what is used, and counts.
    pub(crate) fn usage(&mut self, now: Time) -> Usage {
        either!(self, quota => quota.usage(now))
    }

    /// Returns the quota in the store, if there is one.
    #[cfg(feature = "redis")]
    pub(crate) fn stored(&mut self) -> Option<&mut StoredQuota> {
        match self {
            Self::Local(_) => None,
            Self::Stored(quota) => Some(quota),
        }
    }
}

/// Returns the time at which a quota in this process counts a request.
fn local_time(grant: &Grant) -> Time {
    match grant.place {
        Place::Local(at) => at,
        #[cfg(feature = "redis")]
        Place::Fallback(at) => at,
        #[cfg(feature = "redis")]
        Place::Store(_) => unreachable!("a store admits no requests of this quota"),
    }
}
