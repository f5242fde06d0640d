//! A quota without classes, which admits requests in the order in which they arrive.

use model_studio_limits::Limit;

use crate::class::Headroom;
use crate::quota::feedback::Feedback;
use crate::quota::limit_set::LimitSet;
use crate::quota::rules::Rules;
use crate::time::{Nanos, Time};
use crate::{Cost, Refusal};

const ALL: Headroom = Headroom::NONE;

/// A queue without classes.
pub(super) struct Fifo {
    limits: LimitSet,
    queue: Vec<(u64, Cost)>,
    next_id: u64,
    turn: Option<Time>,
    late_until: Time,
    feedback: Feedback,
    pub(super) paused_until: Time,
    admitted: u64,
}

impl Fifo {
    pub(super) fn new(limits: &[Limit], rules: Rules) -> Self {
        Self {
            limits: LimitSet::new(limits, rules, Time::START),
            queue: Vec::new(),
            next_id: 0,
            turn: None,
            late_until: Time::MIN,
            feedback: Feedback::new(Time::START),
            paused_until: Time::MIN,
            admitted: 0,
        }
    }

    pub(super) fn try_acquire(&mut self, cost: &Cost, now: Time) -> bool {
        self.limits.advance(now);
        let now = self.limits.now();
        let is_paused = now < self.paused_until;
        if !self.queue.is_empty() || is_paused || !self.limits.admits(cost, ALL) {
            return false;
        }
        let late = (now - self.limits.lateness()).max(self.paused_until);
        let turn = if now < self.late_until { late } else { now };
        self.admit(cost, turn);
        true
    }

    pub(super) fn enqueue(&mut self, cost: Cost) -> Option<u64> {
        self.limits.check_size(&cost, ALL).ok()?;
        if self.queue.is_empty() {
            self.turn = self.ready_at(&cost);
        }
        self.queue.push((self.next_id, cost));
        self.next_id += 1;
        Some(self.next_id - 1)
    }

    pub(super) fn cancel(&mut self, id: u64) {
        if self.queue.first().is_some_and(|(first, _)| *first == id) {
            self.turn = None;
        }
        self.queue.retain(|(other, _)| *other != id);
    }

    /// Returns the ID of the next request, and whether it was admitted.
    pub(super) fn next(&mut self, now: Time) -> Option<(u64, bool)> {
        self.limits.advance(now);
        let (id, cost) = *self.queue.first()?;
        if self.limits.check_size(&cost, ALL).is_err() {
            self.queue.remove(0);
            self.turn = None;
            return Some((id, false));
        }
        let now = self.limits.now();
        if now < self.paused_until || !self.limits.admits(&cost, ALL) {
            self.turn = self.ready_at(&cost);
            return None;
        }
        let turn = self.turn.unwrap_or(now).max(self.paused_until);
        let turn = turn.max(now - self.limits.lateness()).min(now);
        self.admit(&cost, turn);
        self.queue.remove(0);
        if let Some((_, next)) = self.queue.first() {
            self.turn = self.limits.ready_at(turn, next, ALL);
        } else {
            let next = self.limits.ready_at(turn, &Cost::default(), ALL);
            if next.is_some_and(|next| next < now) {
                self.late_until = now + self.limits.lateness();
            }
        }
        Some((id, true))
    }

    pub(super) fn next_event(&self) -> Option<Time> {
        let (_, cost) = self.queue.first()?;
        self.turn.or_else(|| self.ready_at(cost))
    }

    pub(super) fn renew(&mut self, id: u64, at: Time, cost: &Cost, now: Time) -> Option<Time> {
        self.limits.advance(now);
        let delay = self.limits.delay(cost);
        self.feedback.taken_back(at, delay);
        self.limits.remove(at, cost);
        let now = self.limits.now();
        let is_late = now.since(at) > self.limits.lateness();
        if now >= self.paused_until && !is_late && self.limits.has_room(cost, ALL) {
            self.limits.add(cost);
            self.feedback.admitted(now, delay);
            return Some(now);
        }
        self.limits.end_delay(at, cost);
        self.admitted -= 1;
        self.queue.push((id, *cost));
        self.queue.sort_unstable_by_key(|(id, _)| *id);
        self.turn = None;
        None
    }

    pub(super) fn take_back(&mut self, at: Time, cost: &Cost) {
        self.feedback.taken_back(at, self.limits.delay(cost));
        self.limits.remove(at, cost);
        self.limits.end_delay(at, cost);
        self.admitted -= 1;
    }

    pub(super) fn settle(&mut self, at: Time, from: &Cost, to: &Cost, now: Time) {
        self.feedback.succeeded(at);
        let slowdown = self.feedback.slowdown(self.limits.now());
        self.limits.change(at, from, to, slowdown, &|| now);
        self.limits.complete(from, to, &|| now);
    }

    pub(super) fn refuse(&mut self, at: Time, cost: &Cost, now: Time) {
        self.limits.advance(now);
        let now = self.limits.now();
        let pause = self.feedback.refused(at, Refusal::Requests, None, now);
        self.paused_until = self.paused_until.max(now + pause.into());
        self.limits.complete(cost, cost, &|| now);
    }

    pub(super) fn set_limits(&mut self, limits: &[Limit], now: Time) {
        self.limits.advance(now);
        let after = self.limits.now() + Nanos(1);
        let since = if self.admitted > 0 { after } else { Time::MIN };
        self.limits.replace(limits, since);
        self.turn = None;
        self.late_until = Time::MIN;
    }

    /// Returns when a request is expected to be admitted, and a lower bound.
    pub(super) fn wait_of(&self, cost: &Cost) -> (Time, Time) {
        let amounts = |kind| {
            let waiting = self.queue.iter();
            let amounts = waiting.map(|(_, cost)| u128::from(cost.amount(kind)));
            amounts.sum()
        };
        let earliest = self.limits.now().max(self.paused_until);
        let expected_at = self.limits.expected_at(amounts, cost);
        let lower_bound = self.limits.lower_bound(amounts, false, cost);
        (expected_at.max(earliest), lower_bound.max(earliest))
    }

    fn ready_at(&self, cost: &Cost) -> Option<Time> {
        let from = self.limits.now().max(self.paused_until);
        self.limits.ready_at(from, cost, ALL)
    }

    fn admit(&mut self, cost: &Cost, turn: Time) {
        let now = self.limits.now();
        let slowdown = self.feedback.slowdown(now);
        let delay = self.limits.take(cost, turn, slowdown);
        self.feedback.admitted(now, delay);
        self.admitted += 1;
    }
}
