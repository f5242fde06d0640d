//! What a user of a limiter relies on, on a clock that the test advances.

#![allow(
    clippy::unchecked_time_subtraction,
    reason = "the numbers in tests are small"
)]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use common::{MILLISECOND, MINUTE, SECOND, builder, limits, manual, poll, qwen_plus, ready, used};
use model_studio_limiter::{
    Account, Acquire, AcquireError, AcquireTask, Alarm, Clock, Cost, Estimator, Limiter,
    ManualClock, Permit, Refusal, TaskPermit,
};
use model_studio_limits::{LimitKind, Limits, Model};

/// 600 requests per minute, and as many tokens as one likes.
fn requests_only() -> Limits {
    limits(&[(LimitKind::Requests, 600, MINUTE)])
}

/// One image task per second, two at the same time.
fn tasks() -> Limits {
    limits(&[
        (LimitKind::Submissions, 1, SECOND),
        (LimitKind::ConcurrentTasks, 2, Duration::ZERO),
    ])
}

#[test]
fn a_request_above_a_limit_is_refused_with_the_limit() {
    let (limiter, _) = manual(qwen_plus());
    let error = limiter.try_acquire(1_000_001).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the request needs 1,000,001 tokens, which can never be admitted: \
         the limit is 1,000,000 tokens per minute"
    );
    assert!(ready(limiter.acquire(2_000_000)).is_err());
    assert!(limiter.blocking_acquire(u64::MAX).is_err());
    // The whole limit at once is possible, and so are requests without tokens.
    assert!(limiter.try_acquire(1_000_000).is_ok());
    let (limiter, _) = manual(qwen_plus());
    assert!(limiter.try_acquire(0).is_ok());
}

#[test]
fn without_limits_everything_is_admitted() {
    let (limiter, _) = manual(limits(&[]));
    for _ in 0..1_000 {
        limiter.try_acquire(u64::MAX).unwrap().settle(u64::MAX);
    }
    assert_eq!(limiter.usage().admitted, 1_000);
}

#[test]
fn a_try_says_when_to_try_again() {
    let (limiter, clock) = manual(qwen_plus());
    let start = clock.now();
    limiter.try_acquire(1_000).unwrap().settle(1_000);
    let at = start + 100 * MILLISECOND;
    assert_eq!(
        limiter.try_acquire(1_000).unwrap_err(),
        AcquireError::NotYet { at }
    );
    clock.advance(at - start);
    assert!(limiter.try_acquire(1_000).is_ok());
}

#[test]
fn a_loop_of_tries_never_spins() {
    // When a request ends is unknown.
    let (limiter, clock) = manual(limits(&[(
        LimitKind::ConcurrentRequests,
        1,
        Duration::ZERO,
    )]));
    let _running = limiter.try_acquire(0).unwrap();
    let Err(AcquireError::NotYet { at }) = limiter.try_acquire(0) else {
        panic!("one request runs");
    };
    assert!(at > clock.now());

    // What waits needs more than one window.
    let (limiter, clock) = manual(requests_only());
    let _waiting = queue(&limiter, 1_000);
    let Err(AcquireError::NotYet { at }) = limiter.try_acquire(0) else {
        panic!("others wait");
    };
    assert!(at > clock.now());
}

#[test]
fn a_large_request_is_not_overtaken() {
    let (limiter, clock) = manual(qwen_plus());
    limiter.try_acquire(500_000).unwrap().settle(500_000);
    clock.advance(MINUTE / 2);
    let mut large = limiter.acquire(900_000);
    let mut small = limiter.acquire(1);
    assert!(poll(&mut large).is_pending());
    assert!(poll(&mut small).is_pending());
    assert!(
        limiter.try_acquire(1).is_err(),
        "a try overtakes nobody either"
    );
    clock.advance(MINUTE / 2);
    assert!(poll(&mut small).is_pending());
    clock.advance(2 * SECOND);
    assert!(poll(&mut large).is_ready());
}

