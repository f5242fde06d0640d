//! A quota whose usage is tracked in a store, without I/O.
//!
//! It has the same methods as [`LocalQuota`](crate::quota::LocalQuota). The requests of the process
//! wait in a queue here. [`next_call`](StoredQuota::next_call) returns what to send to the store,
//! and [`apply`](StoredQuota::apply) takes the reply. While the store cannot be reached, a fallback
//! with a `LocalQuota` can admit requests.

mod calls;
mod classes;
mod requests;

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model_studio_limits::Limit;

use super::clock::StoreClock;
use super::limits::StoredLimits;
use super::outage::Outage;
use super::outbox::Outbox;
use super::pending::{Admitted, Pending};
use super::protocol::{Correction, Lease, TURN};
use crate::quota::class_table::ClassTable;
use crate::quota::counters::Counters;
use crate::quota::feedback::Feedback;
use crate::quota::request::Request;
use crate::quota::rules::Rules;
use crate::time::{Nanos, StoreTime, Time};
use crate::usage::{StoreUsage, Usage};
use crate::{ClassKey, Cost};

/// The minimum time before its turn at which a process calls. If a process calls too late for its
/// turn, a part of the limits stays unused.
const MIN_LEAD: Nanos = Nanos::from_millis(20);

/// The limits in a store, and the requests of this process that wait for them.
#[derive(Debug)]
pub(crate) struct StoredQuota {
    rules: Rules,
    /// Identifies the process in the store.
    process: String,
    /// The number of the last call.
    sequence: u64,
    pub(super) limits: StoredLimits,
    pending: Pending,
    classes: ClassTable,
    /// When the weights of classes were set, for those that were.
    set_at: HashMap<ClassKey, Time>,
    outbox: Outbox,
    outage: Outage,
    clock: StoreClock,
    /// Its times are those of the store, so that the time of a request stays the same when a reply
    /// updates the clock.
    feedback: Feedback,
    now: Time,
    paused_until: Time,
    /// Requests that wait in several queues and that the store had admitted. They may start elsewhere
    /// again.
    withdrawn: Vec<u64>,
    counters: Counters,
    store: StoreUsage,
    /// Whether the server deletes keys when its memory is full.
    evicts: Arc<AtomicBool>,
}

impl StoredQuota {
    /// Creates a quota. While the store cannot be reached, the fallback uses this share of the
    /// limits, if there is one.
    pub(crate) fn new(
        limits: &[Limit],
        rules: Rules,
        classes: ClassTable,
        fallback: Option<(u64, u64)>,
        process: String,
        evicts: Arc<AtomicBool>,
        now: Time,
    ) -> Self {
        let mut quota = Self {
            limits: StoredLimits::default(),
            pending: Pending::default(),
            outbox: Outbox::default(),
            outage: Outage::new(limits, &rules, &classes, fallback, now),
            set_at: HashMap::new(),
            classes,
            clock: StoreClock::new(now),
            feedback: Feedback::new(Time::MIN),
            rules,
            process,
            sequence: 0,
            now,
            paused_until: Time::MIN,
            withdrawn: Vec::new(),
            counters: Counters::default(),
            store: StoreUsage::default(),
            evicts,
        };
        quota.set_limits(limits, now);
        quota.declare_classes();
        quota
    }

    pub(crate) fn pause_until(&mut self, until: Time) {
        if until > self.now {
            self.paused_until = self.paused_until.max(until);
            self.outbox.pause_until(until, self.now);
            self.leave_pause();
        }
    }

    pub(crate) fn resume(&mut self, now: Time) {
        self.advance(now);
        self.paused_until = self.paused_until.min(self.now);
        self.outbox.resume(self.now);
    }

    pub(crate) fn set_limits(&mut self, limits: &[Limit], now: Time) {
        self.advance(now);
        self.limits = StoredLimits::new(limits, &self.rules);
        self.outbox.replace_limits(self.limits.has_concurrency());
        // The time of the next call depends on the limits. Before the first call, none is known.
        if self.sequence > 0 {
            self.pending.call_now(self.now);
        }
        if let Some(fallback) = self.outage.fallback() {
            fallback.set_limits(limits, now);
        }
    }

