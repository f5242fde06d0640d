//! The state of a limiter whose usage is tracked in a store, without I/O.
//!
//! It has the same methods as [`Quota`](crate::quota::Quota). The requests of the process wait in a
//! queue here. [`next_call`](StoredQuota::next_call) takes what the store has to know, and
//! [`apply`](StoredQuota::apply) takes the reply.

mod calls;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use model_studio_limits::Limit;

use crate::quota::feedback::Feedback;
use crate::quota::grant::{Counters, Grant, Place, Rejection, Request};
use crate::quota::rules::Rules;
use crate::redis::clock::StoreClock;
use crate::redis::line::Line;
use crate::redis::outage::Outage;
use crate::redis::outbox::Outbox;
use crate::redis::protocol::{Correction, Lease, TURN};
use crate::redis::stated::StatedLimits;
use crate::time::{Nanos, StoreTime, Time};
use crate::usage::{StoreUsage, Usage};
use crate::{Cost, Refusal, TooLarge};

/// The minimum time before its turn at which a process calls. A process that calls too late for its
/// turn wastes what the limits would have allowed.
const MIN_LEAD: Nanos = Nanos::from_millis(20);

/// Limits in a store, and the requests of this process that wait for them.
#[derive(Debug)]
pub(crate) struct StoredQuota {
    rules: Rules,
    /// Identifies the process in the store.
    process: String,
    sequence: u64,
    limits: StatedLimits,
    line: Line,
    outbox: Outbox,
    outage: Outage,
    clock: StoreClock,
    /// With times of the store, so that a request has the same time before and after a reply.
    feedback: Feedback,
    now: Time,
    paused_until: Time,
    /// Whether the next request exceeds a tighter limit that the store has.
    is_too_large: bool,
    counters: Counters,
    store: StoreUsage,
    /// Whether the server may evict keys.
    evicts: Arc<AtomicBool>,
}

impl StoredQuota {
    /// Creates the state. While the store is down, the share `fallback` of the limits is used, or
    /// nothing.
    pub(crate) fn new(
        limits: &[Limit],
        rules: Rules,
        fallback: Option<(u64, u64)>,
        process: String,
        evicts: Arc<AtomicBool>,
        now: Time,
    ) -> Self {
        let mut quota = Self {
            limits: StatedLimits::default(),
            line: Line::default(),
            outbox: Outbox::default(),
            outage: Outage::new(limits, &rules, fallback, now),
            clock: StoreClock::new(now),
            feedback: Feedback::new(Time::MIN),
            rules,
            process,
            sequence: 0,
            now,
            paused_until: Time::MIN,
            is_too_large: false,
            counters: Counters::default(),
            store: StoreUsage::default(),
            evicts,
        };
        quota.set_limits(limits, now);
        quota
    }

    /// Returns why a request is not admitted now: only the store can do that.
    pub(crate) fn try_acquire(&mut self, request: &Request, now: Time) -> Rejection {
        self.advance(now);
        if let Err(error) = self.limits.check_size(&request.cost) {
            return Rejection::TooLarge(error);
        }
        if self.now < self.paused_until {
            return Rejection::Paused(self.paused_until);
        }
        Rejection::AskStore
    }

    pub(crate) fn lower_bound(&self, _: &Cost) -> Time {
        self.now.max(self.paused_until)
    }

    pub(crate) fn enqueue(&mut self, request: Request) -> Result<u64, TooLarge> {
        self.limits.check_size(&request.cost)?;
        self.counters.waited += 1;
        Ok(self.line.push(request, self.lead(), self.now))
    }

    pub(crate) fn cancel(&mut self, id: u64) {
        if let Some((request, Some(admitted))) = self.line.remove(id, self.now) {
            self.give_back(&request, admitted);
        }
    }

