//! The state of a limiter, without clock, threads or async.
//!
//! Every method takes the current time, in nanoseconds since the start of the limiter. Time never
//! goes back: an earlier time counts as the latest one seen.

pub(crate) mod feedback;
mod ledger;
mod pace;
pub(crate) mod queue;

use std::time::Duration;

use model_studio_limits::{Limit, LimitKind};

use crate::cost::{CONCURRENCY, is_measured};
use crate::gate::Gate;
use crate::usage::{LimitUsage, Usage};
use crate::{Cost, Refusal, TooLarge};
use feedback::Feedback;
use ledger::Ledger;
use pace::{Pace, REQUEST_CREDIT, TOKEN_CREDIT};
use queue::Queue;

/// The number of slots of all ledgers of a quota, about 8 KiB, as a power of two.
const SLOT_BITS: u32 = 10;

/// How a quota applies limits.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// The numerator and the denominator of the share of each limit.
    pub(crate) share: (u64, u64),
    /// By how much windows are widened. `None` for 1/60 of the window, and at most a second.
    pub(crate) guard: Option<Duration>,
    /// Whether amounts such as tokens count until the request completes and then at that time,
    /// instead of at the time at which it was admitted.
    pub(crate) counts_at_completion: bool,
    /// How long a task that was not finished is counted.
    pub(crate) max_task_duration: Duration,
}

/// Limits, what was used of them, and the requests that wait.
#[derive(Debug)]
pub(crate) struct Quota {
    rules: Rules,
    rates: Box<[Rate]>,
    /// `used` is always 0: `running` has the counts, also of kinds without a limit.
    concurrency: Box<[LimitUsage]>,
    queue: Queue,
    feedback: Feedback,
    paused_until: u64,
    now: u64,
    /// A time before which nothing expires.
    next_expiry: u64,
    /// Tasks that count as running until a time, because nobody can finish them any more.
    abandoned: Vec<(u64, Grant)>,
    /// What runs of each kind, by the position of the kind.
    running: [u64; LimitKind::ALL.len()],
    /// Amounts of requests that are counted until they complete, by the position of the kind.
    held: [u128; LimitKind::ALL.len()],
    counters: Counters,
}

/// How a limit with a window is applied. Durations are in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateRule {
    pub(crate) window: u64,
    /// The window and the guard.
    pub(crate) span: u64,
    /// The time that the pace may make up for, if this limit sets the pace of its kind.
    pub(crate) credit: Option<u64>,
    /// What is left of the credit after a longer time.
    pub(crate) idle_credit: u64,
}

/// A limit with a window.
#[derive(Debug)]
struct Rate {
    limit: Limit,
    /// The share of the count.
    available: u64,
    ledger: Ledger,
    /// `None` if other limits set the pace of the kind.
    pace: Option<Pace>,
    /// The time from which requests are in the ledger.
    since: u64,
}

/// A request that was admitted.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// The time at which the request is counted.
    pub(crate) at: u64,
    /// The ID in the queue, if the request has waited. A store knows requests by it.
    #[cfg_attr(
        not(feature = "redis"),
        expect(dead_code, reason = "only a store needs it")
    )]
    pub(crate) id: Option<u64>,
    pub(crate) cost: Cost,
}

/// Why a request was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    TooLarge(TooLarge),
    NotYet,
    /// Not before this time.
    Paused(u64),
}

/// Counts since the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    pub(crate) in_flight: u64,
    pub(crate) admitted: u64,
    pub(crate) waited: u64,
    pub(crate) refused: u64,
    pub(crate) unsettled: u64,
}

impl Counters {
    /// Returns the usage with these counts.
    pub(crate) fn usage(&self, queued: usize, limits: Vec<LimitUsage>, pace: f64) -> Usage {
        Usage {
            queued,
            in_flight: self.in_flight,
            limits,
            admitted: self.admitted,
            waited: self.waited,
            wait_time: Duration::ZERO,
            refused: self.refused,
            unsettled: self.unsettled,
            pace,
            store: None,
        }
    }
}

impl Quota {
    pub(crate) fn new(limits: &[Limit], rules: Rules, now: u64) -> Self {
        let mut quota = Self {
            rules,
            rates: Box::default(),
            concurrency: Box::default(),
            queue: Queue::default(),
            feedback: Feedback::new(now),
            paused_until: 0,
            now,
            next_expiry: 0,
            abandoned: Vec::new(),
            running: [0; LimitKind::ALL.len()],
            held: [0; LimitKind::ALL.len()],
            counters: Counters::default(),
        };
        quota.set_limits(limits, now);
        quota
    }
}

