//! Tests of what a process sends for several classes.

use model_studio_limits::LimitKind;

use super::{limit, of_store, quota, reply, request, seconds};
use crate::quota::request::{Grant, Request};
use crate::redis::reply::{ClassReply, Reply};
use crate::redis::{Call, StoredQuota};
use crate::time::{Nanos, StoreTime, Time};
use crate::{Class, ClassKey, Cost};

fn of_class(key: &str, tokens: u64) -> Request {
    Request {
        class: ClassKey::from(key),
        ..request(tokens)
    }
}

/// Returns the number of requests of each class of a call.
fn offered(call: &Call) -> Vec<(&str, usize)> {
    let classes = call.classes.iter();
    let classes = classes.map(|class| (class.key.as_str(), class.requests.len()));
    classes.collect()
}

/// A reply that admits the first requests of each class, and asks for a call in 10 seconds.
fn admit(call: &Call, now: u64, admitted: &[&[StoreTime]]) -> Reply {
    let classes = admitted.iter().map(|starts| ClassReply {
        too_large: 0,
        starts: starts.to_vec(),
    });
    let rates = call.rates.iter().map(|rate| [rate.rule.allowed, 0]);
    Reply {
        retry: of_store(now + 10),
        classes: classes.collect(),
        ..reply(now, Vec::new(), rates.collect())
    }
}

fn next_call_at(quota: &mut StoredQuota, now: Time) -> Option<Time> {
    quota.next_call(now).expect_err("no call is due")
}

#[test]
fn a_class_that_starts_to_wait_calls_at_once() {
    let mut quota = quota(&[limit(LimitKind::Requests, 600)]);
    quota.enqueue(of_class("batch", 0)).unwrap();
    let call = quota.next_call(seconds(1)).unwrap();
    assert_eq!(offered(&call), [("", 0), ("batch", 1)]);
    quota.apply_all(&call, &admit(&call, 1, &[&[], &[]]), seconds(1), seconds(1));
    assert_eq!(next_call_at(&mut quota, seconds(1)), Some(seconds(11)));
    // One more of a class that waits does not change the time.
    quota.enqueue(of_class("batch", 0)).unwrap();
    assert_eq!(next_call_at(&mut quota, seconds(2)), Some(seconds(11)));
    quota.enqueue(of_class("chat", 0)).unwrap();
    let call = quota.next_call(seconds(2)).unwrap();
    assert_eq!(offered(&call), [("", 0), ("batch", 2), ("chat", 1)]);
    // The same if it starts to wait during a call.
    let late = quota.enqueue(of_class("late", 0)).unwrap();
    let admitted = admit(&call, 2, &[&[], &[], &[of_store(2)]]);
    quota.apply_all(&call, &admitted, seconds(2), seconds(2));
    let call = quota.next_call(seconds(2)).unwrap();
    assert_eq!(offered(&call), [("", 0), ("batch", 2), ("late", 1)]);
    // The last request of a class is cancelled, and the process leaves its line.
    let waits = admit(&call, 2, &[&[], &[], &[]]);
    quota.apply_all(&call, &waits, seconds(2), seconds(2));
    quota.cancel(late, &ClassKey::from("late"));
    let call = quota.next_call(seconds(2)).unwrap();
    assert_eq!(offered(&call), [("", 0), ("batch", 2), ("late", 0)]);
}

#[test]
fn requests_of_all_classes_start_in_the_order_of_the_store() {
    let mut quota = quota(&[limit(LimitKind::Requests, 600)]);
    let ids = ["b", "a", "b"].map(|key| quota.enqueue(of_class(key, 0)).unwrap());
    let call = quota.next_call(seconds(1)).unwrap();
    assert_eq!(offered(&call), [("", 0), ("b", 2), ("a", 1)]);
    let starts = [&[][..], &[of_store(1), of_store(3)][..], &[of_store(2)][..]];
    let admitted = admit(&call, 1, &starts);
    quota.apply_all(&call, &admitted, seconds(1), seconds(1));
    for (index, now) in [(0, 1), (1, 2), (2, 3)] {
        let (id, result) = quota.next(seconds(now), |_| true).unwrap();
        assert_eq!((id, result.is_ok()), (ids[index], true));
        assert_eq!(quota.next(seconds(now), |_| true), None);
    }
    let usage = quota.class_usage(&ClassKey::from("b"), seconds(3));
    assert_eq!((usage.admitted, usage.in_flight, usage.waiting), (2, 2, 0));
}

