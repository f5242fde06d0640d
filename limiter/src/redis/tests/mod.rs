//! Tests of a stored quota, without a server.

mod any;
mod classes;
mod flush;
mod rise;

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use model_studio_limits::{Limit, LimitKind};

use super::protocol::Lease;
use super::reply::{ClassReply, RateReply, ReplyError};
use super::{Call, Reply, StoredQuota};
use crate::quota::class_table::ClassTable;
use crate::quota::request::{CountedAt, Grant, Request};
use crate::quota::rules::Rules;
use crate::time::{Nanos, StoreTime, Time};
use crate::{ClassKey, Cost, Estimator, Refusal};

fn limit(kind: LimitKind, count: u64) -> Limit {
    Limit {
        kind,
        count: NonZeroU64::new(count).unwrap(),
        per: Some(Duration::from_secs(60)),
    }
}

fn concurrency(kind: LimitKind, count: u64) -> Limit {
    Limit {
        per: None,
        ..limit(kind, count)
    }
}

fn quota(limits: &[Limit]) -> StoredQuota {
    let (rules, process) = (Rules::default(), "process".to_owned());
    let (classes, evicts) = (ClassTable::new(&[], &Estimator::default()), Arc::default());
    let fallback = Some((1, 1));
    StoredQuota::new(
        limits,
        rules,
        classes,
        fallback,
        process,
        evicts,
        seconds(0),
    )
}

impl StoredQuota {
    /// Applies a reply. All requests that it admits may start.
    fn apply_all(&mut self, call: &Call, reply: &Reply, sent_at: Time, now: Time) {
        let lost = self.apply(call, reply, sent_at, now, &mut |_| true);
        assert_eq!(lost, [0_u64; 0]);
    }
}

/// A time of the limiter.
fn seconds(seconds: u64) -> Time {
    Time::START + Nanos(seconds * Nanos::SECOND.0)
}

/// The same time of the store.
fn of_store(seconds: u64) -> StoreTime {
    StoreTime(1_000_000_000 + seconds * 1_000_000)
}

fn request(tokens: u64) -> Request {
    Request {
        cost: Cost::from(tokens),
        class: ClassKey::default(),
        is_task: false,
        is_any: false,
    }
}

/// A reply at a time, in seconds.
fn reply(now: u64, starts: Vec<StoreTime>, rates: Vec<[u64; 2]>) -> Reply {
    let rates = rates.into_iter().map(|[allowed, used]| RateReply {
        allowed,
        used,
        next: of_store(now),
    });
    Reply {
        now: of_store(now),
        retry: of_store(now),
        paused_until: StoreTime(0),
        clock_offset: 0,
        resets: 0,
        classes: vec![ClassReply {
            too_large: 0,
            starts,
        }],
        rates: rates.collect(),
        running: Vec::new(),
    }
}

/// Makes the first call fail, so that the fallback admits requests a second later.
fn fail_first_call(quota: &mut StoredQuota) -> Call {
    let id = quota.enqueue(request(1)).unwrap();
    let call = quota.next_call(seconds(0)).unwrap();
    quota.store_failed(seconds(0));
    quota.cancel(id, &ClassKey::default());
    call
}

fn next_grant(quota: &mut StoredQuota, tokens: u64, now: u64) -> Grant {
    let request = request(tokens);
    quota.enqueue(request.clone()).unwrap();
    let (id, counted_at) = quota
        .next(seconds(now), |_| true)
        .expect("the request is admitted");
    Grant {
        counted_at: counted_at.unwrap(),
        id: Some(id),
        request,
    }
}

#[test]
fn the_fallback_admits_requests_behind_one_that_was_too_large_for_the_store() {
    let mut quota = quota(&[limit(LimitKind::Tokens, 1_000)]);
    let large = quota.enqueue(request(900)).unwrap();
    let small = quota.enqueue(request(10)).unwrap();
    let call = quota.next_call(seconds(1)).unwrap();
    // Another process has stated a tighter limit.
    let mut reply = reply(1, Vec::new(), vec![[500, 0]]);
    reply.classes[0].too_large = 1;
    quota.apply_all(&call, &reply, seconds(1), seconds(1));
    let (id, result) = quota.next(seconds(1), |_| true).unwrap();
    assert_eq!((id, result.is_err()), (large, true));
    assert_eq!(quota.next(seconds(1), |_| true), None);
    let _call = quota.next_call(seconds(1)).unwrap();
    quota.store_failed(seconds(1));
    let (id, result) = quota
        .next(seconds(3), |_| true)
        .expect("the fallback admits it");
    assert_eq!((id, result.is_ok()), (small, true));
}

