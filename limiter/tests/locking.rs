//! Foreign code that a limiter runs, such as wakers, may use the limiter.

mod common;

use std::future::Future as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use common::{MINUTE, SECOND, limits, manual, poll};
use model_studio_limiter::{Acquire, Limiter, ManualClock, Permit};
use model_studio_limits::LimitKind;

/// Fails if the steps wait for a lock that they hold.
fn ends(steps: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || {
        steps();
        let _ = sender.send(());
    });
    let end = receiver.recv_timeout(10 * SECOND);
    assert_ne!(end, Err(mpsc::RecvTimeoutError::Timeout), "a deadlock");
    thread.join().unwrap();
}

/// A limiter of one request at a time, its running request, and a waiting one.
fn waiting() -> (Limiter, ManualClock, Permit, Acquire) {
    let (limiter, clock) = manual(limits(&[
        (LimitKind::Requests, 600, MINUTE),
        (LimitKind::ConcurrentRequests, 1, Duration::ZERO),
    ]));
    let running = limiter.try_acquire(0).unwrap();
    let waiting = limiter.acquire(0);
    (limiter, clock, running, waiting)
}

/// The waker of a task that uses a limiter when it is woken, and again when it is dropped.
struct UsesLimiter(Limiter);

impl Wake for UsesLimiter {
    fn wake(self: Arc<Self>) {
        let _ = self.0.usage();
    }
}

impl Drop for UsesLimiter {
    fn drop(&mut self) {
        let _ = self.0.usage();
    }
}

fn poll_with(future: &mut Acquire, waker: &Waker) {
    let poll = Pin::new(future).poll(&mut Context::from_waker(waker));
    assert!(poll.is_pending());
}

#[test]
fn a_waker_may_use_the_limiter_when_it_wakes() {
    ends(|| {
        let (limiter, clock, running, mut waiting) = waiting();
        poll_with(&mut waiting, &Waker::from(Arc::new(UsesLimiter(limiter))));
        clock.advance(SECOND);
        drop(running);
        assert!(poll(&mut waiting).is_ready());
    });
}

#[test]
fn a_waker_may_use_the_limiter_when_it_is_replaced() {
    ends(|| {
        let (limiter, _clock, _running, mut waiting) = waiting();
        poll_with(&mut waiting, &Waker::from(Arc::new(UsesLimiter(limiter))));
        assert!(poll(&mut waiting).is_pending());
    });
}

#[test]
fn a_waker_may_use_the_limiter_when_its_future_is_dropped() {
    ends(|| {
        let (limiter, _clock, _running, mut waiting) = waiting();
        poll_with(&mut waiting, &Waker::from(Arc::new(UsesLimiter(limiter))));
        drop(waiting);
    });
}

#[test]
fn a_task_that_ends_with_its_waker_may_have_a_permit() {
    struct Task(Mutex<Option<Permit>>);
    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            drop(self.0.lock().unwrap().take());
        }
    }
    ends(|| {
        let (limiter, clock, running, mut waiting) = waiting();
        let task = Task(Mutex::new(Some(running)));
        poll_with(&mut waiting, &Waker::from(Arc::new(task)));
        clock.advance(SECOND);
        // The waker that is replaced is the last owner of the task.
        let _ = poll(&mut waiting);
        assert_eq!(limiter.usage().unsettled, 1);
        assert!(poll(&mut waiting).is_ready());
    });
}

#[cfg(feature = "tracing")]
#[test]
fn a_subscriber_may_use_the_limiter() {
    use tracing::span::{Attributes, Id, Record};

    struct UsesLimiter(Limiter);
    impl tracing::Subscriber for UsesLimiter {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, _: &tracing::Event<'_>) {
            let _ = self.0.usage();
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }
    ends(|| {
        let (limiter, clock, running, mut waiting) = waiting();
        let subscriber = UsesLimiter(limiter.clone());
        tracing::subscriber::with_default(subscriber, || {
            assert!(poll(&mut waiting).is_pending());
            clock.advance(SECOND);
            drop(running);
            assert!(poll(&mut waiting).is_ready());
            let refused = limiter.acquire(0);
            clock.advance(SECOND);
            common::ready(refused)
                .unwrap()
                .refused(model_studio_limiter::Refusal::Burst);
        });
    });
}
