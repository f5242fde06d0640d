//! Limiters on Tokio's clock.

#![cfg(feature = "tokio")]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use common::{MINUTE, limits, qwen_plus};
use model_studio_limiter::{AcquireError, Limiter};
use model_studio_limits::LimitKind;
use tokio::runtime::Runtime;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn waits_with_paused_time() {
    let limiter = Limiter::new(qwen_plus());
    let start = Instant::now();
    for _ in 0..601 {
        limiter.acquire(1_000).await.unwrap().settle(1_000);
    }
    let elapsed = start.elapsed();
    // Tokio's timers have a resolution of a millisecond.
    assert!(elapsed >= Duration::from_secs(60), "{elapsed:?}");
    assert!(elapsed < Duration::from_secs(62), "{elapsed:?}");
}

/// The time advances in steps of 50 ms, so each timer is late.
#[tokio::test(start_paused = true)]
async fn what_late_timers_missed_is_made_up_for() {
    let limiter = Limiter::new(limits(&[(LimitKind::Requests, 30_000, MINUTE)]));
    let sent = Arc::new(AtomicUsize::new(0));
    for _ in 0..1_000 {
        let (limiter, sent) = (limiter.clone(), Arc::clone(&sent));
        tokio::spawn(async move {
            limiter.acquire(0).await.unwrap().settle(0);
            sent.fetch_add(1, Ordering::Relaxed);
        });
    }
    for step in 0..=20 {
        if step > 0 {
            tokio::time::advance(Duration::from_millis(50)).await;
        }
        // The tasks run before the next step.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }
    let sent = sent.load(Ordering::Relaxed);
    assert!((485..=501).contains(&sent), "{sent} of 500 in a second");
}

#[test]
fn waits_without_a_runtime() {
    let limiter = Limiter::new(qwen_plus());
    for _ in 0..3 {
        limiter.blocking_acquire(1_000).unwrap().settle(1_000);
    }
}

#[test]
fn a_runtime_that_ends_does_not_lose_the_alarm() {
    let limiter = Limiter::new(qwen_plus());
    let runtime = current_thread();
    limiter.blocking_acquire(1_000).unwrap().settle(1_000);
    let mut waiting = Box::pin(limiter.acquire(1_000));
    runtime.block_on(async {
        assert!(futures_poll(&mut waiting).await);
    });
    // The waiting task ends with the runtime.
    drop(runtime);
    assert!(pollster::block_on(waiting).is_ok());
}

#[test]
fn a_runtime_without_timers_does_not_lose_the_alarm() {
    let limiter = Limiter::new(qwen_plus());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        for _ in 0..3 {
            limiter.acquire(1_000).await.unwrap().settle(1_000);
        }
    });
}

/// Polls a future once and returns `true` if it is pending.
async fn futures_poll<F: Future>(future: &mut std::pin::Pin<Box<F>>) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(future.as_mut().poll(context).is_pending())
    })
    .await
}

fn current_thread() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

/// The first request was polled in a runtime that is no longer driven.
#[test]
fn an_idle_runtime_does_not_stop_the_requests_of_others() {
    let limiter = Limiter::new(qwen_plus());
    limiter.try_acquire(1_000).unwrap().settle(1_000);
    let idle = current_thread();
    let mut first = Box::pin(limiter.acquire(1_000));
    idle.block_on(async { assert!(futures_poll(&mut first).await) });

    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        current_thread().block_on(async {
            let second = limiter
                .acquire_timeout(1_000, Duration::from_secs(60))
                .await;
            second.unwrap().settle(1_000);
            limiter.pause_until(std::time::Instant::now() + Duration::from_secs(3_600));
            let timed_out = limiter
                .acquire_timeout(1_000, Duration::from_millis(50))
                .await;
            assert!(timed_out.is_err());
        });
        sender.send(()).unwrap();
    });
    let end = receiver.recv_timeout(Duration::from_secs(30));
    assert!(end.is_ok(), "the second runtime waits for the idle one");
    drop((first, idle));
}

#[test]
fn a_thread_of_a_runtime_may_block() {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        current_thread().block_on(async {
            let limiter = Limiter::new(qwen_plus());
            for _ in 0..3 {
                limiter.blocking_acquire(1_000).unwrap().settle(1_000);
            }
        });
        sender.send(()).unwrap();
    });
    let end = receiver.recv_timeout(Duration::from_secs(30));
    assert!(end.is_ok(), "it waits for the runtime that it blocks");
}

/// The time cannot advance while the only thread of the runtime is blocked.
#[tokio::test(start_paused = true)]
async fn blocking_while_time_is_paused_is_an_error() {
    let limiter = Limiter::new(qwen_plus());
    limiter.blocking_acquire(1_000).unwrap().settle(1_000);
    let error = limiter.blocking_acquire(1_000).unwrap_err();
    assert_eq!(error, AcquireError::WouldBlock);
    assert_eq!(limiter.usage().queued, 0);
    limiter.acquire(1_000).await.unwrap().settle(1_000);
}
