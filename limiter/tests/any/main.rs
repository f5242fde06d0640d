//! Requests that any of several limiters can serve.

#![allow(
    clippy::unchecked_time_subtraction,
    reason = "the numbers in tests are small"
)]

mod choice;
#[path = "../common/mod.rs"]
mod common;
mod patience;
mod queues;
mod random;
mod threads;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use common::{builder, limits, poll};
use model_studio_limiter::{Acquire, AcquireAny, Limiter, ManualClock};
use model_studio_limits::LimitKind;

/// The time between two requests of `limiters`.
pub(crate) const SPACE: Duration = Duration::from_millis(100);

/// Limiters of 600 requests per minute, so one every 100 ms, on one clock.
pub(crate) fn limiters<const N: usize>(clock: &ManualClock) -> [Limiter; N] {
    [(); N].map(|()| builder(common::requests_only(), clock).build())
}

/// Limiters of one request at a time, on one clock.
pub(crate) fn one_at_a_time<const N: usize>(clock: &ManualClock) -> [Limiter; N] {
    let limits = limits(&[(LimitKind::ConcurrentRequests, 1, Duration::ZERO)]);
    [(); N].map(|()| builder(limits, clock).build())
}

/// A request without tokens for any of these limiters.
pub(crate) fn any<'a>(limiters: impl IntoIterator<Item = &'a Limiter>) -> AcquireAny<usize> {
    Limiter::acquire_any(limiters.into_iter().map(|limiter| (limiter, 0)))
}

/// Returns a future that waits, after it was polled once.
pub(crate) fn waiting<K>(mut future: AcquireAny<K>) -> AcquireAny<K> {
    assert!(poll(&mut future).is_pending());
    future
}

/// Returns the permits that limiters have admitted so far.
pub(crate) fn admitted<const N: usize>(limiters: &[Limiter; N]) -> [u64; N] {
    limiters.each_ref().map(|limiter| limiter.usage().admitted)
}

/// Returns the numbers of requests in the queues.
pub(crate) fn queued<const N: usize>(limiters: &[Limiter; N]) -> [usize; N] {
    limiters.each_ref().map(|limiter| limiter.usage().queued)
}

/// Returns a future that waits for one limiter.
pub(crate) fn second_in_line(limiter: &Limiter) -> Acquire {
    let mut future = limiter.acquire(0);
    assert!(poll(&mut future).is_pending());
    future
}

/// Counts how often a task is woken.
#[derive(Default)]
pub(crate) struct Wakes(Arc<Count>);

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Wakes {
    pub(crate) fn poll<F: Future + Unpin>(&self, future: &mut F) -> Poll<F::Output> {
        let waker = Waker::from(Arc::clone(&self.0));
        Pin::new(future).poll(&mut Context::from_waker(&waker))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.0.load(Ordering::Relaxed)
    }
}