impl Gate for Quota {
    fn try_acquire(&mut self, cost: &Cost, now: u64) -> Result<u64, Rejection> {
        self.advance(now);
        if self.queue.is_empty() && self.is_admissible(cost) {
            return Ok(self.admit(cost));
        }
        self.check_size(cost).map_err(Rejection::TooLarge)?;
        if self.now < self.paused_until {
            return Err(Rejection::Paused(self.paused_until));
        }
        Err(Rejection::NotYet)
    }

    fn lower_bound(&self, cost: &Cost) -> u64 {
        let mut at = self.now.max(self.paused_until);
        for rate in &self.rates {
            let ahead = self.queue.amount(rate.limit.kind);
            let amount = ahead + u128::from(cost.amount(rate.limit.kind));
            // What is held can end at any time, and requests ahead can use more than one window.
            let amount = amount.min(rate.available.into());
            at = at.max(rate.ledger.room_at(amount));
            if let Some(pace) = &rate.pace {
                at = at.max(pace.ready_after(ahead));
            }
        }
        // What runs can end at any time, except for abandoned tasks.
        let only_abandoned = self.counters.in_flight == self.abandoned.len() as u64;
        if only_abandoned && !self.has_free_concurrency(cost) {
            at = at.max(self.next_abandoned().unwrap_or(u64::MAX));
        }
        at
    }

    fn enqueue(&mut self, cost: Cost) -> Result<u64, TooLarge> {
        self.check_size(&cost)?;
        self.counters.waited += 1;
        Ok(self.queue.push(cost))
    }

    fn cancel(&mut self, id: u64) {
        self.queue.remove(id);
    }

    fn next(&mut self, now: u64) -> Option<(u64, Result<u64, TooLarge>)> {
        self.advance(now);
        let (id, cost) = self.queue.front()?;
        let cost = *cost;
        let result = match self.check_size(&cost) {
            Ok(()) if self.is_admissible(&cost) => Ok(self.admit(&cost)),
            Ok(()) => return None,
            Err(error) => Err(error),
        };
        self.queue.remove(id);
        Some((id, result))
    }

    fn next_event(&self) -> Option<u64> {
        let (_, cost) = self.queue.front()?;
        self.ready_at(cost)
    }

    fn has_waiters(&self) -> bool {
        !self.queue.is_empty()
    }

    fn renew(&mut self, id: u64, grant: &mut Grant, now: u64) -> bool {
        self.advance(now);
        let mut fits = self.paused_until <= self.now;
        for rate in &mut self.rates {
            let kind = rate.limit.kind;
            let held = self.held[kind.index()];
            if self.rules.holds(kind) {
                // The request is held already.
                fits &= rate.ledger.has_room(held);
                continue;
            }
            let amount = grant.cost.amount(kind);
            if grant.at >= rate.since {
                rate.ledger.change(grant.at, amount, 0);
            }
            fits &= rate.ledger.has_room(held + u128::from(amount));
            rate.ledger.take(amount);
        }
        // The request runs already.
        fits &= self
            .concurrency
            .iter()
            .all(|one| self.running[one.limit.kind.index()] <= one.available);
        grant.at = self.now;
        if !fits {
            self.take_back(grant);
            self.queue.insert(id, grant.cost);
        }
        fits
    }

    fn take_back(&mut self, grant: &Grant) {
        for rate in &mut self.rates {
            let amount = grant.cost.amount(rate.limit.kind);
            if grant.at >= rate.since {
                if !self.rules.holds(rate.limit.kind) {
                    rate.ledger.change(grant.at, amount, 0);
                }
                if let Some(pace) = &mut rate.pace {
                    pace.change(self.now, amount, 0, 1.0);
                }
            }
        }
        self.release(&grant.cost);
        self.counters.admitted -= 1;
        self.end(&grant.cost);
    }

    fn report(&mut self, grant: &mut Grant, cost: &Cost, now: &dyn Fn() -> u64) {
        let mut kinds = self.rates.iter().map(|rate| rate.limit.kind);
        // A refund is void if the request has expired, whether the ledger knows that or not. A debt
        // is taken now in that case.
        if kinds.any(|kind| cost.amount(kind) > grant.cost.amount(kind)) {
            self.advance(now());
        }
        let slowdown = self.feedback.slowdown(self.now);
        for rate in &mut self.rates {
            let kind = rate.limit.kind;
            let (from, to) = (grant.cost.amount(kind), cost.amount(kind));
            if from == to || grant.at < rate.since {
                continue;
            }
            if !self.rules.holds(kind) {
                rate.ledger.change(grant.at, from, to);
            }
            if let Some(pace) = &mut rate.pace {
                // A refund at the slower pace could give back more than was taken.
                let slowdown = if to > from { slowdown } else { 1.0 };
                pace.change(self.now, from, to, slowdown);
            }
        }
        self.release(&grant.cost);
        self.hold(cost);
        grant.cost = *cost;
    }

