//! The limits of a quota in a store: what this process states, and what the last reply said.

use model_studio_limits::Limit;

use super::outbox::Held;
use super::protocol::{Call, StatedConcurrency, StatedRate};
use super::reply::Reply;
use crate::class::Headroom;
use crate::quota::requests::dominant;
use crate::quota::rules::{RateRule, Rules, check_size};
use crate::time::{Nanos, StoreTime};
use crate::usage::LimitUsage;
use crate::{Cost, TooLarge};

/// The smallest guard of short windows, and of windows of a minute or more. Timers and busy
/// runtimes wake a process some milliseconds late, and a request may be late by half of the guard.
const MIN_GUARD: Nanos = Nanos::from_millis(20);
const MIN_GUARD_OF_MINUTE: Nanos = Nanos::from_millis(100);

/// The limits of a quota in a store, as this process knows them.
#[derive(Debug, Default)]
pub(super) struct StoredLimits {
    rates: Vec<StoredRate>,
    /// `used` is from the last reply.
    concurrency: Box<[LimitUsage]>,
}

/// A rate limit in a store.
#[derive(Debug)]
struct StoredRate {
    limit: Limit,
    rule: RateRule,
    /// The amount that the store allows. It is lower if another process states a tighter limit.
    effective: u64,
    used: u64,
    /// When the pace is ready, or 0 if that is not known.
    next: StoreTime,
    /// An estimate of what this process has used in the window before the last reply.
    own: f64,
    replied_at: StoreTime,
}

impl StoredLimits {
    pub(super) fn new(limits: &[Limit], rules: &Rules) -> Self {
        let rates = limits.iter().filter(|limit| limit.per.is_some());
        let rates = rates.map(|limit| {
            let mut rule = rules.rate_rule(limit, limits);
            let least = Nanos(rule.window.0 / 600).clamp(MIN_GUARD, MIN_GUARD_OF_MINUTE);
            rule.span = rule.span.max(rule.window + least);
            StoredRate {
                limit: *limit,
                rule,
                effective: rule.allowed,
                used: 0,
                next: StoreTime(0),
                own: 0.0,
                replied_at: StoreTime(0),
            }
        });
        Self {
            rates: rates.collect(),
            concurrency: rules.concurrency(limits),
        }
    }

    pub(super) fn has_concurrency(&self) -> bool {
        !self.concurrency.is_empty()
    }

    /// Applies what the reply to a call says about the limits.
    pub(super) fn apply(&mut self, call: &Call, reply: &Reply) {
        for rate in &mut self.rates {
            rate.count_own(call, reply);
        }
        for (rate, reply) in self.rates.iter_mut().zip(&reply.rates) {
            rate.effective = reply.allowed;
            rate.used = reply.used;
            rate.next = reply.next;
        }
        for (limit, running) in self.concurrency.iter_mut().zip(&reply.running) {
            limit.used = *running;
        }
    }

    /// Returns what a call states about the rate limits.
    pub(super) fn rates(&self) -> Vec<StatedRate> {
        let rates = self.rates.iter().map(|rate| StatedRate {
            kind: rate.limit.kind,
            rule: rate.rule,
            next: rate.next,
        });
        rates.collect()
    }

    /// Returns what a call states about the limits on concurrency.
    pub(super) fn concurrency(&self, held: &Held) -> Vec<StatedConcurrency> {
        let concurrency = self.concurrency.iter().map(|one| StatedConcurrency {
            kind: one.limit.kind,
            allowed: one.allowed,
            held: held.amount(one.limit.kind),
        });
        concurrency.collect()
    }

    /// Returns the usage of each limit.
    pub(super) fn usage(&self) -> Vec<LimitUsage> {
        let rates = self.rates.iter().map(|rate| LimitUsage {
            limit: rate.limit,
            allowed: rate.effective,
            used: rate.used,
        });
        rates.chain(self.concurrency.iter().copied()).collect()
    }

    /// Returns the shortest guard, if there are rate limits.
    pub(super) fn guard(&self) -> Option<Nanos> {
        let guards = self.rates.iter();
        let guards = guards.map(|rate| rate.rule.span - rate.rule.window);
        guards.min()
    }

    /// Returns how long a request and those that other processes send in the meantime delay the
    /// next request of this process at full pace.
    pub(super) fn delay(&self, cost: &Cost) -> Nanos {
        let delays = self.paced().map(|rate| {
            let delay = rate.delay(cost).0.saturating_mul(rate.processes());
            Nanos(delay)
        });
        delays.max().unwrap_or_default()
    }

    /// Returns the dominant cost of a request: how long it delays the next one at full pace.
    pub(super) fn dominant(&self, cost: &Cost) -> Nanos {
        let delays = self.paced().map(|rate| rate.delay(cost));
        dominant(delays.max().unwrap_or_default())
    }

    /// Returns an error if a request exceeds a limit by itself, or does not leave a headroom.
    pub(super) fn check_size(&self, cost: &Cost, left: Headroom) -> Result<(), TooLarge> {
        let rates = self.rates.iter();
        let rates = rates.map(|rate| (rate.limit, leave(rate.rule.allowed, left)));
        let concurrency = self.concurrency.iter();
        let concurrency = concurrency.map(|one| (one.limit, one.allowed));
        check_size(cost, rates.chain(concurrency))
    }

    /// Checks the size against the limits that the store applies, which can be tighter.
    pub(super) fn check_size_in_store(&self, cost: &Cost, left: Headroom) -> Result<(), TooLarge> {
        let rates = self.rates.iter();
        check_size(
            cost,
            rates.map(|rate| (rate.limit, leave(rate.effective, left))),
        )
    }

    fn paced(&self) -> impl Iterator<Item = &StoredRate> {
        self.rates.iter().filter(|rate| rate.rule.pace.is_some())
    }
}

/// Returns what of a limit a request can use that leaves a headroom.
fn leave(allowed: u64, headroom: Headroom) -> u64 {
    allowed - headroom.of(allowed)
}

impl StoredRate {
    /// Returns how long a request delays the next one at full pace.
    fn delay(&self, cost: &Cost) -> Nanos {
        let amount = u128::from(cost.amount(self.limit.kind));
        let delay = amount * u128::from(self.rule.window.0) / u128::from(self.effective.max(1));
        Nanos(u64::try_from(delay).unwrap_or(u64::MAX))
    }

    /// Updates the estimate of what this process has used.
    #[expect(clippy::cast_precision_loss, reason = "an estimate need not be exact")]
    fn count_own(&mut self, call: &Call, reply: &Reply) {
        let passed = reply.now.0.saturating_sub(self.replied_at.0) as f64;
        let decay = (-passed / self.rule.window.as_micros().max(1) as f64).exp();
        let requests = reply.admitted(call).into_iter();
        let amounts = requests.map(|(.., request)| request.cost.amount(self.limit.kind) as f64);
        self.own = self.own * decay + amounts.sum::<f64>();
        self.replied_at = reply.now;
    }

    /// Estimates how many processes like this one use the limit, from its usage.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "an estimate need not be exact, and a cast of a float saturates"
    )]
    fn processes(&self) -> u64 {
        (self.used as f64 / self.own.max(1.0))
            .clamp(1.0, 10_000.0)
            .round() as u64
    }
}
