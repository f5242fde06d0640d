//! A quota whose usage is tracked in this process, without a clock, threads or async code.
//!
//! Each rate limit, such as a number of requests per minute, has two parts: a ledger counts what
//! was used within the window of the limit, and a pace spaces requests evenly. A request is
//! admitted when all ledgers have room for it and all paces are ready. After refusals, the paces
//! are slowed down.
//!
//! Every method takes the current time. Time never goes back: an earlier time counts as the latest
//! one seen.

pub(crate) mod counters;
pub(crate) mod feedback;
mod growth;
mod history;
mod ledger;
mod limit_set;
mod pace;
pub(crate) mod queue;
mod rate_limit;
pub(crate) mod request;
pub(crate) mod rules;

use std::time::Duration;

use model_studio_limits::Limit;

use crate::time::{Nanos, Time};
use crate::usage::Usage;
use crate::{Cost, Refusal, TooLarge};
use counters::Counters;
use feedback::Feedback;
use limit_set::LimitSet;
use queue::Queue;
use request::{CountedAt, Grant, Rejection, Request};
use rules::Rules;

/// The limits, what was used of them, and the waiting requests.
#[derive(Debug)]
pub(crate) struct LocalQuota {
    limits: LimitSet,
    queue: Queue,
    /// The time at which the first request of the queue should start. `None` if it is not known, or
    /// if the request waits for another one to end.
    turn: Option<Time>,
    /// Until this time, new requests make up for the time that late requests have lost.
    late_until: Time,
    feedback: Feedback,
    paused_until: Time,
    counters: Counters,
}

impl LocalQuota {
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

