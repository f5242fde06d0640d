//! Random schedules of requests for one and for several limiters.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use model_studio_limiter::{
    Acquire, AcquireAny, AcquireError, Clock as _, Limiter, ManualClock, Permit,
};
use model_studio_limits::{LimitKind, Limits};
use proptest::prelude::*;

use crate::common::{MINUTE, SECOND, builder, limits};

/// The smallest limit on tokens.
const SMALLEST_LIMIT: u64 = 1_000;

/// Indexes are taken modulo the number of what they refer to.
#[derive(Clone, Debug)]
enum Step {
    /// A request for any of these limiters, with a timeout and a patience.
    Any(Vec<usize>, u64, Option<Duration>, Duration),
    One(usize, u64),
    Try(Vec<usize>, u64),
    Abandon(usize),
    Settle(usize, u64),
    Cancel(usize),
    Pause(usize, Duration),
    Resume(usize),
    SetLimits(usize, usize),
    /// Advances the time, and polls at each alarm.
    Advance(Duration),
    /// Advances the time without polling.
    AdvanceUnpolled(Duration),
}

fn time(longest: u64) -> impl Strategy<Value = Duration> {
    (0..longest).prop_map(Duration::from_millis)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let candidates = || proptest::collection::vec(0..4_usize, 1..5);
    let patience = prop_oneof![3 => Just(Duration::ZERO), 1 => time(3_000)];
    let timeout = proptest::option::weighted(0.2, time(20_000));
    let step = prop_oneof![
        8 => (candidates(), 1..1_500_u64, timeout, patience)
            .prop_map(|(all, tokens, timeout, patience)| Step::Any(all, tokens, timeout, patience)),
        3 => (0..4_usize, 1..1_500_u64).prop_map(|(one, tokens)| Step::One(one, tokens)),
        1 => (candidates(), 1..1_500_u64).prop_map(|(all, tokens)| Step::Try(all, tokens)),
        3 => (0..100_usize).prop_map(Step::Abandon),
        6 => (0..100_usize, 1..1_500_u64).prop_map(|(one, tokens)| Step::Settle(one, tokens)),
        1 => (0..100_usize).prop_map(Step::Cancel),
        1 => (0..4_usize, time(5_000)).prop_map(|(one, pause)| Step::Pause(one, pause)),
        1 => (0..4_usize).prop_map(Step::Resume),
        1 => (0..4_usize, 0..3_usize).prop_map(|(one, choice)| Step::SetLimits(one, choice)),
        6 => time(3_000).prop_map(Step::Advance),
        2 => time(5_000).prop_map(Step::AdvanceUnpolled),
    ];
    proptest::collection::vec(step, 1..120)
}

