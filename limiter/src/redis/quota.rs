//! The state of a limiter whose usage is tracked in a store, without I/O.
//!
//! It has the same methods as [`Quota`](crate::quota::Quota). The requests of the process wait in a
//! queue here. [`next_call`](StoredQuota::next_call) takes what the store has to know, and
//! [`apply`](StoredQuota::apply) takes the reply. Times are those of the limiter, in nanoseconds,
//! except for `at` of an admitted request, a grant and a correction: that is the time of the store,
//! in microseconds.

use std::collections::VecDeque;
use std::fmt::Display;
use std::mem;
use std::time::Duration;

use model_studio_limits::Limit;

use super::call::{Call, Reply};
use crate::gate::Gate;
use crate::quota::feedback::{self, Feedback};
use crate::quota::queue::Queue;
use crate::quota::{Counters, Grant, Quota, RateRule, Rejection, Rules, check_size, nanos};
use crate::usage::{LimitUsage, StoreUsage, Usage};
use crate::{Cost, Refusal, TooLarge};

/// The largest number of requests of a call.
const MAX_REQUESTS: usize = 64;

/// The largest number of corrections of a call.
const MAX_CORRECTIONS: usize = 512;

/// The length of a turn, within which the requests of a call may start, in microseconds. A longer
/// turn means fewer calls, and a longer wait for other processes.
const TURN: u64 = 100_000;

/// How late a process may be for its turn, in microseconds.
const GRACE: u64 = 250_000;

/// The minimum time before its turn at which a process calls, in microseconds. A process that calls
/// too late for its turn wastes what the limits would have allowed.
const MIN_LEAD: u64 = 20_000;

/// The largest amount that a call contains. The script has doubles, which are exact up to here.
const MAX_AMOUNT: u64 = 1 << 53;

/// How long corrections wait for a call that is made anyway, in nanoseconds.
const CORRECTION_DELAY: u64 = 20_000_000;

#[derive(Debug)]
pub(crate) struct StoredQuota {
    rules: Rules,
    /// Identifies the process in the store.
    process: String,
    sequence: u64,
    rates: Vec<StoredRate>,
    /// `used` is from the last reply.
    concurrency: Box<[LimitUsage]>,
    queue: Queue,
    /// Requests at the front of the queue that may start at a time.
    admitted: VecDeque<Admitted>,
    corrections: Vec<Correction>,
    /// The requests that have ended, by their IDs in the store.
    ended: Vec<String>,
    /// The end of a pause that the store does not know yet.
    new_pause: Option<u64>,
    /// Whether the limits were replaced since the last call was made.
    has_new_limits: bool,
    /// The IDs of the requests in the current call, if there is one.
    in_call: Option<Vec<u64>>,
    /// Whether the next request exceeds a tighter limit that the store has.
    is_too_large: bool,
    /// The request for which the process waits in the line.
    in_line: Option<u64>,
    /// When to call next for the requests that wait; `None` if none has to be offered.
    call_at: Option<u64>,
    /// When to call next for corrections.
    correct_at: Option<u64>,
    feedback: Feedback,
    now: u64,
    paused_until: u64,
    /// The time of the store when that of the limiter is 0, in nanoseconds.
    store_offset: u64,
    /// What the store adds to the time of its server, because that went back.
    clock_offset: u64,
    /// A moving average of the time of a call. 0 before the first one.
    round_trip: u64,
    /// The time of the last call, by which `store_offset` can be too low.
    last_round_trip: u64,
    counters: Counters,
    store: StoreUsage,
    /// The time since which calls have failed.
    down_since: Option<u64>,
    /// What admits requests while the store is down, if that is wanted.
    fallback: Option<Quota>,
}

/// How long calls have to fail before the fallback is used.
const FALLBACK_DELAY: u64 = 1_000_000_000;

/// Marks the time of a request that the fallback has admitted. No other time is that late.
const BY_FALLBACK: u64 = 1 << 63;

/// A limit with a window, and what the last reply said about it.
#[derive(Debug)]
struct StoredRate {
    limit: Limit,
    /// The share of the count that this process states.
    available: u64,
    rule: RateRule,
    /// The amount that the store allows, which is lower if another process knows a tighter limit.
    effective: u64,
    used: u64,
    /// The time at which the pace is ready, in microseconds of the store.
    next: u64,
}