    fn settle(&mut self, grant: &mut Grant, cost: &Cost, now: &dyn Fn() -> u64) {
        self.feedback.succeeded(grant.at);
        self.report(grant, cost, now);
        self.complete(grant, now);
    }

    fn leave_unsettled(&mut self, grant: &Grant, now: &dyn Fn() -> u64) {
        self.counters.unsettled += 1;
        self.complete(grant, now);
    }

    fn refuse(
        &mut self,
        grant: &Grant,
        refusal: Refusal,
        retry_after: Option<Duration>,
        now: u64,
    ) -> Duration {
        self.advance(now);
        self.counters.refused += 1;
        let mut rates = self.rates.iter();
        let is_full = rates.any(|rate| {
            let used = rate.ledger.used();
            feedback::is_full(refusal, rate.limit.kind, used, rate.available)
        });
        let feedback = &mut self.feedback;
        let pause = feedback.refused(grant.at, refusal, retry_after, is_full, self.now);
        self.pause_until(self.now.saturating_add(nanos(pause)));
        self.complete(grant, &|| now);
        pause
    }

    fn abandon_task(&mut self, grant: &Grant, now: u64) {
        let until = grant.at.saturating_add(nanos(self.rules.max_task_duration));
        self.counters.unsettled += 1;
        self.abandoned.push((until, grant.clone()));
        self.next_expiry = 0;
        self.advance(now);
    }

    fn pause_until(&mut self, until: u64) {
        self.paused_until = self.paused_until.max(until);
    }

    fn set_limits(&mut self, limits: &[Limit], now: u64) {
        self.advance(now);
        let rates = limits.iter().filter(|limit| limit.per.is_some());
        // The ledgers share the memory.
        let ledgers = rates.clone().count().clamp(2, 16).next_power_of_two();
        let bits = SLOT_BITS - ledgers.ilog2();
        let rates = rates.map(|limit| self.rate(limit, limits, bits)).collect();
        self.concurrency = self.rules.concurrency(limits);
        self.rates = rates;
        // What is admitted from now on is in all ledgers.
        let since = self.rates.iter().map(|rate| rate.since).max();
        self.now = self.now.max(since.unwrap_or_default());
        self.next_expiry = 0;
    }

    fn usage(&mut self, now: u64) -> Usage {
        self.advance(now);
        let rates = self.rates.iter().map(|rate| LimitUsage {
            limit: rate.limit,
            available: rate.available,
            used: u64::try_from(rate.ledger.used() + self.held[rate.limit.kind.index()])
                .unwrap_or(u64::MAX),
        });
        let concurrency = self.concurrency.iter().map(|one| LimitUsage {
            used: self.running[one.limit.kind.index()],
            ..*one
        });
        let limits = rates.chain(concurrency).collect();
        let pace = self.feedback.factor(self.now);
        self.counters.usage(self.queue.len(), limits, pace)
    }
}

impl Quota {
    /// Returns the time at which a request can be admitted if it is the first one, or `None` if only
    /// a change can admit it.
    pub(crate) fn ready_at(&self, cost: &Cost) -> Option<u64> {
        let mut at = self.now.max(self.paused_until);
        for rate in &self.rates {
            at = at.max(rate.ledger.room_at(self.needed(rate, cost)));
            if let Some(pace) = &rate.pace {
                at = at.max(pace.ready_at());
            }
        }
        // If time alone does not help, the end of a request does.
        if at == u64::MAX || !self.has_free_concurrency(cost) {
            return self.next_abandoned();
        }
        Some(at)
    }

    /// Moves the time forward, and forgets what has expired.
    fn advance(&mut self, now: u64) {
        self.now = self.now.max(now);
        if self.now < self.next_expiry {
            return;
        }
        self.next_expiry = u64::MAX;
        for rate in &mut self.rates {
            let slot_end = rate.ledger.advance(self.now);
            self.next_expiry = self.next_expiry.min(slot_end);
        }
        let mut index = 0;
        while let Some((until, _)) = self.abandoned.get(index) {
            if *until <= self.now {
                let (until, grant) = self.abandoned.swap_remove(index);
                self.complete_at(&grant, until);
            } else {
                self.next_expiry = self.next_expiry.min(*until);
                index += 1;
            }
        }
    }

