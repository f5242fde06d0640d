//! All interleavings of threads that share a limiter. Run with:
//!
//! ```sh
//! RUSTFLAGS="--cfg loom" cargo test -p model-studio-limiter --test loom --release
//! ```

#![cfg(loom)]

mod common;

use std::time::{Duration, Instant};

use common::{MINUTE, builder, limits, poll};
use loom::future::block_on;
use loom::thread;
use model_studio_limiter::{Class, Limiter, ManualClock, Permit};
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

/// Two limiters of one request at a time, and their running requests.
fn two_busy() -> ([Limiter; 2], [Permit; 2]) {
    let clock = ManualClock::new();
    let limiters = [(); 2].map(|()| one_at_a_time(&clock));
    let permits = limiters
        .each_ref()
        .map(|limiter| limiter.try_acquire(1).unwrap());
    (limiters, permits)
}

/// Asserts that the limiters have admitted this number of requests, and that all have ended.
fn assert_idle(limiters: &[Limiter], admitted: u64) {
    let usage = limiters.iter().map(Limiter::usage);
    let mut total = 0;
    for usage in usage {
        assert_eq!((usage.in_flight, usage.queued), (0, 0));
        total += usage.admitted;
    }
    assert_eq!(total, admitted);
}

/// Checks all interleavings in which threads are interrupted at most twice, because there are too
/// many others.
fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(check);
}

#[test]
fn two_limiters_that_become_free_admit_a_request_once() {
    model(|| {
        let (limiters, permits) = two_busy();
        let mut any = Limiter::acquire_any(limiters.each_ref().map(|limiter| (limiter, 1)));
        assert!(poll(&mut any).is_pending());
        let threads = permits.map(|permit| thread::spawn(move || permit.settle(1)));
        let (_, permit) = block_on(any).unwrap();
        permit.settle(1);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_idle(&limiters, 3);
    });
}

#[test]
fn a_request_that_joins_the_queues_while_they_move_is_admitted() {
    model(|| {
        let (limiters, [first, second]) = two_busy();
        let thread = thread::spawn(move || {
            first.settle(1);
            second.settle(1);
        });
        let any = Limiter::acquire_any(limiters.each_ref().map(|limiter| (limiter, 1)));
        let (_, permit) = block_on(any).unwrap();
        permit.settle(1);
        thread.join().unwrap();
        assert_idle(&limiters, 3);
    });
}

#[test]
fn a_request_of_several_queues_that_is_cancelled_passes_its_turn_on() {
    model(|| {
        let (limiters, [first, second]) = two_busy();
        let mut any = Limiter::acquire_any(limiters.each_ref().map(|limiter| (limiter, 1)));
        assert!(poll(&mut any).is_pending());
        let mut next = limiters[0].acquire(1);
        assert!(poll(&mut next).is_pending());
        let ending = thread::spawn(move || first.settle(1));
        drop(any);
        block_on(next).unwrap().settle(1);
        ending.join().unwrap();
        second.settle(1);
        assert_idle(&limiters, 3);
    });
}

/// A request whose task is late waits in both queues again, while the other one becomes free.
#[test]
fn a_late_request_and_another_limiter_at_the_same_time() {
    model(|| {
        let (limiters, [first, second]) = two_busy();
        let mut any = Limiter::acquire_any(limiters.each_ref().map(|limiter| (limiter, 1)));
        assert!(poll(&mut any).is_pending());
        first.settle(1);
        // It cannot start during a pause, so it goes back.
        limiters[0].pause_until(Instant::now() + 2 * MINUTE);
        let ending = thread::spawn(move || second.settle(1));
        let (index, permit) = block_on(any).unwrap();
        assert_eq!(index, 1);
        permit.settle(1);
        ending.join().unwrap();
        assert_idle(&limiters, 3);
    });
}