/// A change of what a request costs.
#[derive(Debug)]
struct Correction {
    /// The time at which the request started, in microseconds of the store.
    at: u64,
    from: Option<Cost>,
    to: Option<Cost>,
}

/// A request that the store has admitted.
#[derive(Clone, Copy, Debug)]
struct Admitted {
    id: u64,
    /// When it may start.
    ready_at: u64,
    /// The same, in microseconds of the store.
    at: u64,
}

impl StoredQuota {
    /// Creates the state. While the store is down, the share `fallback` of the limits is used, or
    /// nothing.
    pub(crate) fn new(
        limits: &[Limit],
        rules: Rules,
        fallback: Option<(u64, u64)>,
        process: String,
        now: u64,
    ) -> Self {
        let fallback = fallback.map(|share| {
            let rules = Rules {
                share,
                counts_at_completion: false,
                ..rules.clone()
            };
            Quota::new(limits, rules, now)
        });
        let mut quota = Self {
            rules,
            process,
            sequence: 0,
            rates: Vec::new(),
            concurrency: Box::default(),
            queue: Queue::default(),
            admitted: VecDeque::new(),
            corrections: Vec::new(),
            ended: Vec::new(),
            new_pause: None,
            has_new_limits: false,
            in_call: None,
            is_too_large: false,
            in_line: None,
            call_at: None,
            correct_at: None,
            feedback: Feedback::new(0),
            now,
            paused_until: 0,
            store_offset: 0,
            clock_offset: 0,
            round_trip: 0,
            last_round_trip: 0,
            counters: Counters::default(),
            store: StoreUsage::default(),
            down_since: None,
            fallback,
        };
        quota.set_limits(limits, now);
        quota
    }
}

impl Gate for StoredQuota {
    fn try_acquire(&mut self, cost: &Cost, now: u64) -> Result<u64, Rejection> {
        self.now = self.now.max(now);
        self.check_size(cost).map_err(Rejection::TooLarge)?;
        if self.now < self.paused_until {
            return Err(Rejection::Paused(self.paused_until));
        }
        Err(Rejection::NotYet)
    }

    fn lower_bound(&self, _: &Cost) -> u64 {
        self.now.max(self.paused_until)
    }

    fn enqueue(&mut self, cost: Cost) -> Result<u64, TooLarge> {
        self.check_size(&cost)?;
        self.counters.waited += 1;
        // A process that waits already has been told when to call.
        if self.queue.len() == self.admitted.len() && self.in_call.is_none() {
            self.call_at = Some(self.offer_at());
        }
        Ok(self.queue.push(cost))
    }

    fn cancel(&mut self, id: u64) {
        let Some(cost) = self.queue.remove(id) else {
            return;
        };
        let index = self.admitted.iter().position(|one| one.id == id);
        if let Some(admitted) = index.and_then(|index| self.admitted.remove(index)) {
            self.give_back(id, admitted.at, cost);
        }
        self.left_line(id);
    }

    fn next(&mut self, now: u64) -> Option<(u64, Result<u64, TooLarge>)> {
        self.now = self.now.max(now);
        let (id, cost) = self.queue.front()?;
        let cost = *cost;
        let result = match self.admitted.front() {
            Some(first) if first.ready_at.max(self.paused_until) <= self.now => Ok(first.at),
            Some(_) => return None,
            None => match self.check_size_in_store(&cost) {
                Err(error) if self.is_too_large => Err(error),
                _ => Ok(self.admit_by_fallback(&cost)?),
            },
        };
        self.queue.remove(id);
        self.left_line(id);
        if result.is_ok() {
            self.admitted.pop_front();
            self.counters.admitted += 1;
            self.counters.in_flight += 1;
        }
        Some((id, result))
    }

    fn next_event(&self) -> Option<u64> {
        let (_, cost) = self.queue.front()?;
        if let Some(first) = self.admitted.front() {
            return Some(first.ready_at.max(self.paused_until));
        }
        let fallback_at = self.down_since?.saturating_add(FALLBACK_DELAY);
        let at = self.fallback.as_ref()?.ready_at(cost)?;
        Some(at.max(fallback_at).max(self.paused_until))
    }