#[test]
fn a_pause_holds_back_a_request_that_was_admitted_and_not_polled() {
    let mut quota = quota(&[limit(LimitKind::Requests, 600)]);
    quota.enqueue(request(0)).unwrap();
    let call = quota.next_call(seconds(1)).unwrap();
    let reply = reply(1, vec![of_store(1)], vec![[600, 1]]);
    quota.apply_all(&call, &reply, seconds(1), seconds(1));
    let (id, counted_at) = quota.next(seconds(1), |_| true).unwrap();
    quota.pause_until(seconds(5));
    let mut grant = Grant {
        counted_at: counted_at.unwrap(),
        id: Some(id),
        request: request(0),
    };
    assert!(!quota.renew(id, &mut grant, seconds(1)));
    let call = quota.next_call(seconds(1)).unwrap();
    assert_eq!(call.classes[0].requests.len(), 1);
    assert_eq!(call.pause, Nanos(4 * Nanos::SECOND.0));
}

#[test]
fn a_request_of_the_fallback_that_is_polled_late_takes_its_place_in_the_pace_again() {
    let mut quota = quota(&[limit(LimitKind::Requests, 600)]);
    let _call = fail_first_call(&mut quota);
    let mut grants: Vec<_> = (2..32).map(|now| next_grant(&mut quota, 0, now)).collect();
    for grant in &mut grants {
        let is_last = grant.counted_at == CountedAt::Process(seconds(31));
        let id = grant.id.unwrap();
        assert_eq!(quota.renew(id, grant, seconds(31)), is_last);
    }
    // One was already sent at this time.
    assert_eq!(quota.next(seconds(31), |_| true), None);
    let (id, counted_at) = quota.next(seconds(32), |_| true).unwrap();
    assert_eq!(Some(id), grants[0].id);
    assert_eq!(counted_at, Ok(CountedAt::Process(seconds(32))));
    assert_eq!(quota.next(seconds(32), |_| true), None);
}

#[test]
fn the_fallback_admits_nothing_during_a_pause_of_another_process() {
    let mut quota = quota(&[limit(LimitKind::Requests, 600)]);
    quota.enqueue(request(0)).unwrap();
    let call = quota.next_call(seconds(0)).unwrap();
    let paused = Reply {
        paused_until: of_store(60),
        ..reply(0, Vec::new(), vec![[600, 0]])
    };
    quota.apply_all(&call, &paused, seconds(0), seconds(0));
    quota.store_failed(seconds(1));
    assert_eq!(quota.next(seconds(3), |_| true), None);
    assert_eq!(quota.next_event(), Some(seconds(60)));
    assert!(quota.next(seconds(60), |_| true).is_some());
}

#[test]
fn a_refusal_during_an_outage_pauses_the_store_for_what_is_left() {
    let mut quota = quota(&[limit(LimitKind::Requests, 600)]);
    let call = fail_first_call(&mut quota);
    let grant = next_grant(&mut quota, 0, 2);
    let retry_after = Duration::from_secs(2);
    let pause = quota.refuse(&grant, Refusal::Requests, Some(retry_after), seconds(2));
    assert_eq!(pause, retry_after);
    let back = reply(3, Vec::new(), vec![[600, 0]]);
    quota.apply_all(&call, &back, seconds(3), seconds(3));
    let call = quota.next_call(seconds(3)).unwrap();
    assert_eq!(call.pause, Nanos::SECOND);
    // A pause that ends during an outage does not start again after it.
    quota.store_failed(seconds(4));
    quota.pause_until(seconds(6));
    let back = reply(10, Vec::new(), vec![[600, 0]]);
    quota.apply_all(&call, &back, seconds(10), seconds(10));
    assert_eq!(quota.next_call(seconds(10)).unwrap().pause, Nanos::ZERO);
}

