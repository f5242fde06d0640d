//! What a limiter does when the provider refuses requests.

#![allow(
    clippy::unchecked_time_subtraction,
    reason = "the numbers in tests are small"
)]

mod common;

use std::time::Duration;

use common::{MILLISECOND, MINUTE, SECOND, manual, next_permit, qwen_plus, requests_only};
use model_studio_limiter::{AcquireError, Clock as _, Limiter, ManualClock, Refusal};

#[test]
fn a_single_refusal_changes_nothing() {
    let (limiter, clock) = manual(requests_only());
    for _ in 0..5 {
        next_permit(&clock, &limiter).settle(0);
    }
    next_permit(&clock, &limiter).refused(Refusal::Requests);
    assert!(limiter.usage().pace >= 1.0);
    clock.advance(100 * MILLISECOND);
    next_permit(&clock, &limiter).settle(0);
    next_permit(&clock, &limiter).refused(Refusal::Burst);
    clock.advance(100 * MILLISECOND);
    assert!(limiter.try_acquire(0).is_ok());
}

#[test]
fn refused_requests_in_a_row_pause_once() {
    let (limiter, clock) = manual(requests_only());
    let mut permits = Vec::new();
    for _ in 0..5 {
        permits.push(limiter.try_acquire(0).unwrap());
        clock.advance(100 * MILLISECOND);
    }
    for permit in permits {
        permit.refused(Refusal::Requests);
    }
    assert_eq!(limiter.usage().refused, 5);
    let until = clock.now() + 2 * SECOND;
    assert_eq!(
        limiter.try_acquire(0).unwrap_err(),
        AcquireError::Paused { until }
    );
    clock.advance(2 * SECOND);
    assert!(limiter.try_acquire(0).is_ok());
}

#[test]
fn repeated_refusals_pause_longer_up_to_a_minute() {
    let (limiter, clock) = manual(requests_only());
    next_permit(&clock, &limiter).refused(Refusal::Requests);
    let pauses = [(); 8].map(|()| pause_of(&clock, &limiter, Refusal::Requests));
    assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60, 60]);
    // An answer ends the series, even if its request was admitted before the last pause.
    let earlier = next_permit(&clock, &limiter);
    next_permit(&clock, &limiter).refused(Refusal::Requests);
    pause_of(&clock, &limiter, Refusal::Requests);
    earlier.settle(0);
    next_permit(&clock, &limiter).refused(Refusal::Requests);
    assert_eq!(pause_of(&clock, &limiter, Refusal::Requests), 2);
}

#[test]
fn five_attempts_of_one_request_span_more_than_ten_seconds() {
    let (limiter, clock) = manual(requests_only());
    let start = clock.now();
    for _ in 0..5 {
        let permit = next_permit(&clock, &limiter);
        clock.advance(100 * MILLISECOND);
        permit.refused(Refusal::Requests);
    }
    let span = clock.now() - start;
    assert!((10 * SECOND..30 * SECOND).contains(&span), "{span:?}");
}

#[test]
fn a_fraction_of_refusals_slows_down_in_proportion() {
    let (limiter, clock) = manual(requests_only());
    let pace = pace_with_refusals(&clock, &limiter, 100, 4, 50 * MILLISECOND);
    assert!((0.5..0.8).contains(&pace), "{pace}");
    // There is no pause, and the full pace returns.
    clock.advance(200 * MILLISECOND);
    limiter.try_acquire(0).unwrap().settle(0);
    clock.advance(2 * MINUTE);
    assert!(limiter.usage().pace >= 1.0);
}

#[test]
fn a_client_that_sends_little_is_not_slowed_down_to_what_it_sent() {
    let (limiter, clock) = manual(requests_only());
    // The limiter sends a tenth of the limit, and a fifth of that is refused.
    let pace = pace_with_refusals(&clock, &limiter, 200, 5, SECOND);
    assert!((0.45..0.8).contains(&pace), "{pace}");
}

#[test]
fn a_lack_of_capacity_slows_down_and_never_pauses() {
    let (limiter, clock) = manual(requests_only());
    for _ in 0..50 {
        let permit = next_permit(&clock, &limiter);
        permit.refused_with_retry_after(Refusal::Capacity, SECOND);
        let next = limiter.try_acquire(0);
        assert!(!matches!(next, Err(AcquireError::Paused { .. })));
    }
    let pace = limiter.usage().pace;
    assert!((0.1..0.3).contains(&pace), "{pace}");
    clock.advance(15 * SECOND);
    assert!(limiter.usage().pace >= 1.0);
}

#[test]
fn retry_after_is_honored_within_bounds() {
    for (retry_after, pause) in [(20, 20), (10_000, 300)] {
        let (limiter, clock) = manual(requests_only());
        let permit = limiter.try_acquire(0).unwrap();
        permit.refused_with_retry_after(Refusal::Burst, Duration::from_secs(retry_after));
        let until = clock.now() + Duration::from_secs(pause);
        assert_eq!(
            limiter.try_acquire(0).unwrap_err(),
            AcquireError::Paused { until }
        );
    }
}

#[test]
fn each_request_that_fails_for_a_lack_of_capacity_counts_once() {
    let (limiter, clock) = manual(qwen_plus());
    let permits: Vec<_> = (0..200).map(|_| next_permit(&clock, &limiter)).collect();
    for (index, permit) in permits.into_iter().enumerate() {
        if index % 10 == 0 {
            permit.refused(Refusal::Capacity);
        } else {
            permit.settle(0);
        }
    }
    let pace = limiter.usage().pace;
    assert!((0.85..0.98).contains(&pace), "{pace} with 10% of failures");
}

#[test]
fn a_refusal_that_is_not_retryable_changes_nothing() {
    let (limiter, clock) = manual(requests_only());
    limiter
        .try_acquire(0)
        .unwrap()
        .refused(Refusal::NotRetryable);
    clock.advance(100 * MILLISECOND);
    assert!(limiter.try_acquire(0).is_ok());
}

/// Lets the next request be refused, and returns for how many seconds the limiter pauses.
fn pause_of(clock: &ManualClock, limiter: &Limiter, refusal: Refusal) -> u64 {
    next_permit(clock, limiter).refused(refusal);
    match limiter.try_acquire(0) {
        Err(AcquireError::Paused { until }) => (until - clock.now()).as_secs(),
        other => panic!("the limiter is not paused: {other:?}"),
    }
}

/// Sends requests that take some time, of which one in `part` is refused, until the pace is slower.
/// Returns the pace.
fn pace_with_refusals(
    clock: &ManualClock,
    limiter: &Limiter,
    requests: u32,
    part: u32,
    time: Duration,
) -> f64 {
    for number in 0..requests {
        let permit = next_permit(clock, limiter);
        clock.advance(time);
        if number % part == 0 {
            permit.refused(Refusal::Requests);
        } else {
            permit.settle(0);
        }
        if limiter.usage().pace < 1.0 {
            break;
        }
    }
    limiter.usage().pace
}
