//! The limits of a quota, and what is used of them.

mod room;

use model_studio_limits::{Limit, LimitKind};

use super::rate_limit::RateLimit;
use super::rules::{Rules, check_size};
use crate::class::Headroom;
use crate::cost::{CONCURRENCY, Total};
use crate::time::{Nanos, Time};
use crate::usage::LimitUsage;
use crate::{Cost, TooLarge};

/// How late a request may start because a timer or a task was late, without delaying the ones
/// behind it: 1/20 of the window, and at most this. It is half of the default guard of a minute.
const MAX_LATENESS: Nanos = Nanos::from_millis(500);

/// The limits of a quota, and what is used of them.
#[derive(Debug)]
pub(super) struct LimitSet {
    rules: Rules,
    rates: Box<[RateLimit]>,
    /// `used` is always 0. `running` has the counts, including those of kinds without a limit.
    concurrency: Box<[LimitUsage]>,
    /// The amount of each kind that is running, by the index of the kind.
    running: [u64; LimitKind::ALL.len()],
    /// The total cost of the running requests, which can still be given back.
    unsettled: Total,
    /// Dropped tasks, which count as running until a time.
    abandoned: Vec<(Time, Cost)>,
    /// The number of running requests, including abandoned tasks.
    in_flight: u64,
    /// How late a request may start without delaying the ones behind it.
    lateness: Nanos,
    now: Time,
    /// Nothing expires before this time.
    next_expiry: Time,
}

impl LimitSet {
    pub(super) fn new(limits: &[Limit], rules: Rules, now: Time) -> Self {
        let mut set = Self {
            rules,
            rates: Box::default(),
            concurrency: Box::default(),
            running: [0; LimitKind::ALL.len()],
            unsettled: Total::default(),
            abandoned: Vec::new(),
            in_flight: 0,
            lateness: Nanos::ZERO,
            now,
            next_expiry: Time::MIN,
        };
        set.replace(limits, Time::MIN);
        set
    }

    /// Returns the latest time that was seen.
    #[inline]
    pub(super) fn now(&self) -> Time {
        self.now
    }