#[test]
fn the_end_of_a_pause_is_sent_and_not_undone_by_an_older_reply() {
    let mut quota = quota(&[limit(LimitKind::Requests, 600)]);
    quota.enqueue(request(0)).unwrap();
    let call = quota.next_call(seconds(0)).unwrap();
    quota.pause_until(seconds(30));
    quota.resume(seconds(1));
    quota.pause_until(seconds(2));
    let paused = Reply {
        paused_until: of_store(60),
        ..reply(1, vec![of_store(1)], vec![[600, 1]])
    };
    quota.apply_all(&call, &paused, seconds(1), seconds(1));
    assert!(!quota.is_flushed());
    let call = quota.next_call(seconds(1)).unwrap();
    assert!(call.resumes && call.pause == Nanos::SECOND);
    assert_eq!(quota.next(seconds(1), |_| true), None);
    assert!(
        quota.next(seconds(2), |_| true).is_some(),
        "the new pause is over"
    );
    // Another process ends a pause.
    let resumed = reply(3, Vec::new(), vec![[600, 1]]);
    quota.apply_all(&call, &resumed, seconds(3), seconds(3));
    assert!(quota.is_flushed());
}

/// All processes share the pace, so the next request of this process waits for those of the others.
#[test]
fn a_process_of_several_counts_its_requests_at_the_pace_of_all() {
    let mut quota = quota(&[limit(LimitKind::Requests, 600)]);
    quota.enqueue(request(0)).unwrap();
    let call = quota.next_call(seconds(0)).unwrap();
    let alone = quota.limits.delay(&Cost::from(0));
    assert_eq!(alone, Nanos::from_millis(100));
    let busy = reply(1, vec![of_store(1)], vec![[600, 8]]);
    quota.apply_all(&call, &busy, seconds(1), seconds(1));
    assert_eq!(quota.limits.delay(&Cost::from(0)), Nanos::from_millis(800));
}

#[test]
fn a_reply_about_limits_that_were_replaced_is_not_mixed_up() {
    let (requests, tokens) = (
        limit(LimitKind::Requests, 10),
        limit(LimitKind::Tokens, 1_000),
    );
    let mut quota = quota(&[requests, tokens]);
    quota.enqueue(request(500)).unwrap();
    let call = quota.next_call(seconds(1)).unwrap();
    quota.set_limits(&[tokens], seconds(1));
    let reply = Reply {
        retry: of_store(2),
        ..reply(1, Vec::new(), vec![[10, 10], [1_000, 0]])
    };
    quota.apply_all(&call, &reply, seconds(1), seconds(1));
    let usage = quota.usage(seconds(1));
    assert_eq!((usage.limits[0].allowed, usage.limits[0].used), (1_000, 0));
    assert!(
        quota.next_call(seconds(1)).is_ok(),
        "the store is called again"
    );
}

/// No permit would end the tasks that the call admits, and they would count for an hour.
#[test]
fn the_last_call_ends_what_the_current_call_may_admit() {
    let mut quota = quota(&[concurrency(LimitKind::ConcurrentTasks, 5)]);
    let task = Request {
        is_task: true,
        ..request(1)
    };
    let id = quota.enqueue(task.clone()).unwrap();
    quota.next_call(seconds(0)).unwrap();
    quota.cancel(id, &ClassKey::default());
    let last = quota.last_call(seconds(0)).expect("a last call");
    assert_eq!(last.ended, [Lease::new("process", id, &task.cost)]);
    assert!(last.classes[0].requests.is_empty());
}

#[test]
fn what_runs_is_stated_renewed_and_released() {
    let mut quota = quota(&[concurrency(LimitKind::ConcurrentRequests, 5)]);
    let held = |call: &Call| call.concurrency[0].held;
    quota.enqueue(request(0)).unwrap();
    let cancelled = quota.enqueue(request(0)).unwrap();
    let call = quota.next_call(seconds(0)).unwrap();
    quota.cancel(cancelled, &ClassKey::default());
    let both = reply(0, vec![of_store(0); 2], Vec::new());
    quota.apply_all(&call, &both, seconds(0), seconds(0));
    assert!(!quota.is_flushed(), "the store counts two");
    let (id, counted_at) = quota.next(seconds(0), |_| true).unwrap();
    let soon = quota.next_call(seconds(0)).unwrap_err().unwrap();
    assert!(soon <= seconds(1));
    let call = quota.next_call(soon).unwrap();
    assert_eq!(held(&call), 1);
    let none = reply(1, Vec::new(), Vec::new());
    quota.apply_all(&call, &none, seconds(1), seconds(1));
    assert!(quota.is_flushed());
    // It is stated again while it is running.
    let again = quota.next_call(seconds(1)).unwrap_err().unwrap();
    assert!(again <= seconds(11));
    let call = quota.next_call(again).unwrap();
    assert_eq!(held(&call), 1);
    quota.apply_all(&call, &reply(11, Vec::new(), Vec::new()), again, again);
    let grant = Grant {
        counted_at: counted_at.unwrap(),
        id: Some(id),
        request: request(0),
    };
    quota.settle(&grant, &Cost::from(0), &|| again);
    quota.flush(again);
    let call = quota.next_call(again).unwrap();
    assert_eq!(held(&call), 0);
    quota.apply_all(&call, &reply(11, Vec::new(), Vec::new()), again, again);
    assert_eq!(quota.next_call(seconds(100)).unwrap_err(), None);
    assert!(quota.is_idle(again));
}