#[test]
fn a_dropped_acquire_takes_nothing_and_makes_way() {
    let (limiter, clock) = manual(qwen_plus());
    limiter.try_acquire(500_000).unwrap().settle(500_000);
    clock.advance(MINUTE / 2);
    let mut large = limiter.acquire(900_000);
    let mut small = limiter.acquire(1);
    assert!(poll(&mut large).is_pending());
    assert!(poll(&mut small).is_pending());
    drop(large);
    assert!(poll(&mut small).is_ready());
    assert_eq!(used(&limiter, LimitKind::Tokens), 500_001);

    // The same for one that was admitted and not polled.
    let mut unpolled = limiter.acquire(100);
    assert!(poll(&mut unpolled).is_pending());
    clock.advance(SECOND);
    assert_eq!(used(&limiter, LimitKind::Tokens), 500_101);
    drop(unpolled);
    assert_eq!(used(&limiter, LimitKind::Tokens), 500_001);
    assert_eq!(limiter.usage().in_flight, 0);
}

#[test]
fn a_future_that_is_never_polled_again_does_not_block_the_queue() {
    let (limiter, clock) = manual(requests_only());
    limiter.try_acquire(0).unwrap().settle(0);
    let mut forgotten = limiter.acquire(0);
    let mut next = limiter.acquire(0);
    assert!(poll(&mut forgotten).is_pending());
    assert!(poll(&mut next).is_pending());
    clock.advance(SECOND);
    assert!(poll(&mut next).is_ready());
    drop(forgotten);
}

#[test]
fn a_late_poll_counts_the_request_when_it_is_sent() {
    let (limiter, clock) = manual(limits(&[(LimitKind::Requests, 1, SECOND)]));
    drop(limiter.try_acquire(0).unwrap());
    let mut future = limiter.acquire(0);
    assert!(poll(&mut future).is_pending());
    // Admitted after about a second, but polled much later.
    clock.advance(10 * SECOND);
    let permit = match poll(&mut future) {
        Poll::Ready(permit) => permit.unwrap(),
        Poll::Pending => panic!("the request is admitted"),
    };
    assert!(limiter.try_acquire(0).is_err());
    drop(permit);
}

#[test]
fn a_pause_holds_back_a_request_that_was_admitted_and_not_polled() {
    let (limiter, clock) = manual(requests_only());
    drop(limiter.try_acquire(0).unwrap());
    let mut waiting = limiter.acquire(0);
    assert!(poll(&mut waiting).is_pending());
    clock.advance(SECOND);
    assert_eq!(limiter.usage().queued, 0, "it was admitted");
    limiter.pause_until(clock.now() + MINUTE);
    assert!(poll(&mut waiting).is_pending());
    clock.advance(MINUTE);
    assert!(poll(&mut waiting).is_ready());
}

#[test]
fn a_settlement_gives_back_what_was_not_used() {
    let (limiter, clock) = manual(qwen_plus());
    let permit = limiter.try_acquire(900_000).unwrap();
    let mut next = limiter.acquire(500_000);
    assert!(poll(&mut next).is_pending());
    clock.advance(SECOND);
    assert!(poll(&mut next).is_pending());
    permit.settle(10_000);
    assert!(poll(&mut next).is_ready());
}

#[test]
fn a_cost_above_the_estimate_is_a_debt() {
    let (limiter, clock) = manual(qwen_plus());
    limiter.try_acquire(1_000).unwrap().settle(1_500_000);
    assert_eq!(limiter.usage().limits[1].debt(), 500_000);
    clock.advance(MINUTE);
    assert!(limiter.try_acquire(0).is_err());
    clock.advance(2 * SECOND);
    assert_eq!(limiter.usage().limits[1].debt(), 0);
    assert!(limiter.try_acquire(0).is_ok());

    // A debt that becomes known after the window counts from then on.
    let (limiter, clock) = manual(qwen_plus());
    let permit = limiter.try_acquire(1_000).unwrap();
    clock.advance(5 * MINUTE);
    permit.settle(1_000_000);
    assert_eq!(used(&limiter, LimitKind::Tokens), 999_000);
}

#[test]
fn a_stream_reports_what_it_costs_so_far() {
    let (limiter, _) = manual(qwen_plus());
    let mut permit = limiter.try_acquire(1_000).unwrap();
    permit.report(400);
    assert_eq!(used(&limiter, LimitKind::Tokens), 1_000);
    permit.report(5_000);
    permit.report(4_000);
    assert_eq!(used(&limiter, LimitKind::Tokens), 5_000);
    permit.settle(6_000);
    assert_eq!(used(&limiter, LimitKind::Tokens), 6_000);
}

