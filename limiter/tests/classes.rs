//! Classes share the limits by weight.

mod common;

use std::task::Poll;
use std::time::Duration;

use common::{
    MILLISECOND, MINUTE, Requests, SECOND, advance, builder, limits, poll, qwen_plus, ready,
    requests_only,
};
use model_studio_limiter::{
    Account, AcquireError, Class, ClassKey, Clock as _, Cost, Limiter, ManualClock,
};
use model_studio_limits::{LimitKind, Model};

/// A limiter with a class of weight 3, on a clock that stands still.
fn chat_has_weight_3() -> (Limiter, ManualClock) {
    let clock = ManualClock::new();
    let builder = builder(requests_only(), &clock).class("chat", Class::weight(3));
    (builder.build(), clock)
}

#[test]
fn classes_that_wait_share_the_limit_by_weight() {
    let (limiter, clock) = chat_has_weight_3();
    let mut batch = Requests::new(&limiter.class("batch"), 100, 0);
    let mut chat = Requests::new(&limiter.class("chat"), 100, 0);
    advance(&clock, 8 * SECOND, [&mut batch, &mut chat]);
    assert_eq!((batch.admitted(), chat.admitted()), (20, 61));
    let usage = limiter.class("chat").class_usage();
    assert_eq!((usage.weight, usage.waiting, usage.admitted), (3, 39, 61));
    assert_eq!(usage.in_flight, 61);
    assert!((usage.share - 61.0 / 81.0).abs() < 0.01, "{}", usage.share);
    drop(chat.waiting);
    for permit in chat.permits {
        permit.cancel();
    }
    assert_eq!(limiter.class("chat").class_usage().admitted, 0);
}

#[test]
fn what_a_class_leaves_unused_is_available_to_others_and_back_at_once() {
    let (limiter, clock) = chat_has_weight_3();
    let mut batch = Requests::new(&limiter, 100, 0);
    advance(&clock, 5 * SECOND, [&mut batch]);
    assert_eq!(batch.admitted(), 51);
    // Its turn is the next one.
    let mut chat = Requests::new(&limiter.class("chat"), 1, 0);
    advance(&clock, 100 * MILLISECOND, [&mut batch, &mut chat]);
    assert_eq!((batch.admitted(), chat.admitted()), (51, 1));
}

