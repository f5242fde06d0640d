//! A pace spaces requests evenly.

use super::rules::{Credit, RateRule};
use crate::time::{Nanos, Time};

/// Spaces amounts evenly, at the rate of a limit.
///
/// When the pace is ready, an amount of any size may be taken. It delays the next one for as long
/// as the limit takes to allow that much. Unused time is a credit for later amounts, but only a
/// small one is kept.
#[derive(Debug)]
pub(crate) struct Pace {
    /// The delay of one unit, in nanoseconds times `2^shift`.
    delay: u64,
    shift: u32,
    credit: Credit,
    /// The longest time for which the next amount can be delayed.
    max_delay: Nanos,
    ready_at: Time,
}

impl Pace {
    /// Creates a pace that is ready now.
    pub(crate) fn new(rule: &RateRule, credit: Credit, now: Time) -> Self {
        let (window, limit) = (rule.window.0, rule.allowed.max(1));
        // The largest shift for which the delay fits into 64 bits.
        let shift = (window.leading_zeros() + limit.ilog2()).min(63);
        let delay = (u128::from(window) << shift) / u128::from(limit);
        Self {
            delay: u64::try_from(delay).unwrap_or(u64::MAX),
            shift,
            credit,
            max_delay: rule.span,
            ready_at: now - credit.initial,
        }
    }

    /// Returns the time from which an amount may be taken.
    #[inline]
    pub(crate) fn ready_at(&self) -> Time {
        self.ready_at
    }

    /// Returns the time from which another amount may be taken after `taken`, if `given_back` is
    /// given back before.
    pub(crate) fn ready_after(&self, taken: u128, given_back: u128) -> Time {
        let delay = |amount| self.delay(u64::try_from(amount).unwrap_or(u64::MAX));
        self.ready_at - delay(given_back) + delay(taken)
    }

    /// Takes an amount, and returns how long it delays the next one at full pace. `slowdown`
    /// multiplies this delay. `turn` is now, or the earlier time at which a late request should
    /// have started.
    #[inline]
    pub(crate) fn take(&mut self, turn: Time, amount: u64, slowdown: f64) -> Nanos {
        let start = if turn.since(self.ready_at) <= self.credit.full {
            self.ready_at
        } else {
            turn - self.credit.idle
        };
        let delay = self.delay(amount);
        self.ready_at = self.cap(turn, start + slow_down(delay, slowdown));
        delay
    }

    /// Gives back an amount that was taken earlier.
    pub(crate) fn give_back(&mut self, amount: u64) {
        self.ready_at = self.ready_at - self.delay(amount);
    }

    /// Gives back an amount that was taken at a time, as far as it still delays the next one.
    pub(crate) fn give_back_rest(&mut self, at: Time, amount: u64, now: Time) {
        let delay = self.delay(amount);
        self.ready_at = self.ready_at - delay.min((at + delay).since(now));
    }

    /// Continues from the pace of the limit that this one replaces. A delay is converted to the new
    /// rate, so that a higher limit shortens a wait that the lower one caused.
    pub(crate) fn copy_from(&mut self, other: &Self, now: Time) {
        let wait = other.ready_at.since(now);
        if wait == Nanos::ZERO {
            self.ready_at = other.ready_at;
            return;
        }
        let units = (u128::from(wait.0) << other.shift) / u128::from(other.delay.max(1));
        let wait = self.delay(u64::try_from(units).unwrap_or(u64::MAX));
        self.ready_at = self.cap(now, now + wait);
    }

    /// Returns how long an amount delays the next one at full pace.
    #[inline]
    pub(crate) fn delay(&self, amount: u64) -> Nanos {
        let delay = (u128::from(amount) * u128::from(self.delay)) >> self.shift;
        Nanos(u64::try_from(delay).unwrap_or(u64::MAX))
    }

    /// Limits a delay. After the window and its guard, all amounts that it waits for have expired.
    #[inline]
    fn cap(&self, now: Time, ready_at: Time) -> Time {
        ready_at.min(now + self.max_delay)
    }
}

/// Multiplies a delay by the slowdown after refusals.
#[inline]
fn slow_down(delay: Nanos, slowdown: f64) -> Nanos {
    if slowdown > 1.0 {
        multiply(delay, slowdown)
    } else {
        delay
    }
}

/// In a function of its own, because floats would slow down the usual case, which needs none.
#[cold]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a slow pace need not be exact, and casts of floats saturate"
)]
fn multiply(delay: Nanos, factor: f64) -> Nanos {
    Nanos((delay.0 as f64 * factor) as u64)
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use crate::quota::rules::{Credit, RateRule};
    use crate::time::{Nanos, Time};

    const MINUTE: Nanos = Nanos(60_000_000_000);

    fn pace(limit: u64, credit: Nanos) -> Pace {
        let credit = Credit {
            full: credit,
            idle: Nanos::ZERO,
            initial: Nanos::ZERO,
        };
        let rule = RateRule {
            allowed: limit,
            window: MINUTE,
            span: MINUTE + MINUTE,
            pace: Some(credit),
        };
        Pace::new(&rule, credit, Time::START)
    }

    #[test]
    fn delays_are_exact_for_every_size_of_limit() {
        for limit in [1, 2, 3, 7, 600, 1_000_000, 5_000_000_000, 1 << 40, u64::MAX] {
            let pace = pace(limit, Nanos::ZERO);
            for amount in [1, 2, 999, limit / 3, limit] {
                let exact = u128::from(amount) * u128::from(MINUTE.0) / u128::from(limit);
                let delay = u128::from(pace.delay(amount).0);
                assert!(
                    exact.abs_diff(delay) <= 2,
                    "{limit} {amount}: {exact} {delay}"
                );
            }
        }
    }

    #[test]
    fn a_late_turn_is_made_up_for_and_idle_time_is_not() {
        let after = |millis| Time::START + Nanos::from_millis(millis);
        let mut pace = pace(60, Nanos::from_millis(2));
        pace.take(Time::START, 1, 1.0);
        assert_eq!(pace.ready_at(), after(1_000));
        pace.take(after(1_001), 1, 1.0);
        assert_eq!(pace.ready_at(), after(2_000));
        pace.take(after(2_500), 1, 1.0);
        assert_eq!(pace.ready_at(), after(3_500));
    }

    #[test]
    fn a_wait_is_scaled_to_the_rate_of_new_limits() {
        let mut old = pace(1, Nanos::ZERO);
        old.take(Time::START, 1, 1.0);
        let mut new = pace(600, Nanos::ZERO);
        new.copy_from(&old, Time::START);
        let wait = new.ready_at().since(Time::START);
        assert!(wait.0.abs_diff(100_000_000) <= 2, "{wait:?}");
    }
}
