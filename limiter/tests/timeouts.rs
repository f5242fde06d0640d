//! Timeouts, pauses, and requests that do not wait.

#![allow(
    clippy::unchecked_time_subtraction,
    reason = "the numbers in tests are small"
)]

mod common;

use std::task::Poll;
use std::time::Duration;

use common::{
    MILLISECOND, MINUTE, SECOND, limits, manual, poll, queue, qwen_plus, ready, requests_only,
};
use model_studio_limiter::{AcquireError, Clock as _};
use model_studio_limits::LimitKind;

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
    // It is not known when a request ends.
    let (limiter, clock) = manual(limits(&[(
        LimitKind::ConcurrentRequests,
        1,
        Duration::ZERO,
    )]));
    let _running = limiter.try_acquire(0).unwrap();
    let Err(AcquireError::NotYet { at }) = limiter.try_acquire(0) else {
        panic!("one request is running");
    };
    assert!(at > clock.now());

    // The waiting requests need more than one window.
    let (limiter, clock) = manual(requests_only());
    let _waiting = queue(&limiter, 1_000);
    let Err(AcquireError::NotYet { at }) = limiter.try_acquire(0) else {
        panic!("others wait");
    };
    assert!(at > clock.now());
}

#[test]
fn a_timeout_that_cannot_be_met_fails_at_once() {
    let (limiter, clock) = manual(requests_only());
    let _waiting = queue(&limiter, 20);
    // 19 requests are waiting, so the next one is admitted after 2 seconds.
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
    // The waiting requests need more than one window.
    let (limiter, _) = manual(requests_only());
    let _waiting = queue(&limiter, 1_000);
    assert!(matches!(
        ready(limiter.acquire_timeout(0, MINUTE)),
        Err(AcquireError::Timeout)
    ));

    // A short pause does not hide the waiting requests.
    let (limiter, clock) = manual(requests_only());
    let _waiting = queue(&limiter, 100);
    limiter.pause_until(clock.now() + 100 * MILLISECOND);
    assert!(ready(limiter.acquire_timeout(0, SECOND)).is_err());
}

/// Running and waiting requests only have estimates. Any of them could still be settled with less.
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

    // A settled cost stays counted.
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

    // If only dropped tasks are running, the wait is known to be longer.
    let (limiter, _) = manual(limits(&[(LimitKind::ConcurrentTasks, 1, Duration::ZERO)]));
    drop(ready(limiter.acquire_task()).unwrap());
    assert!(ready(limiter.acquire_timeout(0, MINUTE)).is_err());
}
