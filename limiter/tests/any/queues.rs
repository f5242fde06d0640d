//! The queues in which a request waits, and how it leaves them.

use std::task::Poll;

use model_studio_limiter::{Class, Clock as _, Limiter, ManualClock};
use model_studio_limits::LimitKind;

use crate::common::{MINUTE, SECOND, builder, limits, poll, requests_only, used};
use crate::{
    SPACE, Wakes, admitted, any, limiters, one_at_a_time, queued, second_in_line, waiting,
};

/// It leaves the queues at the moment of its admission, and not when its task is polled.
#[test]
fn a_task_that_is_not_polled_takes_nothing_from_others() {
    let clock = ManualClock::new();
    let all = one_at_a_time::<2>(&clock);
    let [first, second] = all
        .each_ref()
        .map(|limiter| limiter.try_acquire(0).unwrap());
    let mut stalled = waiting(any(&all));
    let mut next = second_in_line(&all[1]);
    first.settle(0);
    assert_eq!((admitted(&all), queued(&all)), ([2, 1], [0, 1]));
    second.settle(0);
    assert_eq!(admitted(&all), [2, 2]);
    assert!(matches!(poll(&mut next), Poll::Ready(Ok(_))));
    let Poll::Ready(Ok((index, permit))) = poll(&mut stalled) else {
        panic!("it was admitted");
    };
    permit.settle(0);
    assert_eq!(index, 0);
}

#[test]
fn two_limiters_that_are_free_at_once_admit_a_request_once() {
    let clock = ManualClock::new();
    let all = limiters::<4>(&clock);
    for limiter in &all {
        limiter.try_acquire(0).unwrap().settle(0);
    }
    let mut futures = [(); 10].map(|()| waiting(any(&all)));
    // The alarms of all limiters ring before a task is polled.
    clock.advance(2 * SPACE);
    let polled = futures.each_mut().map(poll);
    let count = polled.iter().filter(|poll| poll.is_ready()).count();
    assert_eq!(count, 8);
    assert_eq!(admitted(&all), [3; 4]);
    assert_eq!(queued(&all), [2; 4]);
    drop(polled);
    drop(futures);
    assert_eq!(queued(&all), [0; 4]);
    let in_flight = all.each_ref().map(|limiter| limiter.usage().in_flight);
    assert_eq!(in_flight, [0; 4]);
}

#[test]
fn requests_for_one_and_for_any_limiter_start_in_the_order_of_arrival() {
    let clock = ManualClock::new();
    let [first, second] = limiters(&clock);
    for limiter in [&first, &second] {
        limiter.try_acquire(0).unwrap().settle(0);
    }
    let mut single = second_in_line(&first);
    let mut both = waiting(any([&first, &second]));
    let mut last = second_in_line(&second);
    clock.advance(SPACE);
    assert!(poll(&mut single).is_ready());
    assert!(matches!(poll(&mut both), Poll::Ready(Ok((1, _)))));
    assert!(poll(&mut last).is_pending());
    clock.advance(SPACE);
    assert!(poll(&mut last).is_ready());
}

#[test]
fn a_dropped_future_leaves_all_queues() {
    let clock = ManualClock::new();
    for is_admitted in [false, true] {
        let all = one_at_a_time::<3>(&clock);
        let running = all
            .each_ref()
            .map(|limiter| limiter.try_acquire(0).unwrap());
        let unpolled = any(&all);
        drop(unpolled);
        let future = waiting(any(&all));
        let mut next = second_in_line(&all[1]);
        assert_eq!(queued(&all), [1, 2, 1]);
        let mut running = running.into_iter();
        if is_admitted {
            // The first one admits it, but the task is never polled again.
            running.next().unwrap().settle(0);
            assert_eq!(queued(&all), [0, 1, 0]);
        }
        drop(future);
        assert_eq!(queued(&all), [0, 1, 0]);
        drop(running);
        assert!(poll(&mut next).is_ready());
        let usage = all[0].usage();
        assert_eq!((usage.in_flight, usage.admitted), (0, 1));
    }
}

