//! Timers that ring late, tasks that are polled late, and settlements that come late.

#![allow(
    clippy::unchecked_time_subtraction,
    reason = "the numbers in tests are small"
)]

mod common;

use std::task::Poll;
use std::time::{Duration, Instant};

use common::{MILLISECOND, MINUTE, SECOND, limits, manual, poll, qwen_plus, used};
use model_studio_limiter::{Acquire, Alarm, Clock, Limiter, ManualClock, Permit};
use model_studio_limits::{LimitKind, Limits};

fn requests(per_minute: u64) -> Limits {
    limits(&[(LimitKind::Requests, per_minute, MINUTE)])
}

/// A clock whose alarms ring late by a fixed time.
#[derive(Clone)]
struct LateClock(ManualClock, Duration);

impl Clock for LateClock {
    fn now(&self) -> Instant {
        self.0.now()
    }

    fn schedule(&self, at: Instant, alarm: Alarm) {
        self.0.schedule(at.max(self.now()) + self.1, alarm);
    }
}

/// Polls requests once, and returns the ones that are still waiting.
fn queue(limiter: &Limiter, count: usize) -> Vec<Acquire> {
    let mut futures: Vec<_> = (0..count).map(|_| limiter.acquire(0)).collect();
    futures.retain_mut(|future| poll(future).is_pending());
    futures
}

/// Polls all futures, and removes those that are ready.
fn poll_all(futures: &mut Vec<Acquire>) -> Vec<Permit> {
    let mut permits = Vec::new();
    futures.retain_mut(|future| match poll(future) {
        Poll::Ready(permit) => {
            permits.push(permit.unwrap());
            false
        }
        Poll::Pending => true,
    });
    permits
}

#[test]
fn what_a_late_timer_missed_is_made_up_for() {
    for (per_minute, late) in [
        (600, 50),
        (6_000, 50),
        (30_000, 3),
        (30_000, 10),
        (30_000, 50),
    ] {
        let clock = LateClock(ManualClock::new(), late * MILLISECOND);
        let limiter = Limiter::builder(requests(per_minute))
            .clock(clock.clone())
            .build();
        let allowed = per_minute / 6;
        let mut waiting = queue(&limiter, allowed as usize + 100);
        let (mut sent, mut most) = (0, 0);
        for _ in 0..1_000 {
            clock.0.advance(10 * MILLISECOND);
            let permits = poll_all(&mut waiting).len() as u64;
            most = most.max(permits);
            sent += permits;
        }
        assert!(
            sent >= allowed * 97 / 100 && sent <= allowed + 1,
            "{sent} of {allowed} with alarms {late} ms late"
        );
        // At most what one late alarm has missed.
        let missed = per_minute * u64::from(late + 10) / 60_000 + 2;
        assert!(most <= missed, "{most} at once, {missed} were missed");
    }
}

/// After a timer was late by seconds, at most half of the guard is made up for.
#[test]
fn a_very_late_timer_starts_no_burst() {
    let clock = LateClock(ManualClock::new(), 20 * SECOND);
    let limiter = Limiter::builder(requests(600)).clock(clock.clone()).build();
    let mut waiting = queue(&limiter, 100);
    clock.0.advance(20_100 * MILLISECOND);
    assert!((2..=7).contains(&poll_all(&mut waiting).len()));
}

/// The workers of a small pool send their next requests at once, when the queue is already empty.
#[test]
fn a_late_timer_is_made_up_for_when_few_requests_wait() {
    let clock = LateClock(ManualClock::new(), 50 * MILLISECOND);
    let limiter = Limiter::builder(requests(30_000))
        .clock(clock.clone())
        .build();
    let mut waiting = queue(&limiter, 5);
    let mut sent = 0;
    for _ in 0..10_000 {
        clock.0.advance(MILLISECOND);
        loop {
            let permits = poll_all(&mut waiting).len();
            if permits == 0 {
                break;
            }
            sent += permits;
            waiting.extend((0..permits).map(|_| limiter.acquire(0)));
        }
    }
    assert!(sent >= 4_850, "{sent} of 5,000");
}

#[test]
fn nothing_is_saved_up_after_a_queue_that_was_served_in_time() {
    let (limiter, clock) = manual(limits(&[
        (LimitKind::Requests, 600, MINUTE),
        (LimitKind::ConcurrentRequests, 3, Duration::ZERO),
    ]));
    let mut waiting = queue(&limiter, 3);
    clock.advance(100 * MILLISECOND);
    let first = poll_all(&mut waiting);
    clock.advance(100 * MILLISECOND);
    let second = poll_all(&mut waiting);
    assert_eq!((first.len(), second.len()), (1, 1));
    clock.advance(400 * MILLISECOND);
    drop((first, second));
    assert_eq!(queue(&limiter, 3).len(), 2, "one is sent at once");
}

