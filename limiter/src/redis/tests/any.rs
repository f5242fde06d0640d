//! Tests of requests that wait in several queues, of which at least one belongs to a store.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use model_studio_limits::LimitKind;

use super::{concurrency, fail_first_call, limit, of_store, quota, reply, request, seconds};
use crate::gate::Gate;
use crate::quota::request::{Grant, Removal, Request};
use crate::redis::{Call, Reply, StoredQuota};
use crate::scheduler::Shared;
use crate::{AcquireAny, AcquireError, ClassKey, Clock as _, Cost, Limiter, ManualClock, Permit};

fn any(tokens: u64) -> Request {
    Request {
        is_any: true,
        ..request(tokens)
    }
}

/// Applies a reply that admits requests at these times, in seconds. Returns the requests that start
/// elsewhere.
fn admit(quota: &mut StoredQuota, call: &Call, starts: &[u64], elsewhere: &[u64]) -> Vec<u64> {
    let starts = starts.iter().copied().map(of_store).collect();
    let reply = reply(1, starts, vec![[60_000, 0]]);
    let mut may_start = |id| !elsewhere.contains(&id);
    quota.apply(call, &reply, seconds(1), seconds(1), &mut may_start)
}

/// Returns the requests that start, with the second in which each does.
fn started(quota: &mut StoredQuota) -> Vec<(u64, u64)> {
    let mut started = Vec::new();
    for second in 1..10 {
        while let Some((id, result)) = quota.next(seconds(second), |_| true) {
            assert!(result.is_ok());
            started.push((id, second));
        }
    }
    started
}

#[test]
fn the_next_requests_take_the_place_of_one_that_starts_elsewhere() {
    let mut quota = quota(&[limit(LimitKind::Tokens, 60_000)]);
    let ids = [1_000, 400, 300, 200].map(|tokens| quota.enqueue(any(tokens)).unwrap());
    let call = quota.next_call(seconds(1)).unwrap();
    let lost = admit(&mut quota, &call, &[1, 2, 3], &ids[..1]);
    assert_eq!(lost, ids[..1]);
    let [_, second, third, fourth] = ids;
    quota.flush(seconds(1));
    let next = quota.next_call(seconds(1)).unwrap();
    // Each costs less than the one whose place it takes, in milliseconds of the limit too.
    let corrections = next.corrections.iter().map(|one| {
        let tokens = |cost: Cost| cost.amount(LimitKind::Tokens);
        (one.at, tokens(one.from), one.to.map(tokens), one.charge)
    });
    let expected = [
        (of_store(1), 1_000, Some(400), -600_000),
        (of_store(2), 400, Some(300), -100_000),
        (of_store(3), 300, Some(200), -100_000),
    ];
    assert_eq!(corrections.collect::<Vec<_>>(), expected);
    assert_eq!(started(&mut quota), [(second, 1), (third, 2), (fourth, 3)]);
}

#[test]
fn a_request_that_needs_more_does_not_take_the_place_of_another() {
    let mut quota = quota(&[limit(LimitKind::Tokens, 60_000)]);
    let ids = [400, 1_000].map(|tokens| quota.enqueue(any(tokens)).unwrap());
    let call = quota.next_call(seconds(1)).unwrap();
    // It was cancelled during the call.
    quota.cancel(ids[0], &ClassKey::default());
    assert_eq!(admit(&mut quota, &call, &[1, 2], &[]), [0_u64; 0]);
    quota.flush(seconds(1));
    let next = quota.next_call(seconds(1)).unwrap();
    let given_back = next.corrections.iter().map(|one| (one.at, one.to));
    assert_eq!(given_back.collect::<Vec<_>>(), [(of_store(1), None)]);
    assert_eq!(started(&mut quota), [(ids[1], 2)]);
}