    pub(super) fn lateness(&self) -> Nanos {
        self.lateness
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// Advances the time, and forgets what has expired.
    #[inline]
    pub(super) fn advance(&mut self, now: Time) {
        self.now = self.now.max(now);
        if self.now >= self.next_expiry {
            self.expire();
        }
    }

    /// Returns `true` if a request may be sent now that leaves a headroom.
    #[inline]
    pub(super) fn admits(&self, cost: &Cost, left: Headroom) -> bool {
        let mut rates = self.rates.iter();
        rates.all(|rate| {
            rate.is_ready(self.now) && rate.ledger.has_room(self.needed(rate, cost, left))
        }) && self.has_free_concurrency(cost)
    }

    /// Returns `true` if there is room for a request now, whether or not the paces are ready.
    pub(super) fn has_room(&self, cost: &Cost, left: Headroom) -> bool {
        let mut rates = self.rates.iter();
        rates.all(|rate| rate.ledger.has_room(self.needed(rate, cost, left)))
            && self.has_free_concurrency(cost)
    }

    /// Returns how long a request delays the next one at full pace.
    pub(super) fn delay(&self, cost: &Cost) -> Nanos {
        let delays = self.rates.iter().map(|rate| rate.delay(cost));
        delays.max().unwrap_or_default()
    }

    /// Counts a request from now on, and delays the next one. The turn of the request was at a time.
    /// Returns the delay at full pace.
    #[inline]
    pub(super) fn take(&mut self, cost: &Cost, turn: Time, slowdown: f64) -> Nanos {
        let mut delay = Nanos::ZERO;
        for rate in &mut self.rates {
            rate.add(cost);
            delay = delay.max(rate.delay_next(cost, turn, slowdown));
        }
        self.start(cost);
        delay
    }

    /// Counts a request from now on, but does not delay the next one.
    pub(super) fn add(&mut self, cost: &Cost) {
        for rate in &mut self.rates {
            rate.add(cost);
        }
        self.start(cost);
    }

    /// Removes a request that was admitted at a time.
    pub(super) fn remove(&mut self, at: Time, cost: &Cost) {
        for rate in &mut self.rates {
            rate.remove(at, cost);
        }
        self.unsettled.remove_measured(cost);
        self.end(cost);
    }

    /// Ends the delay by a request that was admitted at a time and not sent.
    pub(super) fn end_delay(&mut self, at: Time, cost: &Cost) {
        for rate in &mut self.rates {
            rate.end_delay(at, cost, self.now);
        }
    }

    /// Changes the cost of a request that was admitted at a time.
    pub(super) fn change(
        &mut self,
        at: Time,
        from: &Cost,
        to: &Cost,
        slowdown: f64,
        now: &dyn Fn() -> Time,
    ) {
        let mut kinds = self.rates.iter().map(|rate| rate.limit.kind);
        // If the request has expired, a decrease has no effect, even if the ledger has not noticed
        // the expiry yet. But an increase is then counted at the current time.
        if kinds.any(|kind| to.amount(kind) > from.amount(kind)) {
            self.advance(now());
        }
        for rate in &mut self.rates {
            let kind = rate.limit.kind;
            rate.change(at, from.amount(kind), to.amount(kind), self.now, slowdown);
        }
    }

    /// Updates the known cost of a running request.
    pub(super) fn keep_running(&mut self, from: &Cost, to: &Cost) {
        self.unsettled.remove_measured(from);
        self.unsettled.add_measured(to);
    }

    /// Ends a request of which a cost was known, with its final cost.
    #[inline]
    pub(super) fn complete(&mut self, known: &Cost, cost: &Cost, now: &dyn Fn() -> Time) {
        if self.rules.counts_at_completion {
            self.advance(now());
        }
        self.complete_at(known, cost, self.now);
    }

    /// Ends a task that may still be running. It counts as running until its maximum duration has
    /// passed.
    pub(super) fn abandon(&mut self, at: Time, cost: &Cost, now: Time) {
        let until = at + self.rules.max_task_duration.into();
        self.abandoned.push((until, *cost));
        self.next_expiry = Time::MIN;
        self.advance(now);
    }

    /// Replaces the limits. Usage stays counted. New ledgers have the requests from a time on.
    pub(super) fn replace(&mut self, limits: &[Limit], since: Time) {
        let with_window = limits.iter().filter(|limit| limit.per.is_some());
        let bits = slot_bits(with_window.clone().count());
        let rates = with_window.map(|limit| {
            let rule = self.rules.rate_rule(limit, limits);
            let at_completion = self.rules.counts_at_completion(limit.kind);
            let mut rate = RateLimit::new(limit, &rule, at_completion, bits, since, self.now);
            rate.copy_from(&self.rates, self.now);
            rate
        });
        self.rates = rates.collect();
        self.concurrency = self.rules.concurrency(limits);
        let paced = self.rates.iter().filter(|rate| rate.pace.is_some());
        let lateness = paced.map(|rate| {
            let window = Nanos::from(rate.limit.per.unwrap_or_default());
            Nanos(window.0 / 20).min(MAX_LATENESS)
        });
        // Without a pace, no request delays others.
        self.lateness = lateness.min().unwrap_or(Nanos::MAX);
        // Requests that are admitted from now on are in all ledgers.
        let since = self.rates.iter().map(|rate| rate.since).max();
        self.now = self.now.max(since.unwrap_or(Time::MIN));
        self.next_expiry = Time::MIN;
    }

    /// Returns the usage of each limit.
    pub(super) fn usage(&self) -> Vec<LimitUsage> {
        let rates = self.rates.iter().map(|rate| {
            let reserved = reserved(&self.rules, &self.unsettled, rate.limit.kind);
            let used = rate.ledger.used() + reserved;
            LimitUsage {
                limit: rate.limit,
                allowed: rate.allowed,
                used: u64::try_from(used).unwrap_or(u64::MAX),
            }
        });
        let concurrency = self.concurrency.iter().map(|one| LimitUsage {
            used: self.running[one.limit.kind.index()],
            ..*one
        });
        rates.chain(concurrency).collect()
    }

    /// Returns `true` if nothing is used, and the next request does not have to wait.
    pub(super) fn is_unused(&self) -> bool {
        let mut rates = self.rates.iter();
        // A pace can still wait for a cost above an estimate which the ledger has forgotten.
        self.in_flight == 0 && rates.all(|rate| rate.ledger.used() == 0 && rate.is_ready(self.now))
    }

    /// Returns an error if a request exceeds a limit by itself, or does not leave a headroom.
    pub(super) fn check_size(&self, cost: &Cost, left: Headroom) -> Result<(), TooLarge> {
        let rates = self.rates.iter();
        let rates = rates.map(|rate| (rate.limit, rate.allowed - left.of(rate.allowed)));
        let concurrency = &self.concurrency;
        let concurrency = concurrency.iter().map(|one| (one.limit, one.allowed));
        check_size(cost, rates.chain(concurrency))
    }
}

impl LimitSet {
    fn expire(&mut self) {
        self.next_expiry = Time::NEVER;
        for rate in &mut self.rates {
            let slot_end = rate.ledger.advance(self.now);
            self.next_expiry = self.next_expiry.min(slot_end);
        }
        let mut index = 0;
        while let Some((until, _)) = self.abandoned.get(index) {
            if *until <= self.now {
                let (until, cost) = self.abandoned.swap_remove(index);
                self.complete_at(&cost, &cost, until);
            } else {
                self.next_expiry = self.next_expiry.min(*until);
                index += 1;
            }
        }
    }

