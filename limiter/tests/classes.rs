//! Classes share the limits by weight.

mod common;

use std::task::Poll;
use std::time::Duration;

use common::{MILLISECOND, SECOND, builder, limits, poll, qwen_plus, ready, requests_only};
use model_studio_limiter::{
    Acquire, AcquireError, Class, ClassKey, Clock as _, Cost, Limiter, ManualClock, Permit,
};
use model_studio_limits::LimitKind;

/// A limiter with a class of weight 3, on a clock that stands still.
fn chat_has_weight_3() -> (Limiter, ManualClock) {
    let clock = ManualClock::new();
    let builder = builder(requests_only(), &clock).class("chat", Class::weight(3));
    (builder.build(), clock)
}

/// The requests of a class.
struct Requests {
    waiting: Vec<Acquire>,
    permits: Vec<Permit>,
}

impl Requests {
    fn new(limiter: &Limiter, count: usize, cost: u64) -> Self {
        let mut requests = Self {
            waiting: (0..count).map(|_| limiter.acquire(cost)).collect(),
            permits: Vec::new(),
        };
        requests.poll();
        requests
    }

    fn poll(&mut self) {
        self.waiting.retain_mut(|future| match poll(future) {
            Poll::Ready(permit) => {
                self.permits.push(permit.unwrap());
                false
            }
            Poll::Pending => true,
        });
    }

    fn admitted(&self) -> usize {
        self.permits.len()
    }
}

/// Advances the time, and polls at each alarm.
fn advance<const N: usize>(
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

#[test]
fn classes_that_wait_share_the_limit_by_weight() {
    let (limiter, clock) = chat_has_weight_3();
    let mut batch = Requests::new(&limiter.class("batch"), 100, 0);
    let mut chat = Requests::new(&limiter.class("chat"), 100, 0);
    advance(&clock, 8 * SECOND, [&mut batch, &mut chat]);
    assert_eq!((batch.admitted(), chat.admitted()), (21, 60));
    let usage = limiter.class("chat").class_usage();
    assert_eq!((usage.weight, usage.waiting, usage.admitted), (3, 40, 60));
    assert_eq!(usage.in_flight, 60);
    assert!((usage.share - 60.0 / 81.0).abs() < 0.01, "{}", usage.share);
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
