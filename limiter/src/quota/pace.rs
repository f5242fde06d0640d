//! A pace: the even spacing of requests.

use std::time::Duration;

/// Spaces amounts evenly, at the rate of a limit.
///
/// An amount of any size may be taken when the pace is ready, and the next one waits for it. Time
/// that passes unused earns a credit, but only a small one.
#[derive(Debug)]
pub(crate) struct Pace {
    /// The delay of one unit, in nanoseconds times `2^shift`.
    delay: u64,
    shift: u32,
    /// The time that may be made up for.
    credit: u64,
    /// What is left of the credit after a longer time.
    idle_credit: u64,
    /// How far into the future the next amount may be delayed.
    max_delay: u64,
    ready_at: u64,
}

/// The time that the pace of requests may make up for after a late wake-up of a timer. After a longer
/// time the credit is lost, so that the second after an idle time does not have one request too many.
pub(crate) const REQUEST_CREDIT: Duration = Duration::from_millis(2);

/// The time that the pace of tokens may make up for. Requests differ in tokens, so the pace is often
/// not ready when the ledger has room. Without credit, that time would be lost.
pub(crate) const TOKEN_CREDIT: Duration = Duration::from_secs(1);

impl Pace {
    /// Creates a pace that is ready now and has no credit. `window` is at least 1 ns, `limit` at
    /// least 1.
    pub(crate) fn new(
        limit: u64,
        window: u64,
        max_delay: u64,
        (credit, idle_credit): (u64, u64),
        now: u64,
    ) -> Self {
        // The largest shift for which the delay still fits, and at most a register.
        let shift = (window.leading_zeros() + limit.ilog2()).min(63);
        let delay = (u128::from(window) << shift) / u128::from(limit);
        Self {
            delay: u64::try_from(delay).unwrap_or(u64::MAX),
            shift,
            credit,
            idle_credit,
            max_delay,
            ready_at: now,
        }
    }

    /// Returns the time from which an amount may be taken.
    pub(crate) fn ready_at(&self) -> u64 {
        self.ready_at
    }

    /// Returns a time before which the pace is not ready if `amount` is taken first.
    pub(crate) fn ready_after(&self, amount: u128) -> u64 {
        let amount = u64::try_from(amount).unwrap_or(u64::MAX);
        self.ready_at.saturating_add(self.delay(amount, 1.0))
    }

    /// Takes an amount now. A `slowdown` above 1 delays the next one.
    pub(crate) fn take(&mut self, now: u64, amount: u64, slowdown: f64) {
        let start = if now.saturating_sub(self.ready_at) <= self.credit {
            self.ready_at
        } else {
            now - self.idle_credit
        };
        self.ready_at = self.cap(now, start.saturating_add(self.delay(amount, slowdown)));
    }

    /// Changes an amount that was taken earlier.
    pub(crate) fn change(&mut self, now: u64, from: u64, to: u64, slowdown: f64) {
        if to > from {
            self.take(now, to - from, slowdown);
        } else {
            let refund = self.delay(from - to, slowdown);
            self.ready_at = self.ready_at.saturating_sub(refund);
        }
    }

    /// Takes over the state of the pace of other limits.
    pub(crate) fn copy_from(&mut self, other: &Self, now: u64) {
        self.ready_at = self.cap(now, other.ready_at);
    }

    fn delay(&self, amount: u64, slowdown: f64) -> u64 {
        let delay = (u128::from(amount) * u128::from(self.delay)) >> self.shift;
        let delay = u64::try_from(delay).unwrap_or(u64::MAX);
        if slowdown > 1.0 {
            slow_down(delay, slowdown)
        } else {
            delay
        }
    }

    /// A delay longer than the window of the limit would wait for amounts that have expired.
    fn cap(&self, now: u64, ready_at: u64) -> u64 {
        ready_at.min(now.saturating_add(self.max_delay))
    }
}

/// Multiplies a delay. Kept apart, because floats take most of the time when they are not needed.
#[cold]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a slow pace need not be exact, and a cast of a float saturates"
)]
fn slow_down(delay: u64, slowdown: f64) -> u64 {
    (delay as f64 * slowdown) as u64
}

#[cfg(test)]
mod tests {
    use super::Pace;

    const MINUTE: u64 = 60_000_000_000;

    #[test]
    fn delays_are_exact_for_every_size_of_limit() {
        for limit in [1, 2, 3, 7, 600, 1_000_000, 5_000_000_000, 1 << 40, u64::MAX] {
            let pace = Pace::new(limit, MINUTE, u64::MAX, (0, 0), 0);
            for amount in [1, 2, 999, limit / 3, limit] {
                let exact = u128::from(amount) * u128::from(MINUTE) / u128::from(limit);
                let delay = u128::from(pace.delay(amount, 1.0));
                assert!(
                    exact.abs_diff(delay) <= 2,
                    "{limit} {amount}: {exact} {delay}"
                );
            }
        }
    }

    #[test]
    fn a_late_wake_up_is_made_up_for_and_idle_time_is_not() {
        let mut pace = Pace::new(60, MINUTE, 2 * MINUTE, (2_000_000, 0), 0);
        pace.take(0, 1, 1.0);
        assert_eq!(pace.ready_at(), 1_000_000_000);
        pace.take(1_001_000_000, 1, 1.0);
        assert_eq!(pace.ready_at(), 2_000_000_000);
        pace.take(2_500_000_000, 1, 1.0);
        assert_eq!(pace.ready_at(), 3_500_000_000);
    }
}
