//! Limits and models that are known only at run time.

mod common;

use std::num::NonZeroU64;
use std::task::Poll;
use std::time::Duration;

use common::{MINUTE, SECOND, builder, limits, poll, ready, used};
use model_studio_limiter::{
    AcquireError, Class, Clock as _, Cost, Limiter, ManualClock, NamedAccount, Refusal,
};
use model_studio_limits::{Limit, LimitKind};

fn requests(count: u64, per: Duration) -> Limit {
    Limit {
        kind: LimitKind::Requests,
        count: NonZeroU64::new(count).unwrap(),
        per: Some(per),
    }
}

#[test]
fn a_limiter_takes_limits_that_were_made_at_run_time() {
    let clock = ManualClock::new();
    let limiter = Limiter::builder(vec![requests(600, MINUTE)])
        .clock(clock.clone())
        .build();
    limiter.try_acquire(0).unwrap().settle(0);
    assert!(limiter.try_acquire(0).is_err());
    limiter.set_limits([requests(600, MINUTE), requests(1_000, 24 * 60 * MINUTE)]);
    assert_eq!(limiter.usage().limits.len(), 2);
    assert!(Limiter::new([requests(1, SECOND)]).try_acquire(0).is_ok());
}

#[test]
fn an_account_learns_of_models_while_it_runs() {
    let clock = ManualClock::new();
    let account = NamedAccount::builder()
        .clock(clock.clone())
        .limits("first", [requests(60, MINUTE)])
        .build();
    let error = account.limiter("second").unwrap_err();
    assert_eq!(error.name(), "second");
    assert_eq!(
        error.to_string(),
        "the account has no limits for the model `second`"
    );
    account.set_limits("second", [requests(60, MINUTE)]);
    for name in ["first", "second"] {
        ready(account.acquire(name, 1).unwrap()).unwrap().settle(1);
        assert!(poll(&mut account.acquire(name, 1).unwrap()).is_pending());
    }
    // A change applies to the existing limiter.
    let limiter = account.limiter("first").unwrap();
    account.set_limits("first", [requests(120, MINUTE)]);
    assert_eq!(limiter.usage().limits[0].allowed, 120);
    assert_eq!(used(&limiter, LimitKind::Requests), 1);
    account.remove("first");
    assert!(account.limiter("first").is_err());
}

#[test]
fn idle_limiters_are_dropped_and_those_that_matter_are_kept() {
    let clock = ManualClock::new();
    let account = NamedAccount::builder()
        .clock(clock.clone())
        .limits("idle", [requests(60, MINUTE)])
        .limits("used", [requests(60, MINUTE)])
        .limits("running", [requests(60, MINUTE)])
        .build();
    let admitted = |name| account.limiter(name).unwrap().usage().admitted;
    let running = ready(account.acquire("running", 1).unwrap()).unwrap();
    ready(account.acquire("idle", 1).unwrap())
        .unwrap()
        .settle(1);
    clock.advance(MINUTE + 2 * SECOND);
    ready(account.acquire("used", 1).unwrap())
        .unwrap()
        .settle(1);
    account.drop_idle();
    // A new limiter has not admitted anything.
    assert_eq!(admitted("idle"), 0);
    assert_eq!(admitted("used"), 1);
    assert_eq!(admitted("running"), 1);
    running.settle(1);

    // It also happens when limiters are created.
    for number in 0..1_000 {
        let name = number.to_string();
        account.set_limits(&name, [requests(60, MINUTE)]);
        account.limiter(&name).unwrap();
    }
    let in_use = format!("{account:?}").matches("Usage {").count();
    assert!(in_use <= 50, "{in_use} limiters");
}

#[test]
fn a_limiter_with_a_debt_is_kept() {
    let clock = ManualClock::new();
    let tokens = limits(&[(LimitKind::Tokens, 1_000_000, MINUTE)]);
    let account = NamedAccount::builder()
        .clock(clock.clone())
        .limits("model", tokens)
        .build();
    let permit = ready(account.acquire("model", 1).unwrap()).unwrap();
    clock.advance(59 * SECOND);
    permit.settle(1_000_000);
    clock.advance(3 * SECOND);
    account.drop_idle();
    assert!(poll(&mut account.acquire("model", 1).unwrap()).is_pending());
}

#[test]
fn a_limiter_that_is_paused_or_slowed_down_is_kept() {
    let clock = ManualClock::new();
    let account = NamedAccount::builder()
        .clock(clock.clone())
        .limits("paused", [requests(60, MINUTE)])
        .limits("slow", [requests(60, MINUTE)])
        .build();
    let paused = account.limiter("paused").unwrap();
    paused.pause_until(clock.now() + 10 * MINUTE);
    drop(paused);
    for _ in 0..20 {
        let permit = ready(account.acquire("slow", 0).unwrap()).unwrap();
        clock.advance(SECOND);
        permit.refused(Refusal::Requests);
        account.limiter("slow").unwrap().resume();
        clock.advance(20 * SECOND);
    }
    clock.advance(MINUTE + 2 * SECOND);
    let pace = account.limiter("slow").unwrap().usage().pace;
    assert!(pace < 1.0, "{pace}");
    account.drop_idle();
    assert!(poll(&mut account.acquire("paused", 0).unwrap()).is_pending());
    let kept = account.limiter("slow").unwrap().usage();
    assert!(kept.pace < 1.0 && kept.refused == 20, "{kept:?}");
}