/// The store has the lease of each task.
#[test]
fn a_task_does_not_take_the_place_of_another() {
    let mut quota = quota(&[limit(LimitKind::Submissions, 60_000)]);
    let task = || Request {
        is_task: true,
        ..request(0)
    };
    let ids = [task(), task()].map(|task| quota.enqueue(task).unwrap());
    let call = quota.next_call(seconds(1)).unwrap();
    quota.cancel(ids[0], &ClassKey::default());
    assert_eq!(admit(&mut quota, &call, &[1], &[]), [0_u64; 0]);
    assert_eq!(started(&mut quota), [(0_u64, 0_u64); 0]);
}

/// The store plans the next call by the request that waits.
#[test]
fn a_call_follows_at_once_only_if_the_next_request_needs_less() {
    for (tokens, is_at_once) in [
        (None, true),
        (Some(300), true),
        (Some(400), false),
        (Some(500), false),
    ] {
        let mut quota = quota(&[limit(LimitKind::Tokens, 60_000)]);
        let asked = quota.enqueue(any(400)).unwrap();
        let call = quota.next_call(seconds(1)).unwrap();
        if let Some(tokens) = tokens {
            quota.enqueue(any(tokens)).unwrap();
        }
        let waits = Reply {
            retry: of_store(9),
            ..reply(1, Vec::new(), vec![[60_000, 0]])
        };
        quota.apply_all(&call, &waits, seconds(1), seconds(1));
        assert_eq!(quota.next_call(seconds(1)).unwrap_err(), Some(seconds(9)));
        quota.cancel(asked, &ClassKey::default());
        assert_eq!(quota.next_call(seconds(1)).is_ok(), is_at_once);
    }
}

/// It is not the one of which the store knows how long it waits.
#[test]
fn a_request_that_was_put_back_during_a_call_is_offered_at_once() {
    let mut quota = quota(&[limit(LimitKind::Tokens, 60_000)]);
    let ids = [400, 400].map(|tokens| quota.enqueue(any(tokens)).unwrap());
    let call = quota.next_call(seconds(1)).unwrap();
    admit(&mut quota, &call, &[1], &[]);
    let (id, counted_at) = quota.next(seconds(1), |_| true).unwrap();
    let mut late = Grant {
        counted_at: counted_at.unwrap(),
        id: Some(id),
        request: any(400),
    };
    let call = quota.next_call(seconds(1)).unwrap();
    assert_eq!(call.classes[0].requests[0].id, ids[1]);
    assert!(!quota.renew(id, &mut late, seconds(9)));
    let waits = Reply {
        retry: of_store(19),
        ..reply(9, Vec::new(), vec![[60_000, 0]])
    };
    quota.apply_all(&call, &waits, seconds(9), seconds(9));
    let call = quota.next_call(seconds(9)).unwrap();
    assert_eq!(call.classes[0].requests[0].id, ids[0]);
}

#[test]
fn a_fallback_gives_back_what_starts_elsewhere() {
    let mut quota = quota(&[limit(LimitKind::Requests, 600)]);
    let _call = fail_first_call(&mut quota);
    let id = quota.enqueue(any(0)).unwrap();
    let elsewhere = quota.next(seconds(2), |_| false);
    assert_eq!(elsewhere, Some((id, Err(Removal::Elsewhere))));
    // At the same time.
    let other = quota.enqueue(any(0)).unwrap();
    let (id, result) = quota.next(seconds(2), |_| true).unwrap();
    assert_eq!((id, result.is_ok()), (other, true));
}

/// A limiter with a store that the test plays, and one without.
struct Two {
    stored: Limiter,
    local: Limiter,
    clock: ManualClock,
    /// The permit for which the second one waits.
    running: Option<Permit>,
    future: AcquireAny<usize>,
}

impl Two {
    fn new(timeout: Duration) -> Self {
        let clock = ManualClock::new();
        let gate = Gate::Stored(Box::new(quota(&[limit(LimitKind::Requests, 600)])));
        let shared = Shared::new(Arc::new(clock.clone()), gate);
        let stored = Limiter::with_shared(Arc::new(shared));
        let one = concurrency(LimitKind::ConcurrentRequests, 1);
        let local = Limiter::builder([one]).clock(clock.clone()).build();
        let running = local.try_acquire(0).unwrap();
        let candidates = [(&stored, 0), (&local, 0)];
        Self {
            future: Limiter::acquire_any_timeout(candidates, timeout),
            stored,
            local,
            clock,
            running: Some(running),
        }
    }

