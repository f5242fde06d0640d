//! What a user relies on when limits are replaced while requests are waiting or running.

mod common;

use std::task::Poll;
use std::time::Duration;

use common::{MILLISECOND, MINUTE, SECOND, builder, limits, manual, poll, qwen_plus, ready, used};
use model_studio_limiter::{AcquireError, Clock as _, ManualClock};
use model_studio_limits::{LimitKind, Limits};

fn requests_only() -> Limits {
    limits(&[(LimitKind::Requests, 600, MINUTE)])
}

/// A number of tokens per minute, and no limit on requests.
fn tokens(count: u64) -> Limits {
    limits(&[(LimitKind::Tokens, count, MINUTE)])
}

/// A number of concurrent requests, and no other limit.
fn concurrent(count: u64) -> Limits {
    limits(&[(LimitKind::ConcurrentRequests, count, Duration::ZERO)])
}

#[test]
fn a_refund_arrives_after_the_same_limits_were_set() {
    let (limiter, clock) = manual(qwen_plus());
    let settled = limiter.try_acquire(300_000).unwrap();
    clock.advance(20 * SECOND);
    let cancelled = limiter.try_acquire(600_000).unwrap();
    clock.advance(SECOND);
    limiter.set_limits(qwen_plus());
    settled.settle(10_000);
    assert_eq!(used(&limiter, LimitKind::Tokens), 610_000);
    cancelled.cancel();
    assert_eq!(used(&limiter, LimitKind::Tokens), 10_000);
}

#[test]
fn what_was_used_expires_however_often_limits_are_set() {
    for interval in [100 * MILLISECOND, SECOND] {
        let (limiter, clock) = manual(qwen_plus());
        let start = clock.now();
        limiter.try_acquire(900_000).unwrap().settle(900_000);
        while used(&limiter, LimitKind::Tokens) > 0 {
            clock.advance(interval);
            limiter.set_limits(qwen_plus());
            assert!(clock.now() - start <= 62 * SECOND, "every {interval:?}");
        }
        assert!(clock.now() - start >= MINUTE, "every {interval:?}");
    }
}

#[test]
fn a_late_poll_after_a_change_counts_the_request_once() {
    let (limiter, clock) = manual(qwen_plus());
    limiter.try_acquire(600_000).unwrap().settle(600_000);
    let mut waiting = limiter.acquire(450_000);
    assert!(poll(&mut waiting).is_pending());
    clock.advance(62 * SECOND);
    for _ in 0..2 {
        limiter.set_limits(qwen_plus());
        clock.advance(SECOND);
    }
    let _permit = ready(waiting).unwrap();
    assert_eq!(used(&limiter, LimitKind::Tokens), 450_000);
    assert_eq!(used(&limiter, LimitKind::Requests), 1);
}

#[test]
fn a_request_that_was_admitted_fails_if_a_new_limit_is_smaller_before_it_is_polled() {
    let (limiter, clock) = manual(tokens(1_000_000));
    limiter.try_acquire(500_000).unwrap().settle(500_000);
    let mut large = limiter.acquire(900_000);
    assert!(poll(&mut large).is_pending());
    clock.advance(2 * MINUTE);
    assert_eq!(limiter.usage().queued, 0, "it was admitted");
    limiter.set_limits(tokens(100_000));
    let mut next = limiter.acquire(1);
    assert!(poll(&mut next).is_pending());
    assert!(poll(&mut large).is_pending());
    assert!(matches!(
        poll(&mut large),
        Poll::Ready(Err(AcquireError::TooLarge(_)))
    ));
    clock.advance(2 * MINUTE);
    assert!(poll(&mut next).is_ready());
}

#[test]
fn requests_that_were_admitted_wait_again_if_fewer_may_run_before_they_are_polled() {
    let (limiter, clock) = manual(concurrent(1));
    let first = limiter.try_acquire(0).unwrap();
    let mut waiting: Vec<_> = (0..3).map(|_| limiter.acquire(0)).collect();
    for future in &mut waiting {
        assert!(poll(future).is_pending());
    }
    limiter.set_limits(concurrent(4));
    assert_eq!(limiter.usage().in_flight, 4, "all are admitted");
    limiter.set_limits(concurrent(2));
    let mut running = Vec::new();
    waiting.retain_mut(|future| match poll(future) {
        Poll::Ready(permit) => {
            running.push(permit.unwrap());
            false
        }
        Poll::Pending => true,
    });
    assert!(running.len() <= 1, "{} run beside the first", running.len());
    // In the end, each of them runs.
    drop(first);
    for _ in 0..3 {
        running.clear();
        clock.advance(SECOND);
        waiting.retain_mut(|future| match poll(future) {
            Poll::Ready(permit) => {
                running.push(permit.unwrap());
                false
            }
            Poll::Pending => true,
        });
        assert!(running.len() <= 2);
    }
    assert!(waiting.is_empty());
}

