//! The reaction to refusals: pauses, and a slower pace.

use std::time::Duration;

use model_studio_limits::LimitKind;

use crate::Refusal;
use crate::cost::is_measured;
use crate::quota::nanos;

/// A refusal makes the pace slower by this factor.
const REDUCTION: f64 = 0.9;

/// The slowest pace, as a part of the limit.
const MIN_FACTOR: f64 = 0.1;

/// The time in which the pace recovers from 0 to the full rate.
const RECOVERY: Duration = Duration::from_secs(600);

/// The longest pause after a refusal. The provider says that calls normally succeed again within a
/// minute.
const MAX_BACKOFF: Duration = Duration::from_secs(60);

/// The longest `Retry-After` that is honored.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);

/// A limit counts as full when this part is used, in percent.
const FULL_PERCENT: u128 = 80;

/// Returns `true` if a refusal is about limits of this kind, and most of this one is used.
pub(crate) fn is_full(refusal: Refusal, kind: LimitKind, used: u128, available: u64) -> bool {
    let is_refused = (refusal == Refusal::Tokens) == is_measured(kind);
    is_refused && used * 100 >= u128::from(available) * FULL_PERCENT
}

/// What refusals have changed.
#[derive(Debug)]
pub(crate) struct Feedback {
    /// The part of the pace that is used, at the time `since`.
    factor: f64,
    since: u64,
    /// The time of the last reaction. Requests that were admitted earlier may still be refused for
    /// the same reason.
    reacted_at: u64,
    /// The number of reactions since the last success.
    failures: u32,
}

impl Feedback {
    pub(crate) fn new(now: u64) -> Self {
        Self {
            factor: 1.0,
            since: now,
            reacted_at: now,
            failures: 0,
        }
    }

    /// Returns the part of the pace to use.
    #[expect(clippy::cast_precision_loss, reason = "a pace need not be exact")]
    pub(crate) fn factor(&self, now: u64) -> f64 {
        if self.factor >= 1.0 {
            return 1.0;
        }
        let recovered = now.saturating_sub(self.since) as f64 / nanos(RECOVERY) as f64;
        (self.factor + recovered).min(1.0)
    }

    /// Returns the factor by which to increase delays, at least 1.
    #[inline]
    pub(crate) fn slowdown(&self, now: u64) -> f64 {
        if self.factor >= 1.0 {
            return 1.0;
        }
        1.0 / self.factor(now)
    }

    /// Reacts to the refusal of a request that was admitted at a time, and returns how long to
    /// pause. `is_full` is `true` if this limiter has used most of the refused limit.
    pub(crate) fn refused(
        &mut self,
        admitted_at: u64,
        refusal: Refusal,
        retry_after: Option<Duration>,
        is_full: bool,
        now: u64,
    ) -> Duration {
        if !refusal.is_retryable() {
            return Duration::ZERO;
        }
        let retry_after = retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
        // Requests that were in flight together are refused together. They count once.
        if admitted_at < self.reacted_at {
            return retry_after;
        }
        let backoff = match refusal {
            // Room is left by this limiter's count, so a limit per second was exceeded.
            Refusal::Requests | Refusal::Tokens if !is_full => Duration::from_secs(1),
            // Others use the account too, and its window is full.
            Refusal::Requests | Refusal::Tokens => self.backoff(Duration::from_secs(4)),
            Refusal::Capacity => self.backoff(Duration::from_secs(2)),
            _ => self.backoff(Duration::from_secs(1)),
        };
        self.factor = match refusal {
            // Fewer requests per second would not change these.
            Refusal::Concurrency | Refusal::Capacity => self.factor(now),
            _ => (self.factor(now) * REDUCTION).max(MIN_FACTOR),
        };
        self.since = now;
        self.reacted_at = now;
        self.failures = self.failures.saturating_add(1);
        backoff.max(retry_after)
    }

    /// Notes that a request that was admitted at a time succeeded.
    pub(crate) fn succeeded(&mut self, admitted_at: u64) {
        if admitted_at >= self.reacted_at {
            self.failures = 0;
        }
    }

    fn backoff(&self, base: Duration) -> Duration {
        base.saturating_mul(1 << self.failures.min(6))
            .min(MAX_BACKOFF)
    }
}
