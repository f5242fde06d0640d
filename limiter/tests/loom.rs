//! All interleavings of threads that share a limiter. Run with:
//!
//! ```sh
//! RUSTFLAGS="--cfg loom" cargo test -p model-studio-limiter --test loom --release
//! ```

#![cfg(loom)]

mod common;

use std::time::Duration;

use common::{MINUTE, builder, limits, poll};
use loom::future::block_on;
use loom::thread;
use model_studio_limiter::{Class, Limiter, ManualClock};
use model_studio_limits::LimitKind;

/// One request at a time.
fn one_at_a_time(clock: &ManualClock) -> Limiter {
    let limits = limits(&[(LimitKind::ConcurrentRequests, 1, Duration::ZERO)]);
    builder(limits, clock).build()
}

#[test]
fn a_permit_that_ends_wakes_the_next() {
    loom::model(|| {
        let limiter = one_at_a_time(&ManualClock::new());
        let permit = limiter.try_acquire(1).unwrap();
        let other = limiter.clone();
        let waiting = thread::spawn(move || block_on(other.acquire(1)).unwrap().settle(1));
        permit.settle(1);
        waiting.join().unwrap();
        assert_eq!(limiter.usage().in_flight, 0);
    });
}

#[test]
fn two_waiters_are_both_woken() {
    loom::model(|| {
        let limiter = one_at_a_time(&ManualClock::new());
        let permit = limiter.try_acquire(1).unwrap();
        let threads = [(); 2].map(|()| {
            let limiter = limiter.clone();
            thread::spawn(move || block_on(limiter.acquire(1)).unwrap().settle(1))
        });
        drop(permit);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(limiter.usage().admitted, 3);
    });
}

#[test]
fn a_cancelled_waiter_passes_its_turn_on() {
    loom::model(|| {
        let limiter = one_at_a_time(&ManualClock::new());
        let permit = limiter.try_acquire(1).unwrap();
        let mut cancelled = limiter.acquire(1);
        assert!(poll(&mut cancelled).is_pending());
        let other = limiter.clone();
        let waiting = thread::spawn(move || block_on(other.acquire(1)).unwrap().settle(1));
        // The permit ends and the first waiter is dropped at the same time.
        let ending = thread::spawn(move || permit.settle(1));
        drop(cancelled);
        ending.join().unwrap();
        waiting.join().unwrap();
        assert_eq!((limiter.usage().in_flight, limiter.usage().queued), (0, 0));
    });
}

#[test]
fn a_cancelled_waiter_passes_its_turn_on_to_another_class() {
    loom::model(|| {
        let limiter = one_at_a_time(&ManualClock::new());
        let permit = limiter.class("chat").try_acquire(1).unwrap();
        let mut cancelled = limiter.class("chat").acquire(1);
        assert!(poll(&mut cancelled).is_pending());
        let other = limiter.class("batch");
        let waiting = thread::spawn(move || block_on(other.acquire(1)).unwrap().settle(1));
        // The permit ends, its class changes and its waiter is dropped at the same time.
        let ending = thread::spawn(move || permit.settle(1));
        limiter.set_class("batch", Class::weight(2));
        drop(cancelled);
        ending.join().unwrap();
        waiting.join().unwrap();
        let usage = limiter.usage();
        assert_eq!((usage.in_flight, usage.queued), (0, 0));
        assert!(usage.classes.iter().all(|class| class.in_flight == 0));
    });
}

#[test]
fn an_alarm_and_a_cancellation_at_the_same_time() {
    loom::model(|| {
        let clock = ManualClock::new();
        let limits = limits(&[(LimitKind::Requests, 60, MINUTE)]);
        let limiter = builder(limits, &clock).build();
        limiter.try_acquire(1).unwrap().settle(1);
        let mut cancelled = limiter.acquire(1);
        assert!(poll(&mut cancelled).is_pending());
        let mut next = limiter.acquire(1);
        assert!(poll(&mut next).is_pending());
        let ringing = {
            let clock = clock.clone();
            thread::spawn(move || clock.advance(Duration::from_secs(1)))
        };
        drop(cancelled);
        ringing.join().unwrap();
        clock.advance(Duration::from_secs(1));
        assert!(poll(&mut next).is_ready());
        assert_eq!(limiter.usage().queued, 0);
    });
}
