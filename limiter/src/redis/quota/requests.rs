//! The way of a request through a stored quota: how it waits, starts and ends.

use std::time::Duration;

use super::StoredQuota;
use crate::quota::class_table::ClassId;
use crate::quota::request::{CountedAt, Grant, Rejection, Removal, Request};
use crate::redis::protocol::Lease;
use crate::time::{Nanos, Time};
use crate::{ClassKey, Cost, Refusal, TooLarge};

impl StoredQuota {
    /// Never admits a request, because only the store can do that.
    pub(crate) fn try_acquire(
        &mut self,
        request: &Request,
        now: Time,
    ) -> Result<CountedAt, Rejection> {
        self.advance(now);
        let size = self.check_size(request);
        size.map_err(Rejection::TooLarge)?;
        if self.now < self.paused_until {
            return Err(Rejection::Paused(self.paused_until));
        }
        Err(Rejection::AskStore)
    }

    /// Only a call to the store would show more than the lower bound.
    pub(crate) fn expected_at(&self, request: &Request) -> Time {
        self.lower_bound(request)
    }

    pub(crate) fn lower_bound(&self, _: &Request) -> Time {
        self.now.max(self.paused_until)
    }

    pub(crate) fn enqueue(&mut self, request: Request) -> Result<u64, TooLarge> {
        self.check_size(&request)?;
        self.counters.waited += 1;
        let class = self.class(&request.class);
        Ok(self.pending.push(class, request, self.lead(), self.now))
    }

    pub(crate) fn cancel(&mut self, id: u64, key: &ClassKey) {
        let class = self.class(key);
        if let Some((request, Some(admitted))) = self.pending.remove(class, id, self.now) {
            self.give_back(&request, admitted);
        }
    }

    pub(crate) fn next(
        &mut self,
        now: Time,
        may_start: impl FnOnce(u64) -> bool,
    ) -> Option<(u64, Result<CountedAt, Removal>)> {
        self.advance(now);
        if let Some((class, id, error)) = self.find_too_large() {
            self.pending.remove(class, id, self.now);
            return Some((id, Err(Removal::TooLarge(error))));
        }
        let (class, id, request, counted_at) = self.find_ready()?;
        self.pending.remove(class, id, self.now);
        // What the store has admitted starts nowhere else.
        let is_certain = matches!(counted_at, CountedAt::Store(_));
        if request.is_any && !is_certain && !may_start(id) {
            self.leave_to_others(id, counted_at, request);
            return Some((id, Err(Removal::Elsewhere)));
        }
        match counted_at {
            CountedAt::Store(at) => {
                let delay = self.limits.delay(&request.cost);
                self.feedback.admitted(at.into(), delay);
            }
            CountedAt::Process(_) => self.outbox.hold(&request.cost, false),
        }
        self.counters.admitted += 1;
        self.counters.in_flight += 1;
        self.started(&request.class, &request.cost);
        Some((id, Ok(counted_at)))
    }

    pub(crate) fn next_event(&self) -> Option<Time> {
        let at = if let Some((first, _)) = self.pending.first_admitted() {
            first.ready_at
        } else {
            let (.., request) = self.pending.first_waiting()?;
            self.outage.ready_at(&request, self.now)?
        };
        Some(at.max(self.paused_until))
    }

