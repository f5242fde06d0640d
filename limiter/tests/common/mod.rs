//! Helpers for tests of limiters on a clock that the test advances.

#![allow(dead_code, reason = "each test uses some of these")]

use std::future::Future;
use std::num::NonZeroU64;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use model_studio_limiter::{
    Acquire, AcquireError, Builder, Clock as _, Limiter, LimiterLimits, ManualClock, Permit,
};
use model_studio_limits::{Limit, LimitKind, Limits};

pub(crate) const MILLISECOND: Duration = Duration::from_millis(1);
pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// Creates limits from kinds, counts and windows. A window of zero is a limit on concurrency.
pub(crate) fn limits(limits: &[(LimitKind, u64, Duration)]) -> Limits {
    let limits = limits.iter().map(|(kind, count, per)| Limit {
        kind: *kind,
        count: NonZeroU64::new(*count).unwrap(),
        per: (!per.is_zero()).then_some(*per),
    });
    Limits::new(Box::leak(limits.collect()))
}

/// 600 requests and 1,000,000 tokens per minute.
pub(crate) fn qwen_plus() -> Limits {
    limits(&[
        (LimitKind::Requests, 600, MINUTE),
        (LimitKind::Tokens, 1_000_000, MINUTE),
    ])
}

/// Creates a limiter on a clock that stands still.
pub(crate) fn manual(limits: Limits) -> (Limiter, ManualClock) {
    let clock = ManualClock::new();
    (builder(limits, &clock).build(), clock)
}

pub(crate) fn builder(limits: Limits, clock: &ManualClock) -> Builder<LimiterLimits> {
    Limiter::builder(limits).clock(clock.clone())
}

/// Polls a future once, without a waker.
pub(crate) fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls a future once and returns its output.
pub(crate) fn ready<F: Future + Unpin>(mut future: F) -> F::Output {
    match poll(&mut future) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future is not ready"),
    }
}

/// Returns what is used of the first limit of a kind.
pub(crate) fn used(limiter: &Limiter, kind: LimitKind) -> u64 {
    let usage = limiter.usage();
    let limit = usage.limits.iter().find(|limit| limit.limit.kind == kind);
    limit.unwrap().used
}

/// 600 requests per minute, and no limit on tokens.
pub(crate) fn requests_only() -> Limits {
    limits(&[(LimitKind::Requests, 600, MINUTE)])
}

/// One image task per second, two at the same time.
pub(crate) fn tasks() -> Limits {
    limits(&[
        (LimitKind::Submissions, 1, SECOND),
        (LimitKind::ConcurrentTasks, 2, Duration::ZERO),
    ])
}

/// Returns futures of requests without tokens, which are polled once.
pub(crate) fn queue(limiter: &Limiter, count: usize) -> Vec<Acquire> {
    let mut futures: Vec<_> = (0..count).map(|_| limiter.acquire(0)).collect();
    for future in &mut futures {
        let _ = poll(future);
    }
    futures
}

/// Acquires a permit and advances the clock as far as needed.
pub(crate) fn next_permit(clock: &ManualClock, limiter: &Limiter) -> Permit {
    loop {
        match limiter.try_acquire(0) {
            Ok(permit) => return permit,
            Err(AcquireError::NotYet { at } | AcquireError::Paused { until: at }) => {
                clock.advance(at - clock.now());
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// The requests of a class.
pub(crate) struct Requests {
    pub(crate) waiting: Vec<Acquire>,
    pub(crate) permits: Vec<Permit>,
}

impl Requests {
    pub(crate) fn new(limiter: &Limiter, count: usize, cost: u64) -> Self {
        let mut requests = Self {
            waiting: (0..count).map(|_| limiter.acquire(cost)).collect(),
            permits: Vec::new(),
        };
        requests.poll();
        requests
    }

    pub(crate) fn poll(&mut self) {
        self.waiting.retain_mut(|future| match poll(future) {
            Poll::Ready(permit) => {
                self.permits.push(permit.unwrap());
                false
            }
            Poll::Pending => true,
        });
    }

    pub(crate) fn admitted(&self) -> usize {
        self.permits.len()
    }
}

/// Advances the time, and polls at each alarm.
pub(crate) fn advance<const N: usize>(
    clock: &ManualClock,
    duration: Duration,
    mut requests: [&mut Requests; N],
) {
    let end = clock.now() + duration;
    while let Some(alarm) = clock.next_alarm().filter(|alarm| *alarm <= end) {
        clock.advance(alarm.saturating_duration_since(clock.now()));
        for requests in &mut requests {
            requests.poll();
        }
    }
    clock.advance(end.saturating_duration_since(clock.now()));
}
