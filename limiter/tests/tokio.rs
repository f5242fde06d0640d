//! Limiters on tokio's clock.

#![cfg(feature = "tokio")]

mod common;

use std::time::Duration;

use common::qwen_plus;
use model_studio_limiter::Limiter;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn waits_with_paused_time() {
    let limiter = Limiter::new(qwen_plus());
    let start = Instant::now();
    for _ in 0..601 {
        limiter.acquire(1_000).await.unwrap().settle(1_000);
    }
    let elapsed = start.elapsed();
    // The timers of tokio have a resolution of a millisecond.
    assert!(elapsed >= Duration::from_secs(60), "{elapsed:?}");
    assert!(elapsed < Duration::from_secs(62), "{elapsed:?}");
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
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    limiter.blocking_acquire(1_000).unwrap().settle(1_000);
    let mut waiting = Box::pin(limiter.acquire(1_000));
    runtime.block_on(async {
        assert!(futures_poll(&mut waiting).await);
    });
    // The task that waits ends with the runtime.
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
