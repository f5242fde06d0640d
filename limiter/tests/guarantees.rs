//! The guarantees of the documentation, under random loads in simulated time.

#![allow(
    clippy::cast_precision_loss,
    clippy::unchecked_time_subtraction,
    reason = "the numbers in tests are small"
)]

mod common;

use std::task::Poll;
use std::time::{Duration, Instant};

use common::{MILLISECOND, MINUTE, SECOND, limits, manual, poll, qwen_plus};
use model_studio_limiter::{
    Acquire, AcquireError, Clock as _, Limiter, ManualClock, Permit, Refusal,
};
use model_studio_limits::{LimitKind, Limits};
use proptest::prelude::*;

/// What the random load does next. Indexes are taken modulo the number of what they refer to.
#[derive(Clone, Copy, Debug)]
enum Step {
    Acquire(u64),
    /// Drops a request that waits.
    Abandon(usize),
    Settle(usize, u64),
    Report(usize, u64),
    Drop(usize),
    Cancel(usize),
    Refuse(usize, Refusal),
    Pause(Duration),
    SetLimits(usize),
    /// Advances the time, and polls at each time at which a request may be admitted.
    Advance(Duration),
    /// Advances the time and polls at the end only.
    AdvanceLate(Duration),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let cost = || prop_oneof![Just(0), 1..2_000_u64, 1..60_000_u64];
    let time = || prop_oneof![0..500_u64, 0..5_000_u64, 0..90_000_u64];
    let time = move || time().prop_map(Duration::from_millis);
    let refusal = prop_oneof![
        Just(Refusal::Requests),
        Just(Refusal::Tokens),
        Just(Refusal::Burst),
        Just(Refusal::Concurrency),
        Just(Refusal::Capacity),
        Just(Refusal::NotRetryable),
    ];
    let step = prop_oneof![
        12 => cost().prop_map(Step::Acquire),
        1 => any::<usize>().prop_map(Step::Abandon),
        4 => (any::<usize>(), cost()).prop_map(|(index, cost)| Step::Settle(index, cost)),
        1 => (any::<usize>(), cost()).prop_map(|(index, cost)| Step::Report(index, cost)),
        1 => any::<usize>().prop_map(Step::Drop),
        1 => any::<usize>().prop_map(Step::Cancel),
        1 => (any::<usize>(), refusal).prop_map(|(index, refusal)| Step::Refuse(index, refusal)),
        1 => time().prop_map(Step::Pause),
        1 => any::<usize>().prop_map(Step::SetLimits),
        6 => time().prop_map(Step::Advance),
        1 => time().prop_map(Step::AdvanceLate),
    ];
    proptest::collection::vec(step, 1..250)
}

/// The limits that the load switches between. All have the same kinds, because a limit on a new kind
/// starts empty.
fn choices() -> [Limits; 3] {
    [
        limits(&[
            (LimitKind::Requests, 60, MINUTE),
            (LimitKind::Tokens, 60_000, MINUTE),
            (LimitKind::ConcurrentRequests, 5, Duration::ZERO),
        ]),
        limits(&[
            (LimitKind::Requests, 3, SECOND),
            (LimitKind::Requests, 30, MINUTE),
            (LimitKind::Tokens, 10_000, 6 * SECOND),
            (LimitKind::Tokens, 80_000, MINUTE),
            (LimitKind::ConcurrentRequests, 2, Duration::ZERO),
        ]),
        limits(&[
            (LimitKind::Requests, 200, MINUTE),
            (LimitKind::Tokens, 70_000, MINUTE),
            (LimitKind::ConcurrentRequests, 9, Duration::ZERO),
        ]),
    ]
}

/// A request that was admitted, as an observer knows it.
struct Sent {
    at: Instant,
    tokens: u64,
    is_cancelled: bool,
}

/// A limiter, and a record of all that it admitted.
struct Load {
    limiter: Limiter,
    clock: ManualClock,
    limits: Limits,
    waiting: Vec<(usize, Acquire, u64)>,
    in_flight: Vec<(usize, Permit)>,
    sent: Vec<Sent>,
    paused_until: Option<Instant>,
    next_request: usize,
    last_admitted: Option<usize>,
    /// Whether futures were not polled when they were woken. Then the order is not guaranteed.
    was_late: bool,
}