    fn has_waiters(&self) -> bool {
        !self.queue.is_empty()
    }

    fn renew(&mut self, id: u64, grant: &mut Grant, now: u64) -> bool {
        self.now = self.now.max(now);
        if self.paused_until <= self.now {
            if !self.is_late(grant) {
                return true;
            }
            self.store.late_grants += 1;
        }
        self.take_back(grant);
        self.queue.insert(id, grant.cost);
        self.withdraw_all();
        self.call_at = Some(self.now);
        false
    }

    fn take_back(&mut self, grant: &Grant) {
        self.counters.admitted -= 1;
        if let Some((fallback, grant)) = self.fallback_of(grant) {
            fallback.take_back(&grant);
        } else {
            self.correct(grant.at, Some(grant.cost), None);
        }
        self.end(grant);
    }

    fn report(&mut self, grant: &mut Grant, cost: &Cost, now: &dyn Fn() -> u64) {
        self.now = self.now.max(now());
        if let Some((fallback, mut local)) = self.fallback_of(grant) {
            fallback.report(&mut local, cost, now);
        } else if grant.cost != *cost {
            self.correct(grant.at, Some(grant.cost), Some(*cost));
        }
        grant.cost = *cost;
    }

    fn settle(&mut self, grant: &mut Grant, cost: &Cost, now: &dyn Fn() -> u64) {
        self.report(grant, cost, now);
        if let Some((fallback, mut grant)) = self.fallback_of(grant) {
            fallback.settle(&mut grant, cost, now);
        } else {
            self.feedback.succeeded(grant.at * 1_000);
        }
        self.end(grant);
    }

    fn leave_unsettled(&mut self, grant: &Grant, now: &dyn Fn() -> u64) {
        self.now = self.now.max(now());
        self.counters.unsettled += 1;
        if let Some((fallback, grant)) = self.fallback_of(grant) {
            fallback.leave_unsettled(&grant, now);
        }
        self.end(grant);
    }

    fn refuse(
        &mut self,
        grant: &Grant,
        refusal: Refusal,
        retry_after: Option<Duration>,
        now: u64,
    ) -> Duration {
        self.now = self.now.max(now);
        self.counters.refused += 1;
        let store_now = self.store_now();
        let pause = if let Some((fallback, grant)) = self.fallback_of(grant) {
            fallback.refuse(&grant, refusal, retry_after, now)
        } else {
            let mut rates = self.rates.iter();
            let is_full = rates.any(|rate| {
                feedback::is_full(refusal, rate.limit.kind, rate.used.into(), rate.effective)
            });
            let feedback = &mut self.feedback;
            feedback.refused(grant.at * 1_000, refusal, retry_after, is_full, store_now)
        };
        self.pause_until(self.now.saturating_add(nanos(pause)));
        self.end(grant);
        pause
    }

    fn abandon_task(&mut self, grant: &Grant, now: u64) {
        self.now = self.now.max(now);
        if let Some((fallback, grant)) = self.fallback_of(grant) {
            fallback.abandon_task(&grant, now);
        }
        self.counters.unsettled += 1;
        self.counters.in_flight -= 1;
    }

    fn pause_until(&mut self, until: u64) {
        if until > self.now {
            self.paused_until = self.paused_until.max(until);
            self.new_pause = self.new_pause.max(Some(until));
            self.correct_at = Some(self.now);
        }
    }

    fn set_limits(&mut self, limits: &[Limit], now: u64) {
        self.now = self.now.max(now);
        self.has_new_limits = true;
        // The store and the line depend on the limits.
        if self.sequence > 0 {
            self.call_at = Some(self.now);
        }
        let rates = limits.iter().filter(|limit| limit.per.is_some());
        self.rates = rates
            .map(|limit| {
                let available = self.rules.available(limit);
                StoredRate {
                    limit: *limit,
                    available,
                    rule: self.rules.rate_rule(limit, limits),
                    effective: available,
                    used: 0,
                    next: 0,
                }
            })
            .collect();
        if let Some(fallback) = &mut self.fallback {
            fallback.set_limits(limits, now);
        }
        self.concurrency = self.rules.concurrency(limits);
    }