#[test]
fn the_permit_of_a_dropped_future_goes_to_the_next() {
    let clock = ManualClock::new();
    let all = one_at_a_time::<2>(&clock);
    let running = all
        .each_ref()
        .map(|limiter| limiter.try_acquire(0).unwrap());
    let first = waiting(any(&all));
    let mut second = waiting(any(&all));
    let [one, _other] = running;
    one.settle(0);
    assert!(poll(&mut second).is_pending());
    drop(first);
    assert!(matches!(poll(&mut second), Poll::Ready(Ok((0, _)))));
}

/// A task that is late goes back to its queue, and waits for the others again.
#[test]
fn a_request_that_is_polled_late_waits_in_all_queues_again() {
    let clock = ManualClock::new();
    let all = limiters::<2>(&clock);
    for limiter in &all {
        limiter.try_acquire(0).unwrap().settle(0);
    }
    all[1].pause_until(clock.now() + 10 * SECOND);
    let mut stalled = waiting(any(&all));
    clock.advance(SPACE);
    assert_eq!((admitted(&all), queued(&all)), ([2, 1], [0, 0]));
    // A request cannot start during a pause.
    clock.advance(SECOND);
    all[0].pause_until(clock.now() + MINUTE);
    assert!(poll(&mut stalled).is_pending());
    assert_eq!((admitted(&all), queued(&all)), ([1, 1], [1, 1]));
    let mut next = second_in_line(&all[0]);
    clock.advance(9 * SECOND);
    assert!(matches!(poll(&mut stalled), Poll::Ready(Ok((1, _)))));
    assert_eq!(queued(&all), [1, 0]);
    clock.advance(MINUTE);
    assert!(poll(&mut next).is_ready());
}

/// It keeps its place in the queue of the limiter that had admitted it.
#[test]
fn a_request_that_is_polled_late_keeps_its_place() {
    let clock = ManualClock::new();
    let all = one_at_a_time::<2>(&clock);
    let [running, _other] = all
        .each_ref()
        .map(|limiter| limiter.try_acquire(0).unwrap());
    let mut stalled = waiting(any(&all));
    let mut next = second_in_line(&all[0]);
    running.settle(0);
    all[0].pause_until(clock.now() + SECOND);
    assert!(poll(&mut stalled).is_pending());
    clock.advance(SECOND);
    assert!(matches!(poll(&mut stalled), Poll::Ready(Ok((0, _)))));
    assert!(matches!(poll(&mut next), Poll::Ready(Ok(_))));
}

#[test]
fn classes_share_each_limiter_by_weight() {
    let clock = ManualClock::new();
    let all: [Limiter; 2] = [(); 2].map(|()| {
        let class = Class::weight(3);
        builder(requests_only(), &clock)
            .class("chat", class)
            .build()
    });
    for limiter in &all {
        limiter.try_acquire(0).unwrap().settle(0);
    }
    let chat = all.each_ref().map(|limiter| limiter.class("chat"));
    let mut chats: Vec<_> = (0..200).map(|_| waiting(any(&chat))).collect();
    let mut others: Vec<_> = (0..200).map(|_| waiting(any(&all))).collect();
    let mut counts = [0, 0];
    for _ in 0..100 {
        clock.advance(SPACE);
        for (futures, count) in [&mut chats, &mut others].into_iter().zip(&mut counts) {
            futures.retain_mut(|future| {
                let is_ready = poll(future).is_ready();
                *count += u32::from(is_ready);
                !is_ready
            });
        }
    }
    let [chat, other] = counts;
    assert!(chat + other >= 198, "{chat} and {other}");
    assert!((145..=155).contains(&chat), "{chat} of {}", chat + other);
}

/// None of its places is admitted when another one leaves the queue.
#[test]
fn a_future_that_is_being_dropped_is_not_admitted() {
    let clock = ManualClock::new();
    let limiter = builder(limits(&[(LimitKind::Tokens, 1_000, MINUTE)]), &clock).build();
    limiter.try_acquire(950).unwrap().settle(950);
    let wakes = Wakes::default();
    let mut future = Limiter::acquire_any([(&limiter, 900), (&limiter, 10)]);
    assert!(wakes.poll(&mut future).is_pending());
    // There is room for the smaller one, which waits behind the larger one.
    clock.advance(58 * SECOND);
    drop(future);
    assert_eq!(wakes.count(), 0);
    assert_eq!(used(&limiter, LimitKind::Tokens), 950);
}