    fn is_admissible(&self, cost: &Cost) -> bool {
        self.paused_until <= self.now
            && self.rates.iter().all(|rate| {
                let pace = rate.pace.as_ref();
                pace.is_none_or(|pace| pace.ready_at() <= self.now)
                    && rate.ledger.has_room(self.needed(rate, cost))
            })
            && self.has_free_concurrency(cost)
    }

    fn has_free_concurrency(&self, cost: &Cost) -> bool {
        self.concurrency.iter().all(|concurrency| {
            let kind = concurrency.limit.kind;
            let running = self.running[kind.index()].saturating_add(cost.amount(kind));
            running <= concurrency.available
        })
    }

    /// Returns the amount for which a ledger needs room: that of a request, and what is held.
    fn needed(&self, rate: &Rate, cost: &Cost) -> u128 {
        let kind = rate.limit.kind;
        self.held[kind.index()] + u128::from(cost.amount(kind))
    }

    /// Returns the time at which the first abandoned task no longer counts, if there is one.
    fn next_abandoned(&self) -> Option<u64> {
        let expiries = self.abandoned.iter().map(|(until, _)| *until);
        expiries.min().filter(|until| *until != u64::MAX)
    }

    /// Takes a request from all limits, and returns the time at which it is counted.
    fn admit(&mut self, cost: &Cost) -> u64 {
        let slowdown = self.feedback.slowdown(self.now);
        for rate in &mut self.rates {
            let amount = cost.amount(rate.limit.kind);
            if !self.rules.holds(rate.limit.kind) {
                rate.ledger.take(amount);
            }
            if let Some(pace) = &mut rate.pace {
                pace.take(self.now, amount, slowdown);
            }
        }
        self.hold(cost);
        for kind in CONCURRENCY {
            let running = &mut self.running[kind.index()];
            *running = running.saturating_add(cost.amount(kind));
        }
        self.counters.in_flight += 1;
        self.counters.admitted += 1;
        self.now
    }

    /// Ends a request whose cost is final.
    fn complete(&mut self, grant: &Grant, now: &dyn Fn() -> u64) {
        if self.rules.counts_at_completion {
            self.advance(now());
        }
        self.complete_at(grant, self.now);
    }

    /// Ends a request that completed at a time.
    fn complete_at(&mut self, grant: &Grant, at: u64) {
        self.release(&grant.cost);
        if self.rules.counts_at_completion {
            for rate in &mut self.rates {
                if self.rules.holds(rate.limit.kind) && rate.ledger.remembers(at) {
                    let amount = grant.cost.amount(rate.limit.kind);
                    rate.ledger.change(at, 0, amount);
                }
            }
        }
        self.end(&grant.cost);
    }

    /// Holds the amounts of a request, if they count until it completes.
    fn hold(&mut self, cost: &Cost) {
        if self.rules.counts_at_completion {
            for kind in LimitKind::ALL.iter().filter(|kind| is_measured(**kind)) {
                self.held[kind.index()] += u128::from(cost.amount(*kind));
            }
        }
    }

    /// Ends what is held of a request.
    fn release(&mut self, cost: &Cost) {
        if self.rules.counts_at_completion {
            for kind in LimitKind::ALL.iter().filter(|kind| is_measured(**kind)) {
                self.held[kind.index()] -= u128::from(cost.amount(*kind));
            }
        }
    }

    /// Ends what a request occupies while it runs.
    fn end(&mut self, cost: &Cost) {
        self.counters.in_flight -= 1;
        for kind in CONCURRENCY {
            let running = &mut self.running[kind.index()];
            *running = running.saturating_sub(cost.amount(kind));
        }
    }

    /// Returns the state of a limit with a window, with what is known of the past.
    fn rate(&self, limit: &Limit, limits: &[Limit], bits: u32) -> Rate {
        let RateRule {
            window,
            span,
            credit,
            idle_credit,
        } = self.rules.rate_rule(limit, limits);
        let available = self.rules.available(limit);
        let pace = credit.map(|credit| {
            Pace::new(
                available.max(1),
                window,
                span,
                (credit, idle_credit),
                self.now,
            )
        });
        let mut rate = Rate {
            limit: *limit,
            available,
            ledger: Ledger::new(available, span, bits, self.now),
            pace,
            // Requests that were admitted earlier, even at this time, are not in the ledger.
            since: if self.counters.admitted == 0 {
                0
            } else {
                self.now + 1
            },
        };
        let same_kind = self.rates.iter().filter(|old| old.limit.kind == limit.kind);
        // The same window, or the one that remembers most.
        let most = same_kind
            .clone()
            .max_by_key(|old| (old.limit.per == limit.per, old.limit.per));
        if let Some(old) = most {
            rate.since = old.since;
            rate.ledger.copy_from(&old.ledger, self.now);
        }
        let old_pace = same_kind.clone().find_map(|old| old.pace.as_ref());
        if let (Some(pace), Some(old)) = (&mut rate.pace, old_pace) {
            pace.copy_from(old, self.now);
        }
        rate
    }