#[test]
fn a_report_of_more_input_keeps_the_split_of_an_estimate() {
    let (limiter, _) = manual(limits(&[
        (LimitKind::InputTokens, 10_000, MINUTE),
        (LimitKind::OutputTokens, 10_000, MINUTE),
    ]));
    let mut permit = limiter.try_acquire(Cost::input_output(800, 400)).unwrap();
    permit.report(Cost::input_output(900, 100));
    assert_eq!(used(&limiter, LimitKind::InputTokens), 900);
    assert_eq!(used(&limiter, LimitKind::OutputTokens), 400);
    permit.settle(1_100);
    assert_eq!(used(&limiter, LimitKind::InputTokens), 900);
    assert_eq!(used(&limiter, LimitKind::OutputTokens), 200);
}

#[test]
fn a_dropped_permit_keeps_its_estimate_and_is_counted() {
    let (limiter, _) = manual(qwen_plus());
    drop(limiter.try_acquire(1_000).unwrap());
    let usage = limiter.usage();
    assert_eq!((usage.unsettled, usage.in_flight), (1, 0));
    assert_eq!(used(&limiter, LimitKind::Tokens), 1_000);
    assert_eq!(used(&limiter, LimitKind::Requests), 1);
}

#[test]
fn a_cancelled_permit_gives_everything_back() {
    let (limiter, _) = manual(qwen_plus());
    limiter.try_acquire(1_000).unwrap().cancel();
    assert_eq!(used(&limiter, LimitKind::Tokens), 0);
    assert_eq!(used(&limiter, LimitKind::Requests), 0);
    assert!(
        limiter.try_acquire(1_000).is_ok(),
        "the pace is given back too"
    );
}

#[test]
fn all_limits_are_taken_or_none() {
    let (limiter, clock) = manual(limits(&[
        (LimitKind::Requests, 600, MINUTE),
        (LimitKind::Tokens, 1_000, MINUTE),
        (LimitKind::ConcurrentRequests, 1, Duration::ZERO),
    ]));
    let permit = limiter.try_acquire(900).unwrap();
    clock.advance(SECOND);
    assert!(limiter.try_acquire(50).is_err(), "one request runs");
    permit.settle(900);
    assert!(limiter.try_acquire(200).is_err(), "100 tokens are left");
    assert_eq!(used(&limiter, LimitKind::Requests), 1);
    assert_eq!(used(&limiter, LimitKind::ConcurrentRequests), 0);
}

#[test]
fn input_and_output_tokens_have_limits_of_their_own() {
    let (limiter, _) = manual(limits(&[
        (LimitKind::InputTokens, 1_000, MINUTE),
        (LimitKind::OutputTokens, 100, MINUTE),
    ]));
    let permit = limiter.try_acquire(Cost::input_output(800, 50)).unwrap();
    assert_eq!(used(&limiter, LimitKind::InputTokens), 800);
    // A total keeps the input tokens.
    permit.settle(830);
    assert_eq!(used(&limiter, LimitKind::InputTokens), 800);
    assert_eq!(used(&limiter, LimitKind::OutputTokens), 30);
    assert!(limiter.try_acquire(Cost::input_output(800, 101)).is_err());
}

#[test]
fn a_timeout_that_cannot_be_met_fails_at_once() {
    let (limiter, clock) = manual(requests_only());
    let _waiting = queue(&limiter, 20);
    // 19 requests wait, so the next one is admitted after 2 seconds.
    let mut soon = limiter.acquire_timeout(0, Duration::from_millis(1_999));
    assert!(matches!(
        poll(&mut soon),
        Poll::Ready(Err(AcquireError::Timeout))
    ));
    let mut later = limiter.acquire_timeout(0, Duration::from_millis(2_001));
    assert!(poll(&mut later).is_pending());
    clock.advance(Duration::from_millis(2_001));
    assert!(matches!(poll(&mut later), Poll::Ready(Ok(_))));
}

#[test]
fn a_timeout_behind_a_long_queue_fails_at_once() {
    // More than fits into a window waits.
    let (limiter, _) = manual(requests_only());
    let _waiting = queue(&limiter, 1_000);
    assert!(matches!(
        ready(limiter.acquire_timeout(0, MINUTE)),
        Err(AcquireError::Timeout)
    ));

    // A short pause does not hide what waits.
    let (limiter, clock) = manual(requests_only());
    let _waiting = queue(&limiter, 100);
    limiter.pause_until(clock.now() + 100 * MILLISECOND);
    assert!(ready(limiter.acquire_timeout(0, SECOND)).is_err());
}