    /// Ends a request that completed at a time.
    #[inline]
    fn complete_at(&mut self, known: &Cost, cost: &Cost, at: Time) {
        self.unsettled.remove_measured(known);
        if self.rules.counts_at_completion {
            for rate in &mut self.rates {
                rate.complete(at, cost);
            }
        }
        self.end(known);
    }

    /// Adds a request to what is running.
    #[inline]
    fn start(&mut self, cost: &Cost) {
        self.unsettled.add_measured(cost);
        for kind in CONCURRENCY {
            let running = &mut self.running[kind.index()];
            *running = running.saturating_add(cost.amount(kind));
        }
        self.in_flight += 1;
    }

    /// Removes a request from what is running.
    #[inline]
    fn end(&mut self, cost: &Cost) {
        self.in_flight -= 1;
        for kind in CONCURRENCY {
            let running = &mut self.running[kind.index()];
            *running = running.saturating_sub(cost.amount(kind));
        }
    }

    /// Returns the amount for which a ledger needs room: that of a request, what is reserved, and
    /// the headroom.
    #[inline]
    fn needed(&self, rate: &RateLimit, cost: &Cost, left: Headroom) -> u128 {
        let kind = rate.limit.kind;
        let needed = cost.amount(kind).saturating_add(left.of(rate.allowed));
        reserved(&self.rules, &self.unsettled, kind) + u128::from(needed)
    }
}

/// Returns the amount of a kind that running requests have reserved, because it is counted in the
/// ledger only from their completion.
#[inline]
fn reserved(rules: &Rules, unsettled: &Total, kind: LimitKind) -> u128 {
    if rules.counts_at_completion(kind) {
        unsettled.amount(kind)
    } else {
        0
    }
}

/// Returns the binary logarithm of the number of slots of each ledger. Together, the ledgers take
/// about 8 KiB, but each has enough slots to forget amounts at most 0.4% of its window late.
fn slot_bits(ledgers: usize) -> u32 {
    let ledgers = ledgers.clamp(2, 4).next_power_of_two();
    10 - ledgers.ilog2()
}
