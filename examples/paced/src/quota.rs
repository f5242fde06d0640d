//! Quotas that enforce a limit per minute in every minute.
//!
//! A governor limiter is a bucket of `burst` cells that gains one cell every `interval`. In a time
//! span, it lets through at most `burst + span / interval` cells: those in the full bucket, and
//! those that it gains. For `Quota::per_minute(600)`, that is 600 + 600 in a minute.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;

/// The time span in which a limit per minute is enforced.
///
/// It is a minute and one second, because delays on the network can bring requests closer together.
pub const WINDOW: Duration = Duration::from_secs(61);

/// Returns the fastest quota that lets through at most `limit` cells in every [`WINDOW`].
///
/// The burst is the size of the `largest` request, the smallest burst that lets it through. This
/// spreads requests evenly, because the provider may also limit requests per second.
///
/// Returns `None` if the largest request is larger than half of the limit.
pub fn within(limit: u64, largest: NonZeroU32) -> Option<Quota> {
    let burst = u64::from(largest.get());
    if burst > limit.div_ceil(2) {
        return None;
    }
    // The shortest interval for which WINDOW / interval, rounded down, is at most limit - burst.
    let nanos = WINDOW.as_nanos() / u128::from(limit - burst + 1) + 1;
    let interval = Duration::from_nanos(u64::try_from(nanos).ok()?);
    Some(Quota::with_period(interval)?.allow_burst(largest))
}

/// Returns the maximum number of cells that a quota lets through in a time span, including its ends.
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
    fn a_plain_quota_allows_twice_the_limit() {
        let plain = Quota::per_minute(NonZeroU32::new(600).unwrap());
        assert_eq!(most(plain, MINUTE), 1200);
        assert_eq!(greedy(plain, MINUTE), 1200);
    }

    #[test]
    fn a_limit_is_reached_but_not_exceeded() {
        for limit in [1, 2, 3, 10, 60, 599, 600, 1200] {
            let quota = within(limit, ONE).unwrap();
            assert_eq!(most(quota, WINDOW), u128::from(limit), "{limit}");
            assert_eq!(greedy(quota, WINDOW), limit, "{limit}");
        }
    }

    #[test]
    fn no_limit_is_exceeded_and_any_faster_quota_exceeds_it() {
        let mut random = 1_u64;
        for _ in 0..100_000 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            // Up to 38 bits, which exceeds the number of nanoseconds in a window. Each number of
            // bits is equally likely.
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
    fn a_request_larger_than_half_of_the_limit_is_refused() {
        let cells = |n| NonZeroU32::new(n).unwrap();
        assert!(within(1000, cells(500)).is_some());
        assert!(within(1000, cells(501)).is_none());
        assert!(within(0, ONE).is_none());
    }

    /// Counts the cells in a time span if each is sent as soon as possible.
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