#[test]
fn a_pause_or_a_full_queue_of_requests_that_run_is_not_made_up_for() {
    let (limiter, clock) = manual(limits(&[
        (LimitKind::Requests, 600, MINUTE),
        (LimitKind::ConcurrentRequests, 10, Duration::ZERO),
    ]));
    limiter.pause_until(clock.now() + 10 * SECOND);
    let mut waiting = queue(&limiter, 100);
    clock.advance(10 * SECOND);
    let mut running = poll_all(&mut waiting);
    assert_eq!(running.len(), 1);
    while running.len() < 10 {
        clock.advance(100 * MILLISECOND);
        running.append(&mut poll_all(&mut waiting));
    }
    clock.advance(10 * SECOND);
    assert_eq!(poll_all(&mut waiting).len(), 0);
    drop(running);
    assert_eq!(poll_all(&mut waiting).len(), 1);
}

#[test]
fn a_pause_after_a_late_timer_is_not_made_up_for() {
    let clock = LateClock(ManualClock::new(), 400 * MILLISECOND);
    let limiter = Limiter::builder(requests(600)).clock(clock.clone()).build();
    let mut waiting = queue(&limiter, 2);
    clock.0.advance(500 * MILLISECOND);
    assert_eq!(poll_all(&mut waiting).len(), 1);
    assert_eq!(queue(&limiter, 10).len(), 6, "what was missed is sent");
    limiter.pause_until(clock.now() + 450 * MILLISECOND);
    clock.0.advance(450 * MILLISECOND);
    assert_eq!(queue(&limiter, 10).len(), 9, "one is sent at once");
}

#[test]
fn new_limits_do_not_make_up_for_what_was_late_without_limits() {
    let clock = LateClock(ManualClock::new(), 10 * MILLISECOND);
    let limiter = Limiter::builder([]).clock(clock.clone()).build();
    limiter.pause_until(clock.now() + SECOND);
    let mut waiting = queue(&limiter, 1);
    clock.0.advance(2 * SECOND);
    assert_eq!(poll_all(&mut waiting).len(), 1);
    limiter.set_limits(requests(600));
    clock.0.advance(MINUTE);
    assert_eq!(queue(&limiter, 10).len(), 9, "one is sent at once");
}

#[test]
fn requests_that_were_admitted_and_polled_late_take_their_place_in_the_pace_again() {
    let (limiter, clock) = manual(requests(600));
    let mut waiting = queue(&limiter, 300);
    clock.advance(30 * SECOND);
    // Those of the last half second are in time, and it is the turn of one more.
    let first = poll_all(&mut waiting).len();
    assert!((1..=7).contains(&first), "{first} at one instant");
    assert!(poll_all(&mut waiting).is_empty());
    let mut sent = 0;
    for _ in 0..100 {
        clock.advance(100 * MILLISECOND);
        let permits = poll_all(&mut waiting).len();
        assert!(permits <= 1, "{permits} at one instant");
        sent += permits;
    }
    assert!(sent >= 97, "{sent} of 100");
}

/// While a consumer of a stream of futures pauses, it does not poll the other futures.
#[test]
fn a_consumer_that_pauses_sends_no_burst() {
    let (limiter, clock) = manual(requests(600));
    let mut waiting = queue(&limiter, 100);
    let mut most = 0;
    for step in 0..200 {
        let pause = if step % 50 == 0 {
            5 * SECOND
        } else {
            10 * MILLISECOND
        };
        clock.advance(pause);
        let permits = poll_all(&mut waiting).len();
        most = most.max(permits);
        waiting.extend(queue(&limiter, permits));
    }
    assert!(most <= 7, "{most} at one instant");
}

#[test]
fn a_refund_that_comes_too_late_does_not_move_the_pace() {
    let (limiter, clock) = manual(limits(&[(LimitKind::Tokens, 1_000_000, MINUTE)]));
    let mut running = Vec::new();
    for _ in 0..33 {
        running.push(common::ready(limiter.acquire(30_000)).unwrap());
        clock.advance(1_800 * MILLISECOND);
    }
    clock.advance(2 * MINUTE);
    let mut admitted = 0;
    for permit in running {
        permit.settle(3_000);
        if limiter.try_acquire(27_000).is_ok() {
            admitted += 27_000;
        }
    }
    // A second of credit, and one request.
    assert!(admitted <= 2 * 27_000, "{admitted} tokens at one instant");
}

#[test]
fn a_refund_in_time_admits_the_next_request() {
    let (limiter, clock) = manual(qwen_plus());
    let permit = limiter.try_acquire(900_000).unwrap();
    let mut next = limiter.acquire(500_000);
    assert!(poll(&mut next).is_pending());
    clock.advance(SECOND);
    permit.settle(10_000);
    assert!(poll(&mut next).is_ready());
    assert_eq!(used(&limiter, LimitKind::Tokens), 510_000);
}

#[test]
fn permits_that_are_cancelled_together_start_no_burst() {
    let (limiter, clock) = manual(requests(600));
    let mut permits = Vec::new();
    for _ in 0..100 {
        permits.push(common::ready(limiter.acquire(0)).unwrap());
        clock.advance(100 * MILLISECOND);
    }
    let mut waiting = queue(&limiter, 100);
    for permit in permits {
        permit.cancel();
    }
    assert!(poll_all(&mut waiting).len() <= 1);
    assert_eq!(used(&limiter, LimitKind::Requests), 1);
}
