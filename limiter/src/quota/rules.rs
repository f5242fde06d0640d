//! How limits are applied, in a process and in a store.

use std::cmp::Reverse;
use std::time::Duration;

use model_studio_limits::{Limit, LimitKind};

use crate::cost::is_measured;
use crate::time::Nanos;
use crate::usage::LimitUsage;
use crate::{Cost, TooLarge};

/// How a quota applies limits.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// The numerator and the denominator of the share of each limit.
    pub(crate) share: (u64, u64),
    /// By how much windows are widened. `None` for 1/60 of the window, and at most a second.
    pub(crate) guard: Option<Duration>,
    /// The number of requests that may be sent at once after an idle time.
    pub(crate) burst: u64,
    /// Whether amounts such as tokens count until the request completes and then at that time,
    /// instead of at the time at which it was admitted.
    pub(crate) counts_at_completion: bool,
    /// How long a task that was not finished is counted.
    pub(crate) max_task_duration: Duration,
}

/// How a limit with a window is applied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateRule {
    /// The share of the count.
    pub(crate) allowed: u64,
    pub(crate) window: Nanos,
    /// The window and the guard.
    pub(crate) span: Nanos,
    /// The credit of the pace, if this limit sets the pace of its kind.
    pub(crate) pace: Option<Credit>,
}

/// How much unused time a pace makes up for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Credit {
    /// The longest time that is made up for in full.
    pub(crate) full: Nanos,
    /// What is made up for after a longer time.
    pub(crate) idle: Nanos,
    /// What is made up for at the start.
    pub(crate) initial: Nanos,
}

/// The time that the pace of requests makes up for after a late wake-up. After a longer time the
/// credit is lost, so that the second after an idle time does not have one request too many.
const REQUEST_CREDIT: Nanos = Nanos::from_millis(2);

/// The time that the pace of tokens makes up for. Requests differ in tokens, so the pace is often
/// not ready when the ledger has room. Without credit, that time would be lost.
const TOKEN_CREDIT: Nanos = Nanos::SECOND;

impl Rules {
    /// Returns how a limit with a window is applied, given all limits.
    pub(crate) fn rate_rule(&self, limit: &Limit, limits: &[Limit]) -> RateRule {
        let allowed = self.allowed(limit);
        let window = Nanos(Nanos::from(limit.per.unwrap_or_default()).0.max(1));
        let guard = match self.guard {
            Some(guard) => guard.into(),
            None => Nanos(window.0 / 60).min(Nanos::SECOND),
        };
        let most = Nanos(window.0 / 10);
        let burst = self.burst_time(limits);
        let credit = if is_measured(limit.kind) {
            Credit {
                full: TOKEN_CREDIT.min(most).max(burst),
                idle: TOKEN_CREDIT.min(most).max(burst),
                initial: burst,
            }
        } else {
            Credit {
                full: REQUEST_CREDIT.min(most).max(burst),
                idle: burst,
                initial: burst,
            }
        };
        RateRule {
            allowed,
            window,
            // Far below the end of time, so that times can be added.
            span: (window + guard).min(Nanos(u64::MAX / 4)),
            pace: sets_pace(limit, limits).then_some(credit),
        }
    }

    /// Returns the time in which the pace of requests allows all requests of a burst but the first.
    fn burst_time(&self, limits: &[Limit]) -> Nanos {
        let more = u128::from(self.burst.saturating_sub(1));
        let counted = limits.iter().filter(|limit| !is_measured(limit.kind));
        let times = counted.filter_map(|limit| {
            let window = Nanos::from(limit.per?);
            let time = u128::from(window.0) * more / u128::from(self.allowed(limit).max(1));
            let time = Nanos(u64::try_from(time).unwrap_or(u64::MAX));
            sets_pace(limit, limits).then_some(time.min(window))
        });
        times.max().unwrap_or_default()
    }

    /// Returns the share of a limit, rounded down.
    pub(crate) fn allowed(&self, limit: &Limit) -> u64 {
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
            allowed: self.allowed(limit),
            used: 0,
        });
        concurrency.collect()
    }

    /// Returns `true` if amounts of this kind count until the request completes.
    pub(crate) fn holds(&self, kind: LimitKind) -> bool {
        self.counts_at_completion && is_measured(kind)
    }
}

/// Returns an error if a request exceeds one of the limits by itself. Each has the amount that may be
/// used of it.
pub(crate) fn check_size(
    cost: &Cost,
    limits: impl Iterator<Item = (Limit, u64)>,
) -> Result<(), TooLarge> {
    for (limit, allowed) in limits {
        let requested = cost.amount(limit.kind);
        if requested > allowed {
            return Err(TooLarge {
                requested,
                allowed,
                limit,
            });
        }
    }
    Ok(())
}

/// Returns `true` if a limit sets the pace of its kind: the slowest of the limits with windows up to
/// a minute, or the shortest window if all are longer. Of equally slow limits, it is the one with the
/// longest window.
///
/// A limit per day does not slow down what a limit per minute allows.
fn sets_pace(limit: &Limit, limits: &[Limit]) -> bool {
    const MINUTE: Duration = Duration::from_secs(60);
    let rank = |limit: &Limit| {
        let per = limit.per.unwrap_or_default();
        let nanos_per_unit = per.as_nanos() / u128::from(limit.count.get());
        // The smallest rank sets the pace.
        if per <= MINUTE {
            (Duration::ZERO, u128::MAX - nanos_per_unit, Reverse(per))
        } else {
            (per, 0, Reverse(per))
        }
    };
    let with_window = |other: &&Limit| other.kind == limit.kind && other.per.is_some();
    let same_kind = limits.iter().filter(with_window);
    same_kind
        .min_by_key(|other| rank(other))
        .is_some_and(|first| first.per == limit.per)
}