    pub(crate) fn has_waiters(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(crate) fn renew(&mut self, id: u64, grant: &mut Grant, now: Time) -> bool {
        self.advance(now);
        if self.paused_until <= self.now {
            if !self.is_late(grant) {
                return true;
            }
            self.store.late_grants += 1;
        }
        self.take_back(grant, now);
        let class = self.class(&grant.request.class);
        self.pending
            .put_back(class, id, grant.request.clone(), self.now);
        self.withdraw_all();
        false
    }

    pub(crate) fn take_back(&mut self, grant: &Grant, now: Time) {
        self.advance(now);
        self.counters.admitted -= 1;
        let cost = grant.request.cost;
        if let CountedAt::Store(at) = grant.counted_at {
            let delay = self.limits.delay(&cost);
            self.feedback.taken_back(at.into(), delay);
            let (charged, lost) = self.refund(at, &grant.request);
            self.changed(&grant.request.class, charged, lost);
        } else if let Some(fallback) = self.outage.fallback() {
            fallback.take_back(grant, now);
        }
        let class = self.class(&grant.request.class);
        self.classes.get_mut(class).admitted -= 1;
        self.end(grant);
    }

    pub(crate) fn report(&mut self, grant: &Grant, cost: &Cost, now: &dyn Fn() -> Time) {
        self.advance(now());
        let from = grant.request.cost;
        let (charged, charge) = (self.limits.dominant(&from), self.limits.dominant(cost));
        self.changed(&grant.request.class, charged, charge);
        if let CountedAt::Store(at) = grant.counted_at {
            if from != *cost {
                self.correct(at, &grant.request, Some(*cost), (charged, charge));
            }
        } else if let Some(fallback) = self.outage.fallback() {
            fallback.report(grant, cost, now);
        }
    }

    pub(crate) fn settle(&mut self, grant: &Grant, cost: &Cost, now: &dyn Fn() -> Time) {
        if let CountedAt::Store(at) = grant.counted_at {
            self.report(grant, cost, now);
            self.feedback.succeeded(at.into());
        } else {
            self.advance(now());
            let from = self.limits.dominant(&grant.request.cost);
            let to = self.limits.dominant(cost);
            self.changed(&grant.request.class, from, to);
            if let Some(fallback) = self.outage.fallback() {
                fallback.settle(grant, cost, now);
            }
        }
        self.end(grant);
    }

    pub(crate) fn leave_unsettled(&mut self, grant: &Grant, now: &dyn Fn() -> Time) {
        self.advance(now());
        self.counters.unsettled += 1;
        if let (CountedAt::Process(_), Some(fallback)) = (grant.counted_at, self.outage.fallback())
        {
            fallback.leave_unsettled(grant, now);
        }
        self.end(grant);
    }

    pub(crate) fn refuse(
        &mut self,
        grant: &Grant,
        refusal: Refusal,
        retry_after: Option<Duration>,
        now: Time,
    ) -> Duration {
        self.advance(now);
        self.counters.refused += 1;
        let pause = if let CountedAt::Store(at) = grant.counted_at {
            let now = self.feedback_now();
            self.feedback.refused(at.into(), refusal, retry_after, now)
        } else {
            let fallback = self.outage.fallback();
            let pause = fallback.map(|fallback| fallback.refuse(grant, refusal, retry_after, now));
            pause.unwrap_or_default()
        };
        self.pause_until(self.now + pause.into());
        self.end(grant);
        pause
    }

    /// Ends a task that may still be running. The store counts it until its lease expires.
    pub(crate) fn abandon_task(&mut self, grant: &Grant, now: Time) {
        self.advance(now);
        self.counters.unsettled += 1;
        self.counters.in_flight -= 1;
        self.ended(grant);
        if let CountedAt::Process(_) = grant.counted_at {
            if let Some(fallback) = self.outage.fallback() {
                fallback.abandon_task(grant, now);
            }
            self.outbox.release(&grant.request.cost, self.now);
        }
    }

    /// Returns the lease of a task, by which any process can end it.
    pub(crate) fn task_lease(&self, grant: &Grant) -> Option<String> {
        Some(self.lease(grant)?.to_string())
    }

    /// Ends a task by its lease.
    pub(crate) fn finish_task(&mut self, lease: &str) {
        if let Some(lease) = Lease::parse(lease) {
            self.outbox.end_task(lease, self.now);
        }
    }

    /// Returns an error if a request exceeds a limit by itself, or does not leave the headroom of
    /// other classes.
    fn check_size(&mut self, request: &Request) -> Result<(), TooLarge> {
        let class = self.class(&request.class);
        let left = self.classes.headroom_of_others(class);
        self.limits.check_size(&request.cost, left)
    }

    /// Returns the request that starts now, admitted by the store or by the fallback.
    fn find_ready(&mut self) -> Option<(ClassId, u64, Request, CountedAt)> {
        if let Some((first, request)) = self.pending.first_admitted() {
            let is_ready = first.ready_at.max(self.paused_until) <= self.now;
            let counted_at = CountedAt::Store(first.at);
            return is_ready.then_some((first.class, first.id, request, counted_at));
        }
        let (class, id, request) = self.pending.first_waiting()?;
        if self.now < self.paused_until {
            return None;
        }
        let counted_at = self.outage.try_acquire(&request, self.now)?;
        Some((class, id, request, counted_at))
    }

    /// Returns a request that exceeds a tighter limit that the store applies.
    fn find_too_large(&self) -> Option<(ClassId, u64, TooLarge)> {
        self.pending.too_large().find_map(|(class, id, request)| {
            let left = self.classes.headroom_of_others(class);
            let size = self.limits.check_size_in_store(&request.cost, left);
            Some((class, id, size.err()?))
        })
    }

    /// Gives back a request that the fallback has admitted, but another limiter too.
    fn leave_to_others(&mut self, id: u64, counted_at: CountedAt, request: Request) {
        if let Some(fallback) = self.outage.fallback() {
            let grant = Grant {
                counted_at,
                id: Some(id),
                request,
            };
            fallback.take_back(&grant, self.now);
        }
    }

    /// Returns `true` if an admitted request is so late that it would be sent in a window in which
    /// it does not count, or as part of a burst.
    fn is_late(&self, grant: &Grant) -> bool {
        match (grant.counted_at, self.limits.guard()) {
            (CountedAt::Store(at), Some(guard)) => {
                // Half of the guard is left for the network.
                let most = Nanos(guard.0 / 2 + 2 * self.clock.round_trip().0);
                self.clock.lateness(at, self.now) > most
            }
            (CountedAt::Store(_), None) => false,
            (CountedAt::Process(at), _) => self.outage.is_late(at, self.now),
        }
    }

    /// Removes a request from what is running.
    fn end(&mut self, grant: &Grant) {
        self.counters.in_flight -= 1;
        self.ended(grant);
        match self.lease(grant) {
            Some(lease) => {
                if self.limits.has_concurrency() {
                    self.outbox.end_task(lease, self.now);
                }
            }
            None => self.outbox.release(&grant.request.cost, self.now),
        }
    }

    /// Returns the lease of a task that the store has admitted.
    fn lease(&self, grant: &Grant) -> Option<Lease> {
        if !grant.request.is_task || !matches!(grant.counted_at, CountedAt::Store(_)) {
            return None;
        }
        Some(Lease::new(&self.process, grant.id?, &grant.request.cost))
    }
}
