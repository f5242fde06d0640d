//! The state of a limiter in one process, without clock, threads or async.
//!
//! Every method takes the current time. Time never goes back: an earlier time counts as the latest
//! one seen.

pub(crate) mod feedback;
pub(crate) mod grant;
mod growth;
mod history;
mod ledger;
mod limit_set;
mod pace;
pub(crate) mod queue;
mod rate;
pub(crate) mod rules;

use std::time::Duration;

use model_studio_limits::Limit;

use crate::time::{Nanos, Time};
use crate::usage::Usage;
use crate::{Cost, Refusal, TooLarge};
use feedback::Feedback;
use grant::{Counters, Rejection, Request};
use limit_set::LimitSet;
use queue::Queue;
use rules::Rules;

/// Limits, what was used of them, and the requests that wait.
#[derive(Debug)]
pub(crate) struct Quota {
    limits: LimitSet,
    queue: Queue,
    /// When it is the turn of the first request of the queue, as far as time alone decides.
    turn: Option<Time>,
    /// Until when new requests make up for what late ones have missed.
    late_until: Time,
    feedback: Feedback,
    paused_until: Time,
    counters: Counters,
}

impl Quota {
    pub(crate) fn new(limits: &[Limit], rules: Rules, now: Time) -> Self {
        Self {
            limits: LimitSet::new(limits, rules, now),
            queue: Queue::default(),
            turn: None,
            late_until: Time::MIN,
            feedback: Feedback::new(now),
            paused_until: Time::MIN,
            counters: Counters::default(),
        }
    }

    /// Admits a request now, unless others wait. Returns the time at which it is counted.
    #[inline]
    pub(crate) fn try_acquire(&mut self, request: &Request, now: Time) -> Result<Time, Rejection> {
        let cost = &request.cost;
        self.limits.advance(now);
        if self.queue.is_empty() && !self.is_paused() && self.limits.admits(cost) {
            let now = self.limits.now();
            let turn = if now < self.late_until {
                (now - self.limits.lateness()).max(self.paused_until)
            } else {
                now
            };
            return Ok(self.admit(cost, turn));
        }
        self.limits.check_size(cost).map_err(Rejection::TooLarge)?;
        if self.is_paused() {
            return Err(Rejection::Paused(self.paused_until));
        }
        Err(Rejection::NotYet)
    }

    /// Returns the time at which a request that is added now can be admitted, by what is counted now.
    pub(crate) fn expected_at(&self, cost: &Cost) -> Time {
        self.earliest()
            .max(self.limits.expected_at(&self.queue, cost))
    }

    /// Returns a time before which a request that is added now cannot be admitted, unless requests
    /// ahead of it are cancelled.
    pub(crate) fn lower_bound(&self, cost: &Cost) -> Time {
        self.earliest()
            .max(self.limits.lower_bound(&self.queue, cost))
    }

    /// Adds a request to the queue and returns its ID.
    pub(crate) fn enqueue(&mut self, request: Request) -> Result<u64, TooLarge> {
        self.limits.check_size(&request.cost)?;
        self.counters.waited += 1;
        if self.queue.is_empty() {
            self.turn = self.ready_at(Time::MIN, &request.cost);
        }
        Ok(self.queue.push(request))
    }

    /// Removes a request from the queue.
    pub(crate) fn cancel(&mut self, id: u64) {
        if self.queue.front().is_some_and(|(front, _)| front == id) {
            self.turn = None;
        }
        self.queue.remove(id);
    }

    /// Admits the first request of the queue, if the limits allow it. Returns its ID, and the time
    /// at which it is counted. It fails if the limits have become smaller than the request.
    pub(crate) fn next(&mut self, now: Time) -> Option<(u64, Result<Time, TooLarge>)> {
        self.limits.advance(now);
        let (id, request) = self.queue.front()?;
        let cost = request.cost;
        if let Err(error) = self.limits.check_size(&cost) {
            self.queue.remove(id);
            self.turn = None;
            return Some((id, Err(error)));
        }
        let now = self.limits.now();
        if self.is_paused() || !self.limits.admits(&cost) {
            self.turn = self.ready_at(Time::MIN, &cost);
            return None;
        }
        // A request that is late keeps its place in the schedule, up to a limit.
        let turn = self.turn.unwrap_or(now).max(self.paused_until);
        let turn = turn.max(now - self.limits.lateness()).min(now);
        let at = self.admit(&cost, turn);
        self.queue.remove(id);
        if let Some((_, next)) = self.queue.front() {
            self.turn = self.limits.room_at(turn, &next.cost);
        } else {
            // If more could have been sent, callers whose requests were late will soon ask again.
            let next = self.limits.room_at(turn, &Cost::default());
            if next.is_some_and(|next| next < now) {
                self.late_until = now + self.limits.lateness();
            }
        }
        Some((id, Ok(at)))
    }

    /// Returns the time at which [`next`](Self::next) has to be called again. Returns `None` if the
    /// queue is empty or if only a change can admit its first request.
    pub(crate) fn next_event(&self) -> Option<Time> {
        let (_, request) = self.queue.front()?;
        self.turn
            .or_else(|| self.ready_at(Time::MIN, &request.cost))
    }