#[test]
fn estimates_outlive_the_limiter() {
    let clock = ManualClock::new();
    let account = NamedAccount::builder()
        .clock(clock.clone())
        .limits("model", [requests(60, MINUTE)])
        .build();
    for _ in 0..20 {
        let permit = ready(account.acquire("model", 1).unwrap()).unwrap();
        permit.settle(Cost::input_output(10, 100));
        clock.advance(SECOND);
    }
    clock.advance(2 * MINUTE);
    account.drop_idle();
    let limiter = account.limiter("model").unwrap();
    assert_eq!(limiter.usage().admitted, 0, "it was created again");
    assert_eq!(limiter.estimate(10, 1_000), Cost::input_output(10, 100));
}

/// After an idle time, both the same limiter and a new one start slowly.
#[test]
fn what_was_learned_of_a_sudden_rise_outlives_the_limiter() {
    let clock = ManualClock::new();
    let account = NamedAccount::builder()
        .clock(clock.clone())
        .limits("model", [requests(600, MINUTE)])
        .build();
    let acquire = || {
        let mut waiting = account.acquire("model", 0).unwrap();
        loop {
            if let Poll::Ready(permit) = poll(&mut waiting) {
                return permit.unwrap();
            }
            clock.advance(SECOND / 10);
        }
    };
    for number in 0..100 {
        let permit = acquire();
        if number % 2 == 0 {
            permit.settle(0);
        } else {
            permit.refused(Refusal::Burst);
        }
    }
    clock.advance(10 * MINUTE);
    let pace = account.limiter("model").unwrap().usage().pace;
    assert!(pace < 0.9, "{pace}");
    account.drop_idle();
    let usage = account.limiter("model").unwrap().usage();
    assert_eq!(usage.admitted, 0, "it was created again");
    assert!((usage.pace - pace).abs() < 1e-9, "{}", usage.pace);
    // What was sent in the last minute is not known to a new one.
    acquire().settle(0);
    clock.advance(MINUTE / 2);
    account.drop_idle();
    assert_eq!(account.limiter("model").unwrap().usage().admitted, 1);
    // Limits that are replaced change nothing.
    clock.advance(10 * MINUTE);
    account.set_limits("model", [requests(1_200, MINUTE)]);
    let usage = account.limiter("model").unwrap().usage();
    assert!((usage.pace - pace).abs() < 1e-9, "{}", usage.pace);
}

#[test]
fn a_burst_is_sent_at_once_and_exceeds_no_window() {
    let clock = ManualClock::new();
    let limits = limits(&[
        (LimitKind::Requests, 600, MINUTE),
        (LimitKind::Tokens, 1_000_000, MINUTE),
    ]);
    let limiter = builder(limits, &clock).burst(20).build();
    let at_once = || {
        let permits = (0..100).map_while(|_| limiter.try_acquire(1_200).ok());
        permits.map(|permit| permit.settle(1_200)).count()
    };
    assert_eq!(at_once(), 20);
    clock.advance(Duration::from_millis(100));
    assert_eq!(at_once(), 1);
    clock.advance(10 * SECOND);
    assert_eq!(at_once(), 20, "after an idle time");
    // The first minute has no more than the limit.
    for _ in 0..498 {
        clock.advance(Duration::from_millis(100));
        at_once();
    }
    assert!(limiter.usage().admitted <= 600);
    assert!(limiter.usage().admitted >= 530);
}

#[test]
fn a_task_can_be_tried_waited_for_and_blocked_on() {
    let clock = ManualClock::new();
    let limits = limits(&[(LimitKind::ConcurrentTasks, 1, Duration::ZERO)]);
    let limiter = builder(limits, &clock).build();
    let task = limiter.try_acquire_task(0).unwrap();
    assert!(matches!(
        limiter.try_acquire_task(0),
        Err(AcquireError::NotYet { .. })
    ));
    let mut waiting = limiter.acquire_task_timeout(0, SECOND);
    assert!(poll(&mut waiting).is_pending());
    clock.advance(SECOND);
    assert_eq!(ready(waiting).unwrap_err(), AcquireError::Timeout);
    task.finish();
    limiter.blocking_acquire_task(0).unwrap().finish();
}

#[test]
fn a_pause_can_be_ended() {
    let clock = ManualClock::new();
    let limiter = builder(limits(&[(LimitKind::Requests, 600, MINUTE)]), &clock).build();
    limiter.pause_until(clock.now() + MINUTE);
    let mut waiting = limiter.acquire(0);
    assert!(poll(&mut waiting).is_pending());
    limiter.resume();
    assert!(poll(&mut waiting).is_ready());
}

#[test]
fn the_classes_of_an_account_can_be_set_while_it_runs() {
    let account = NamedAccount::builder()
        .clock(ManualClock::new())
        .limits("first", [requests(60, MINUTE)])
        .limits("second", [requests(60, MINUTE)])
        .build();
    let weight = |name| {
        let limiter = account.limiter(name).unwrap().class("chat");
        limiter.class_usage().weight
    };
    assert_eq!(weight("first"), 1);
    account.set_class("chat", Class::weight(7));
    // Of a limiter that exists, and of one that is created later.
    assert_eq!([weight("first"), weight("second")], [7, 7]);
    let usage = account.usage();
    assert_eq!(
        usage.keys().map(|name| &**name).collect::<Vec<_>>(),
        ["first", "second"]
    );
}

#[test]
fn the_expected_wait_depends_on_the_queue() {
    let limiter = Limiter::builder([requests(60, MINUTE)])
        .clock(ManualClock::new())
        .build();
    assert_eq!(limiter.expected_wait(1), Duration::ZERO);
    limiter.try_acquire(1).unwrap().settle(1);
    assert_eq!(limiter.expected_wait(1), SECOND);
    let mut waiting = [limiter.acquire(1), limiter.acquire(1)];
    for future in &mut waiting {
        assert!(poll(future).is_pending());
    }
    assert_eq!(limiter.expected_wait(1), 3 * SECOND);
}
