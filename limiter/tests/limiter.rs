//! What a user of a limiter relies on, on a clock that the test advances.

#![allow(
    clippy::unchecked_time_subtraction,
    reason = "the numbers in tests are small"
)]

mod common;

use std::task::Poll;
use std::time::Duration;

use common::{
    MILLISECOND, MINUTE, SECOND, builder, limits, manual, next_permit, poll, qwen_plus, ready,
    requests_only, tasks, used,
};
use model_studio_limiter::{
    Acquire, AcquireError, AcquireTask, Clock as _, Cost, Limiter, ManualClock, Permit, TaskPermit,
};
use model_studio_limits::LimitKind;

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
    // A request may use the whole limit, or no tokens.
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
        "`try_acquire` does not overtake either"
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

    // The same holds for a request that was admitted but not polled.
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

    // An excess that becomes known after the window is counted from then on.
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
    assert!(limiter.try_acquire(1_000).is_ok(), "the delay ends too");
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
    assert!(limiter.try_acquire(50).is_err(), "one request is running");
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
    assert!(poll(&mut small).is_pending(), "usage stays counted");
    clock.advance(2 * SECOND);
    assert!(poll(&mut small).is_ready());
}

#[test]
fn a_share_is_rounded_down() {
    let clock = ManualClock::new();
    let limiter = builder(tasks(), &clock).share(1, 2).build();
    let error = ready(limiter.acquire_task()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the request needs 1 submission, which can never be admitted: \
         its share is 0 of 1 submission per second"
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
    assert!(poll(&mut third).is_pending(), "two tasks are running");
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
fn tokens_can_be_counted_at_completion() {
    let clock = ManualClock::new();
    let limiter = builder(qwen_plus(), &clock).count_at_completion().build();
    let permit = limiter.try_acquire(600_000).unwrap();
    clock.advance(10 * MINUTE);
    assert_eq!(
        used(&limiter, LimitKind::Tokens),
        600_000,
        "it is still running"
    );
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
fn limiters_and_permits_can_be_sent_and_shared() {
    fn check<T: Send + Sync + Unpin + 'static>() {}
    check::<Limiter>();
    check::<Acquire>();
    check::<AcquireTask>();
    check::<Permit>();
    check::<TaskPermit>();
}
