//! Providers that refuse a sudden rise of the number of requests.
//!
//! Model Studio does not publish its rule, so there are several.

use std::collections::VecDeque;
use std::time::Duration;

use crate::MINUTE;

/// How a provider decides that the number of requests rises too quickly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GrowthRule {
    /// A sliding window may have at most `factor` times the requests of the window before it.
    Successive(Duration),
    /// A sliding window may have at most `factor` times its share of the requests of the minute
    /// before it.
    OverMinute(Duration),
    /// A minute of the provider's clock may have at most `factor` times the requests of the one
    /// before it.
    Aligned,
    /// The provider allows a rate, which rises by `factor` per minute while requests use it. It is
    /// never more than `factor` times the average rate of the last half a minute.
    Envelope,
}

/// A provider's limit on growth.
#[derive(Debug)]
pub(crate) struct GrowthLimit {
    rule: GrowthRule,
    factor: f64,
    /// The number of requests per second that is never refused.
    floor: f64,
    /// The arrivals that the rule still needs.
    arrivals: VecDeque<Duration>,
    envelope: Envelope,
}

impl GrowthLimit {
    /// Creates a limit that never refuses less than `floor` requests per minute.
    pub(crate) fn new(rule: GrowthRule, factor: f64, floor: u32) -> Self {
        let floor = f64::from(floor) / MINUTE.as_secs_f64();
        Self {
            rule,
            factor,
            floor,
            arrivals: VecDeque::new(),
            envelope: Envelope {
                now: Duration::ZERO,
                rate: floor,
                average: 0.0,
                full_at: Duration::ZERO,
            },
        }
    }

    /// Replaces the factor.
    pub(crate) fn set_factor(&mut self, factor: f64) {
        self.factor = factor;
    }

    /// Returns `true` if the limit allows a request now.
    pub(crate) fn fits(&mut self, now: Duration) -> bool {
        let (window, before) = match self.rule {
            GrowthRule::Successive(window) => (window, window),
            GrowthRule::OverMinute(window) => (window, MINUTE),
            GrowthRule::Aligned => {
                let minutes = u32::try_from(now.as_secs() / 60).unwrap_or(u32::MAX);
                // A request at the start of the minute belongs to it.
                let elapsed = now.saturating_sub(minutes * MINUTE) + Duration::from_nanos(1);
                return self.is_within(now, elapsed, MINUTE, MINUTE);
            }
            GrowthRule::Envelope => {
                self.envelope.advance(now, self.factor, self.floor);
                return self.envelope.fits();
            }
        };
        self.is_within(now, window, window, before)
    }

    /// Counts a request that was accepted.
    pub(crate) fn count(&mut self, now: Duration) {
        if self.rule == GrowthRule::Envelope {
            self.envelope.count();
        } else {
            self.arrivals.push_back(now);
        }
    }

    /// Returns `true` if a request fits into a window of which a time has elapsed, compared with
    /// the time of the length `before` that precedes it.
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small enough")]
    fn is_within(
        &mut self,
        now: Duration,
        elapsed: Duration,
        window: Duration,
        before: Duration,
    ) -> bool {
        let is_earlier = |at: &Duration, than| *at + than <= now;
        let arrivals = &mut self.arrivals;
        let forgotten = arrivals.partition_point(|at| is_earlier(at, elapsed + before));
        arrivals.drain(..forgotten);
        let earlier = arrivals.partition_point(|at| is_earlier(at, elapsed));
        let recent = (self.arrivals.len() - earlier) as f64;
        let share = window.as_secs_f64() / before.as_secs_f64();
        let allowed = self.factor * earlier as f64 * share;
        recent + 1.0 <= allowed.max(self.floor * window.as_secs_f64()).max(1.0)
    }
}

/// A rate that follows the use.
#[derive(Debug)]
struct Envelope {
    now: Duration,
    /// The allowed number of requests per second.
    rate: f64,
    /// The average number of requests per second.
    average: f64,
    /// The time at which a bucket with two seconds of requests is full.
    full_at: Duration,
}

/// The time over which an envelope averages the use.
const AVERAGE: f64 = 30.0;

/// How much of the allowed rate may be used at once.
const BUCKET: Duration = Duration::from_secs(2);

impl Envelope {
    fn advance(&mut self, now: Duration, factor: f64, floor: f64) {
        let passed = now.saturating_sub(self.now).as_secs_f64();
        self.now = now;
        self.average *= (-passed / AVERAGE).exp();
        let risen = self.rate * factor.powf(passed / MINUTE.as_secs_f64());
        self.rate = risen.min(factor * self.average).max(floor);
    }

    fn fits(&self) -> bool {
        let delay = Duration::from_secs_f64(1.0 / self.rate);
        self.full_at.max(self.now) + delay <= self.now + BUCKET.max(delay)
    }

    fn count(&mut self) {
        self.average += 1.0 / AVERAGE;
        self.full_at = self.full_at.max(self.now) + Duration::from_secs_f64(1.0 / self.rate);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{GrowthLimit, GrowthRule};
    use crate::{MINUTE, SECOND};

    /// Returns how many of many requests are accepted in each of ten minutes, when a limit of 60
    /// per minute is not exceeded and the factor is 2.
    fn accepted(rule: GrowthRule) -> [u32; 10] {
        let mut limit = GrowthLimit::new(rule, 2.0, 60);
        let mut accepted = [0; 10];
        let mut now = Duration::ZERO;
        while now < 10 * MINUTE {
            if limit.fits(now) {
                limit.count(now);
                accepted[usize::try_from(now.as_secs() / 60).unwrap()] += 1;
            }
            now += Duration::from_millis(10);
        }
        accepted
    }

    #[test]
    fn the_rate_grows_by_the_factor_per_minute() {
        for rule in [GrowthRule::Aligned, GrowthRule::Envelope] {
            let accepted = accepted(rule);
            for minute in 1..6 {
                let growth = f64::from(accepted[minute]) / f64::from(accepted[minute - 1]);
                assert!((1.8..2.1).contains(&growth), "{rule:?}: {accepted:?}");
            }
        }
    }

    #[test]
    fn the_rate_of_a_window_grows_by_the_factor_for_its_length() {
        let accepted = accepted(GrowthRule::Successive(MINUTE));
        // The floor is used up in the first second of its minute.
        assert_eq!(accepted[..4], [60, 120, 240, 480], "{accepted:?}");
        let accepted = self::accepted(GrowthRule::OverMinute(10 * SECOND));
        assert!(
            accepted.is_sorted() && accepted[3] < 4 * accepted[2],
            "{accepted:?}"
        );
        assert_eq!(accepted[9], 6_000);
    }

    #[test]
    fn a_rate_falls_back_to_the_floor_when_it_is_not_used() {
        for rule in [
            GrowthRule::Successive(MINUTE),
            GrowthRule::OverMinute(10 * SECOND),
            GrowthRule::Aligned,
            GrowthRule::Envelope,
        ] {
            let mut limit = GrowthLimit::new(rule, 2.0, 60);
            let mut accepted = |minutes: std::ops::Range<u32>| {
                let mut count = 0;
                let mut now = minutes.start * MINUTE;
                while now < minutes.end * MINUTE {
                    if limit.fits(now) {
                        limit.count(now);
                        count += 1;
                    }
                    now += Duration::from_millis(10);
                }
                count
            };
            let first = accepted(0..1);
            assert!(accepted(1..9) > 100 * first, "{rule:?}");
            assert_eq!(accepted(15..16), first, "{rule:?}");
        }
    }
}