/// The limits that the limiters switch between. The last one is too small for most requests.
fn choices() -> [Limits; 3] {
    [(60, 10_000), (120, 5_000), (600, SMALLEST_LIMIT)].map(|(requests, tokens)| {
        limits(&[
            (LimitKind::Requests, requests, MINUTE),
            (LimitKind::Tokens, tokens, MINUTE),
            (LimitKind::ConcurrentRequests, 3, Duration::ZERO),
        ])
    })
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

enum Future {
    Any(AcquireAny<usize>),
    One(Acquire, usize),
}

struct Waiting {
    number: usize,
    future: Future,
    /// The limiters that may admit it.
    limiters: Vec<usize>,
    tokens: u64,
    /// Whether it waits in all queues since it was created, until it is admitted.
    has_place: bool,
    has_timeout: bool,
    is_woken: Arc<Flag>,
}

impl Waiting {
    fn poll(&mut self) -> Poll<Result<(usize, Permit), AcquireError>> {
        let waker = Waker::from(Arc::clone(&self.is_woken));
        let mut context = Context::from_waker(&waker);
        match &mut self.future {
            Future::Any(future) => Pin::new(future)
                .poll(&mut context)
                .map_ok(|(index, permit)| (self.limiters[index], permit)),
            Future::One(future, limiter) => Pin::new(future)
                .poll(&mut context)
                .map_ok(|permit| (*limiter, permit)),
        }
    }
}

struct Load {
    clock: ManualClock,
    limiters: [Limiter; 4],
    waiting: Vec<Waiting>,
    running: Vec<(usize, Permit)>,
    /// Whether all tasks are polled at each alarm, so that requests are admitted in order.
    is_prompt: bool,
    created: usize,
}

impl Load {
    fn new(is_prompt: bool) -> Self {
        let clock = ManualClock::new();
        Self {
            limiters: [0, 0, 1, 1].map(|choice| builder(choices()[choice], &clock).build()),
            clock,
            waiting: Vec::new(),
            running: Vec::new(),
            is_prompt,
            created: 0,
        }
    }

    fn step(&mut self, step: Step) {
        let running = self.running.len();
        match step {
            Step::Any(all, tokens, timeout, patience) => {
                let candidates = all.iter().map(|index| (&self.limiters[*index], tokens));
                let future = match timeout {
                    Some(timeout) => Limiter::acquire_any_timeout(candidates, timeout),
                    None => Limiter::acquire_any(candidates),
                };
                let future = Future::Any(future.patience(patience));
                let has_place = patience.is_zero() && timeout.is_none();
                self.wait(future, all, tokens, has_place, timeout.is_some());
            }
            Step::One(index, tokens) => {
                let future = Future::One(self.limiters[index].acquire(tokens), index);
                self.wait(future, vec![index], tokens, true, false);
            }
            Step::Try(all, tokens) => {
                let candidates = all.iter().map(|index| (&self.limiters[*index], tokens));
                if let Ok((index, permit)) = Limiter::try_acquire_any(candidates) {
                    self.running.push((all[index], permit));
                }
            }
            Step::Abandon(index) => {
                if !self.waiting.is_empty() {
                    drop(self.waiting.remove(index % self.waiting.len()));
                }
            }
            Step::Settle(index, tokens) if running > 0 => {
                self.running.swap_remove(index % running).1.settle(tokens);
            }
            Step::Cancel(index) if running > 0 => {
                self.running.swap_remove(index % running).1.cancel();
            }
            Step::Settle(..) | Step::Cancel(_) => {}
            Step::Pause(index, pause) => {
                self.limiters[index].pause_until(self.clock.now() + pause);
            }
            Step::Resume(index) => self.limiters[index].resume(),
            Step::SetLimits(index, choice) => self.limiters[index].set_limits(choices()[choice]),
            Step::AdvanceUnpolled(duration) if !self.is_prompt => self.clock.advance(duration),
            Step::Advance(duration) | Step::AdvanceUnpolled(duration) => self.advance(duration),
        }
        if self.is_prompt {
            self.poll();
        }
    }

    fn wait(
        &mut self,
        future: Future,
        limiters: Vec<usize>,
        tokens: u64,
        has_place: bool,
        has_timeout: bool,
    ) {
        self.waiting.push(Waiting {
            number: self.created,
            future,
            limiters,
            tokens,
            has_place: has_place && tokens <= SMALLEST_LIMIT,
            has_timeout,
            is_woken: Arc::new(Flag(AtomicBool::new(true))),
        });
        self.created += 1;
        self.poll();
    }

    fn advance(&mut self, duration: Duration) {
        let end = self.clock.now() + duration;
        while let Some(alarm) = self.clock.next_alarm().filter(|alarm| *alarm <= end) {
            self.clock
                .advance(alarm.saturating_duration_since(self.clock.now()));
            self.poll();
        }
        self.clock
            .advance(end.saturating_duration_since(self.clock.now()));
        self.poll();
    }

    /// Polls the tasks that were woken, and checks the counts of the limiters.
    fn poll(&mut self) {
        let mut index = 0;
        while let Some(waiting) = self.waiting.get_mut(index) {
            if !waiting.is_woken.0.swap(false, Ordering::Relaxed) {
                index += 1;
                continue;
            }
            let Poll::Ready(result) = waiting.poll() else {
                index += 1;
                continue;
            };
            let waiting = self.waiting.remove(index);
            self.check_end(&waiting, &result);
            if let Ok((limiter, permit)) = result {
                self.running.push((limiter, permit));
            }
            // This may have woken others.
            index = 0;
        }
        self.check_counts();
    }

    fn check_end(&self, ended: &Waiting, result: &Result<(usize, Permit), AcquireError>) {
        match result {
            Ok((limiter, _)) => {
                assert!(ended.limiters.contains(limiter));
                let mut waiting = self.waiting.iter();
                let overtaken = waiting.find(|one| {
                    let is_in_queue = one.has_place && one.limiters.contains(limiter);
                    is_in_queue && one.number < ended.number
                });
                assert!(overtaken.is_none() || !self.is_prompt, "it has overtaken");
            }
            Err(AcquireError::Timeout | AcquireError::Paused { .. }) => assert!(ended.has_timeout),
            Err(error) => {
                assert!(matches!(error, AcquireError::TooLarge(_)), "{error}");
                assert!(ended.tokens > SMALLEST_LIMIT);
            }
        }
    }

    /// Each running request is counted by the limiter that has admitted it, and nothing else is.
    fn check_counts(&self) {
        let usage = self.limiters.each_ref().map(Limiter::usage);
        for (index, usage) in usage.iter().enumerate() {
            let running = self.running.iter().filter(|(one, _)| *one == index);
            let running = running.count() as u64;
            let is_exact = self.is_prompt || self.waiting.is_empty();
            assert!(usage.in_flight >= running);
            assert!(usage.in_flight == running || !is_exact);
            assert!(usage.in_flight <= 3, "{} at once", usage.in_flight);
            let places = self.waiting.iter().map(|waiting| {
                let limiters = waiting.limiters.iter();
                limiters.filter(|one| **one == index).count()
            });
            assert!(usage.queued <= places.sum());
        }
        // What was admitted and not polled yet has one owner.
        let in_flight: u64 = usage.iter().map(|usage| usage.in_flight).sum();
        assert!(in_flight <= (self.running.len() + self.waiting.len()) as u64);
    }

    /// Nothing starves, and nothing is counted forever.
    fn finish(mut self) {
        for limiter in &self.limiters {
            limiter.resume();
        }
        self.poll();
        for _ in 0..1_000 {
            if self.waiting.is_empty() {
                break;
            }
            while let Some((_, permit)) = self.running.pop() {
                permit.settle(1);
                self.poll();
            }
            self.advance(10 * SECOND);
        }
        assert!(self.waiting.is_empty(), "{} starve", self.waiting.len());
        self.running.clear();
        self.clock.advance(10 * MINUTE);
        for limiter in &self.limiters {
            let usage = limiter.usage();
            assert_eq!((usage.queued, usage.in_flight), (0, 0));
            assert!(usage.limits.iter().all(|limit| limit.used == 0));
        }
    }
}

fn check(steps: Vec<Step>, is_prompt: bool) {
    let mut load = Load::new(is_prompt);
    for step in steps {
        load.step(step);
    }
    load.finish();
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn requests_are_admitted_once_and_in_order(steps in steps()) {
        check(steps, true);
    }

    #[test]
    fn nothing_is_lost_if_tasks_are_polled_late(steps in steps()) {
        check(steps, false);
    }
}
