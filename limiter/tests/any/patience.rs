//! Timeouts, and the patience for an earlier limiter.

use std::task::Poll;

use model_studio_limiter::{AcquireAny, AcquireError, Clock as _, Limiter, ManualClock};
use model_studio_limits::LimitKind;

use crate::common::{MILLISECOND, MINUTE, SECOND, builder, limits, poll, qwen_plus, ready};
use crate::{SPACE, Wakes, any, limiters, one_at_a_time, queued, second_in_line, waiting};

#[test]
fn a_timeout_ends_the_wait_in_all_queues() {
    let clock = ManualClock::new();
    let all = one_at_a_time::<2>(&clock);
    let running = all
        .each_ref()
        .map(|limiter| limiter.try_acquire(0).unwrap());
    let candidates = || all.each_ref().map(|limiter| (limiter, 0));
    let mut future = waiting(Limiter::acquire_any_timeout(candidates(), SECOND));
    clock.advance(SECOND - MILLISECOND);
    assert!(poll(&mut future).is_pending());
    clock.advance(MILLISECOND);
    assert_eq!(queued(&all), [0, 0]);
    let result = poll(&mut future);
    assert!(matches!(result, Poll::Ready(Err(AcquireError::Timeout))));
    // One is free in time.
    let mut future = waiting(Limiter::acquire_any_timeout(candidates(), SECOND));
    let [_first, second] = running;
    second.settle(0);
    clock.advance(MINUTE);
    assert!(matches!(poll(&mut future), Poll::Ready(Ok((1, _)))));
}

#[test]
fn a_timeout_is_certain_only_if_no_limiter_can_admit_in_time() {
    let clock = ManualClock::new();
    let all = limiters::<2>(&clock);
    let timeout =
        |timeout| Limiter::acquire_any_timeout(all.each_ref().map(|limiter| (limiter, 0)), timeout);
    all[0].pause_until(clock.now() + MINUTE);
    all[1].pause_until(clock.now() + SECOND);
    let result = ready(timeout(SECOND / 2));
    let expected = clock.now() + SECOND;
    assert!(matches!(result, Err(AcquireError::Paused { until }) if until == expected));
    let mut future = waiting(timeout(2 * SECOND));
    assert_eq!(queued(&all), [0, 1], "the first one cannot be in time");
    clock.advance(SECOND);
    assert!(matches!(poll(&mut future), Poll::Ready(Ok((1, _)))));
}

/// Requests that may start elsewhere do not make it certain that those behind them are too late.
#[test]
fn a_timeout_does_not_count_requests_that_may_start_elsewhere() {
    let clock = ManualClock::new();
    let all = limiters::<2>(&clock);
    for limiter in &all {
        limiter.try_acquire(0).unwrap().settle(0);
    }
    let _ahead = [(); 10].map(|()| waiting(any(&all)));
    let mut future = all[0].acquire_timeout(0, 600 * MILLISECOND);
    assert!(poll(&mut future).is_pending());
    clock.advance(600 * MILLISECOND);
    assert!(matches!(poll(&mut future), Poll::Ready(Ok(_))));
    // Those that wait only here do.
    let _ahead = [(); 10].map(|()| second_in_line(&all[0]));
    assert_eq!(
        ready(all[0].acquire_timeout(0, 600 * MILLISECOND)).unwrap_err(),
        AcquireError::Timeout
    );
}

#[test]
fn a_patient_request_waits_for_the_first_that_starts_soon() {
    let clock = ManualClock::new();
    let [first, second] = limiters(&clock);
    let patient = |patience| any([&first, &second]).patience(patience);
    let expect = |future: &mut AcquireAny<usize>, expected: usize| {
        let Poll::Ready(Ok((index, permit))) = poll(future) else {
            panic!("it is not admitted");
        };
        permit.settle(0);
        assert_eq!(index, expected);
    };
    first.try_acquire(0).unwrap().settle(0);
    // In time.
    let mut future = waiting(patient(SPACE));
    assert_eq!(second.usage().queued, 0);
    clock.advance(SPACE);
    expect(&mut future, 0);
    // Not in time, so it does not wait for it at all.
    expect(&mut patient(SPACE - MILLISECOND), 1);
    // A pause comes in between, and its patience ends.
    clock.advance(SPACE / 2);
    let mut future = waiting(patient(SPACE));
    first.pause_until(clock.now() + MINUTE);
    clock.advance(SPACE - MILLISECOND);
    assert!(poll(&mut future).is_pending());
    clock.advance(MILLISECOND);
    expect(&mut future, 1);
    // It is not expected until the end of the pause.
    clock.advance(SPACE);
    expect(&mut patient(SECOND), 1);
}

/// The task is woken at the end of its patience.
#[test]
fn the_end_of_patience_wakes_the_task() {
    let clock = ManualClock::new();
    let [first, second] = one_at_a_time(&clock);
    let _running = first.try_acquire(0).unwrap();
    let mut future = any([&first, &second]).patience(SECOND);
    let wakes = Wakes::default();
    assert!(wakes.poll(&mut future).is_pending());
    clock.advance(SECOND - MILLISECOND);
    assert_eq!(wakes.count(), 0);
    clock.advance(MILLISECOND);
    assert_eq!(wakes.count(), 1);
    assert!(matches!(wakes.poll(&mut future), Poll::Ready(Ok((1, _)))));
}

#[test]
fn patience_ends_if_the_preferred_limiter_fails() {
    let clock = ManualClock::new();
    let [first, second] = [(); 2].map(|()| builder(qwen_plus(), &clock).build());
    first.try_acquire(0).unwrap().settle(0);
    let candidates = [(&first, 1_000), (&second, 1_000)];
    let mut future = waiting(Limiter::acquire_any(candidates).patience(MINUTE));
    first.set_limits(limits(&[(LimitKind::Tokens, 100, MINUTE)]));
    assert!(matches!(poll(&mut future), Poll::Ready(Ok((1, _)))));
}