#[test]
fn keys_are_strings_or_integers() {
    for key in [
        ClassKey::from(7),
        7_u64.into(),
        "7".into(),
        String::from("7").into(),
    ] {
        assert_eq!(key.to_string(), "7");
        assert_eq!(format!("{key:?}"), r#""7""#);
    }
    assert_eq!(ClassKey::default().as_str(), "");
}

#[test]
fn estimates_are_learned_by_class() {
    let clock = ManualClock::new();
    let limiter = builder(
        limits(&[(LimitKind::ConcurrentRequests, 1, Duration::ZERO)]),
        &clock,
    );
    let limiter = limiter.build();
    for (class, output) in [("short", 10), ("long", 1_000)] {
        for _ in 0..16 {
            let permit = limiter.class(class).try_acquire(2_000).unwrap();
            permit.settle(Cost::input_output(5, output));
        }
    }
    let estimate = |class: &str| limiter.class(class).estimate(5, 2_000);
    assert_eq!(estimate("short"), Cost::input_output(5, 10));
    assert_eq!(estimate("long"), Cost::input_output(5, 1_000));
    assert_eq!(estimate("new"), Cost::input_output(5, 2_000));
}

#[test]
fn a_try_is_admitted_if_it_is_next() {
    let (limiter, clock) = chat_has_weight_3();
    let mut batch = Requests::new(&limiter.class("batch"), 100, 0);
    let chat = limiter.class("chat");
    let Err(AcquireError::NotYet { at }) = chat.try_acquire(0) else {
        panic!("the pace is not ready");
    };
    assert_eq!(at - clock.now(), 100 * MILLISECOND);
    advance(&clock, 50 * MILLISECOND, [&mut batch]);
    assert!(chat.try_acquire(0).is_err());
    // It does not take part while it does not wait.
    advance(&clock, 950 * MILLISECOND, [&mut batch]);
    assert_eq!(batch.admitted(), 11);
    drop(batch);
    clock.advance(100 * MILLISECOND);
    assert!(chat.try_acquire(0).is_ok());
}

#[test]
fn a_weight_can_change_while_requests_wait() {
    let (limiter, clock) = chat_has_weight_3();
    let mut batch = Requests::new(&limiter.class("batch"), 100, 0);
    let mut chat = Requests::new(&limiter.class("chat"), 100, 0);
    limiter.set_class("batch", Class::weight(9));
    advance(&clock, 4 * SECOND, [&mut batch, &mut chat]);
    assert_eq!((batch.admitted(), chat.admitted()), (29, 12));
    let usage = limiter.usage().classes;
    let weights: Vec<_> = usage
        .iter()
        .map(|class| (class.key.as_str(), class.weight))
        .collect();
    assert_eq!(weights, [("", 1), ("batch", 9), ("chat", 3)]);
}

/// The costs of requests by weight are times of the limits, so they stay comparable.
#[test]
fn shares_stay_the_same_when_limits_are_replaced() {
    let (limiter, clock) = chat_has_weight_3();
    let mut batch = Requests::new(&limiter.class("batch"), 100, 0);
    let mut chat = Requests::new(&limiter.class("chat"), 100, 0);
    advance(&clock, 2 * SECOND, [&mut batch, &mut chat]);
    limiter.set_limits(limits(&[(LimitKind::Requests, 1_200, MINUTE)]));
    advance(&clock, 2 * SECOND, [&mut batch, &mut chat]);
    assert_eq!((batch.admitted(), chat.admitted()), (16, 45));
}

#[test]
fn a_pause_applies_to_all_classes_and_keeps_their_shares() {
    let (limiter, clock) = chat_has_weight_3();
    let mut batch = Requests::new(&limiter.class("batch"), 100, 0);
    let mut chat = Requests::new(&limiter.class("chat"), 100, 0);
    limiter.pause_until(clock.now() + 5 * SECOND);
    advance(&clock, 5 * SECOND, [&mut batch, &mut chat]);
    assert!((0..=1).contains(&chat.admitted()));
    advance(&clock, 4 * SECOND, [&mut batch, &mut chat]);
    assert_eq!((batch.admitted(), chat.admitted()), (11, 31));
}

/// Without a rate limit, each request counts the same.
#[test]
fn classes_share_the_starts_of_concurrent_requests() {
    let clock = ManualClock::new();
    let limits = limits(&[(LimitKind::ConcurrentRequests, 2, Duration::ZERO)]);
    let limiter = builder(limits, &clock)
        .class("chat", Class::weight(3))
        .build();
    let mut batch = Requests::new(&limiter.class("batch"), 50, 1);
    let mut chat = Requests::new(&limiter.class("chat"), 50, 1);
    let (mut of_batch, mut of_chat) = (0, 0);
    while of_batch + of_chat < 40 {
        batch.permits.drain(..).for_each(|permit| {
            of_batch += 1;
            permit.settle(1);
        });
        chat.permits.drain(..).for_each(|permit| {
            of_chat += 1;
            permit.settle(1);
        });
        batch.poll();
        chat.poll();
    }
    // The first two were admitted before chat had waited.
    assert!((11..=13).contains(&of_batch), "{of_batch} {of_chat}");
}

/// Tokens that are counted later are charged to their class when its request starts.
#[test]
fn classes_share_tokens_that_are_counted_at_completion() {
    let clock = ManualClock::new();
    let limiter = builder(qwen_plus(), &clock)
        .count_at_completion()
        .class("chat", Class::weight(3))
        .build();
    let mut batch = Requests::new(&limiter.class("batch"), 50, 10_000);
    let mut chat = Requests::new(&limiter.class("chat"), 50, 10_000);
    advance(&clock, 24 * SECOND, [&mut batch, &mut chat]);
    let admitted = (batch.admitted(), chat.admitted());
    assert!(admitted.0 > 8, "{admitted:?}");
    assert!(admitted.1.abs_diff(3 * admitted.0) <= 3, "{admitted:?}");
}

/// Half a second late, a request goes back to the front of its class.
#[test]
fn a_late_request_keeps_its_place_in_its_class() {
    let (limiter, clock) = chat_has_weight_3();
    ready(limiter.acquire(0)).unwrap().settle(0);
    let mut late = limiter.class("chat").acquire(0);
    assert!(poll(&mut late).is_pending());
    let mut chat = Requests::new(&limiter.class("chat"), 5, 0);
    let mut batch = Requests::new(&limiter.class("batch"), 5, 0);
    // Three others are admitted, and this one was admitted and not polled.
    advance(&clock, 700 * MILLISECOND, [&mut chat, &mut batch]);
    let admitted = chat.admitted();
    assert!(poll(&mut late).is_pending(), "it is too late");
    advance(&clock, 400 * MILLISECOND, [&mut batch]);
    assert!(matches!(poll(&mut late), Poll::Ready(Ok(_))));
    assert_eq!(chat.admitted(), admitted);
}

/// A timeout counts only the requests of its class, because those of others may come later.
#[test]
fn a_timeout_behind_other_classes_waits() {
    let (limiter, clock) = chat_has_weight_3();
    let _batch = Requests::new(&limiter.class("batch"), 100, 0);
    let mut chat = limiter.class("chat").acquire_timeout(0, SECOND);
    assert!(poll(&mut chat).is_pending());
    let mut batch = limiter.class("batch").acquire_timeout(0, SECOND);
    assert!(matches!(
        poll(&mut batch),
        Poll::Ready(Err(AcquireError::Timeout))
    ));
    clock.advance(100 * MILLISECOND);
    assert!(matches!(poll(&mut chat), Poll::Ready(Ok(_))));
}

#[test]
fn classes_that_are_not_used_are_forgotten() {
    let clock = ManualClock::new();
    let limiter = builder(requests_only(), &clock).class("chat", Class::weight(3));
    let limiter = limiter.build();
    for tenant in 0..2_000 {
        clock.advance(SECOND);
        limiter.class(tenant).try_acquire(0).unwrap().settle(0);
    }
    let classes = limiter.usage().classes;
    assert!(classes.len() < 300, "{}", classes.len());
    assert!(classes.iter().any(|class| class.key.as_str() == "chat"));
    // A class with a permit or a waiting request is kept.
    clock.advance(SECOND);
    let _permit = limiter.class("running").try_acquire(0).unwrap();
    let _waiting = Requests::new(&limiter.class("waiting"), 1, 0);
    clock.advance(10 * MINUTE);
    for tenant in 0..1_000 {
        clock.advance(SECOND);
        let _ = limiter.class(tenant).try_acquire(0);
    }
    assert_eq!(limiter.class("running").class_usage().in_flight, 1);
}

#[test]
fn an_account_has_the_classes_of_its_builder() {
    let clock = ManualClock::new();
    let builder = Account::<Model>::builder().clock(clock);
    let account = builder
        .class("chat", Class::weight(10).headroom(0.25))
        .build();
    let (model, chat) = (Model::QwenPlus, account.class("chat"));
    ready(chat.acquire(model, 1_000)).unwrap().settle(900);
    let usage = chat.usage(model);
    assert_eq!((usage.weight, usage.admitted), (10, 1));
    assert!((usage.headroom - 0.25).abs() < 1e-9);
    account.set_class(model, "chat", Class::weight(2));
    assert_eq!(chat.usage(model).weight, 2);
    assert_eq!(chat.usage(Model::QwenTurbo).weight, 10);
    assert_eq!(chat.limiter(model).class_usage(), chat.usage(model));
}
