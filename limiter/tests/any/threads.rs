//! Requests for any of several limiters, on real threads and real time. Nothing here depends on how
//! long a step takes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use model_studio_limiter::{Limiter, SystemClock};
use model_studio_limits::LimitKind;

use crate::common::{MINUTE, SECOND, limits};

/// Limiters of three requests at a time.
fn limiters() -> [Limiter; 3] {
    let limits = limits(&[
        (LimitKind::Requests, 6_000_000, MINUTE),
        (LimitKind::ConcurrentRequests, 3, Duration::ZERO),
    ]);
    let clock = SystemClock::new();
    [(); 3].map(|()| Limiter::builder(limits).clock(clock.clone()).build())
}

fn assert_idle(limiters: &[Limiter]) -> u64 {
    let usage = limiters.iter().map(Limiter::usage);
    let admitted = usage.map(|usage| {
        assert_eq!((usage.in_flight, usage.queued), (0, 0));
        usage.admitted
    });
    admitted.sum()
}

#[test]
fn many_threads_stay_within_the_concurrency_of_each_limiter() {
    let limiters = limiters();
    let running = [0; 3].map(AtomicU64::new);
    thread::scope(|scope| {
        for number in 0..16 {
            let (limiters, running) = (&limiters, &running);
            scope.spawn(move || {
                for _ in 0..50 {
                    // Each thread has its own order.
                    let order = [0, 1, 2].map(|index| (index + number) % 3);
                    let candidates = order.map(|index| (&limiters[index], 1));
                    let (index, permit) = Limiter::acquire_any(candidates).blocking().unwrap();
                    let running = &running[order[index]];
                    assert!(running.fetch_add(1, Ordering::SeqCst) < 3);
                    thread::yield_now();
                    running.fetch_sub(1, Ordering::SeqCst);
                    permit.settle(1);
                }
            });
        }
    });
    assert_eq!(assert_idle(&limiters), 800);
}

#[test]
fn tasks_that_are_cancelled_at_any_time_leave_nothing_behind() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    let limiters = limiters();
    let permits = runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..2_000_u64 {
            let limiters = limiters.clone();
            tasks.spawn(async move {
                let candidates = limiters.each_ref().map(|limiter| (limiter, 1));
                let any = Limiter::acquire_any(candidates).patience(Duration::from_micros(task));
                let timeout = match task % 3 {
                    0 => Duration::from_micros(task % 97 * 20),
                    _ => 60 * SECOND,
                };
                let Ok(result) = tokio::time::timeout(timeout, any).await else {
                    return 0;
                };
                let (_, permit) = result.unwrap();
                tokio::task::yield_now().await;
                permit.settle(1);
                1
            });
        }
        tasks.join_all().await.into_iter().sum::<u64>()
    });
    assert!(permits >= 1_333, "{permits}");
    // Permits that were granted to tasks which had timed out were given back.
    assert_eq!(assert_idle(&limiters), permits);
}