    fn usage(&mut self, now: u64) -> Usage {
        self.now = self.now.max(now);
        let rates = self.rates.iter().map(|rate| LimitUsage {
            limit: rate.limit,
            available: rate.effective,
            used: rate.used,
        });
        let limits = rates.chain(self.concurrency.iter().copied()).collect();
        let pace = self.feedback.factor(self.store_now());
        Usage {
            store: Some(self.store),
            ..self.counters.usage(self.queue.len(), limits, pace)
        }
    }

    fn next_call(&mut self, now: u64) -> Result<Call, Option<u64>> {
        self.now = self.now.max(now);
        if self.in_call.is_some() {
            return Err(None);
        }
        let due = self.call_at.into_iter().chain(self.correct_at).min();
        match due {
            Some(at) if at <= self.now => {}
            _ => return Err(due),
        }
        self.call_at = None;
        self.correct_at = None;
        self.sequence += 1;
        let call = self.call();
        self.in_call = Some(call.requests.iter().map(|(id, _)| *id).collect());
        Ok(call)
    }

    fn last_call(&mut self) -> Option<Call> {
        // The current call can put the process in the line, or admit requests that nobody waits for.
        for id in self.in_call.take().unwrap_or_default() {
            self.ended.push(self.lease(id));
        }
        if self.corrections.is_empty() && self.ended.is_empty() && self.in_line.is_none() {
            return None;
        }
        self.sequence += 1;
        Some(self.call())
    }

    fn task_lease(&self, grant: &Grant) -> Option<String> {
        Some(self.lease(grant.id?))
    }

    fn finish_task(&mut self, lease: &str) {
        self.ended.push(lease.to_owned());
        self.correct_soon();
    }

    fn store_failed(&mut self, now: u64) {
        self.now = self.now.max(now);
        self.store.failures += 1;
        self.down_since.get_or_insert(self.now);
    }

    fn apply(&mut self, call: &Call, reply: &Reply, sent_at: u64, now: u64) {
        self.now = self.now.max(now);
        self.in_call = None;
        self.down_since = None;
        self.store.calls += 1;
        self.store.admitted += reply.starts.len() as u64;
        self.last_round_trip = now.saturating_sub(sent_at);
        self.round_trip = match self.round_trip {
            0 => self.last_round_trip,
            // A stopped process must not make late requests acceptable.
            average => (average * 7 + self.last_round_trip.min(4 * average)) / 8,
        };
        // Requests start late rather than early.
        self.store.round_trip = Duration::from_nanos(self.round_trip);
        self.store_offset = (reply.now * 1_000).saturating_sub(now);
        let offset = self.store_offset;
        let local = |at: u64| (at * 1_000).saturating_sub(offset);
        for ((id, cost), at) in call.requests.iter().zip(&reply.starts) {
            if self.queue.cost(*id).is_some() {
                self.admitted.push_back(Admitted {
                    id: *id,
                    ready_at: local(*at),
                    at: *at,
                });
            } else {
                // It was cancelled during the call.
                self.give_back(*id, *at, *cost);
            }
        }
        // A request that was put back during the call goes first.
        let waiting = self.queue.iter().map(|(id, _)| id);
        let admitted = self.admitted.iter().map(|admitted| admitted.id);
        if !waiting.take(self.admitted.len()).eq(admitted) {
            self.withdraw_all();
        }
        self.is_too_large = reply.too_large > 0 && !self.has_new_limits;
        self.store.clock_steps += u64::from(reply.clock_offset != self.clock_offset);
        self.clock_offset = reply.clock_offset;
        // A reply says nothing about limits that are newer than its call.
        if !self.has_new_limits {
            for (rate, [effective, used, next]) in self.rates.iter_mut().zip(&reply.rates) {
                (rate.effective, rate.used, rate.next) = (*effective, *used, *next);
            }
            for (limit, running) in self.concurrency.iter_mut().zip(&reply.running) {
                limit.used = *running;
            }
        }
        self.paused_until = self.paused_until.max(local(reply.paused_until));
        let next = self.queue.iter().nth(self.admitted.len());
        let next = next.map(|(id, _)| id);
        self.in_line = call.requests.get(reply.starts.len()).map(|(id, _)| *id);
        self.call_at = match (next, self.in_line) {
            _ if self.has_new_limits => Some(self.now),
            (Some(next), Some(asked)) if next == asked => Some(local(reply.retry)),
            (None, None) => None,
            // All requests of the call were admitted, and others have come.
            (Some(_), None) => Some(self.offer_at()),
            // Another request is the first one now. Without one, the process leaves the line.
            _ => Some(self.now),
        };
        if !self.corrections.is_empty() || !self.ended.is_empty() {
            self.correct_soon();
        }
    }
}

