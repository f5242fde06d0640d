//! Requests are evenly spaced, and the limits are used.

use std::time::Duration;

use model_studio_limiter::{AcquireError, Clock as _};
use model_studio_limits::LimitKind;
use proptest::prelude::*;

use crate::cases;
use crate::common::{MILLISECOND, MINUTE, SECOND, limits, manual, qwen_plus};

proptest! {
    #![proptest_config(cases(200))]

    /// Guarantee 2: requests are evenly spaced, and each request waits for the tokens of those
    /// before it. Nothing is saved up at the start or while idle.
    #[test]
    fn requests_and_tokens_are_evenly_spaced(
        requests in proptest::collection::vec(
            (prop_oneof![1..3_000_u64, 1..400_000_u64], prop_oneof![9 => Just(0), 1 => 0..200_000_u64]),
            1..300,
        )
    ) {
        let (limiter, clock) = manual(qwen_plus());
        let start = clock.now();
        let mut sent: Vec<(Duration, u64)> = Vec::new();
        for (tokens, idle) in requests {
            clock.advance(Duration::from_millis(idle));
            let permit = loop {
                match limiter.try_acquire(tokens) {
                    Ok(permit) => break permit,
                    Err(AcquireError::NotYet { at }) => clock.advance(at - clock.now()),
                    Err(error) => panic!("{error}"),
                }
            };
            drop(permit);
            sent.push((clock.now() - start, tokens));
        }
        for (first, &(start, _)) in sent.iter().enumerate() {
            let mut tokens = 0;
            for (count, &(at, cost)) in (0_u32..).zip(&sent[first..]) {
                let elapsed = at - start;
                prop_assert!(elapsed + 2 * MILLISECOND >= count * 100 * MILLISECOND);
                // 60 microseconds per token, with a second of credit.
                let paid = elapsed + SECOND + Duration::from_micros(1);
                prop_assert!(paid >= Duration::from_micros(60 * tokens), "{tokens} in {elapsed:?}");
                tokens += cost;
            }
        }
    }
}

/// Guarantee 7: with small requests, at least 97% of the limit is used. Here for limits per minute
/// and for the exact windows of the provider.
#[test]
fn saturated_limits_are_used() {
    check_utilization(false);
}

/// Guarantee 7 holds also if the same limits are set each second.
#[test]
fn saturated_limits_are_used_while_they_are_set() {
    check_utilization(true);
}

fn check_utilization(sets_limits: bool) {
    for limits in [
        limits(&[(LimitKind::Requests, 600, MINUTE)]),
        limits(&[(LimitKind::Requests, 30_000, MINUTE)]),
        limits(&[(LimitKind::Requests, 5, SECOND)]),
        limits(&[
            (LimitKind::Requests, 500, SECOND),
            (LimitKind::Requests, 30_000, MINUTE),
        ]),
        limits(&[
            (LimitKind::Requests, 600, MINUTE),
            (LimitKind::Tokens, 60_000, 6 * SECOND),
        ]),
    ] {
        let (limiter, clock) = manual(limits);
        let end = clock.now() + 5 * MINUTE;
        let mut set_at = clock.now();
        let mut sent = 0_u32;
        while clock.now() < end {
            if sets_limits && clock.now() >= set_at {
                limiter.set_limits(limits);
                set_at += SECOND;
            }
            match limiter.try_acquire(1) {
                Ok(permit) => {
                    permit.settle(1);
                    sent += 1;
                }
                Err(AcquireError::NotYet { at }) => clock.advance(at - clock.now()),
                Err(error) => panic!("{error}"),
            }
        }
        let first = limits.as_slice()[0];
        let seconds = first.per.unwrap().as_secs_f64();
        let utilization = f64::from(sent) / first.count.get() as f64 * seconds / 300.0;
        assert!(
            (0.97..=1.0).contains(&utilization),
            "{utilization} of {limits}"
        );
    }
}