/// Amounts of requests that run or wait are estimates, which can be settled with less at any time.
#[test]
fn a_timeout_does_not_fail_because_of_estimates() {
    let (limiter, clock) = manual(qwen_plus());
    let running = limiter.try_acquire(900_000).unwrap();
    let mut waiting = limiter.acquire(900_000);
    assert!(poll(&mut waiting).is_pending());
    let mut timed = limiter.acquire_timeout(500_000, 5 * SECOND);
    assert!(poll(&mut timed).is_pending());
    clock.advance(SECOND);
    running.settle(1_000);
    let permit = ready(waiting).unwrap();
    clock.advance(SECOND);
    permit.settle(1_000);
    assert!(matches!(poll(&mut timed), Poll::Ready(Ok(_))));

    // What is settled does not come back.
    let (limiter, _) = manual(qwen_plus());
    limiter.try_acquire(900_000).unwrap().settle(900_000);
    assert_eq!(
        ready(limiter.acquire_timeout(500_000, 5 * SECOND)).unwrap_err(),
        AcquireError::Timeout
    );
}

#[test]
fn a_timeout_that_was_possible_can_still_pass() {
    let (limiter, clock) = manual(requests_only());
    limiter.try_acquire(0).unwrap().settle(0);
    let mut timed = limiter.acquire_timeout(0, SECOND);
    let mut next = limiter.acquire(0);
    assert!(poll(&mut timed).is_pending());
    assert!(poll(&mut next).is_pending());
    limiter.pause_until(clock.now() + 10 * SECOND);
    clock.advance(SECOND);
    assert!(matches!(
        poll(&mut timed),
        Poll::Ready(Err(AcquireError::Timeout))
    ));
    assert_eq!(limiter.usage().queued, 1);
    clock.advance(9 * SECOND);
    assert!(poll(&mut next).is_ready());
}

#[test]
fn a_pause_admits_nothing() {
    let (limiter, clock) = manual(requests_only());
    let until = clock.now() + 10 * SECOND;
    limiter.pause_until(until);
    limiter.pause_until(clock.now() + SECOND);
    assert_eq!(
        limiter.try_acquire(0).unwrap_err(),
        AcquireError::Paused { until }
    );
    let mut timed = limiter.acquire_timeout(0, SECOND);
    assert!(matches!(
        poll(&mut timed),
        Poll::Ready(Err(AcquireError::Paused { .. }))
    ));
    let mut waiting = limiter.acquire(0);
    assert!(poll(&mut waiting).is_pending());
    clock.advance(10 * SECOND);
    assert!(poll(&mut waiting).is_ready());
}

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
    for number in 0..100 {
        let permit = next_permit(&clock, &limiter);
        clock.advance(50 * MILLISECOND);
        if number % 4 == 0 {
            permit.refused(Refusal::Requests);
        } else {
            permit.settle(0);
        }
        if limiter.usage().pace < 1.0 {
            break;
        }
    }
    let pace = limiter.usage().pace;
    assert!((0.5..0.8).contains(&pace), "{pace}");
    // There is no pause, and the pace becomes full again.
    clock.advance(200 * MILLISECOND);
    limiter.try_acquire(0).unwrap().settle(0);
    clock.advance(2 * MINUTE);
    assert!(limiter.usage().pace >= 1.0);
}