    /// Admits a request now, unless others wait.
    #[inline]
    pub(crate) fn try_acquire(
        &mut self,
        request: &Request,
        now: Time,
    ) -> Result<CountedAt, Rejection> {
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

    /// Returns the time at which a request that is added now is admitted if the known costs stay as
    /// they are.
    pub(crate) fn expected_at(&self, cost: &Cost) -> Time {
        self.earliest()
            .max(self.limits.expected_at(&self.queue, cost))
    }

    /// Returns a lower bound for the time at which a request that is added now is admitted, unless
    /// requests ahead of it are cancelled.
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

    /// Admits the first request of the queue if the limits allow it, and returns its ID. Returns an
    /// error for it if the limits have become smaller than the request.
    pub(crate) fn next(&mut self, now: Time) -> Option<(u64, Result<CountedAt, TooLarge>)> {
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
        // A late request does not delay the ones behind it, up to a limit.
        let turn = self.turn.unwrap_or(now).max(self.paused_until);
        let turn = turn.max(now - self.limits.lateness()).min(now);
        let counted_at = self.admit(&cost, turn);
        self.queue.remove(id);
        if let Some((_, next)) = self.queue.front() {
            self.turn = self.limits.room_at(turn, &next.cost);
        } else {
            // If more could have been sent, the callers of late requests will soon send the next
            // ones.
            let next = self.limits.room_at(turn, &Cost::default());
            if next.is_some_and(|next| next < now) {
                self.late_until = now + self.limits.lateness();
            }
        }
        Some((id, Ok(counted_at)))
    }

    /// Returns the time at which [`next`](Self::next) has to be called again. Returns `None` if the
    /// queue is empty or if only a change can admit its first request.
    pub(crate) fn next_event(&self) -> Option<Time> {
        let (_, request) = self.queue.front()?;
        self.turn
            .or_else(|| self.ready_at(Time::MIN, &request.cost))
    }

    /// Returns `true` if requests are waiting.
    #[inline]
    pub(crate) fn has_waiters(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Counts an admitted request from now on.
    ///
    /// During a pause, or if there is no room for it now, or if it is so late that it has to be
    /// spaced again, puts it back to its place in the queue and returns `false`.
    pub(crate) fn renew(&mut self, id: u64, grant: &mut Grant, now: Time) -> bool {
        self.limits.advance(now);
        let (at, cost) = (grant.counted_at.time(), &grant.request.cost);
        let delay = self.limits.delay(cost);
        self.feedback.taken_back(at, delay);
        self.limits.remove(at, cost);
        let now = self.limits.now();
        if !self.is_paused() && !self.is_late(at, now) && self.limits.has_room(cost) {
            self.limits.add(cost);
            self.feedback.admitted(now, delay);
            grant.counted_at = CountedAt::Process(now);
            return true;
        }
        self.limits.end_delay(at, cost);
        self.counters.admitted -= 1;
        self.queue.insert(id, grant.request);
        self.turn = None;
        false
    }

    /// Returns `true` if a request that was admitted at a time is so late that it has to be spaced
    /// again.
    pub(crate) fn is_late(&self, at: Time, now: Time) -> bool {
        now.since(at) > self.limits.lateness()
    }

    /// Removes an admitted request that was not sent from the usage.
    pub(crate) fn take_back(&mut self, grant: &Grant) {
        let (at, cost) = (grant.counted_at.time(), &grant.request.cost);
        self.feedback.taken_back(at, self.limits.delay(cost));
        self.limits.remove(at, cost);
        self.limits.end_delay(at, cost);
        self.counters.admitted -= 1;
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
        self.limits.complete(&grant.request.cost, cost, now);
    }

    /// Ends a request without an actual cost. Its estimate stays counted.
    pub(crate) fn leave_unsettled(&mut self, grant: &Grant, now: &dyn Fn() -> Time) {
        self.counters.unsettled += 1;
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
        self.limits
            .abandon(grant.counted_at.time(), &grant.request.cost, now);
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

    /// Replaces the limits. Usage stays counted.
    pub(crate) fn set_limits(&mut self, limits: &[Limit], now: Time) {
        self.limits.advance(now);
        // Requests that were admitted before, even at this very time, are not in a new ledger.
        let since = if self.counters.admitted == 0 {
            Time::MIN
        } else {
            self.limits.now() + Nanos(1)
        };
        self.limits.replace(limits, since);
        self.turn = None;
        // The lateness that the old limits allowed may be unlimited.
        self.late_until = Time::MIN;
    }

    /// Returns `true` if a new quota would behave the same.
    pub(crate) fn is_idle(&mut self, now: Time) -> bool {
        self.limits.advance(now);
        self.queue.is_empty()
            && self.limits.is_unused()
            && !self.is_paused()
            && self.feedback.slowdown(self.limits.now()) <= 1.0
    }

    /// Returns the usage and the counts since the start.
    pub(crate) fn usage(&mut self, now: Time) -> Usage {
        self.limits.advance(now);
        let pace = self.feedback.factor(self.limits.now());
        let counters = Counters {
            in_flight: self.limits.in_flight(),
            ..self.counters.clone()
        };
        counters.usage(self.queue.len(), self.limits.usage(), pace)
    }

    /// Returns the first time from `from` on at which a request can be admitted if no others wait.
    /// Returns `None` if only a change can admit it.
    pub(crate) fn ready_at(&self, from: Time, cost: &Cost) -> Option<Time> {
        self.limits.room_at(from.max(self.earliest()), cost)
    }

    /// Returns the earliest time at which a request can be admitted: now, or the end of a pause.
    fn earliest(&self) -> Time {
        self.limits.now().max(self.paused_until)
    }

    #[inline]
    fn is_paused(&self) -> bool {
        self.limits.now() < self.paused_until
    }

    #[inline]
    fn change(&mut self, grant: &Grant, to: &Cost, now: &dyn Fn() -> Time) {
        let slowdown = self.feedback.slowdown(self.limits.now());
        let (at, from) = (grant.counted_at.time(), &grant.request.cost);
        self.limits.change(at, from, to, slowdown, now);
    }

    /// Admits a request whose turn was at a time.
    #[inline]
    fn admit(&mut self, cost: &Cost, turn: Time) -> CountedAt {
        let now = self.limits.now();
        let slowdown = self.feedback.slowdown(now);
        let delay = self.limits.take(cost, turn, slowdown);
        self.feedback.admitted(now, delay);
        self.counters.admitted += 1;
        CountedAt::Process(now)
    }
}
