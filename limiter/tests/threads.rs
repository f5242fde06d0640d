//! Limiters on real threads and real time. Nothing here depends on how long a step takes.

mod common;

use std::future::Future as _;
use std::panic;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use common::{MINUTE, SECOND, limits};
use model_studio_limiter::{Class, Limiter, SystemClock};
use model_studio_limits::LimitKind;

fn limiter(per_second: u64, concurrent: u64) -> Limiter {
    let limits = limits(&[
        (LimitKind::Requests, per_second * 60, MINUTE),
        (LimitKind::ConcurrentRequests, concurrent, Duration::ZERO),
    ]);
    Limiter::builder(limits).clock(SystemClock::new()).build()
}

#[test]
fn many_threads_stay_within_the_concurrency() {
    let limiter = limiter(100_000, 3);
    let running = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let permit = limiter.blocking_acquire(1).unwrap();
                    assert!(running.fetch_add(1, Ordering::SeqCst) < 3);
                    thread::yield_now();
                    running.fetch_sub(1, Ordering::SeqCst);
                    permit.settle(1);
                }
            });
        }
    });
    let usage = limiter.usage();
    assert_eq!((usage.admitted, usage.in_flight, usage.queued), (800, 0, 0));
}

#[test]
fn many_threads_use_and_change_classes() {
    let limiter = limiter(100_000, 3);
    thread::scope(|scope| {
        for thread in 0..16_u32 {
            let limiter = &limiter;
            scope.spawn(move || {
                for request in 0..50 {
                    let class = limiter.class((thread + request) % 5);
                    drop(class.acquire(1));
                    let permit = class.blocking_acquire(1).unwrap();
                    limiter.set_class(request % 5, Class::weight(1 + thread));
                    permit.settle(2);
                }
            });
        }
    });
    let usage = limiter.usage();
    assert_eq!((usage.admitted, usage.in_flight, usage.queued), (800, 0, 0));
    for class in &usage.classes {
        assert_eq!((class.in_flight, class.waiting), (0, 0));
    }
    let admitted: u64 = usage.classes.iter().map(|class| class.admitted).sum();
    assert_eq!(admitted, 800);
}

#[test]
fn a_permit_can_end_on_another_thread() {
    let limiter = limiter(1_000, 1);
    let permit = limiter.blocking_acquire(1).unwrap();
    let other = thread::spawn(move || drop(permit));
    let next = limiter.blocking_acquire(1).unwrap();
    other.join().unwrap();
    drop(next);
    assert_eq!(limiter.usage().unsettled, 2);
}

#[test]
fn a_panic_with_a_permit_ends_it() {
    let limiter = limiter(1_000, 1);
    let clone = limiter.clone();
    let result = thread::spawn(move || {
        let _permit = clone.blocking_acquire(1).unwrap();
        panic::resume_unwind(Box::new("a panic with a permit"));
    });
    assert!(result.join().is_err());
    assert!(limiter.blocking_acquire(1).is_ok());
}

#[test]
fn a_waiting_thread_wakes_up_after_a_pause() {
    let limiter = limiter(1_000, 1);
    limiter.pause_until(std::time::Instant::now() + SECOND / 20);
    assert!(limiter.blocking_acquire(1).is_ok());
}

#[test]
fn a_waker_that_panics_does_not_stop_other_limiters() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic::resume_unwind(Box::new("a waker that panics"));
        }
    }
    let first = limiter(100, 1_000);
    drop(first.blocking_acquire(1).unwrap());
    let waker = Waker::from(Arc::new(Panics));
    let mut waiting = first.acquire(1);
    let poll = Pin::new(&mut waiting).poll(&mut Context::from_waker(&waker));
    assert!(poll.is_pending());
    // The alarm of the other limiter is later, on the same thread.
    let second = limiter(20, 1_000);
    drop(second.blocking_acquire(1).unwrap());
    assert!(second.blocking_acquire(1).is_ok());
    assert!(first.blocking_acquire(1).is_ok());
}

#[test]
fn thousands_of_tasks_on_many_threads() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    let limiter = limiter(20_000, 50);
    let most = Arc::new(AtomicU64::new(0));
    let running = Arc::new(AtomicU64::new(0));
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..4_000_u32 {
            let (limiter, most, running) = (limiter.clone(), most.clone(), running.clone());
            tasks.spawn(async move {
                if task % 5 == 0 {
                    // Dropped while it is waiting, or after it was admitted.
                    let timeout = tokio::time::sleep(Duration::from_millis(u64::from(task % 97)));
                    tokio::select! {
                        permit = limiter.acquire(1) => drop(permit.unwrap()),
                        () = timeout => {}
                    }
                    return;
                }
                let permit = limiter.acquire(1).await.unwrap();
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                running.fetch_sub(1, Ordering::SeqCst);
                permit.settle(1);
            });
        }
        tasks.join_all().await;
    });
    assert!(most.load(Ordering::SeqCst) <= 50);
    let usage = limiter.usage();
    assert_eq!((usage.in_flight, usage.queued), (0, 0));
    assert!(usage.admitted >= 3_200, "{}", usage.admitted);
}