impl Load {
    fn new(limits: Limits) -> Self {
        let (limiter, clock) = manual(limits);
        Self {
            limiter,
            clock,
            limits,
            waiting: Vec::new(),
            in_flight: Vec::new(),
            sent: Vec::new(),
            paused_until: None,
            next_request: 0,
            last_admitted: None,
            was_late: false,
        }
    }

    fn step(&mut self, step: Step) {
        let waiting = self.waiting.len().max(1);
        let in_flight = self.in_flight.len().max(1);
        let mut permit = |index: usize| {
            let index = index % in_flight;
            (index < self.in_flight.len()).then(|| self.in_flight.remove(index))
        };
        match step {
            Step::Acquire(tokens) => {
                let request = self.next_request;
                self.next_request += 1;
                self.waiting
                    .push((request, self.limiter.acquire(tokens), tokens));
            }
            Step::Abandon(index) => {
                if index % waiting < self.waiting.len() {
                    drop(self.waiting.remove(index % waiting));
                }
            }
            Step::Settle(index, tokens) => {
                if let Some((sent, permit)) = permit(index) {
                    permit.settle(tokens);
                    self.sent[sent].tokens = tokens;
                }
            }
            Step::Report(index, tokens) => {
                if let Some((sent, permit)) = self.in_flight.get_mut(index % in_flight) {
                    permit.report(tokens);
                    self.sent[*sent].tokens = self.sent[*sent].tokens.max(tokens);
                }
            }
            Step::Drop(index) => drop(permit(index)),
            Step::Cancel(index) => {
                if let Some((sent, permit)) = permit(index) {
                    permit.cancel();
                    self.sent[sent].is_cancelled = true;
                }
            }
            Step::Refuse(index, refusal) => {
                if let Some((_, permit)) = permit(index) {
                    permit.refused(refusal);
                }
            }
            Step::Pause(duration) => {
                let until = self.clock.now() + duration;
                self.limiter.pause_until(until);
                self.paused_until = self.paused_until.max(Some(until));
            }
            Step::SetLimits(index) => {
                self.limits = choices()[index % 3];
                self.limiter.set_limits(self.limits);
            }
            Step::Advance(duration) => self.advance(duration),
            Step::AdvanceLate(duration) => {
                self.clock.advance(duration);
                self.was_late = true;
            }
        }
        self.poll();
    }

