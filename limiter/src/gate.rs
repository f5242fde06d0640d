//! Decides which requests of a limiter are admitted, by a quota in this process or in a store.

use std::time::Duration;

use model_studio_limits::Limit;

use crate::quota::LocalQuota;
use crate::quota::class_table::ClassTable;
use crate::quota::feedback::Feedback;
use crate::quota::request::{CountedAt, Grant, Rejection, Removal, Request};
#[cfg(feature = "redis")]
use crate::redis::StoredQuota;
use crate::time::Time;
use crate::usage::{ClassUsage, Usage};
use crate::{Class, ClassKey, Cost, Refusal, TooLarge};

/// The limits of a limiter, and the requests that wait for them.
///
/// Time never goes back: an earlier time counts as the latest one seen. A function for the time is
/// only called if it is needed, because reading the clock takes most of the time of a call.
#[derive(Debug)]
pub(crate) enum Gate {
    Local(Box<LocalQuota>),
    #[cfg(feature = "redis")]
    Stored(Box<StoredQuota>),
}

/// Calls a method that both quotas have.
macro_rules! call {
    ($gate:ident.$method:ident($($argument:expr),*)) => {
        match $gate {
            Gate::Local(quota) => quota.$method($($argument),*),
            #[cfg(feature = "redis")]
            Gate::Stored(quota) => quota.$method($($argument),*),
        }
    };
}

impl Gate {
    /// Admits a request now, if it is next.
    #[inline]
    pub(crate) fn try_acquire(
        &mut self,
        request: &Request,
        now: Time,
    ) -> Result<CountedAt, Rejection> {
        call!(self.try_acquire(request, now))
    }

    /// Returns the time at which a request that is added now is expected to be admitted.
    pub(crate) fn expected_at(&self, request: &Request) -> Time {
        call!(self.expected_at(request))
    }

    /// Returns a lower bound for the time at which a request that is added now is admitted, unless
    /// requests ahead of it are cancelled.
    pub(crate) fn lower_bound(&self, request: &Request) -> Time {
        call!(self.lower_bound(request))
    }

    /// Adds a request to the queue and returns its ID.
    pub(crate) fn enqueue(&mut self, request: Request) -> Result<u64, TooLarge> {
        call!(self.enqueue(request))
    }

    /// Removes a request of a class from the queue.
    pub(crate) fn cancel(&mut self, id: u64, class: &ClassKey) {
        call!(self.cancel(id, class));
    }

    /// Admits the next request if the limits allow it, and returns its ID. Returns an error for it if
    /// the limits have become smaller than the request, or if it waits in several queues and must
    /// not start here, according to `may_start`.
    pub(crate) fn next(
        &mut self,
        now: Time,
        may_start: impl FnOnce(u64) -> bool,
    ) -> Option<(u64, Result<CountedAt, Removal>)> {
        call!(self.next(now, may_start))
    }

    /// Returns the time at which [`next`](Self::next) has to be called again. Returns `None` if the
    /// queue is empty, or if only a change can admit a request.
    pub(crate) fn next_event(&self) -> Option<Time> {
        call!(self.next_event())
    }

    /// Returns `true` if requests are waiting.
    pub(crate) fn has_waiters(&self) -> bool {
        call!(self.has_waiters())
    }

    /// Counts an admitted request from now on. If it cannot be sent now, puts it back to its place
    /// in the queue and returns `false`.
    pub(crate) fn renew(&mut self, id: u64, grant: &mut Grant, now: Time) -> bool {
        call!(self.renew(id, grant, now))
    }

    /// Removes an admitted request that was not sent from the usage.
    pub(crate) fn take_back(&mut self, grant: &Grant, now: Time) {
        call!(self.take_back(grant, now));
    }

    /// Updates the known cost of a running request.
    pub(crate) fn report(&mut self, grant: &mut Grant, cost: &Cost, now: &dyn Fn() -> Time) {
        call!(self.report(grant, cost, now));
        grant.request.cost = *cost;
    }

    /// Ends a request with its actual cost.
    pub(crate) fn settle(&mut self, grant: &Grant, cost: &Cost, now: &dyn Fn() -> Time) {
        call!(self.settle(grant, cost, now));
    }

    /// Ends a request without an actual cost. Its estimate stays counted.
    pub(crate) fn leave_unsettled(&mut self, grant: &Grant, now: &dyn Fn() -> Time) {
        call!(self.leave_unsettled(grant, now));
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
        call!(self.refuse(grant, refusal, retry_after, now))
    }

    /// Ends a task that may still be running. It counts as running until its maximum duration has
    /// passed.
    pub(crate) fn abandon_task(&mut self, grant: &Grant, now: Time) {
        call!(self.abandon_task(grant, now));
    }

    /// Admits nothing before a time, unless the pause is already longer.
    pub(crate) fn pause_until(&mut self, until: Time) {
        call!(self.pause_until(until));
    }

    /// Ends a pause.
    pub(crate) fn resume(&mut self, now: Time) {
        call!(self.resume(now));
    }

    /// Replaces the limits. Usage stays counted.
    pub(crate) fn set_limits(&mut self, limits: &[Limit], now: Time) {
        call!(self.set_limits(limits, now));
    }

    /// Sets the weight and the headroom of a class.
    pub(crate) fn set_class(&mut self, key: &ClassKey, class: Class, now: Time) {
        call!(self.set_class(key, class, now));
    }

    /// Returns the settings and the estimators of the classes.
    pub(crate) fn classes(&mut self) -> &mut ClassTable {
        call!(self.classes())
    }

    /// Returns the reaction to refusals.
    pub(crate) fn feedback(&mut self) -> &mut Feedback {
        call!(self.feedback())
    }

    /// Returns `true` if a new quota with the same classes and the same rise would behave the same.
    pub(crate) fn is_idle(&mut self, now: Time) -> bool {
        call!(self.is_idle(now))
    }

    /// Returns the usage and the counts since the start, without the classes.
    pub(crate) fn usage(&mut self, now: Time) -> Usage {
        call!(self.usage(now))
    }

    /// Returns the usage of all classes.
    pub(crate) fn class_usages(&mut self, now: Time) -> Vec<ClassUsage> {
        call!(self.class_usages(now))
    }

    /// Returns the usage of a class.
    pub(crate) fn class_usage(&mut self, key: &ClassKey, now: Time) -> ClassUsage {
        call!(self.class_usage(key, now))
    }

    /// Returns the quota in a store, if there is one.
    #[cfg(feature = "redis")]
    pub(crate) fn stored(&mut self) -> Option<&mut StoredQuota> {
        match self {
            Self::Local(_) => None,
            Self::Stored(quota) => Some(quota),
        }
    }
}
