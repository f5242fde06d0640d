//! Small requests pass large ones of other classes.

mod common;

use common::{MINUTE, Requests, SECOND, advance, builder, limits, qwen_plus, ready};
use model_studio_limiter::{AcquireError, Class, ManualClock};
use model_studio_limits::LimitKind;

#[test]
fn small_requests_pass_a_large_one_of_another_class() {
    let clock = ManualClock::new();
    let limiter = builder(qwen_plus(), &clock).build();
    ready(limiter.acquire(400_000)).unwrap().settle(400_000);
    // The tokens of the large request are paid off after 24 seconds.
    let mut batch = Requests::new(&limiter, 1, 400_000);
    let mut chat = Requests::new(&limiter.class("chat"), 100, 1_000);
    advance(&clock, 10 * SECOND, [&mut batch, &mut chat]);
    // Two thirds of what the large one leaves: 0.4 of the limit.
    assert_eq!((batch.admitted(), chat.admitted()), (0, 65));
}

#[test]
fn small_requests_pass_a_large_one_once_their_own_class_has_paid_its_debt() {
    let clock = ManualClock::new();
    let limiter = builder(qwen_plus(), &clock).build();
    let chat = limiter.class("chat");
    ready(chat.acquire(400_000)).unwrap().settle(400_000);
    // It waits for room until the window has passed.
    let mut batch = Requests::new(&limiter, 1, 800_000);
    let mut chat = Requests::new(&chat, 10, 1_000);
    advance(&clock, 22 * SECOND, [&mut batch, &mut chat]);
    assert_eq!((batch.admitted(), chat.admitted()), (0, 0));
    // The tokens of the first request are paid off after 24 seconds.
    advance(&clock, 12 * SECOND, [&mut batch, &mut chat]);
    assert_eq!((batch.admitted(), chat.admitted()), (0, 10));
}

#[test]
fn only_much_smaller_requests_pass_a_large_one() {
    for (tokens, passes) in [(100_000, 1), (120_000, 0)] {
        let clock = ManualClock::new();
        let limiter = builder(qwen_plus(), &clock).build();
        ready(limiter.acquire(400_000)).unwrap().settle(400_000);
        let mut batch = Requests::new(&limiter.class("batch"), 1, 400_000);
        let mut other = Requests::new(&limiter.class("other"), 1, tokens);
        advance(&clock, 22 * SECOND, [&mut batch, &mut other]);
        assert_eq!((batch.admitted(), other.admitted()), (0, passes));
    }
}

/// The first one of a class can have become much smaller than what it passes.
#[test]
fn replaced_limits_change_the_costs_of_waiting_requests() {
    let clock = ManualClock::new();
    let slow = limits(&[
        (LimitKind::Requests, 60, MINUTE),
        (LimitKind::Tokens, 1_000_000, MINUTE),
    ]);
    let limiter = builder(slow, &clock).build();
    ready(limiter.acquire(400_000)).unwrap().settle(400_000);
    let mut batch = Requests::new(&limiter.class("batch"), 1, 400_000);
    // A second of the old limits, and 0.1 seconds of the new ones.
    let mut chat = Requests::new(&limiter.class("chat"), 1, 1_000);
    limiter.set_limits(qwen_plus());
    advance(&clock, SECOND, [&mut batch, &mut chat]);
    assert_eq!((batch.admitted(), chat.admitted()), (0, 1));
}

#[test]
fn headroom_is_left_by_other_classes() {
    let clock = ManualClock::new();
    let limiter = builder(qwen_plus(), &clock);
    let limiter = limiter
        .class("chat", Class::weight(10).headroom(0.1))
        .build();
    let chat = limiter.class("chat");
    // Other classes cannot use all of the limit at once.
    let Err(AcquireError::TooLarge(error)) = limiter.try_acquire(900_001) else {
        panic!("it does not leave the headroom");
    };
    assert_eq!(error.allowed, 900_000);
    assert!(chat.try_acquire(1_000_000).is_ok());

    let (limiter, clock) = (builder(qwen_plus(), &clock), clock.clone());
    let limiter = limiter
        .class("chat", Class::weight(10).headroom(0.1))
        .build();
    let chat = limiter.class("chat");
    ready(limiter.acquire(900_000)).unwrap().settle(900_000);
    clock.advance(SECOND);
    // The batch waits until there is room, but chat has some left, and may start before the tokens of
    // the batch are paid off.
    let mut batch = Requests::new(&limiter, 1, 100);
    let mut chat = Requests::new(&chat, 50, 1_000);
    advance(&clock, SECOND, [&mut batch, &mut chat]);
    assert_eq!((batch.admitted(), chat.admitted()), (0, 11));
}