impl StoredQuota {
    /// Makes a call of what the store does not know yet. The script reads the arguments in this order.
    fn call(&mut self) -> Call {
        self.has_new_limits = false;
        let lead = self.lead();
        let pause = self.new_pause.take();
        let pause = pause.map_or(0, |until| until.saturating_sub(self.now));
        let slowdown = self.feedback.slowdown(self.store_now());
        // A long call would keep the server from others. The rest goes with the next one.
        let count = self.corrections.len().min(MAX_CORRECTIONS);
        let ended = mem::take(&mut self.ended);
        let requests = self.queue.iter().skip(self.admitted.len());
        let requests: Vec<(u64, Cost)> = requests.take(MAX_REQUESTS).collect();

        let mut arguments = vec![self.process.clone()];
        let mut push = |argument: &dyn Display| arguments.push(argument.to_string());
        let amount = |cost: &Cost, kind| cost.amount(kind).min(MAX_AMOUNT);
        push(&self.sequence);
        push(&TURN);
        push(&lead);
        push(&(GRACE + lead));
        // Longer than anything in the state can matter.
        let spans = self.rates.iter().map(|rate| rate.rule.span / 1_000_000);
        push(&(2 * spans.max().unwrap_or_default() + 60_000));
        push(&(nanos(self.rules.max_task_duration) / 1_000));
        push(&(pause / 1_000));
        push(&format_args!("{:.0}", slowdown * 1_000.0));

        push(&self.rates.len());
        for rate in &self.rates {
            let (window, span) = (rate.rule.window / 1_000, rate.rule.span / 1_000);
            push(&format_args!("{:?}:{span}", rate.limit.kind));
            push(&rate.available.min(MAX_AMOUNT));
            push(&window);
            push(&span);
            match rate.rule.credit {
                Some(credit) => push(&(credit / 1_000)),
                None => push(&-1),
            }
            push(&(rate.rule.idle_credit / 1_000));
            push(&rate.next);
        }
        push(&self.concurrency.len());
        for limit in &self.concurrency {
            push(&limit.available);
        }
        push(&count);
        for Correction { at, from, to } in self.corrections.drain(..count) {
            push(&at);
            for rate in &self.rates {
                // Twice the limit blocks a whole window, so more makes no difference.
                let most = rate.available.saturating_mul(2);
                let of = |cost: &Option<Cost>| {
                    let cost = cost.as_ref();
                    cost.map_or(0, |cost| amount(cost, rate.limit.kind).min(most))
                };
                push(&(i128::from(of(&to)) - i128::from(of(&from))));
            }
        }
        push(&ended.len());
        for id in &ended {
            push(id);
        }
        push(&requests.len());
        for (id, cost) in &requests {
            push(&self.lease(*id));
            for rate in &self.rates {
                push(&amount(cost, rate.limit.kind));
            }
        }
        Call {
            arguments,
            rates: self.rates.len(),
            concurrency: self.concurrency.iter().map(|one| one.limit.kind).collect(),
            requests,
        }
    }

    /// Returns how much earlier than its turn the process calls, in microseconds.
    fn lead(&self) -> u64 {
        (3 * self.round_trip / 1_000 + MIN_LEAD).min(TURN)
    }

    /// Returns when to offer a request that the store does not know.
    ///
    /// It starts after those that are admitted, so until then it can wait for others to share the
    /// call.
    fn offer_at(&self) -> u64 {
        let last = self.admitted.back().map_or(0, |last| last.ready_at);
        self.now.max(last.saturating_sub(self.lead() * 1_000))
    }