/// The class of a correction is in the call, and pays for the time that others lost.
#[test]
fn corrections_are_charged_to_their_class() {
    let mut quota = quota(&[limit(LimitKind::Tokens, 60_000)]);
    let start = |quota: &mut StoredQuota, now| {
        let request = of_class("chat", 1_000);
        quota.enqueue(request.clone()).unwrap();
        let call = quota.next_call(seconds(now)).unwrap();
        let admitted = admit(&call, now, &[&[], &[of_store(now)]]);
        quota.apply_all(&call, &admitted, seconds(now), seconds(now));
        let (id, counted_at) = quota.next(seconds(now), |_| true).unwrap();
        Grant {
            counted_at: counted_at.unwrap(),
            id: Some(id),
            request,
        }
    };
    // A millisecond for each token.
    let grant = start(&mut quota, 0);
    quota.settle(&grant, &Cost::from(3_000), &|| seconds(0));
    quota.flush(seconds(0));
    let call = quota.next_call(seconds(0)).unwrap();
    assert_eq!(offered(&call), [("", 0), ("chat", 0)]);
    assert_eq!(call.corrections[0].charge, 2_000_000);
    quota.apply_all(&call, &admit(&call, 0, &[&[], &[]]), seconds(0), seconds(0));
    // It is not sent, at once and after the second in which no other could start.
    for (now, charge) in [(1, -1_000_000), (3, 0)] {
        let grant = start(&mut quota, now);
        let now = now + u64::from(charge == 0);
        quota.flush(seconds(now));
        quota.take_back(&grant, seconds(now));
        quota.flush(seconds(now));
        let call = quota.next_call(seconds(now)).unwrap();
        let corrections = call.corrections.iter().map(|one| (one.to, one.charge));
        assert_eq!(corrections.collect::<Vec<_>>(), [(None, charge)]);
        let none = admit(&call, now, &[&[], &[]]);
        quota.apply_all(&call, &none, seconds(now), seconds(now));
    }
}

#[test]
fn a_call_has_64_classes_and_those_with_the_smallest_tags() {
    let mut quota = quota(&[limit(LimitKind::Requests, 600)]);
    for tenant in 0..100 {
        for _ in 0..2 {
            quota
                .enqueue(of_class(&format!("tenant{tenant}"), 0))
                .unwrap();
        }
    }
    let first = quota.next_call(seconds(1)).unwrap();
    assert_eq!(first.classes.len(), 1 + 64);
    assert!(first.classes[1..].iter().all(|one| one.requests.len() == 1));
    let start = [of_store(1)];
    let admitted = first.classes.iter();
    let admitted = admitted.map(|class| &start[..class.requests.len()]);
    let admitted: Vec<&[StoreTime]> = admitted.collect();
    let reply = admit(&first, 1, &admitted);
    quota.apply_all(&first, &reply, seconds(1), seconds(1));
    // The others come first now.
    let next = quota.next_call(seconds(1)).unwrap();
    let keys = |call: &Call| -> Vec<ClassKey> {
        let classes = call.classes.iter().filter(|one| !one.requests.is_empty());
        classes.map(|class| class.key.clone()).collect()
    };
    let (of_first, of_next) = (keys(&first), keys(&next));
    assert_eq!(of_next.len(), 64);
    let repeated = of_next.iter().filter(|key| of_first.contains(key));
    assert_eq!(repeated.count(), 64 - 36);
}

#[test]
fn weights_are_stated_with_the_time_at_which_they_were_set() {
    let mut quota = quota(&[limit(LimitKind::Requests, 600)]);
    let chat = ClassKey::from("chat");
    quota.enqueue(of_class("chat", 0)).unwrap();
    let call = quota.next_call(seconds(1)).unwrap();
    let stated = |call: &Call| (call.classes[1].class.weight, call.classes[1].age);
    assert_eq!(stated(&call), (1, None));
    quota.set_class(&chat, Class::weight(7), seconds(1));
    let waits = admit(&call, 1, &[&[], &[]]);
    quota.apply_all(&call, &waits, seconds(1), seconds(1));
    let call = quota.next_call(seconds(11)).unwrap();
    assert_eq!(stated(&call), (7, Some(Nanos(10 * Nanos::SECOND.0))));
    let usage = quota.class_usage(&chat, seconds(11));
    assert_eq!((usage.weight, usage.waiting), (7, 1));
    // After a time in which nothing was sent.
    quota.set_class(&chat, Class::weight(9), seconds(3_600));
    let waits = admit(&call, 11, &[&[], &[]]);
    quota.apply_all(&call, &waits, seconds(11), seconds(3_602));
    let call = quota.next_call(seconds(3_612)).unwrap();
    assert_eq!(stated(&call), (9, Some(Nanos(12 * Nanos::SECOND.0))));
}
