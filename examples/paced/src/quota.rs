//! Quotas with which a limit per minute holds in every minute.
//!
//! governor's limiter is a bucket of `burst` cells that gains one every `interval`. A request takes
//! as many cells as it is large, and waits until they are there.
//!
//! Let requests of `n` cells in all leave from one moment to another, `span` later. The bucket held
//! at most `burst` cells at the first moment and gained `span / interval`, rounded down, up to the
//! last, so `n <= burst + span / interval`. That is [`most`], and a full bucket reaches it. Rate
//! and burst come out of the same limit: with `Quota::per_minute(600)` it is 600 + 600 in a minute.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;

/// What a limit per minute is kept in: a minute, and one second. What leaves within this time
/// arrives within a minute as long as one request is not delayed by a second more than another.
pub const WINDOW: Duration = Duration::from_secs(61);

/// The fastest quota with which no [`WINDOW`] sees more than `limit` cells.
///
/// The burst is the `largest` request, since a smaller one would never let it through, and the rate
/// is what that leaves of the limit. So requests are spread evenly, which the provider wants as
/// well: it may also enforce a sixtieth of a limit per second.
///
/// `None` if the largest request is more than half of the limit: most of the limit would be lost.
pub fn within(limit: u64, largest: NonZeroU32) -> Option<Quota> {
    let burst = u64::from(largest.get());
    if burst > limit.div_ceil(2) {
        return None;
    }
    // WINDOW / interval, rounded down, has to be at most limit - burst. The shortest such interval:
    let nanos = WINDOW.as_nanos() / u128::from(limit - burst + 1) + 1;
    let interval = Duration::from_nanos(u64::try_from(nanos).ok()?);
    Some(Quota::with_period(interval)?.allow_burst(largest))
}

/// The most cells that a quota lets through in a span of time, both its ends included.
pub fn most(quota: Quota, span: Duration) -> u128 {
    let burst = u128::from(quota.burst_size().get());
    burst + span.as_nanos() / quota.replenish_interval().as_nanos()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use governor::clock::{Clock as _, FakeRelativeClock};
    use governor::{Quota, RateLimiter};

    use super::{WINDOW, most, within};

    const ONE: NonZeroU32 = NonZeroU32::MIN;
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_plain_bucket_lets_twice_the_limit_through() {
        let plain = Quota::per_minute(NonZeroU32::new(600).unwrap());
        assert_eq!(most(plain, MINUTE), 1200);
        assert_eq!(greedy(plain, MINUTE), 1200);
    }

    #[test]
    fn a_limit_is_reached_and_not_passed() {
        for limit in [1, 2, 3, 10, 60, 599, 600, 1200] {
            let quota = within(limit, ONE).unwrap();
            assert_eq!(most(quota, WINDOW), u128::from(limit), "{limit}");
            assert_eq!(greedy(quota, WINDOW), limit, "{limit}");
        }
    }

    #[test]
    fn no_limit_is_passed_and_no_faster_quota_would_do() {
        let mut random = 1_u64;
        for _ in 0..100_000 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            // Up to 38 bits, which is more than a window has nanoseconds; small ones as often as
            // large.
            let limit = (random >> 26 >> ((random >> 8) % 38)).max(1);
            let seventh = u32::try_from(limit / 7).unwrap_or(u32::MAX);
            let largest = NonZeroU32::new(seventh).unwrap_or(ONE);
            let quota = within(limit, largest).unwrap();
            assert!(
                most(quota, WINDOW) <= u128::from(limit),
                "{limit} {quota:?}"
            );
            let faster = quota
                .replenish_interval()
                .saturating_sub(Duration::from_nanos(1));
            if let Some(faster) = Quota::with_period(faster) {
                let faster = most(faster.allow_burst(largest), WINDOW);
                assert!(faster > u128::from(limit), "{limit} {quota:?}");
            }
        }
    }

    #[test]
    fn a_request_of_more_than_half_the_limit_is_refused() {
        let cells = |n| NonZeroU32::new(n).unwrap();
        assert!(within(1000, cells(500)).is_some());
        assert!(within(1000, cells(501)).is_none());
        assert!(within(0, ONE).is_none());
    }

    /// How many cells leave in a span of time when each leaves as soon as it may.
    fn greedy(quota: Quota, span: Duration) -> u64 {
        let clock = FakeRelativeClock::default();
        let limiter = RateLimiter::direct_with_clock(quota, clock.clone());
        let (mut now, mut sent) = (Duration::ZERO, 0);
        loop {
            match limiter.check() {
                Ok(()) => sent += 1,
                Err(not_yet) => {
                    let wait = not_yet.wait_time_from(clock.now());
                    now += wait;
                    clock.advance(wait);
                }
            }
            if now > span {
                return sent;
            }
        }
    }
}