    /// Takes back a request that the store has admitted and that was not sent.
    fn give_back(&mut self, id: u64, at: u64, cost: Cost) {
        self.correct(at, Some(cost), None);
        self.ended.push(self.lease(id));
    }

    /// Calls soon if the process waited in the line for this request.
    fn left_line(&mut self, id: u64) {
        if self.in_line == Some(id) && self.in_call.is_none() {
            self.call_at = Some(self.now);
        }
    }

    /// Takes back all requests that wait for their start, so that they are offered again in order.
    fn withdraw_all(&mut self) {
        for admitted in mem::take(&mut self.admitted) {
            if let Some(cost) = self.queue.cost(admitted.id) {
                self.give_back(admitted.id, admitted.at, cost);
            }
        }
    }

    /// Returns `true` if a request that the store has admitted is so late that it does not count in
    /// the window in which it would be sent.
    fn is_late(&self, grant: &Grant) -> bool {
        if grant.at >= BY_FALLBACK {
            return false;
        }
        let latest_now = self.store_now().saturating_add(self.last_round_trip);
        let late = latest_now.saturating_sub(grant.at * 1_000);
        let rates = self.rates.iter();
        let guard = rates.map(|rate| rate.rule.span - rate.rule.window).min();
        // Half of the guard is left for the network.
        guard.is_some_and(|guard| late > guard / 2 + 2 * self.round_trip)
    }

    /// Admits a request by the fallback, if the store is down and nothing is paused.
    fn admit_by_fallback(&mut self, cost: &Cost) -> Option<u64> {
        let fallback_at = self.down_since?.saturating_add(FALLBACK_DELAY);
        let is_used = self.now >= fallback_at.max(self.paused_until);
        let fallback = self.fallback.as_mut().filter(|_| is_used)?;
        let at = fallback.try_acquire(cost, self.now).ok()?;
        Some(at | BY_FALLBACK)
    }

    /// Returns the fallback and the request as it knows it, if it has admitted the request.
    fn fallback_of(&mut self, grant: &Grant) -> Option<(&mut Quota, Grant)> {
        let fallback = self.fallback.as_mut().filter(|_| grant.at >= BY_FALLBACK)?;
        let grant = Grant {
            at: grant.at & !BY_FALLBACK,
            ..grant.clone()
        };
        Some((fallback, grant))
    }

    fn correct(&mut self, at: u64, from: Option<Cost>, to: Option<Cost>) {
        self.corrections.push(Correction { at, from, to });
        self.correct_soon();
    }

    fn correct_soon(&mut self) {
        let at = self.now.saturating_add(CORRECTION_DELAY);
        self.correct_at = Some(self.correct_at.map_or(at, |earlier| earlier.min(at)));
    }

    fn end(&mut self, grant: &Grant) {
        self.counters.in_flight -= 1;
        if grant.at >= BY_FALLBACK {
            return;
        }
        if let (Some(id), false) = (grant.id, self.concurrency.is_empty()) {
            self.ended.push(self.lease(id));
            self.correct_soon();
        }
    }

    fn check_size(&self, cost: &Cost) -> Result<(), TooLarge> {
        let rates = self.rates.iter().map(|rate| (rate.limit, rate.available));
        let concurrency = &self.concurrency;
        let concurrency = concurrency.iter().map(|one| (one.limit, one.available));
        check_size(cost, rates.chain(concurrency))
    }

    /// Checks against the limits of the store, which another process can have made tighter.
    fn check_size_in_store(&self, cost: &Cost) -> Result<(), TooLarge> {
        let rates = self.rates.iter();
        check_size(cost, rates.map(|rate| (rate.limit, rate.effective)))
    }

    /// Returns the ID of a request in the store.
    fn lease(&self, id: u64) -> String {
        format!("{}:{id}", self.process)
    }