#[test]
fn held_tokens_that_were_admitted_wait_again_if_there_is_less_room_before_they_are_polled() {
    let clock = ManualClock::new();
    let limiter = builder(tokens(1_000_000), &clock)
        .count_at_completion()
        .build();
    let running = limiter.try_acquire(400_000).unwrap();
    let mut waiting = limiter.acquire(400_000);
    assert!(poll(&mut waiting).is_pending());
    clock.advance(MINUTE);
    assert_eq!(used(&limiter, LimitKind::Tokens), 800_000);
    limiter.set_limits(tokens(500_000));
    assert!(poll(&mut waiting).is_pending());
    running.settle(400_000);
    clock.advance(MINUTE / 2);
    assert!(poll(&mut waiting).is_pending(), "the settled tokens count");
    clock.advance(MINUTE);
    assert!(poll(&mut waiting).is_ready());
}

#[test]
fn what_runs_is_known_to_a_limit_that_is_added_later() {
    let (limiter, _) = manual(concurrent(1));
    let first = limiter.try_acquire(0).unwrap();
    limiter.set_limits(limits(&[]));
    let second = limiter.try_acquire(0).unwrap();
    limiter.set_limits(concurrent(1));
    assert_eq!(used(&limiter, LimitKind::ConcurrentRequests), 2);
    drop(first);
    assert!(limiter.try_acquire(0).is_err(), "the second one is running");
    drop(second);
    assert!(limiter.try_acquire(0).is_ok());
}

#[test]
fn what_is_held_is_known_to_a_limit_that_is_added_later() {
    let clock = ManualClock::new();
    let limiter = builder(requests_only(), &clock)
        .count_at_completion()
        .build();
    let first = limiter.try_acquire(500_000).unwrap();
    clock.advance(SECOND);
    limiter.set_limits(qwen_plus());
    assert_eq!(used(&limiter, LimitKind::Tokens), 500_000);
    assert!(limiter.try_acquire(800_000).is_err());
    let second = limiter.try_acquire(400_000).unwrap();
    // The first one counts for a window from its completion. The second one is still running.
    first.settle(450_000);
    assert_eq!(used(&limiter, LimitKind::Tokens), 850_000);
    clock.advance(2 * MINUTE);
    assert_eq!(used(&limiter, LimitKind::Tokens), 400_000);
    second.cancel();
    assert_eq!(used(&limiter, LimitKind::Tokens), 0);
}

#[test]
fn the_end_of_an_older_request_takes_nothing_from_a_limit_that_is_added_later() {
    let (limiter, clock) = manual(requests_only());
    let cancelled = limiter.try_acquire(500_000).unwrap();
    clock.advance(SECOND);
    let settled = limiter.try_acquire(500_000).unwrap();
    limiter.set_limits(tokens(1_000_000));
    let _newer = limiter.try_acquire(800_000).unwrap();
    cancelled.cancel();
    settled.settle(10_000);
    assert_eq!(used(&limiter, LimitKind::Tokens), 800_000);
}

#[test]
fn a_new_limit_counts_requests_from_the_time_at_which_it_is_added() {
    let (limiter, _) = manual(requests_only());
    drop(limiter.try_acquire(500_000).unwrap());
    limiter.set_limits(tokens(1_000_000));
    assert_eq!(used(&limiter, LimitKind::Tokens), 0);
    // It can be settled even if no time has passed.
    let permit = limiter.try_acquire(900_000).unwrap();
    permit.settle(10_000);
    assert_eq!(used(&limiter, LimitKind::Tokens), 10_000);
}

#[test]
fn the_pace_is_kept_when_limits_are_replaced() {
    let per_second = (LimitKind::Tokens, 100_000, SECOND);
    let (limiter, _) = manual(limits(&[
        per_second,
        (LimitKind::Tokens, 1_000_000, MINUTE),
    ]));
    // The limit per minute makes the next request wait for 5.4 seconds.
    limiter.try_acquire(90_000).unwrap().settle(90_000);
    limiter.set_limits(limits(&[per_second]));
    assert!(limiter.try_acquire(5_000).is_err());
}