#[test]
fn a_call_that_is_repeated_for_long_has_no_refunds() {
    let mut quota = quota(&[limit(LimitKind::Tokens, 1_000)]);
    let mut estimate = request(0);
    estimate.cost = Cost::input_output(10, 10);
    // Both are lower, both are higher, and one of each.
    for cost in [(5, 5), (20, 20), (5, 30)] {
        let grant = Grant {
            counted_at: CountedAt::Store(of_store(0)),
            id: Some(0),
            request: estimate.clone(),
        };
        let cost = Cost::input_output(cost.0, cost.1);
        quota.report(&grant, &cost, &|| seconds(0));
    }
    quota.flush(seconds(0));
    let mut call = quota.next_call(seconds(0)).unwrap();
    assert_eq!(call.corrections.len(), 3);
    call.remove_refunds();
    let kinds = [LimitKind::InputTokens, LimitKind::OutputTokens];
    let costs = call.corrections.iter().map(|one| one.to.unwrap());
    let costs: Vec<_> = costs
        .map(|cost| kinds.map(|kind| cost.amount(kind)))
        .collect();
    assert_eq!(costs, [[20, 20], [10, 30]]);
}

#[test]
fn a_pause_that_arrives_late_ends_at_the_same_time() {
    let mut quota = quota(&[limit(LimitKind::Requests, 600)]);
    quota.pause_until(seconds(5));
    let mut call = quota.next_call(seconds(0)).unwrap();
    let pause = |call: &Call| call.arguments()[9].clone();
    assert_eq!(pause(&call), "5000000");
    call.age = Nanos(3 * Nanos::SECOND.0);
    assert_eq!(pause(&call), "2000000");
    call.age = Nanos(60 * Nanos::SECOND.0);
    assert_eq!(pause(&call), "0");
}

/// The quota has not been used before.
#[test]
fn a_pause_in_the_last_call_ends_at_the_same_time() {
    let mut quota = quota(&[limit(LimitKind::Requests, 600)]);
    quota.pause_until(seconds(3_610));
    let last = quota.last_call(seconds(3_600)).expect("a last call");
    assert_eq!(last.pause, Nanos(10 * Nanos::SECOND.0));
}

#[test]
fn replies_are_parsed_and_others_are_refused() {
    let mut quota = quota(&[
        limit(LimitKind::Requests, 600),
        concurrency(LimitKind::ConcurrentRequests, 5),
    ]);
    quota.enqueue(request(0)).unwrap();
    let call = quota.next_call(seconds(0)).unwrap();
    let parsed = Reply::parse("1 2 3 0 1 0 2 10 11 600 -1 12 4", &call).unwrap();
    assert_eq!(parsed.classes[0].starts, [StoreTime(10), StoreTime(11)]);
    assert_eq!((parsed.rates[0].used, parsed.resets), (0, 1));
    assert_eq!(parsed.running, [4]);
    assert_eq!(Reply::parse("stale 7", &call), Err(ReplyError::Stale(7)));
    assert!(matches!(
        Reply::parse("version 2", &call),
        Err(ReplyError::Version(_))
    ));
    for other in ["", "1", "1 2 x", "stale", "stale x", "1 2 3 0 1 0 99"] {
        let error = Reply::parse(other, &call).unwrap_err();
        assert!(matches!(error, ReplyError::Format(_)), "{other}");
    }
}

#[test]
fn a_request_fails_if_the_store_has_another_version() {
    let mut quota = quota(&[limit(LimitKind::Requests, 600)]);
    let ids = [request(0), request(0)].map(|request| quota.enqueue(request).unwrap());
    quota.next_call(seconds(0)).unwrap();
    assert_eq!(quota.give_up(), ids);
    assert!(!quota.has_waiters() && quota.is_flushed());
    // The next request leads to another call.
    quota.enqueue(request(0)).unwrap();
    assert_eq!(
        quota.next_call(seconds(1)).unwrap().classes[0]
            .requests
            .len(),
        1
    );
}
