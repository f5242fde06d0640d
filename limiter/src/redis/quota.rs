//! The state of a limiter whose limits are counted in a store, without IO.
//!
//! It has the same methods as [`Quota`](crate::quota::Quota). The requests of the process wait in a
//! queue here. [`next_call`](StoredQuota::next_call) takes what the store has to know, and
//! [`apply`](StoredQuota::apply) takes the reply. Times are those of the limiter, in nanoseconds,
//! unless a name ends in `at` of the store, in microseconds.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use model_studio_limits::Limit;

use super::call::{Call, Content, Correction, Reply, StoredConcurrency, StoredRate, Times};
use crate::gate::Gate;
use crate::quota::feedback::{self, Feedback};
use crate::quota::queue::Queue;
use crate::quota::{Counters, Grant, Quota, Rejection, Rules, check_size, nanos};
use crate::usage::{LimitUsage, StoreUsage, Usage};
use crate::{Cost, Refusal, TooLarge};

/// The largest number of requests of a call.
const MAX_REQUESTS: usize = 64;

/// The largest number of corrections of a call.
const MAX_CORRECTIONS: usize = 512;

/// How long the requests of a call may start, in microseconds. A longer turn means fewer calls, and a
/// longer wait for other processes.
const TURN: u64 = 100_000;

/// How late a process may be for its turn, in microseconds.
const GRACE: u64 = 250_000;

/// How much earlier than its turn a process calls at least, in microseconds. A process that calls too
/// late for its turn wastes what the limits would have allowed.
const MIN_LEAD: u64 = 20_000;

/// How long corrections wait for a call that is made anyway, in nanoseconds.
const CORRECTION_DELAY: u64 = 20_000_000;