#[test]
fn a_client_that_sends_little_is_not_slowed_down_to_what_it_sent() {
    let (limiter, clock) = manual(requests_only());
    for number in 0..200 {
        let permit = next_permit(&clock, &limiter);
        clock.advance(SECOND);
        if number % 5 == 0 {
            permit.refused(Refusal::Requests);
        } else {
            permit.settle(0);
        }
        if limiter.usage().pace < 1.0 {
            break;
        }
    }
    // It sent a tenth of the limit, and a fifth of that was refused.
    let pace = limiter.usage().pace;
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

#[test]
fn limits_can_shrink_and_grow() {
    let (limiter, clock) = manual(qwen_plus());
    limiter.try_acquire(500_000).unwrap().settle(500_000);
    let mut large = limiter.acquire(400_000);
    let mut small = limiter.acquire(50_000);
    assert!(poll(&mut large).is_pending());
    assert!(poll(&mut small).is_pending());
    limiter.set_limits(limits(&[
        (LimitKind::Requests, 600, MINUTE),
        (LimitKind::Tokens, 100_000, MINUTE),
    ]));
    let Poll::Ready(Err(AcquireError::TooLarge(error))) = poll(&mut large) else {
        panic!("the request is larger than the new limit");
    };
    assert_eq!(error.limit.count.get(), 100_000);
    assert_eq!(used(&limiter, LimitKind::Tokens), 500_000);
    clock.advance(MINUTE);
    assert!(poll(&mut small).is_pending(), "what was used is kept");
    clock.advance(2 * SECOND);
    assert!(poll(&mut small).is_ready());
}

#[test]
fn a_clock_that_goes_back_or_jumps_does_no_harm() {
    #[derive(Clone)]
    struct Erratic(Arc<Mutex<Instant>>);
    impl Clock for Erratic {
        fn now(&self) -> Instant {
            *self.0.lock().unwrap()
        }
        fn schedule(&self, _: Instant, _: Alarm) {}
    }
    let start = Instant::now() + 1_000 * SECOND;
    let clock = Erratic(Arc::new(Mutex::new(start)));
    let limiter = Limiter::builder(requests_only())
        .clock(clock.clone())
        .build();
    let set = |instant| *clock.0.lock().unwrap() = instant;
    drop(limiter.try_acquire(0).unwrap());
    set(start + 50 * SECOND);
    drop(limiter.try_acquire(0).unwrap());
    set(start);
    assert!(limiter.try_acquire(0).is_err());
    set(start - 500 * SECOND);
    assert!(limiter.try_acquire(0).is_err());
    set(start + 1_000_000 * SECOND);
    assert!(limiter.try_acquire(0).is_ok());
    assert!(limiter.try_acquire(0).is_err(), "a jump is not a burst");
}

#[test]
fn an_alarm_that_rings_early_is_scheduled_again() {
    /// A clock whose alarms the test rings.
    #[derive(Clone)]
    struct Early(ManualClock, Arc<Mutex<Vec<Alarm>>>);
    impl Clock for Early {
        fn now(&self) -> Instant {
            self.0.now()
        }
        fn schedule(&self, _: Instant, alarm: Alarm) {
            self.1.lock().unwrap().push(alarm);
        }
    }
    let clock = Early(ManualClock::new(), Arc::default());
    let limiter = Limiter::builder(requests_only())
        .clock(clock.clone())
        .build();
    drop(limiter.try_acquire(0).unwrap());
    let mut waiting = limiter.acquire(0);
    assert!(poll(&mut waiting).is_pending());
    let next_alarm = || clock.1.lock().unwrap().pop().expect("an alarm");
    clock.0.advance(99 * MILLISECOND);
    next_alarm().ring();
    assert!(poll(&mut waiting).is_pending());
    clock.0.advance(MILLISECOND);
    next_alarm().ring();
    assert!(poll(&mut waiting).is_ready());
}

#[test]
fn the_shortest_window_and_centuries_do_no_harm() {
    let shortest = Duration::from_nanos(1);
    let (limiter, clock) = manual(limits(&[(LimitKind::Requests, 1, shortest)]));
    drop(limiter.try_acquire(0).unwrap());
    clock.advance(700 * 365 * 24 * 60 * MINUTE);
    let _ = limiter.try_acquire(0);
}

#[test]
fn a_share_is_rounded_down() {
    let clock = ManualClock::new();
    let limiter = builder(tasks(), &clock).share(1, 2).build();
    let error = ready(limiter.acquire_task()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the request needs 1 submission, which can never be admitted: \
         the share of this limiter is 0 of 1 submission per second"
    );
    let limiter = builder(qwen_plus(), &clock).share(1, 4).build();
    assert_eq!(limiter.usage().limits[0].allowed, 150);
    assert!(limiter.try_acquire(250_001).is_err());
    assert!(limiter.try_acquire(250_000).is_ok());
    let limiter = builder(qwen_plus(), &clock).share(9, 0).build();
    assert_eq!(limiter.usage().limits[0].allowed, 600);
}

#[test]
fn tasks_are_submitted_and_run_within_their_limits() {
    let (limiter, clock) = manual(tasks());
    let first = ready(limiter.acquire_task()).unwrap();
    let mut second = limiter.acquire_task();
    assert!(poll(&mut second).is_pending(), "one submission per second");
    clock.advance(SECOND + 100 * MILLISECOND);
    let Poll::Ready(Ok(second)) = poll(&mut second) else {
        panic!("a second has passed");
    };
    let mut third = limiter.acquire_task();
    clock.advance(MINUTE);
    assert!(poll(&mut third).is_pending(), "two tasks run");
    first.finish();
    let Poll::Ready(Ok(third)) = poll(&mut third) else {
        panic!("one task has ended");
    };

    // A dropped permit counts as a running task for an hour.
    drop(second);
    third.finish();
    assert_eq!(used(&limiter, LimitKind::ConcurrentTasks), 1);
    clock.advance(60 * MINUTE);
    assert_eq!(used(&limiter, LimitKind::ConcurrentTasks), 0);
}

#[test]
fn a_waiting_task_is_admitted_when_a_dropped_one_must_have_ended() {
    let (limiter, clock) = manual(limits(&[(LimitKind::ConcurrentTasks, 1, Duration::ZERO)]));
    drop(ready(limiter.acquire_task()).unwrap());
    let mut next = limiter.acquire_task();
    assert!(poll(&mut next).is_pending());
    clock.advance(60 * MINUTE);
    assert!(poll(&mut next).is_ready());
}

#[test]
fn a_timeout_waits_for_tasks_that_run_beside_a_dropped_one() {
    let (limiter, _) = manual(limits(&[(LimitKind::ConcurrentTasks, 2, Duration::ZERO)]));
    drop(ready(limiter.acquire_task()).unwrap());
    let running = ready(limiter.acquire_task()).unwrap();
    let mut next = limiter.acquire_timeout(0, MINUTE);
    assert!(
        poll(&mut next).is_pending(),
        "the other can end at any time"
    );
    running.finish();
    assert!(matches!(poll(&mut next), Poll::Ready(Ok(_))));

    // If only dropped ones run, it is known that the wait is longer.
    let (limiter, _) = manual(limits(&[(LimitKind::ConcurrentTasks, 1, Duration::ZERO)]));
    drop(ready(limiter.acquire_task()).unwrap());
    assert!(ready(limiter.acquire_timeout(0, MINUTE)).is_err());
}

#[test]
fn tokens_can_be_counted_at_completion() {
    let clock = ManualClock::new();
    let limiter = builder(qwen_plus(), &clock).count_at_completion().build();
    let permit = limiter.try_acquire(600_000).unwrap();
    clock.advance(10 * MINUTE);
    assert_eq!(used(&limiter, LimitKind::Tokens), 600_000, "it still runs");
    permit.settle(500_000);
    clock.advance(MINUTE);
    assert_eq!(used(&limiter, LimitKind::Tokens), 500_000);
    clock.advance(2 * SECOND);
    assert_eq!(used(&limiter, LimitKind::Tokens), 0);
}

#[test]
fn a_dropped_task_completes_for_tokens_counted_at_completion() {
    let clock = ManualClock::new();
    let limiter = builder(qwen_plus(), &clock).count_at_completion().build();
    drop(ready(limiter.acquire_task_with(600_000)).unwrap());
    clock.advance(60 * MINUTE);
    assert_eq!(limiter.usage().in_flight, 0);
    assert_eq!(used(&limiter, LimitKind::Tokens), 600_000);
    clock.advance(MINUTE + 2 * SECOND);
    assert_eq!(used(&limiter, LimitKind::Tokens), 0);
}

#[test]
fn an_account_has_a_limiter_for_each_model_and_pool() {
    use model_studio_limits::beijing::Model as Beijing;

    let account = Account::<Model>::new();
    assert!(account.try_acquire(Model::QwenPlus, 1_000).is_ok());
    assert!(account.try_acquire(Model::QwenPlus, 1_000).is_err());
    assert!(account.try_acquire(Model::QwenTurbo, 1_000).is_ok());
    assert_eq!(account.limiter(Model::QwenPlus).usage().admitted, 1);

    let account = Account::<Beijing>::new();
    for model in Beijing::ALL {
        for other in Beijing::ALL {
            let is_shared = std::ptr::eq(account.limiter(*model), account.limiter(*other));
            let is_same_pool = model.pool().is_some() && model.pool() == other.pool();
            assert_eq!(is_shared, model == other || is_same_pool, "{model} {other}");
        }
    }
}

#[test]
fn an_account_takes_other_limits() {
    let account = Account::<Model>::builder()
        .clock(ManualClock::new())
        .limits(Model::QwenPlus, tasks())
        .share(1, 1)
        .build();
    let limiter = account.limiter(Model::QwenPlus);
    assert_eq!(limiter.usage().limits.len(), 2);
    account.set_limits(Model::QwenPlus, requests_only());
    assert_eq!(limiter.usage().limits.len(), 1);
}

#[test]
fn the_last_limits_of_a_pool_count() {
    use model_studio_limits::beijing::Model as Beijing;

    let all = Beijing::ALL.iter().copied();
    let first = all.clone().find(|model| model.pool().is_some()).unwrap();
    let last = all
        .rev()
        .find(|model| model.pool() == first.pool())
        .unwrap();
    assert_ne!(first, last);
    for (earlier, later) in [(first, last), (last, first)] {
        let account = Account::<Beijing>::builder()
            .limits(earlier, requests_only())
            .limits(later, qwen_plus())
            .build();
        assert_eq!(account.limiter(earlier).usage().limits.len(), 2);
    }
}

#[test]
fn a_limiter_learns_the_output_tokens() {
    let clock = ManualClock::new();
    let estimator = Estimator::new(0.5);
    let limiter = builder(qwen_plus(), &clock).estimator(estimator).build();
    assert_eq!(limiter.estimate(100, 2_000), Cost::input_output(100, 2_000));
    for output in 1..=20 {
        clock.advance(SECOND);
        let permit = limiter.try_acquire(limiter.estimate(100, 2_000)).unwrap();
        // As a total, or with its parts.
        if output % 2 == 0 {
            permit.settle(100 + output);
        } else {
            permit.settle(Cost::input_output(100, output));
        }
    }
    assert_eq!(limiter.estimate(100, 2_000), Cost::input_output(100, 10));
}

#[test]
fn a_limiter_learns_from_requests_that_were_not_estimated() {
    let (limiter, clock) = manual(qwen_plus());
    for _ in 0..20 {
        clock.advance(SECOND);
        let permit = limiter.try_acquire(1_000).unwrap();
        permit.settle(Cost::input_output(100, 5));
    }
    assert_eq!(limiter.estimate(100, 2_000), Cost::input_output(100, 5));
}

#[test]
fn a_limiter_does_not_learn_from_the_estimates_of_tasks() {
    let (limiter, clock) = manual(qwen_plus());
    for _ in 0..20 {
        clock.advance(10 * SECOND);
        let task = limiter.acquire_task_with(Cost::input_output(10, 2_000));
        ready(task).unwrap().finish();
    }
    assert_eq!(limiter.estimate(10, 3_000), Cost::input_output(10, 3_000));
}

#[test]
fn many_limits_are_used_as_well_as_few() {
    let all: Vec<_> = (1..=12)
        .map(|seconds| {
            (
                LimitKind::Requests,
                50 * u64::from(seconds),
                seconds * 5 * SECOND,
            )
        })
        .collect();
    let (limiter, clock) = manual(limits(&all));
    let mut sent = 0;
    let end = clock.now() + 5 * MINUTE;
    while clock.now() < end {
        next_permit(&clock, &limiter).settle(0);
        sent += 1;
    }
    assert!((2_910..=3_000).contains(&sent), "{sent} of 3,000");
}

#[test]
fn a_higher_limit_ends_the_waits_of_the_lower_one() {
    let (limiter, clock) = manual(limits(&[(LimitKind::Requests, 1, MINUTE)]));
    limiter.try_acquire(0).unwrap().settle(0);
    let mut waiting = limiter.acquire(0);
    assert!(poll(&mut waiting).is_pending());
    clock.advance(SECOND);
    limiter.set_limits(requests_only());
    clock.advance(100 * MILLISECOND);
    assert!(poll(&mut waiting).is_ready());
}

#[test]
fn a_waker_that_panics_loses_no_other() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("the waker of a task");
        }
    }
    struct Counts(AtomicUsize);
    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let limit = |count| limits(&[(LimitKind::ConcurrentRequests, count, Duration::ZERO)]);
    let (limiter, _) = manual(limit(1));
    let _running = limiter.try_acquire(0).unwrap();
    let counts = Arc::new(Counts(AtomicUsize::new(0)));
    let mut waiting: Vec<_> = (0..10).map(|_| limiter.acquire(0)).collect();
    for (index, future) in waiting.iter_mut().enumerate() {
        let waker = if index == 3 {
            Waker::from(Arc::new(Panics))
        } else {
            Waker::from(Arc::clone(&counts))
        };
        let future = std::pin::Pin::new(future);
        assert!(future.poll(&mut Context::from_waker(&waker)).is_pending());
    }
    let limits = limit(20);
    let set_limits = std::panic::AssertUnwindSafe(|| limiter.set_limits(limits));
    let panic = std::panic::catch_unwind(set_limits);
    assert!(panic.is_err(), "the panic is not hidden");
    assert_eq!(counts.0.load(Ordering::Relaxed), 9);
    for future in waiting {
        assert!(ready(future).is_ok());
    }
}