    fn check_size(&self, cost: &Cost) -> Result<(), TooLarge> {
        let rates = self.rates.iter().map(|rate| (rate.limit, rate.available));
        let concurrency = &self.concurrency;
        let concurrency = concurrency.iter().map(|one| (one.limit, one.available));
        check_size(cost, rates.chain(concurrency))
    }
}

impl Rules {
    /// Returns how a limit with a window is applied, given all limits.
    pub(crate) fn rate_rule(&self, limit: &Limit, limits: &[Limit]) -> RateRule {
        let window = nanos(limit.per.unwrap_or_default()).max(1);
        let guard = self
            .guard
            .map_or_else(|| (window / 60).min(nanos(Duration::from_secs(1))), nanos);
        let (credit, idle_credit) = if is_measured(limit.kind) {
            (TOKEN_CREDIT, TOKEN_CREDIT)
        } else {
            (REQUEST_CREDIT, Duration::ZERO)
        };
        RateRule {
            window,
            // Far below `u64::MAX`, so that times can be added.
            span: window.saturating_add(guard).min(u64::MAX / 4),
            credit: sets_pace(limit, limits).then(|| nanos(credit).min(window / 10)),
            idle_credit: nanos(idle_credit).min(window / 10),
        }
    }

    /// Returns the share of a limit, rounded down.
    pub(crate) fn available(&self, limit: &Limit) -> u64 {
        let (numerator, denominator) = self.share;
        let share =
            u128::from(limit.count.get()) * u128::from(numerator) / u128::from(denominator.max(1));
        u64::try_from(share)
            .unwrap_or(u64::MAX)
            .min(limit.count.get())
    }

    /// Returns the limits on concurrency, of which nothing is used.
    pub(crate) fn concurrency(&self, limits: &[Limit]) -> Box<[LimitUsage]> {
        let concurrency = limits.iter().filter(|limit| limit.per.is_none());
        let concurrency = concurrency.map(|limit| LimitUsage {
            limit: *limit,
            available: self.available(limit),
            used: 0,
        });
        concurrency.collect()
    }

    fn holds(&self, kind: LimitKind) -> bool {
        self.counts_at_completion && is_measured(kind)
    }
}

/// Returns an error if a request exceeds one of the limits by itself. Each has the amount that may be
/// used of it.
pub(crate) fn check_size(
    cost: &Cost,
    limits: impl Iterator<Item = (Limit, u64)>,
) -> Result<(), TooLarge> {
    for (limit, available) in limits {
        let requested = cost.amount(limit.kind);
        if requested > available {
            return Err(TooLarge {
                requested,
                available,
                limit,
            });
        }
    }
    Ok(())
}

/// Returns `true` if a limit sets the pace of its kind: the slowest of the limits with windows up to
/// a minute, or the shortest window if all are longer.
///
/// A limit per day does not slow down what a limit per minute allows.
fn sets_pace(limit: &Limit, limits: &[Limit]) -> bool {
    const MINUTE: Duration = Duration::from_secs(60);
    let rank = |limit: &Limit| {
        let per = limit.per.unwrap_or_default();
        let nanos_per_unit = per.as_nanos() / u128::from(limit.count.get());
        // The smallest rank sets the pace.
        if per <= MINUTE {
            (Duration::ZERO, u128::MAX - nanos_per_unit)
        } else {
            (per, 0)
        }
    };
    let same_kind = limits.iter().filter(|other| other.kind == limit.kind);
    same_kind
        .min_by_key(|other| rank(other))
        .is_some_and(|first| first.per == limit.per)
}

/// Converts to nanoseconds, and saturates after 584 years.
#[inline]
pub(crate) fn nanos(duration: Duration) -> u64 {
    let nanos = duration.as_secs().saturating_mul(1_000_000_000);
    nanos.saturating_add(u64::from(duration.subsec_nanos()))
}
