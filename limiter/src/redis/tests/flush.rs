//! Tests of `flush`, and of calls with many changes.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use model_studio_limits::LimitKind;

use super::{concurrency, limit, of_store, quota, reply, seconds};
use crate::gate::Gate;
use crate::scheduler::Shared;
use crate::{Limiter, ManualClock};

/// A waker that counts how often it is used, or panics.
struct Waking(Option<AtomicUsize>);

impl Wake for Waking {
    fn wake(self: Arc<Self>) {
        let count = self.0.as_ref().expect("the waker of a task");
        count.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_flush_ends_if_the_waker_of_a_request_panics() {
    let clock = Arc::new(ManualClock::new());
    let quota = quota(&[limit(LimitKind::Requests, 600)]);
    let gate = Gate::Stored(Box::new(quota));
    let shared = Shared::new(clock, gate);
    let limiter = Limiter::with_shared(Arc::new(shared));
    let poll = |future: Pin<&mut dyn Future<Output = ()>>, waker: &Arc<Waking>| {
        let waker = Waker::from(Arc::clone(waker));
        assert!(future.poll(&mut Context::from_waker(&waker)).is_pending());
    };
    let mut acquire = Box::pin(async { drop(limiter.acquire(0).await) });
    poll(acquire.as_mut(), &Arc::new(Waking(None)));
    let call = limiter.shared.next_call().unwrap();
    let flushes = Arc::new(Waking(Some(AtomicUsize::new(0))));
    let mut flush = Box::pin(limiter.flush());
    poll(flush.as_mut(), &flushes);

    let reply = reply(0, vec![of_store(0)], vec![[600, 1]]);
    let shared = &limiter.shared;
    let apply = AssertUnwindSafe(|| shared.apply(&call, &reply, seconds(0)));
    assert!(catch_unwind(apply).is_err(), "the panic is not hidden");
    assert_eq!(flushes.0.as_ref().unwrap().load(Ordering::Relaxed), 1);
}

#[test]
fn a_flush_does_not_wait_for_what_happens_later() {
    let mut quota = quota(&[limit(LimitKind::Requests, 600)]);
    let answer = || reply(0, Vec::new(), vec![[600, 0]]);
    quota.pause_until(seconds(5));
    let first = quota.next_call(seconds(0)).unwrap();
    // This one is in the next call.
    quota.pause_until(seconds(6));
    let needed = quota.flush(seconds(0));
    quota.apply_all(&first, &answer(), seconds(0), seconds(0));
    assert!(quota.ended_calls() < needed);
    let second = quota.next_call(seconds(0)).unwrap();
    quota.pause_until(seconds(7));
    quota.apply_all(&second, &answer(), seconds(0), seconds(0));
    assert!(quota.ended_calls() >= needed);
    assert!(!quota.is_flushed(), "the last pause is not sent");
}

/// A call with all changes would block the server. Only the last call of a limiter has all of them.
#[test]
fn calls_have_a_part_of_many_changes_and_the_last_one_has_all() {
    let mut quota = quota(&[concurrency(LimitKind::ConcurrentTasks, 5)]);
    for task in 0..1_600 {
        quota.finish_task(&format!("process:{task}*1"));
    }
    let needed = quota.flush(seconds(0));
    for ended in 1..=2 {
        let call = quota.next_call(seconds(ended)).unwrap();
        assert_eq!(call.ended.len(), 512);
        let answer = reply(ended, Vec::new(), Vec::new());
        quota.apply_all(&call, &answer, seconds(ended), seconds(ended));
    }
    assert_eq!(needed, quota.ended_calls() + 2);
    assert_eq!(
        quota.last_call(seconds(2)).unwrap().ended.len(),
        1_600 - 2 * 512
    );
}