/// Requests that fail together are decided in parts, so that nobody waits long for the lock.
#[test]
fn a_limit_that_becomes_too_small_fails_all_that_wait() {
    let (limiter, clock) = manual(qwen_plus());
    limiter.pause_until(clock.now() + MINUTE);
    let mut waiting: Vec<_> = (0..20_000).map(|_| limiter.acquire(1_000)).collect();
    for future in &mut waiting {
        assert!(poll(future).is_pending());
    }
    limiter.set_limits(limits(&[(LimitKind::Tokens, 500, MINUTE)]));
    assert!(limiter.usage().queued > 0);
    clock.advance(Duration::ZERO);
    for future in waiting {
        assert!(matches!(ready(future), Err(AcquireError::TooLarge(_))));
    }
}

#[test]
fn limiters_and_permits_can_be_sent_and_shared() {
    fn check<T: Send + Sync + Unpin + 'static>() {}
    check::<Limiter>();
    check::<Acquire>();
    check::<AcquireTask>();
    check::<Permit>();
    check::<TaskPermit>();
}

/// A saturated limiter schedules about one alarm for each request, and none when nobody waits.
#[test]
fn waiting_is_not_busy() {
    #[derive(Clone)]
    struct Counting(ManualClock, Arc<AtomicUsize>);
    impl Clock for Counting {
        fn now(&self) -> Instant {
            self.0.now()
        }
        fn schedule(&self, at: Instant, alarm: Alarm) {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.schedule(at, alarm);
        }
    }
    struct CountWakes(AtomicUsize);
    impl Wake for CountWakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let clock = Counting(ManualClock::new(), Arc::default());
    let limiter = Limiter::builder(requests_only())
        .clock(clock.clone())
        .build();
    let count = Arc::new(CountWakes(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&count));
    let mut futures: Vec<_> = (0..500).map(|_| limiter.acquire(0)).collect();
    for future in &mut futures {
        let _ = std::pin::Pin::new(future).poll(&mut Context::from_waker(&waker));
    }
    clock.0.advance(MINUTE);
    assert_eq!(limiter.usage().queued, 0);
    assert_eq!(count.0.load(Ordering::Relaxed), 499, "each is woken once");
    assert_eq!(clock.1.load(Ordering::Relaxed), 499);
    assert_eq!(clock.0.next_alarm(), None);

    // Requests that wait longer need no alarms of their own.
    let before = clock.1.load(Ordering::Relaxed);
    limiter.pause_until(clock.now() + MINUTE);
    let mut timed: Vec<_> = (0..100)
        .map(|_| limiter.acquire_timeout(0, 5 * MINUTE))
        .collect();
    for future in &mut timed {
        assert!(poll(future).is_pending());
        clock.0.advance(100 * MILLISECOND);
    }
    assert_eq!(clock.1.load(Ordering::Relaxed), before + 1);
}

/// Returns futures of requests without tokens, which are polled once.
fn queue(limiter: &Limiter, count: usize) -> Vec<Acquire> {
    let mut futures: Vec<_> = (0..count).map(|_| limiter.acquire(0)).collect();
    for future in &mut futures {
        let _ = poll(future);
    }
    futures
}

/// Lets the next request be refused, and returns for how many seconds the limiter pauses.
fn pause_of(clock: &ManualClock, limiter: &Limiter, refusal: Refusal) -> u64 {
    next_permit(clock, limiter).refused(refusal);
    match limiter.try_acquire(0) {
        Err(AcquireError::Paused { until }) => (until - clock.now()).as_secs(),
        other => panic!("the limiter is not paused: {other:?}"),
    }
}

/// Acquires a permit and advances the clock as far as needed.
fn next_permit(clock: &ManualClock, limiter: &Limiter) -> Permit {
    loop {
        match limiter.try_acquire(0) {
            Ok(permit) => return permit,
            Err(AcquireError::NotYet { at } | AcquireError::Paused { until: at }) => {
                clock.advance(at - clock.now());
            }
            Err(error) => panic!("{error}"),
        }
    }
}