    /// Advances the time, and polls at each alarm.
    fn advance(&mut self, duration: Duration) {
        self.poll();
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

    /// Polls every request that waits, and checks each one that is admitted.
    fn poll(&mut self) {
        let mut index = 0;
        while let Some((request, future, tokens)) = self.waiting.get_mut(index) {
            match poll(future) {
                Poll::Pending => index += 1,
                Poll::Ready(result) => {
                    let (request, tokens) = (*request, *tokens);
                    drop(self.waiting.remove(index));
                    match result {
                        Ok(permit) => self.admitted(request, tokens, permit),
                        Err(error) => {
                            assert!(matches!(error, AcquireError::TooLarge(_)), "{error}");
                        }
                    }
                }
            }
        }
    }

    fn admitted(&mut self, request: usize, tokens: u64, permit: Permit) {
        let now = self.clock.now();
        let is_next = self.last_admitted < Some(request);
        assert!(is_next || self.was_late, "{request} was overtaken");
        self.last_admitted = Some(request);
        assert!(self.paused_until <= Some(now), "admitted during a pause");
        self.in_flight.push((self.sent.len(), permit));
        self.sent.push(Sent {
            at: now,
            tokens,
            is_cancelled: false,
        });
        for limit in self.limits {
            let Some(window) = limit.per else {
                assert!(self.in_flight.len() as u64 <= limit.count.get(), "{limit}");
                continue;
            };
            let guard = (window / 60).min(SECOND);
            let recent = self
                .sent
                .iter()
                .filter(|sent| !sent.is_cancelled && now.duration_since(sent.at) < window + guard);
            let used: u64 = match limit.kind {
                LimitKind::Requests => recent.count() as u64,
                _ => recent.map(|sent| sent.tokens).sum(),
            };
            assert!(used <= limit.count.get(), "{used} used of {limit}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        // A failure prints the input, and is fixed with a test of its own.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Guarantees 1, 3, 4, 5 and 6: at every admission, all that is known to be used of every limit
    /// is within it. Requests are admitted in order. In the end, everything is admitted and
    /// everything expires.
    #[test]
    fn no_window_of_any_limit_is_exceeded(first in 0..3_usize, steps in steps()) {
        let mut load = Load::new(choices()[first]);
        for step in steps {
            load.step(step);
        }
        // Nothing starves: with everything settled, all that waits is admitted.
        for _ in 0..1_000 {
            if load.waiting.is_empty() {
                break;
            }
            load.in_flight.clear();
            load.advance(MINUTE);
        }
        prop_assert!(load.waiting.is_empty(), "{} requests starve", load.waiting.len());
        load.in_flight.clear();
        load.clock.advance(10 * MINUTE);
        let usage = load.limiter.usage();
        prop_assert_eq!((usage.queued, usage.in_flight), (0, 0));
        for limit in usage.limits {
            prop_assert_eq!(limit.used, 0, "{:?}", limit);
        }
    }

    /// Guarantee 2: requests are evenly spaced, and each request waits for the tokens of those
    /// before it. Nothing is saved up at the start or while idle.
    #[test]
    fn requests_and_tokens_are_evenly_spaced(
        requests in proptest::collection::vec(
            (prop_oneof![1..3_000_u64, 1..400_000_u64], prop_oneof![9 => Just(0), 1 => 0..200_000_u64]),
            1..300,
        )
    ) {
        let (limiter, clock) = manual(qwen_plus());
        let start = clock.now();
        let mut sent: Vec<(Duration, u64)> = Vec::new();
        for (tokens, idle) in requests {
            clock.advance(Duration::from_millis(idle));
            let permit = loop {
                match limiter.try_acquire(tokens) {
                    Ok(permit) => break permit,
                    Err(AcquireError::NotYet { at }) => clock.advance(at - clock.now()),
                    Err(error) => panic!("{error}"),
                }
            };
            drop(permit);
            sent.push((clock.now() - start, tokens));
        }
        for (first, &(start, _)) in sent.iter().enumerate() {
            let mut tokens = 0;
            for (count, &(at, cost)) in (0_u32..).zip(&sent[first..]) {
                let elapsed = at - start;
                prop_assert!(elapsed + 2 * MILLISECOND >= count * 100 * MILLISECOND);
                // 60 microseconds per token, with a second of credit.
                let paid = elapsed + SECOND + Duration::from_micros(1);
                prop_assert!(paid >= Duration::from_micros(60 * tokens), "{tokens} in {elapsed:?}");
                tokens += cost;
            }
        }
    }
}

/// Guarantee 7: with small requests, at least 97% of the limit is used. Here for limits per minute
/// and for the exact windows of the provider.
#[test]
fn saturated_limits_are_used() {
    for limits in [
        limits(&[(LimitKind::Requests, 600, MINUTE)]),
        limits(&[(LimitKind::Requests, 30_000, MINUTE)]),
        limits(&[(LimitKind::Requests, 5, SECOND)]),
        limits(&[
            (LimitKind::Requests, 500, SECOND),
            (LimitKind::Requests, 30_000, MINUTE),
        ]),
        limits(&[
            (LimitKind::Requests, 600, MINUTE),
            (LimitKind::Tokens, 60_000, 6 * SECOND),
        ]),
    ] {
        let (limiter, clock) = manual(limits);
        let end = clock.now() + 10 * MINUTE;
        let mut sent = 0_u32;
        while clock.now() < end {
            match limiter.try_acquire(1) {
                Ok(permit) => {
                    permit.settle(1);
                    sent += 1;
                }
                Err(AcquireError::NotYet { at }) => clock.advance(at - clock.now()),
                Err(error) => panic!("{error}"),
            }
        }
        let first = limits.as_slice()[0];
        let seconds = first.per.unwrap().as_secs_f64();
        let utilization = f64::from(sent) / first.count.get() as f64 * seconds / 600.0;
        assert!(
            (0.97..=1.0).contains(&utilization),
            "{utilization} of {limits}"
        );
    }
}
