//! Clocks, alarms and wakers that behave in unusual ways.

#![allow(
    clippy::unchecked_time_subtraction,
    reason = "the numbers in tests are small"
)]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use common::{MILLISECOND, MINUTE, SECOND, limits, manual, poll, qwen_plus, ready, requests_only};
use model_studio_limiter::{AcquireError, Alarm, Clock, Limiter, ManualClock};
use model_studio_limits::LimitKind;

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

/// Requests that fail together are decided in batches, so that others do not wait long for the
/// lock.
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

/// A saturated limiter schedules about one alarm for each request, and none if no request is
/// waiting.
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

    // Requests behind the first one need no alarms of their own.
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