#[derive(Debug)]
pub(crate) struct StoredQuota {
    rules: Rules,
    /// Identifies the process in the store.
    process: String,
    sequence: u64,
    rates: Vec<StoredRate>,
    concurrency: Vec<StoredConcurrency>,
    queue: Queue,
    /// Requests at the front of the queue that may start at a time.
    admitted: VecDeque<Admitted>,
    corrections: Vec<Correction>,
    /// The requests that have ended, by their IDs in the store.
    ended: Vec<String>,
    pause: Option<Duration>,
    is_calling: bool,
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
                ..rules.clone()
            };
            Quota::new(limits, rules, now)
        });
        let mut quota = Self {
            rules,
            process,
            sequence: 0,
            rates: Vec::new(),
            concurrency: Vec::new(),
            queue: Queue::default(),
            admitted: VecDeque::new(),
            corrections: Vec::new(),
            ended: Vec::new(),
            pause: None,
            is_calling: false,
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
        if self.queue.len() == self.admitted.len() && !self.is_calling {
            self.call_at = Some(self.offer_at());
        }
        Ok(self.queue.push(cost))
    }

    fn cancel(&mut self, id: u64) {
        let cost = self.queue.cost(id);
        if let Some(cost) = cost.filter(|_| self.queue.cancel(id)) {
            self.withdraw(id, &cost);
            self.left_line(id);
        }
    }

    fn next(&mut self, now: u64) -> Option<(u64, Result<u64, TooLarge>)> {
        self.now = self.now.max(now);
        let (id, cost) = self.queue.front()?;
        let cost = *cost;
        let result = match self.admitted.front() {
            Some(first) if first.ready_at.max(self.paused_until) <= self.now => Ok(first.at),
            Some(_) => return None,
            None if self.is_too_large => Err(self.check_size_in_store(&cost).err()?),
            None => Ok(self.admit_by_fallback(&cost)?),
        };
        self.queue.pop();
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
        if grant.at >= BY_FALLBACK {
            return true;
        }
        let latest_now = self.store_now().saturating_add(self.last_round_trip);
        let late = latest_now.saturating_sub(grant.at * 1_000);
        let guard = self
            .rates
            .iter()
            .map(|rate| rate.rule.span - rate.rule.window);
        // Half of the guard is left for the network.
        if guard
            .min()
            .is_none_or(|guard| late <= guard / 2 + 2 * self.round_trip)
        {
            return true;
        }
        self.store.late_grants += 1;
        self.take_back(grant);
        self.queue.reinsert(id, grant.cost);
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
        self.change_cost(grant, cost);
    }

    fn settle(&mut self, grant: &mut Grant, cost: &Cost, now: &dyn Fn() -> u64) {
        self.now = self.now.max(now());
        self.change_cost(grant, cost);
        if let Some((fallback, grant)) = self.fallback_of(grant) {
            fallback.leave_unsettled(&grant, now);
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
        if let Some((fallback, local)) = self.fallback_of(grant) {
            let pause = fallback.refuse(&local, refusal, retry_after, now);
            self.end(grant);
            return pause;
        }
        let mut rates = self.rates.iter();
        let is_full = rates.any(|rate| {
            feedback::is_full(refusal, rate.limit.kind, rate.used.into(), rate.effective)
        });
        let store_now = self.store_now();
        let feedback = &mut self.feedback;
        let pause = feedback.refused(grant.at * 1_000, refusal, retry_after, is_full, store_now);
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
            let pause = Duration::from_nanos(until - self.now);
            self.pause = self.pause.max(Some(pause));
            self.correct_at = Some(self.now);
            if let Some(fallback) = &mut self.fallback {
                fallback.pause_until(until);
            }
        }
    }

    fn set_limits(&mut self, limits: &[Limit], now: u64) {
        self.now = self.now.max(now);
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
        let concurrency = limits.iter().filter(|limit| limit.per.is_none());
        self.concurrency = concurrency
            .map(|limit| StoredConcurrency {
                limit: *limit,
                available: self.rules.available(limit),
                running: 0,
            })
            .collect();
    }

    fn usage(&mut self, now: u64) -> Usage {
        self.now = self.now.max(now);
        let rates = self.rates.iter().map(|rate| LimitUsage {
            limit: rate.limit,
            available: rate.effective,
            used: rate.used,
        });
        let concurrency = self.concurrency.iter().map(|concurrency| LimitUsage {
            limit: concurrency.limit,
            available: concurrency.available,
            used: concurrency.running,
        });
        let limits = rates.chain(concurrency).collect();
        let pace = self.feedback.factor(self.store_now());
        Usage {
            store: Some(self.store),
            ..self.counters.usage(self.queue.len(), limits, pace)
        }
    }

    fn next_call(&mut self, now: u64) -> Result<Call, Option<u64>> {
        self.now = self.now.max(now);
        if self.is_calling {
            return Err(None);
        }
        let due = self.call_at.into_iter().chain(self.correct_at).min();
        match due {
            Some(at) if at <= self.now => {}
            _ => return Err(due),
        }
        self.is_calling = true;
        self.call_at = None;
        self.correct_at = None;
        self.sequence += 1;
        Ok(self.call())
    }

    fn last_call(&mut self) -> Option<Call> {
        if self.corrections.is_empty() && self.ended.is_empty() && self.in_line.is_none() {
            return None;
        }
        self.queue = Queue::default();
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
        self.is_calling = false;
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
                self.corrections.push(Correction {
                    at: *at,
                    from: Some(*cost),
                    to: None,
                });
                self.ended.push(self.lease(*id));
            }
        }
        // A request that was put back during the call goes first.
        let waiting = self.queue.iter().map(|(id, _)| id);
        let admitted = self.admitted.iter().map(|admitted| admitted.id);
        if !waiting.take(self.admitted.len()).eq(admitted) {
            self.withdraw_all();
        }
        self.is_too_large = reply.too_large > 0;
        self.store.clock_steps += u64::from(reply.clock_offset != self.clock_offset);
        self.clock_offset = reply.clock_offset;
        for (rate, [effective, used, next]) in self.rates.iter_mut().zip(&reply.rates) {
            (rate.effective, rate.used, rate.next) = (*effective, *used, *next);
        }
        for (limit, running) in self.concurrency.iter_mut().zip(&reply.running) {
            limit.running = *running;
        }
        self.paused_until = self.paused_until.max(local(reply.paused_until));
        let next = self.queue.iter().nth(self.admitted.len());
        let next = next.map(|(id, _)| id);
        self.in_line = call.requests.get(reply.starts.len()).map(|(id, _)| *id);
        self.call_at = match (next, self.in_line) {
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
    fn call(&mut self) -> Call {
        let requests: Vec<(u64, Cost)> = self
            .queue
            .iter()
            .skip(self.admitted.len())
            .take(MAX_REQUESTS)
            .collect();
        let lead = self.lead();
        let times = Times {
            turn: TURN,
            lead,
            grace: GRACE + lead,
            lease: nanos(self.rules.max_task_duration) / 1_000,
        };
        let slowdown = self.feedback.slowdown(self.store_now());
        // A long call would keep the server from others. The rest goes with the next one.
        let count = self.corrections.len().min(MAX_CORRECTIONS);
        let corrections = self.corrections.drain(..count).collect();
        Call::new(Content {
            process: &self.process,
            sequence: self.sequence,
            times,
            pause: self.pause.take(),
            slowdown,
            rates: &self.rates,
            concurrency: &self.concurrency,
            corrections,
            ended: mem::take(&mut self.ended),
            requests,
        })
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

    /// Takes back a request that waits, if the store has admitted it.
    fn withdraw(&mut self, id: u64, cost: &Cost) {
        if let Some(index) = self.admitted.iter().position(|admitted| admitted.id == id) {
            if let Some(admitted) = self.admitted.remove(index) {
                self.correct(admitted.at, Some(*cost), None);
                self.ended.push(self.lease(id));
            }
        }
    }

    /// Calls soon if the process waited in the line for this request.
    fn left_line(&mut self, id: u64) {
        if self.in_line == Some(id) && !self.is_calling {
            self.call_at = Some(self.now);
        }
    }

    /// Takes back all requests that wait for their start, so that they are offered again in order.
    fn withdraw_all(&mut self) {
        for admitted in mem::take(&mut self.admitted) {
            self.correct(admitted.at, self.queue.cost(admitted.id), None);
            self.ended.push(self.lease(admitted.id));
        }
    }

    fn change_cost(&mut self, grant: &mut Grant, cost: &Cost) {
        if grant.cost == *cost {
            return;
        }
        let now = self.now;
        if let Some((fallback, mut local)) = self.fallback_of(grant) {
            fallback.change_cost(&mut local, cost, &|| now);
        } else {
            self.correct(grant.at, Some(grant.cost), Some(*cost));
        }
        grant.cost = *cost;
    }

    /// Admits a request by the fallback, if the store is down.
    fn admit_by_fallback(&mut self, cost: &Cost) -> Option<u64> {
        let is_down = self.now >= self.down_since?.saturating_add(FALLBACK_DELAY);
        let fallback = self.fallback.as_mut().filter(|_| is_down)?;
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