    /// A request waits in both queues, and the store admits it for a time in two seconds.
    fn admitted(timeout: Duration) -> Self {
        let mut two = Self::new(timeout);
        two.start(&[2]);
        two
    }

    /// The request waits in both queues, and the store admits all requests for these times, in seconds.
    fn start(&mut self, starts: &[u64]) {
        assert!(self.poll().is_pending());
        assert_eq!(self.local.usage().queued, 1);
        let shared = &self.stored.shared;
        let call = shared.next_call().unwrap();
        let starts = starts.iter().copied().map(of_store).collect();
        let reply = reply(0, starts, vec![[600, 1]]);
        shared.apply(&call, &reply, shared.now());
        // It has left the other queue.
        assert_eq!(self.local.usage().queued, 0);
        assert!(self.poll().is_pending());
    }

    fn poll(&mut self) -> Poll<Result<(usize, Permit), AcquireError>> {
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(&mut self.future).poll(&mut context)
    }

    /// The other one admits the request.
    fn starts_elsewhere(mut self) {
        assert!(self.poll().is_pending());
        assert_eq!(self.local.usage().queued, 1);
        drop(self.running.take());
        let Poll::Ready(Ok((1, permit))) = self.poll() else {
            panic!("the second one has room");
        };
        permit.settle(0);
        let usage = self.stored.usage();
        assert_eq!((usage.queued, usage.in_flight, usage.admitted), (0, 0, 0));
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_request_leaves_the_other_queues_when_a_store_admits_it() {
    let mut two = Two::admitted(MINUTE);
    drop(two.running.take());
    assert!(two.poll().is_pending());
    two.clock.advance(Duration::from_secs(2));
    assert!(matches!(two.poll(), Poll::Ready(Ok((0, _)))));
    assert_eq!(two.local.usage().admitted, 1);
}

#[test]
fn a_request_joins_the_other_queues_again_if_the_store_is_paused() {
    let two = Two::admitted(MINUTE);
    two.stored.pause_until(two.clock.now() + MINUTE);
    two.starts_elsewhere();
    // By another process.
    let two = Two::admitted(MINUTE);
    let shared = &two.stored.shared;
    two.stored.set_limits([limit(LimitKind::Requests, 6_000)]);
    let call = shared.next_call().unwrap();
    let paused = Reply {
        paused_until: of_store(60),
        ..reply(0, Vec::new(), vec![[6_000, 1]])
    };
    shared.apply(&call, &paused, shared.now());
    two.starts_elsewhere();
}

/// A late request goes first again, so those behind it are offered again.
#[test]
fn a_request_joins_the_other_queues_again_if_the_store_has_to_admit_it_again() {
    let mut two = Two::new(MINUTE);
    let mut late = two.stored.acquire(0);
    let mut context = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut late).poll(&mut context).is_pending());
    two.start(&[1, 2]);
    two.clock.advance(Duration::from_millis(1_900));
    assert!(Pin::new(&mut late).poll(&mut context).is_pending());
    drop(late);
    two.starts_elsewhere();
}

#[test]
fn a_timeout_ends_the_wait_for_the_start_that_a_store_has_set() {
    let mut two = Two::admitted(Duration::from_secs(1));
    two.clock.advance(Duration::from_secs(1));
    // It leaves the first one, and then the second one.
    assert!(two.poll().is_pending());
    let result = two.poll();
    assert!(matches!(result, Poll::Ready(Err(AcquireError::Timeout))));
    let usage = [&two.stored, &two.local].map(Limiter::usage);
    assert!(usage.iter().all(|usage| usage.queued == 0));
    two.clock.advance(Duration::from_millis(20));
    let call = two.stored.shared.next_call().unwrap();
    assert_eq!(call.corrections.len(), 1, "it is given back");
}
