//! The way of a request through a quota: how it waits, starts and ends.

use std::time::Duration;

use super::LocalQuota;
use super::class_table::{ClassId, ClassTable};
use super::request::{CountedAt, Grant, Rejection, Request};
use crate::time::{Nanos, Time};
use crate::{ClassKey, Cost, Refusal, TooLarge};

/// The dominant cost of a request that uses no limit with a pace, so that classes which wait only
/// for concurrency share the starts of requests by weight.
const NOMINAL_COST: Nanos = Nanos::from_millis(1);

impl LocalQuota {
    /// Admits a request now, if it is next.
    #[inline]
    pub(crate) fn try_acquire(
        &mut self,
        request: &Request,
        now: Time,
    ) -> Result<CountedAt, Rejection> {
        let (cost, class) = (&request.cost, self.class(&request.class));
        let left = self.classes.headroom_of_others(class);
        self.limits.advance(now);
        if self.queue.is_empty() && !self.is_paused() && self.limits.admits(cost, left) {
            let now = self.limits.now();
            let turn = if now < self.late_until {
                (now - self.limits.lateness()).max(self.paused_until)
            } else {
                now
            };
            self.tags.restart();
            self.passing.started(class);
            return Ok(self.admit(class, cost, turn, None));
        }
        self.limits
            .check_size(cost, left)
            .map_err(Rejection::TooLarge)?;
        if self.is_paused() {
            return Err(Rejection::Paused(self.paused_until));
        }
        self.try_turn(class, request).ok_or(Rejection::NotYet)
    }

    /// Adds a request to the queue and returns its ID.
    pub(crate) fn enqueue(&mut self, request: Request) -> Result<u64, TooLarge> {
        let class = self.class(&request.class);
        let left = self.classes.headroom_of_others(class);
        self.limits.check_size(&request.cost, left)?;
        self.counters.waited += 1;
        Ok(self.push(class, request))
    }

    /// Removes a request from the queue.
    pub(crate) fn cancel(&mut self, id: u64, key: &ClassKey) {
        let class = self.class(key);
        let is_first = self.tags.is_first(class, id);
        if is_first {
            self.remove_first(class, id);
        } else {
            self.queue.remove(class, id);
        }
    }

    /// Counts an admitted request from now on.
    ///
    /// During a pause, or if there is no room for it now, or if it is so late that it has to be
    /// spaced again, puts it back to its place in the queue and returns `false`.
    pub(crate) fn renew(&mut self, id: u64, grant: &mut Grant, now: Time) -> bool {
        self.limits.advance(now);
        let class = self.class(&grant.request.class);
        let (at, cost) = (grant.counted_at.time(), &grant.request.cost);
        let delay = self.limits.delay(cost);
        self.feedback.taken_back(at, delay);
        self.limits.remove(at, cost);
        let now = self.limits.now();
        let left = self.classes.headroom_of_others(class);
        if !self.is_paused() && !self.is_late(at, now) && self.limits.has_room(cost, left) {
            self.limits.add(cost);
            self.feedback.admitted(now, delay);
            grant.counted_at = CountedAt::Process(now);
            return true;
        }
        self.limits.end_delay(at, cost);
        self.counters.admitted -= 1;
        self.refund(class, at, cost, now);
        self.queue.insert(class, id, grant.request.clone());
        self.tags.set_head(class, self.head(class));
        self.turn = None;
        false
    }

    /// Returns `true` if a request that was admitted at a time is so late that it has to be spaced
    /// again.
    pub(crate) fn is_late(&self, at: Time, now: Time) -> bool {
        now.since(at) > self.limits.lateness()
    }

    /// Removes an admitted request that was not sent from the usage.
    pub(crate) fn take_back(&mut self, grant: &Grant, now: Time) {
        let class = self.class(&grant.request.class);
        let (at, cost) = (grant.counted_at.time(), &grant.request.cost);
        self.feedback.taken_back(at, self.limits.delay(cost));
        self.limits.remove(at, cost);
        self.limits.end_delay(at, cost);
        self.counters.admitted -= 1;
        self.refund(class, at, cost, now);
    }

    /// Updates the known cost of a running request.
    pub(crate) fn report(&mut self, grant: &Grant, cost: &Cost, now: &dyn Fn() -> Time) {
        self.change(grant, cost, now);
        self.limits.keep_running(&grant.request.cost, cost);
    }

    /// Ends a request with its actual cost.
    pub(crate) fn settle(&mut self, grant: &Grant, cost: &Cost, now: &dyn Fn() -> Time) {
        self.feedback.succeeded(grant.counted_at.time());
        self.change(grant, cost, now);
        self.end(grant);
        self.limits.complete(&grant.request.cost, cost, now);
    }

    /// Ends a request without an actual cost. Its estimate stays counted.
    pub(crate) fn leave_unsettled(&mut self, grant: &Grant, now: &dyn Fn() -> Time) {
        self.counters.unsettled += 1;
        self.end(grant);
        let cost = &grant.request.cost;
        self.limits.complete(cost, cost, now);
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
        self.limits.advance(now);
        self.counters.refused += 1;
        self.end(grant);
        let now = self.limits.now();
        let (at, cost) = (grant.counted_at.time(), &grant.request.cost);
        let pause = self.feedback.refused(at, refusal, retry_after, now);
        self.pause_until(now + pause.into());
        self.limits.complete(cost, cost, &|| now);
        pause
    }

