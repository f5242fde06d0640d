//! How limits are applied, whether usage is tracked in this process or in a store.

use std::cmp::Reverse;
use std::time::Duration;

use model_studio_limits::{Limit, LimitKind};

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
    /// The number of requests that can be sent at once after an idle time.
    pub(crate) burst: u64,
    /// Whether amounts such as tokens are counted while the request runs and then from its
    /// completion, instead of from its admission.
    pub(crate) counts_at_completion: bool,
    /// How long a task that was not finished counts as running.
    pub(crate) max_task_duration: Duration,
}

/// How a rate limit is applied.
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

/// The unused time for which a pace later makes up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Credit {
    /// The longest unused time that is made up for in full.
    pub(crate) full: Nanos,
    /// The credit after a longer time.
    pub(crate) idle: Nanos,
    /// The credit at the start.
    pub(crate) initial: Nanos,
}

/// The credit of a pace of requests, for late wake-ups. It is lost after a longer time, so that the
/// second after an idle time does not have one request too many.
const REQUEST_CREDIT: Nanos = Nanos::from_millis(2);

/// The credit of a pace of tokens. Requests differ in their tokens, so the ledger often has room
/// while the pace is not ready. Without the credit, that time would be lost.
const TOKEN_CREDIT: Nanos = Nanos::SECOND;

impl Default for Rules {
    fn default() -> Self {
        Self {
            share: (1, 1),
            guard: None,
            burst: 1,
            counts_at_completion: false,
            max_task_duration: Duration::from_secs(3_600),
        }
    }
}

impl Rules {
    /// Returns how one of the limits, which has a window, is applied.
    pub(crate) fn rate_rule(&self, limit: &Limit, limits: &[Limit]) -> RateRule {
        let allowed = self.allowed(limit);
        let window = Nanos(Nanos::from(limit.per.unwrap_or_default()).0.max(1));
        let guard = match self.guard {
            Some(guard) => guard.into(),
            None => Nanos(window.0 / 60).min(Nanos::SECOND),
        };
        let most = Nanos(window.0 / 10);
        let burst = self.burst_time(limits);
        let credit = if limit.kind.is_measured() {
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
            // Far below the largest time, so that times can be added.
            span: (window + guard).min(Nanos(u64::MAX / 4)),
            pace: sets_pace(limit, limits).then_some(credit),
        }
    }

    /// Returns the time in which all requests of a burst but the first would be sent otherwise.
    fn burst_time(&self, limits: &[Limit]) -> Nanos {
        let more = u128::from(self.burst.saturating_sub(1));
        let counted = limits.iter().filter(|limit| !limit.kind.is_measured());
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

    /// Returns the limits on concurrency, with a usage of 0.
    pub(crate) fn concurrency(&self, limits: &[Limit]) -> Box<[LimitUsage]> {
        let concurrency = limits.iter().filter(|limit| limit.per.is_none());
        let concurrency = concurrency.map(|limit| LimitUsage {
            limit: *limit,
            allowed: self.allowed(limit),
            used: 0,
        });
        concurrency.collect()
    }

    /// Returns `true` if amounts of this kind are counted from the completion of a request.
    pub(crate) fn counts_at_completion(&self, kind: LimitKind) -> bool {
        self.counts_at_completion && kind.is_measured()
    }
}

/// Returns an error if a request exceeds one of the limits by itself. Each limit comes with the
/// amount that the limiter may use.
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

/// Returns `true` if a limit sets the pace of its kind: if it is the slowest limit with a window of
/// up to a minute, or the one with the shortest window if all are longer. Of equally slow limits,
/// it is the one with the longest window.
///
/// So a limit per day does not slow down what a limit per minute allows.
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