    /// Returns `true` if requests wait.
    #[inline]
    pub(crate) fn has_waiters(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Counts a request that was admitted at a time from now on, and returns the new time. Returns
    /// `None`, and puts it back into the queue at its place, during a pause, if there is no room for
    /// it now, or if it is so late that it has to take its place in the pace again.
    pub(crate) fn renew(
        &mut self,
        id: u64,
        at: Time,
        request: &Request,
        now: Time,
    ) -> Option<Time> {
        self.limits.advance(now);
        let paced = self.limits.paced(&request.cost);
        self.feedback.taken_back(at, paced);
        if self.limits.renew(at, &request.cost) && !self.is_paused() {
            self.feedback.admitted(self.limits.now(), paced);
            return Some(self.limits.now());
        }
        self.limits.put_back(at, &request.cost);
        self.counters.admitted -= 1;
        self.queue.insert(id, *request);
        self.turn = None;
        None
    }

    /// Returns `true` if a request that was admitted at a time is so late that it has to take its place
    /// in the pace again.
    #[cfg(feature = "redis")]
    pub(crate) fn is_late(&self, at: Time, now: Time) -> bool {
        now.since(at) > self.limits.lateness()
    }

    /// Takes back a request that was admitted at a time and never sent.
    pub(crate) fn take_back(&mut self, at: Time, cost: &Cost) {
        self.feedback.taken_back(at, self.limits.paced(cost));
        self.limits.take_back(at, cost);
        self.counters.admitted -= 1;
    }

    /// Updates the known cost of a request that was admitted at a time and still runs.
    pub(crate) fn report(&mut self, at: Time, from: &Cost, to: &Cost, now: &dyn Fn() -> Time) {
        self.change(at, from, to, now);
        self.limits.keep_running(from, to);
    }

    /// Ends a request with what it cost.
    pub(crate) fn settle(&mut self, at: Time, from: &Cost, to: &Cost, now: &dyn Fn() -> Time) {
        self.feedback.succeeded(at);
        self.change(at, from, to, now);
        self.limits.complete(from, to, now);
    }

    /// Ends a request without a known cost. Its estimate stays counted.
    pub(crate) fn leave_unsettled(&mut self, cost: &Cost, now: &dyn Fn() -> Time) {
        self.counters.unsettled += 1;
        self.limits.complete(cost, cost, now);
    }

    /// Ends a request that the provider refused, and pauses or slows down. The request stays
    /// counted, because the provider may count it too. Returns how long to pause.
    pub(crate) fn refuse(
        &mut self,
        at: Time,
        cost: &Cost,
        refusal: Refusal,
        retry_after: Option<Duration>,
        now: Time,
    ) -> Duration {
        self.limits.advance(now);
        self.counters.refused += 1;
        let now = self.limits.now();
        let pause = self.feedback.refused(at, refusal, retry_after, now);
        self.pause_until(now + pause.into());
        self.limits.complete(cost, cost, &|| now);
        pause
    }

    /// Ends a task that may still run. It counts as running until it has taken the longest time.
    pub(crate) fn abandon_task(&mut self, at: Time, cost: &Cost, now: Time) {
        self.counters.unsettled += 1;
        self.limits.abandon(at, cost, now);
    }

    /// Admits nothing before a time, unless the pause is already longer.
    pub(crate) fn pause_until(&mut self, until: Time) {
        self.paused_until = self.paused_until.max(until);
    }

    /// Ends a pause.
    pub(crate) fn resume(&mut self, now: Time) {
        self.limits.advance(now);
        self.paused_until = self.paused_until.min(self.limits.now());
    }

    /// Replaces the limits. What was used is kept.
    pub(crate) fn set_limits(&mut self, limits: &[Limit], now: Time) {
        self.limits.advance(now);
        // Requests that were admitted earlier, even at this time, are not in a new ledger.
        let since = if self.counters.admitted == 0 {
            Time::MIN
        } else {
            self.limits.now() + Nanos(1)
        };
        self.limits.replace(limits, since);
        self.turn = None;
        // The lateness of the old limits may be without bounds.
        self.late_until = Time::MIN;
    }

    /// Returns `true` if nothing that happened before matters any more.
    pub(crate) fn is_idle(&mut self, now: Time) -> bool {
        self.limits.advance(now);
        self.queue.is_empty()
            && self.limits.is_unused()
            && !self.is_paused()
            && self.feedback.slowdown(self.limits.now()) <= 1.0
    }

    /// Returns what is used, and counts.
    pub(crate) fn usage(&mut self, now: Time) -> Usage {
        self.limits.advance(now);
        let pace = self.feedback.factor(self.limits.now());
        let counters = Counters {
            in_flight: self.limits.in_flight(),
            ..self.counters.clone()
        };
        counters.usage(self.queue.len(), self.limits.usage(), pace)
    }

    /// Returns the time from `from` on at which a request can be admitted if it is the first one, or
    /// `None` if only a change can admit it.
    pub(crate) fn ready_at(&self, from: Time, cost: &Cost) -> Option<Time> {
        self.limits.room_at(from.max(self.earliest()), cost)
    }

    /// Returns the time before which nothing is admitted: now, or the end of a pause.
    fn earliest(&self) -> Time {
        self.limits.now().max(self.paused_until)
    }

    #[inline]
    fn is_paused(&self) -> bool {
        self.limits.now() < self.paused_until
    }

    #[inline]
    fn change(&mut self, at: Time, from: &Cost, to: &Cost, now: &dyn Fn() -> Time) {
        let slowdown = self.feedback.slowdown(self.limits.now());
        self.limits.change(at, from, to, slowdown, now);
    }

    /// Takes a request whose turn was at a time, and returns the time at which it is counted.
    #[inline]
    fn admit(&mut self, cost: &Cost, turn: Time) -> Time {
        let now = self.limits.now();
        let slowdown = self.feedback.slowdown(now);
        let paced = self.limits.take(cost, turn, slowdown);
        self.feedback.admitted(now, paced);
        self.counters.admitted += 1;
        now
    }
}