    /// Returns the time of the store, in nanoseconds.
    fn store_now(&self) -> u64 {
        self.now.saturating_add(self.store_offset)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use model_studio_limits::LimitKind;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn limit(kind: LimitKind, count: u64) -> Limit {
        Limit {
            kind,
            count: NonZeroU64::new(count).unwrap(),
            per: Some(Duration::from_secs(60)),
        }
    }

    fn quota(limits: &[Limit], counts_at_completion: bool) -> StoredQuota {
        let rules = Rules {
            share: (1, 1),
            guard: None,
            counts_at_completion,
            max_task_duration: Duration::from_secs(3_600),
        };
        StoredQuota::new(limits, rules, Some((1, 1)), "process".to_owned(), 0)
    }

    /// A reply at a time, in seconds, that the store has at the same time.
    fn reply(now: u64, starts: Vec<u64>, rates: Vec<[u64; 3]>) -> Reply {
        Reply {
            now: now * 1_000_000,
            retry: now * 1_000_000,
            too_large: 0,
            paused_until: 0,
            clock_offset: 0,
            starts,
            rates,
            running: Vec::new(),
        }
    }

    /// Makes the first call fail, so that the fallback admits requests a second later.
    fn fail_first_call(quota: &mut StoredQuota) -> Call {
        quota.enqueue(Cost::from(1)).unwrap();
        let call = quota.next_call(0).unwrap();
        quota.store_failed(0);
        quota.cancel(call.requests[0].0);
        call
    }

    fn next_grant(quota: &mut StoredQuota, tokens: u64, now: u64) -> Grant {
        let cost = Cost::from(tokens);
        quota.enqueue(cost).unwrap();
        let (id, at) = quota.next(now).expect("the request is admitted");
        Grant {
            at: at.unwrap(),
            id: Some(id),
            cost,
        }
    }

    /// The pause that a call reports, in microseconds.
    fn pause_of(call: &Call) -> u64 {
        call.arguments[7].parse().unwrap()
    }

    #[test]
    fn the_fallback_admits_requests_behind_one_that_was_too_large_for_the_store() {
        let mut quota = quota(&[limit(LimitKind::Tokens, 1_000)], false);
        let large = quota.enqueue(Cost::from(900)).unwrap();
        let small = quota.enqueue(Cost::from(10)).unwrap();
        let call = quota.next_call(SECOND).unwrap();
        // Another process has stated a tighter limit.
        let reply = Reply {
            too_large: 1,
            ..reply(1, Vec::new(), vec![[500, 0, 0]])
        };
        quota.apply(&call, &reply, SECOND, SECOND);
        let (id, result) = quota.next(SECOND).unwrap();
        assert_eq!((id, result.is_err()), (large, true));
        assert_eq!(quota.next(SECOND), None);
        let _call = quota.next_call(SECOND).unwrap();
        quota.store_failed(SECOND);
        let (id, result) = quota.next(3 * SECOND).expect("the fallback admits it");
        assert_eq!((id, result.is_ok()), (small, true));
    }

    #[test]
    fn a_success_of_the_fallback_ends_the_doubling_of_pauses() {
        let mut quota = quota(&[limit(LimitKind::Requests, 600)], false);
        fail_first_call(&mut quota);
        let refuse = |quota: &mut StoredQuota, now| {
            let grant = next_grant(quota, 0, now);
            quota.refuse(&grant, Refusal::Capacity, None, now)
        };
        assert_eq!(refuse(&mut quota, 2 * SECOND), Duration::from_secs(2));
        assert_eq!(refuse(&mut quota, 10 * SECOND), Duration::from_secs(4));
        let mut grant = next_grant(&mut quota, 0, 20 * SECOND);
        quota.settle(&mut grant, &Cost::from(0), &|| 20 * SECOND);
        assert_eq!(refuse(&mut quota, 30 * SECOND), Duration::from_secs(2));
    }

    #[test]
    fn the_fallback_does_not_count_at_completion() {
        let mut quota = quota(&[limit(LimitKind::Tokens, 1_000)], true);
        fail_first_call(&mut quota);
        let _running = next_grant(&mut quota, 1_000, 2 * SECOND);
        quota.enqueue(Cost::from(500)).unwrap();
        assert_eq!(quota.next(3 * SECOND), None);
        let at = quota.next_event().unwrap();
        assert!(at > 60 * SECOND && at < 64 * SECOND, "{at}");
        assert!(quota.next(at).is_some(), "this would be tried without end");
    }

    #[test]
    fn a_pause_holds_back_a_request_that_was_admitted_and_not_polled() {
        let mut quota = quota(&[limit(LimitKind::Requests, 600)], false);
        quota.enqueue(Cost::from(0)).unwrap();
        let call = quota.next_call(SECOND).unwrap();
        let reply = reply(1, vec![1_000_000], vec![[600, 1, 1_100_000]]);
        quota.apply(&call, &reply, SECOND, SECOND);
        let (id, at) = quota.next(SECOND).unwrap();
        quota.pause_until(5 * SECOND);
        let mut grant = Grant {
            at: at.unwrap(),
            id: Some(id),
            cost: Cost::from(0),
        };
        assert!(!quota.renew(id, &mut grant, SECOND));
        let call = quota.next_call(SECOND).unwrap();
        assert_eq!(call.requests.len(), 1);
        assert_eq!(pause_of(&call), 4_000_000);
    }

    #[test]
    fn the_fallback_admits_nothing_during_a_pause_of_another_process() {
        let mut quota = quota(&[limit(LimitKind::Requests, 600)], false);
        quota.enqueue(Cost::from(0)).unwrap();
        let call = quota.next_call(0).unwrap();
        let paused = Reply {
            paused_until: 60_000_000,
            ..reply(0, Vec::new(), vec![[600, 0, 0]])
        };
        quota.apply(&call, &paused, 0, 0);
        quota.store_failed(SECOND);
        assert_eq!(quota.next(3 * SECOND), None);
        assert!(quota.next(60 * SECOND).is_some());
    }

    #[test]
    fn a_refusal_during_an_outage_pauses_the_store_for_what_is_left() {
        let mut quota = quota(&[limit(LimitKind::Requests, 600)], false);
        let call = fail_first_call(&mut quota);
        let grant = next_grant(&mut quota, 0, 2 * SECOND);
        let pause = quota.refuse(&grant, Refusal::Capacity, None, 2 * SECOND);
        assert_eq!(pause, Duration::from_secs(2));
        let back = reply(3, Vec::new(), vec![[600, 0, 0]]);
        quota.apply(&call, &back, 3 * SECOND, 3 * SECOND);
        let call = quota.next_call(3 * SECOND).unwrap();
        assert_eq!(pause_of(&call), 1_000_000);
        // A pause that ends during an outage does not start again after it.
        quota.store_failed(4 * SECOND);
        quota.pause_until(6 * SECOND);
        let back = reply(10, Vec::new(), vec![[600, 0, 0]]);
        quota.apply(&call, &back, 10 * SECOND, 10 * SECOND);
        assert_eq!(pause_of(&quota.next_call(10 * SECOND).unwrap()), 0);
    }

    #[test]
    fn a_reply_about_limits_that_were_replaced_is_not_mixed_up() {
        let (requests, tokens) = (
            limit(LimitKind::Requests, 10),
            limit(LimitKind::Tokens, 1_000),
        );
        let mut quota = quota(&[requests, tokens], false);
        quota.enqueue(Cost::from(500)).unwrap();
        let call = quota.next_call(SECOND).unwrap();
        quota.set_limits(&[tokens], SECOND);
        let reply = Reply {
            retry: 2_000_000,
            ..reply(1, Vec::new(), vec![[10, 10, 2_000_000], [1_000, 0, 0]])
        };
        quota.apply(&call, &reply, SECOND, SECOND);
        let usage = quota.usage(SECOND);
        assert_eq!(
            (usage.limits[0].available, usage.limits[0].used),
            (1_000, 0)
        );
        assert!(quota.next_call(SECOND).is_ok(), "the store is asked again");
    }

    /// Nobody can end the requests that the call admits, and their tasks would count for an hour.
    #[test]
    fn the_last_call_ends_what_the_current_call_may_admit() {
        let tasks = Limit {
            per: None,
            ..limit(LimitKind::ConcurrentTasks, 5)
        };
        let mut quota = quota(&[tasks], false);
        let id = quota.enqueue(Cost::from(1)).unwrap();
        quota.next_call(0).unwrap();
        quota.cancel(id);
        let last = quota.last_call().expect("a last call");
        let (lease, none) = (quota.lease(id), "0".to_owned());
        assert!(last.arguments.ends_with(&["1".to_owned(), lease, none]));
    }
}