    /// Ends a task that may still be running. It counts as running until its maximum duration has
    /// passed.
    pub(crate) fn abandon_task(&mut self, grant: &Grant, now: Time) {
        self.counters.unsettled += 1;
        self.end(grant);
        self.limits
            .abandon(grant.counted_at.time(), &grant.request.cost, now);
    }

    /// Returns the ID of a class, which is created if it does not exist.
    #[inline]
    pub(super) fn class(&mut self, key: &ClassKey) -> ClassId {
        match self.classes.find(key) {
            Some(class) => class,
            None => self.create_class(key),
        }
    }

    /// Adds a request to the queue of its class and returns its ID.
    pub(super) fn push(&mut self, class: ClassId, request: Request) -> u64 {
        let is_first = self.queue.len_of(class) == 0;
        let now = self.earliest();
        let mut from = self.turn.unwrap_or(now).min(now);
        if self.queue.is_empty() {
            from = now;
            if self.limits.is_ready() {
                self.tags.restart();
            }
        }
        let id = self.queue.push(class, request);
        if is_first {
            self.tags.set_head(class, self.head(class));
            self.turn = self.next_turn(from);
        }
        id
    }

    /// Removes the first request of a class from the queue.
    pub(super) fn remove_first(&mut self, class: ClassId, id: u64) {
        self.queue.remove(class, id);
        self.tags.set_head(class, self.head(class));
        self.turn = None;
    }

    /// Returns the ID and the dominant cost of the first request of a class.
    pub(super) fn head(&self, class: ClassId) -> Option<(u64, Nanos)> {
        let (id, request) = self.queue.front(class)?;
        Some((id, self.dominant(&request.cost)))
    }

    /// Returns the cost of a request in the time of the limit that it delays most.
    pub(super) fn dominant(&self, cost: &Cost) -> Nanos {
        dominant(self.limits.delay(cost))
    }

    /// Admits a request whose turn was at a time. The first request of its class is then `next`.
    #[inline]
    pub(super) fn admit(
        &mut self,
        class: ClassId,
        cost: &Cost,
        turn: Time,
        next: Option<(u64, Nanos)>,
    ) -> CountedAt {
        let now = self.limits.now();
        let slowdown = self.feedback.slowdown(now);
        let delay = self.limits.take(cost, turn, slowdown);
        self.feedback.admitted(now, delay);
        self.counters.admitted += 1;
        self.tags.charge(class, dominant(delay), next);
        self.classes.get_mut(class).admit(dominant(delay), now);
        CountedAt::Process(now)
    }

    #[inline]
    fn change(&mut self, grant: &Grant, to: &Cost, now: &dyn Fn() -> Time) {
        let slowdown = self.feedback.slowdown(self.limits.now());
        let (at, from) = (grant.counted_at.time(), &grant.request.cost);
        self.limits.change(at, from, to, slowdown, now);
        // A class without others needs no order.
        if self.classes.is_alone() {
            return;
        }
        let class = self.class(&grant.request.class);
        self.correct(class, self.dominant(from), self.dominant(to));
    }

    /// Gives a class back what a request that was not sent has cost it, except for the time in which
    /// others could not start. Otherwise, a class could stop all others for free.
    fn refund(&mut self, class: ClassId, at: Time, cost: &Cost, now: Time) {
        let cost = self.dominant(cost);
        let lost = cost.min(now.since(at));
        self.correct(class, cost, lost);
        let member = self.classes.get_mut(class);
        member.in_flight -= 1;
        member.admitted -= 1;
    }

    #[inline]
    fn correct(&mut self, class: ClassId, from: Nanos, to: Nanos) {
        self.tags.correct(class, from, to);
        let now = self.limits.now();
        self.classes.get_mut(class).correct(from, to, now);
    }

    /// Removes a request from what is running of its class.
    #[inline]
    fn end(&mut self, grant: &Grant) {
        let class = self.class(&grant.request.class);
        self.classes.get_mut(class).in_flight -= 1;
    }

    #[cold]
    fn create_class(&mut self, key: &ClassKey) -> ClassId {
        if self.classes.is_crowded() {
            let now = self.limits.now();
            let windows = self.limits.paced_windows();
            let window = windows.max().unwrap_or_default();
            let window = window.max(ClassTable::REMEMBERED);
            let (queue, tags, passing) = (&self.queue, &mut self.tags, &self.passing);
            self.classes.forget(|class, member| {
                let windows = if tags.is_ahead(class) { 10 } else { 1 };
                let is_recent = now.since(member.used_at()).0 / window.0 < windows;
                let is_needed = member.in_flight > 0
                    || queue.len_of(class) > 0
                    || passing.is_debtor(class)
                    || is_recent;
                if !is_needed {
                    tags.forget(class);
                }
                is_needed
            });
        }
        self.classes.insert(key)
    }
}

/// Returns the dominant cost of a request that causes a delay.
#[inline]
pub(crate) fn dominant(delay: Nanos) -> Nanos {
    if delay == Nanos::ZERO {
        NOMINAL_COST
    } else {
        delay
    }
}
