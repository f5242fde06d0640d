//! Which limiter admits a request, and errors.

use std::task::Poll;

use model_studio_limiter::{
    Account, AcquireError, Class, Clock as _, Limiter, ManualClock, NamedAccount, Permit,
};
use model_studio_limits::{LimitKind, Model, model};

use crate::common::{MILLISECOND, MINUTE, SECOND, builder, limits, poll, qwen_plus, ready, used};
use crate::{SPACE, admitted, any, limiters, queued, waiting};

#[test]
fn the_first_that_can_start_is_used_in_the_order_of_the_list() {
    let clock = ManualClock::new();
    let all = limiters::<3>(&clock);
    for expected in 0..3 {
        let (index, permit) = ready(any(&all)).unwrap();
        permit.settle(0);
        assert_eq!(index, expected);
    }
    assert_eq!(admitted(&all), [1, 1, 1]);
    let mut future = waiting(any(&all));
    clock.advance(SPACE);
    assert!(matches!(poll(&mut future), Poll::Ready(Ok(_))));
    assert_eq!(admitted(&all).iter().sum::<u64>(), 4);
    assert_eq!(queued(&all), [0, 0, 0]);
}

#[test]
fn models_of_an_account_are_told_apart() {
    let clock = ManualClock::new();
    let account = Account::<Model>::builder()
        .clock(clock.clone())
        .class("chat", Class::weight(10))
        .build();
    let models = [(model!("qwen-plus"), 1_200), (model!("qwen-turbo"), 1_500)];
    let mut counts = [0; 2];
    for _ in 0..2 {
        let (model, permit) = ready(account.acquire_any(models)).unwrap();
        counts[usize::from(model == model!("qwen-turbo"))] += 1;
        permit.settle(100);
    }
    assert_eq!(counts, [1, 1]);
    clock.advance(SECOND);
    let chat = account.class("chat");
    let (model, permit) = ready(chat.acquire_any(models)).unwrap();
    assert_eq!(model, model!("qwen-plus"));
    assert_eq!(chat.usage(model).in_flight, 1);
    permit.settle(100);
    let (model, permit) = chat.try_acquire_any(models).unwrap();
    assert_eq!(model, model!("qwen-turbo"));
    permit.settle(100);
    clock.advance(SECOND);
    let (model, permit) = account.acquire_any(models).blocking().unwrap();
    permit.settle(100);
    assert!(models.iter().any(|(one, _)| *one == model));
}

#[test]
fn models_that_are_known_only_at_run_time_can_be_candidates() {
    let clock = ManualClock::new();
    let names = ["first", "second"];
    let builder = NamedAccount::builder().clock(clock.clone());
    let builder = names
        .iter()
        .fold(builder, |builder, name| builder.limits(name, qwen_plus()));
    let account = builder.class("chat", Class::weight(10)).build();
    let chat = names.map(|name| account.limiter(name).unwrap().class("chat"));
    let candidates = || chat.each_ref().map(|limiter| (limiter, 1_000));
    for expected in 0..2 {
        let (index, permit) = ready(Limiter::acquire_any_timeout(candidates(), SECOND)).unwrap();
        permit.settle(100);
        assert_eq!(index, expected);
    }
    let mut future = waiting(Limiter::acquire_any_timeout(candidates(), SECOND));
    clock.advance(SPACE);
    assert!(matches!(poll(&mut future), Poll::Ready(Ok(_))));
    let usage = chat.each_ref().map(Limiter::class_usage);
    assert_eq!(usage.each_ref().map(|class| class.weight), [10, 10]);
    assert_eq!(usage.iter().map(|class| class.admitted).sum::<u64>(), 3);
}

#[test]
fn limiters_that_are_too_small_or_paused_are_skipped() {
    let clock = ManualClock::new();
    let small = builder(limits(&[(LimitKind::Tokens, 100, MINUTE)]), &clock).build();
    let [paused, free] = [(); 2].map(|()| builder(qwen_plus(), &clock).build());
    paused.pause_until(clock.now() + MINUTE);
    let all = [(&small, 1_000), (&paused, 1_000), (&free, 1_000)];
    let (index, permit) = Limiter::try_acquire_any(all).unwrap();
    permit.settle(1_000);
    assert_eq!(index, 2);
    let Err(AcquireError::NotYet { at }) = Limiter::try_acquire_any(all) else {
        panic!("the free one is not ready");
    };
    assert_eq!(at, clock.now() + SPACE);
    let mut future = waiting(Limiter::acquire_any(all));
    // It would have to wait for the paused one alone.
    free.pause_until(clock.now() + 2 * MINUTE);
    clock.advance(MINUTE - MILLISECOND);
    assert!(poll(&mut future).is_pending());
    clock.advance(MILLISECOND);
    assert!(matches!(poll(&mut future), Poll::Ready(Ok((1, _)))));
}