    pub(crate) fn is_idle(&mut self, now: Time) -> bool {
        self.advance(now);
        self.pending.is_empty()
            && self.counters.in_flight == 0
            && self.is_flushed()
            && self.paused_until <= self.now
            && self.feedback.is_idle(self.feedback_now())
            && self.outage.is_idle(now)
    }

    /// Returns the reaction to refusals.
    pub(crate) fn feedback(&mut self) -> &mut Feedback {
        &mut self.feedback
    }

    pub(crate) fn usage(&mut self, now: Time) -> Usage {
        self.advance(now);
        let pace = self.feedback.factor(self.feedback_now());
        let (queued, limits) = (self.pending.len(), self.limits.usage());
        let store = StoreUsage {
            round_trip: self.clock.round_trip().into(),
            may_evict: self.evicts.load(Ordering::Relaxed),
            ..self.store
        };
        Usage {
            store: Some(store),
            ..self.counters.usage(queued, limits, pace)
        }
    }

    /// Returns `true` if the store knows everything.
    pub(crate) fn is_flushed(&self) -> bool {
        self.outbox.is_empty() && !self.pending.is_in_call()
    }

    fn advance(&mut self, now: Time) {
        self.now = self.now.max(now);
    }

    /// Returns the time of the store, for the feedback.
    fn feedback_now(&self) -> Time {
        self.clock.store_at(self.now).into()
    }

    /// Returns how long before its turn the process calls.
    fn lead(&self) -> Nanos {
        let Nanos(round_trip) = self.clock.round_trip();
        (Nanos(3 * round_trip) + MIN_LEAD).min(Nanos(TURN * 1_000))
    }

    /// Sends a change of a request's cost, which changes what its class has used from one time of a
    /// limit to another.
    fn correct(
        &mut self,
        at: StoreTime,
        request: &Request,
        to: Option<Cost>,
        (charged, charge): (Nanos, Nanos),
    ) {
        let micros = |time: Nanos| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let correction = Correction {
            at,
            from: request.cost,
            to,
            class: request.class.clone(),
            charge: micros(charge) - micros(charged),
        };
        self.outbox.correct(correction, self.now);
    }

    /// Gives back the cost of a request that the store has admitted and that was not sent. Its class
    /// gets it back except for the time in which others could not start. Otherwise, a class could
    /// stop all others for free. Returns that cost, and what is left of it.
    fn refund(&mut self, at: StoreTime, request: &Request) -> (Nanos, Nanos) {
        let charged = self.limits.dominant(&request.cost);
        let passed = self.clock.store_at(self.now).0.saturating_sub(at.0);
        let lost = charged.min(Nanos(passed.saturating_mul(1_000)));
        self.correct(at, request, None, (charged, lost));
        (charged, lost)
    }

    /// Gives back a request that the store has admitted and that was not sent.
    fn give_back(&mut self, request: &Request, admitted: Admitted) {
        self.refund(admitted.at, request);
        if request.is_task {
            let lease = Lease::new(&self.process, admitted.id, &request.cost);
            self.outbox.end_task(lease, self.now);
        } else {
            self.outbox.release(&request.cost, self.now);
        }
    }

    /// Gives back all requests that the store has admitted and that wait for their start, so that
    /// they are offered again in order.
    fn withdraw_all(&mut self) {
        for (request, admitted) in self.pending.withdraw_all() {
            if request.is_any {
                self.withdrawn.push(admitted.id);
            }
            self.give_back(&request, admitted);
        }
    }

    /// During a pause, requests that can start elsewhere do not wait for their start here.
    fn leave_pause(&mut self) {
        if self.now < self.paused_until && self.pending.has_admitted_any() {
            self.withdraw_all();
        }
    }

    /// Returns the requests that wait in several queues and may start elsewhere again, because they
    /// do not start here as the store had admitted.
    pub(crate) fn take_withdrawn(&mut self) -> Vec<u64> {
        mem::take(&mut self.withdrawn)
    }
}