    pub(crate) fn next(&mut self, now: Time) -> Option<(u64, Result<Place, TooLarge>)> {
        self.advance(now);
        let (id, request, admitted) = self.line.front()?;
        let result = match admitted {
            Some(first) if first.ready_at.max(self.paused_until) <= self.now => {
                Ok(Place::Store(first.at))
            }
            Some(_) => return None,
            None => match self.limits.check_size_in_store(&request.cost) {
                Err(error) if self.is_too_large => Err(error),
                _ if self.now < self.paused_until => return None,
                _ => {
                    let at = self.outage.try_acquire(&request, self.now)?;
                    self.outbox.hold(&request.cost, false);
                    Ok(Place::Fallback(at))
                }
            },
        };
        self.line.remove(id, self.now);
        if let Ok(place) = result {
            if let Place::Store(at) = place {
                let paced = self.paced(&request.cost);
                self.feedback.admitted(of_store(at), paced);
            }
            self.counters.admitted += 1;
            self.counters.in_flight += 1;
        }
        Some((id, result))
    }

    pub(crate) fn next_event(&self) -> Option<Time> {
        let (_, request, admitted) = self.line.front()?;
        let at = match admitted {
            Some(first) => first.ready_at,
            None => self.outage.ready_at(&request, self.now)?,
        };
        Some(at.max(self.paused_until))
    }

    pub(crate) fn has_waiters(&self) -> bool {
        !self.line.is_empty()
    }

    pub(crate) fn renew(&mut self, id: u64, grant: &mut Grant, now: Time) -> bool {
        self.advance(now);
        if self.paused_until <= self.now {
            if !self.is_late(grant) {
                return true;
            }
            self.store.late_grants += 1;
        }
        self.take_back(grant);
        self.line.put_back(id, grant.request, self.now);
        self.withdraw_all();
        false
    }

    pub(crate) fn take_back(&mut self, grant: &Grant) {
        self.counters.admitted -= 1;
        let cost = grant.request.cost;
        match grant.place {
            Place::Store(at) => {
                let paced = self.paced(&cost);
                self.feedback.taken_back(of_store(at), paced);
                self.correct(at, cost, None);
            }
            Place::Local(at) | Place::Fallback(at) => {
                if let Some(fallback) = self.outage.fallback() {
                    fallback.take_back(at, &cost);
                }
            }
        }
        self.end(grant);
    }

    pub(crate) fn report(&mut self, grant: &Grant, cost: &Cost, now: Time) {
        self.advance(now);
        let from = grant.request.cost;
        match grant.place {
            Place::Store(_) if from == *cost => {}
            Place::Store(at) => self.correct(at, from, Some(*cost)),
            Place::Local(at) | Place::Fallback(at) => {
                if let Some(fallback) = self.outage.fallback() {
                    fallback.report(at, &from, cost, &|| now);
                }
            }
        }
    }

    pub(crate) fn settle(&mut self, grant: &Grant, cost: &Cost, now: Time) {
        match grant.place {
            Place::Store(at) => {
                self.report(grant, cost, now);
                self.feedback.succeeded(of_store(at));
            }
            Place::Local(at) | Place::Fallback(at) => {
                self.advance(now);
                if let Some(fallback) = self.outage.fallback() {
                    fallback.settle(at, &grant.request.cost, cost, &|| now);
                }
            }
        }
        self.end(grant);
    }