#[test]
fn a_request_that_no_limiter_can_admit_fails() {
    let clock = ManualClock::new();
    let small =
        [(); 2].map(|()| builder(limits(&[(LimitKind::Tokens, 100, MINUTE)]), &clock).build());
    let all = small.each_ref().map(|limiter| (limiter, 1_000));
    let too_large = |result| matches!(result, Err(AcquireError::TooLarge(_)));
    assert!(too_large(ready(Limiter::acquire_any(all))));
    assert!(too_large(Limiter::try_acquire_any(all)));
    let none: [(&Limiter, u64); 0] = [];
    let empty = |result| matches!(result, Err(AcquireError::NoCandidates));
    assert!(empty(ready(Limiter::acquire_any(none))));
    assert!(empty(ready(Limiter::acquire_any_timeout(none, SECOND))));
    assert!(empty(Limiter::try_acquire_any(none)));
    let nothing: [(Model, u64); 0] = [];
    let account = Account::<Model>::new();
    assert_eq!(
        ready(account.acquire_any(nothing)).unwrap_err(),
        AcquireError::NoCandidates
    );
}

#[test]
fn replaced_limits_exclude_a_limiter_while_another_is_left() {
    let clock = ManualClock::new();
    let all: [Limiter; 2] = [(); 2].map(|()| builder(qwen_plus(), &clock).build());
    let small = limits(&[(LimitKind::Tokens, 100, MINUTE)]);
    for limiter in &all {
        limiter.try_acquire(0).unwrap().settle(0);
    }
    let candidates = || all.each_ref().map(|limiter| (limiter, 1_000));
    let mut future = waiting(Limiter::acquire_any(candidates()));
    let mut failing = waiting(Limiter::acquire_any(candidates()));
    all[0].set_limits(small);
    assert!(poll(&mut future).is_pending());
    clock.advance(SPACE);
    assert!(matches!(poll(&mut future), Poll::Ready(Ok((1, _)))));
    all[1].set_limits(small);
    let result = poll(&mut failing);
    assert!(matches!(
        result,
        Poll::Ready(Err(AcquireError::TooLarge(_)))
    ));
    assert_eq!(queued(&all), [0, 0]);
}

#[test]
fn the_same_limiter_can_be_named_twice() {
    let clock = ManualClock::new();
    let [limiter] = limiters(&clock);
    limiter.try_acquire(0).unwrap().settle(0);
    let mut future = waiting(any([&limiter, &limiter]));
    clock.advance(SECOND);
    assert!(matches!(poll(&mut future), Poll::Ready(Ok((0, _)))));
    let usage = limiter.usage();
    assert_eq!((usage.admitted, usage.queued), (2, 0));
    // The second one is smaller.
    let tokens = limits(&[(LimitKind::Tokens, 1_000, MINUTE)]);
    let limiter = builder(tokens, &clock).build();
    let (index, permit) =
        ready(Limiter::acquire_any([(&limiter, 2_000), (&limiter, 500)])).unwrap();
    permit.settle(500);
    assert_eq!((index, used(&limiter, LimitKind::Tokens)), (1, 500));
}

#[test]
fn what_a_permit_costs_is_settled_with_its_limiter() {
    let clock = ManualClock::new();
    let all: [Limiter; 2] = [(); 2].map(|()| builder(qwen_plus(), &clock).build());
    let settle = |permit: Permit| permit.settle(700);
    for _ in 0..2 {
        let (_, permit) =
            ready(Limiter::acquire_any(all.each_ref().map(|one| (one, 1_000)))).unwrap();
        settle(permit);
    }
    let used = all
        .each_ref()
        .map(|limiter| used(limiter, LimitKind::Tokens));
    assert_eq!(used, [700, 700]);
}