    pub(crate) fn leave_unsettled(&mut self, grant: &Grant, now: Time) {
        self.advance(now);
        self.counters.unsettled += 1;
        if let (Place::Fallback(_), Some(fallback)) = (grant.place, self.outage.fallback()) {
            fallback.leave_unsettled(&grant.request.cost, &|| now);
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
        let cost = &grant.request.cost;
        let pause = match (grant.place, self.outage.fallback()) {
            (Place::Fallback(at), Some(fallback)) => {
                fallback.refuse(at, cost, refusal, retry_after, now)
            }
            (place, _) => {
                let at = match place {
                    Place::Store(at) => of_store(at),
                    Place::Local(at) | Place::Fallback(at) => at,
                };
                let now = self.feedback_now();
                self.feedback.refused(at, refusal, retry_after, now)
            }
        };
        self.pause_until(self.now + pause.into());
        self.end(grant);
        pause
    }

    /// Ends a task that may still run. The store counts it until its lease expires.
    pub(crate) fn abandon_task(&mut self, grant: &Grant, now: Time) {
        self.advance(now);
        self.counters.unsettled += 1;
        self.counters.in_flight -= 1;
        if let Place::Fallback(at) = grant.place {
            if let Some(fallback) = self.outage.fallback() {
                fallback.abandon_task(at, &grant.request.cost, now);
            }
            self.outbox.release(&grant.request.cost, self.now);
        }
    }

    pub(crate) fn pause_until(&mut self, until: Time) {
        if until > self.now {
            self.paused_until = self.paused_until.max(until);
            self.outbox.pause_until(until, self.now);
        }
    }

    pub(crate) fn resume(&mut self, now: Time) {
        self.advance(now);
        self.paused_until = self.paused_until.min(self.now);
        self.outbox.resume(self.now);
    }

    pub(crate) fn set_limits(&mut self, limits: &[Limit], now: Time) {
        self.advance(now);
        self.limits = StatedLimits::new(limits, &self.rules);
        self.outbox.replace_limits(self.limits.has_concurrency());
        // The store and the line depend on the limits.
        if self.sequence > 0 {
            self.line.call_now(self.now);
        }
        if let Some(fallback) = self.outage.fallback() {
            fallback.set_limits(limits, now);
        }
    }

    pub(crate) fn is_idle(&mut self, now: Time) -> bool {
        self.advance(now);
        self.line.is_empty()
            && self.counters.in_flight == 0
            && self.is_flushed()
            && self.paused_until <= self.now
            && self.feedback.slowdown(self.feedback_now()) <= 1.0
            && self.outage.is_idle(now)
    }

    pub(crate) fn usage(&mut self, now: Time) -> Usage {
        self.advance(now);
        let pace = self.feedback.factor(self.feedback_now());
        let usage = self
            .counters
            .usage(self.line.len(), self.limits.usage(), pace);
        let store = StoreUsage {
            round_trip: self.clock.round_trip().into(),
            may_evict: self.evicts.load(Ordering::Relaxed),
            ..self.store
        };
        Usage {
            store: Some(store),
            ..usage
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
}

impl StoredQuota {
    fn advance(&mut self, now: Time) {
        self.now = self.now.max(now);
    }

    /// Returns the time of the store, as the feedback counts it.
    fn feedback_now(&self) -> Time {
        of_store(self.clock.store_at(self.now))
    }

    /// Returns how much earlier than its turn the process calls.
    fn lead(&self) -> Nanos {
        let Nanos(round_trip) = self.clock.round_trip();
        (Nanos(3 * round_trip) + MIN_LEAD).min(Nanos(TURN * 1_000))
    }

    /// Returns `true` if a request that was admitted is so late that it does not count in the window
    /// in which it would be sent, or would start a burst.
    fn is_late(&self, grant: &Grant) -> bool {
        match (grant.place, self.limits.guard()) {
            (Place::Store(at), Some(guard)) => {
                // Half of the guard is left for the network.
                let most = Nanos(guard.0 / 2 + 2 * self.clock.round_trip().0);
                self.clock.lateness(at, self.now) > most
            }
            (Place::Fallback(at), _) => self.outage.is_late(at, self.now),
            _ => false,
        }
    }

    fn correct(&mut self, at: StoreTime, from: Cost, to: Option<Cost>) {
        self.outbox.correct(Correction { at, from, to }, self.now);
    }

    /// Ends what a request occupies while it runs.
    fn end(&mut self, grant: &Grant) {
        self.counters.in_flight -= 1;
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
        if !grant.request.is_task || !matches!(grant.place, Place::Store(_)) {
            return None;
        }
        Some(Lease::new(&self.process, grant.id?, &grant.request.cost))
    }
}

/// Returns a time of the store with the type of the feedback.
fn of_store(at: StoreTime) -> Time {
    Time(at.0.saturating_mul(1_000))
}
