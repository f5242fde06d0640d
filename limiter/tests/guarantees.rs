//! The guarantees of the documentation, under random loads in simulated time.

#![allow(
    clippy::cast_precision_loss,
    clippy::unchecked_time_subtraction,
    reason = "the numbers in tests are small"
)]

mod common;

use std::task::Poll;
use std::time::{Duration, Instant};

use common::{MILLISECOND, MINUTE, SECOND, builder, limits, manual, poll, qwen_plus};
use model_studio_limiter::{
    Acquire, AcquireError, AcquireTask, Clock as _, Limiter, ManualClock, Permit, Refusal,
    TaskPermit,
};
use model_studio_limits::{LimitKind, Limits};
use proptest::prelude::*;

/// What the random load does next. Indexes are taken modulo the number of what they refer to.
#[derive(Clone, Copy, Debug)]
enum Step {
    Acquire(u64),
    AcquireTimeout(u64, Duration),
    AcquireTask(u64),
    /// Drops a request that waits.
    Abandon(usize),
    Settle(usize, u64),
    Report(usize, u64),
    /// Finishes a task, or settles a request with its estimate.
    Finish(usize),
    Drop(usize),
    Cancel(usize),
    Refuse(usize, Refusal),
    Pause(Duration),
    SetLimits(usize),
    /// Sets the same limits, and settles a request with half of what it is known to cost.
    SetSameLimitsAndSettle(usize),
    /// Advances the time, and polls at each time at which a request may be admitted.
    Advance(Duration),
    /// Advances the time and does not poll until the end.
    AdvanceLate(Duration),
}

/// A random load.
#[derive(Clone, Debug)]
struct RandomLoad {
    limits: usize,
    /// Whether each future is polled as soon as it is woken.
    is_prompt: bool,
    /// With each step, whether the futures are not polled after it, unless the load is prompt.
    steps: Vec<(Step, bool)>,
}

fn loads() -> impl Strategy<Value = RandomLoad> {
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
    let index = any::<usize>;
    let step = prop_oneof![
        10 => cost().prop_map(Step::Acquire),
        3 => (cost(), time()).prop_map(|(cost, timeout)| Step::AcquireTimeout(cost, timeout)),
        2 => cost().prop_map(Step::AcquireTask),
        1 => index().prop_map(Step::Abandon),
        4 => (index(), cost()).prop_map(|(index, cost)| Step::Settle(index, cost)),
        1 => (index(), cost()).prop_map(|(index, cost)| Step::Report(index, cost)),
        2 => index().prop_map(Step::Finish),
        1 => index().prop_map(Step::Drop),
        1 => index().prop_map(Step::Cancel),
        1 => (index(), refusal).prop_map(|(index, refusal)| Step::Refuse(index, refusal)),
        1 => time().prop_map(Step::Pause),
        1 => index().prop_map(Step::SetLimits),
        1 => index().prop_map(Step::SetSameLimitsAndSettle),
        6 => time().prop_map(Step::Advance),
        2 => time().prop_map(Step::AdvanceLate),
    ];
    let step = (step, proptest::bool::weighted(0.3));
    let steps = proptest::collection::vec(step, 1..250);
    (0..3_usize, any::<bool>(), steps).prop_map(|(limits, is_prompt, steps)| RandomLoad {
        limits,
        is_prompt,
        steps,
    })
}

/// The limits that the load switches between. All have the same kinds, because a limit on a new kind
/// does not know what was used before.
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

/// The time for which a dropped task counts as running.
const MAX_TASK_DURATION: Duration = Duration::from_secs(20);

/// Longer than a load takes.
const FOREVER: Duration = Duration::from_secs(1_000_000_000);

/// A request or a task that waits.
enum Future {
    Request(Acquire),
    Task(AcquireTask),
}

/// A request or a task that runs.
enum Running {
    Request(Permit),
    Task(TaskPermit),
}

struct Waiting {
    /// The position in the order of all requests.
    request: usize,
    future: Future,
    tokens: u64,
    timeout: Option<Duration>,
    /// The time of the timeout, once the future has been polled.
    deadline: Option<Instant>,
}

/// A request that was admitted, as an observer knows it.
struct Sent {
    at: Instant,
    tokens: u64,
    is_cancelled: bool,
    /// The time at which it ends or has ended, if that is known.
    end: Option<Instant>,
}

impl Sent {
    fn is_running(&self, now: Instant) -> bool {
        self.end.is_none_or(|end| end > now)
    }
}

/// A limiter, and a record of all that it admitted.
struct Load {
    limiter: Limiter,
    clock: ManualClock,
    limits: Limits,
    counts_at_completion: bool,
    /// Whether each future is polled as soon as it is woken. Otherwise, the order is not guaranteed.
    is_prompt: bool,
    waiting: Vec<Waiting>,
    in_flight: Vec<(usize, Running)>,
    sent: Vec<Sent>,
    /// The number of requests that were sent before the limits were changed to others.
    sent_before_change: usize,
    paused_until: Option<Instant>,
    next_request: usize,
    last_admitted: Option<usize>,
}

impl Load {
    fn new(limits: Limits, is_prompt: bool, counts_at_completion: bool) -> Self {
        let clock = ManualClock::new();
        let mut builder = builder(limits, &clock).max_task_duration(MAX_TASK_DURATION);
        if counts_at_completion {
            builder = builder.count_at_completion();
        }
        Self {
            limiter: builder.build(),
            clock,
            limits,
            counts_at_completion,
            is_prompt,
            waiting: Vec::new(),
            in_flight: Vec::new(),
            sent: Vec::new(),
            sent_before_change: 0,
            paused_until: None,
            next_request: 0,
            last_admitted: None,
        }
    }

    fn step(&mut self, step: Step) {
        let now = self.clock.now();
        match step {
            Step::Acquire(tokens) => {
                let future = Future::Request(self.limiter.acquire(tokens));
                self.wait(future, tokens, None);
            }
            Step::AcquireTimeout(tokens, timeout) => {
                let future = Future::Request(self.limiter.acquire_timeout(tokens, timeout));
                self.wait(future, tokens, Some(timeout));
            }
            Step::AcquireTask(tokens) => {
                let future = Future::Task(self.limiter.acquire_task_with(tokens));
                self.wait(future, tokens, None);
            }
            Step::Abandon(index) => {
                if !self.waiting.is_empty() {
                    drop(self.waiting.remove(index % self.waiting.len()));
                }
            }
            Step::Settle(index, tokens) => self.settle(index, Some(tokens)),
            Step::Finish(index) => self.settle(index, None),
            Step::Report(index, tokens) => {
                let index = index % self.in_flight.len().max(1);
                if let Some((sent, Running::Request(permit))) = self.in_flight.get_mut(index) {
                    permit.report(tokens);
                    self.sent[*sent].tokens = self.sent[*sent].tokens.max(tokens);
                }
            }
            Step::Drop(index) => {
                if let Some((sent, running)) = self.end(index) {
                    if let Running::Task(_) = running {
                        self.sent[sent].end = Some(self.sent[sent].at + MAX_TASK_DURATION);
                    }
                    drop(running);
                }
            }
            Step::Cancel(index) => {
                if let Some((sent, running)) = self.end(index) {
                    match running {
                        Running::Request(permit) => permit.cancel(),
                        Running::Task(permit) => permit.cancel(),
                    }
                    self.sent[sent].is_cancelled = true;
                }
            }
            Step::Refuse(index, refusal) => match self.end(index) {
                Some((_, Running::Request(permit))) => permit.refused(refusal),
                Some((_, Running::Task(permit))) => permit.refused(refusal),
                None => {}
            },
            Step::Pause(duration) => {
                self.limiter.pause_until(now + duration);
                self.paused_until = self.paused_until.max(Some(now + duration));
            }
            Step::SetLimits(index) => {
                self.limits = choices()[index % 3];
                self.limiter.set_limits(self.limits);
                self.sent_before_change = self.sent.len();
            }
            Step::SetSameLimitsAndSettle(index) => self.set_same_limits_and_settle(index),
            Step::Advance(duration) => self.advance(duration),
            Step::AdvanceLate(duration) if self.is_prompt => self.advance(duration),
            Step::AdvanceLate(duration) => self.clock.advance(duration),
        }
    }

    fn wait(&mut self, future: Future, tokens: u64, timeout: Option<Duration>) {
        self.waiting.push(Waiting {
            request: self.next_request,
            future,
            tokens,
            timeout,
            deadline: None,
        });
        self.next_request += 1;
    }

    /// Removes a request that runs, and notes that it ends now.
    fn end(&mut self, index: usize) -> Option<(usize, Running)> {
        let index = index % self.in_flight.len().max(1);
        let is_some = index < self.in_flight.len();
        let (sent, running) = is_some.then(|| self.in_flight.remove(index))?;
        self.sent[sent].end = Some(self.clock.now());
        Some((sent, running))
    }

    /// Ends a request with these tokens, or with what is known of them. Tasks cost what was
    /// estimated.
    fn settle(&mut self, index: usize, tokens: Option<u64>) {
        match self.end(index) {
            Some((sent, Running::Request(permit))) => {
                let tokens = tokens.unwrap_or(self.sent[sent].tokens);
                permit.settle(tokens);
                self.sent[sent].tokens = tokens;
            }
            Some((_, Running::Task(permit))) => permit.finish(),
            None => {}
        }
    }

    fn set_same_limits_and_settle(&mut self, index: usize) {
        let before = self.used_tokens();
        let is_idle = self.waiting.is_empty();
        self.limiter.set_limits(self.limits);
        if is_idle {
            assert_eq!(self.used_tokens(), before, "the same limits were set");
        }
        let Some((sent, Running::Request(_))) =
            self.in_flight.get(index % self.in_flight.len().max(1))
        else {
            return;
        };
        let sent = *sent;
        let (at, tokens) = (self.sent[sent].at, self.sent[sent].tokens);
        self.settle(index, Some(tokens / 2));
        if !is_idle || sent < self.sent_before_change {
            return;
        }
        let refund = tokens - tokens / 2;
        for ((window, before), (_, after)) in before.into_iter().zip(self.used_tokens()) {
            if self.counts_at_completion || self.clock.now() - at < window {
                assert_eq!(after, before - refund, "a refund of {refund}");
            }
        }
    }

    /// Returns the windows of the limits on tokens, and what is used of them.
    fn used_tokens(&self) -> Vec<(Duration, u64)> {
        let limits = self.limiter.usage().limits;
        let tokens = limits
            .iter()
            .filter(|usage| usage.limit.kind == LimitKind::Tokens);
        tokens
            .map(|usage| (usage.limit.per.unwrap(), usage.used))
            .collect()
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
        let now = self.clock.now();
        let mut index = 0;
        while let Some(waiting) = self.waiting.get_mut(index) {
            let is_first_poll = waiting.deadline.is_none();
            let timeout = waiting.timeout.unwrap_or(FOREVER);
            let deadline = *waiting.deadline.get_or_insert(now + timeout);
            let result = match &mut waiting.future {
                Future::Request(future) => poll(future).map_ok(Running::Request),
                Future::Task(future) => poll(future).map_ok(Running::Task),
            };
            let Poll::Ready(result) = result else {
                assert!(now <= deadline || !self.is_prompt, "waits too long");
                index += 1;
                continue;
            };
            let waiting = self.waiting.remove(index);
            match result {
                Ok(running) => {
                    assert!(now <= deadline || !self.is_prompt, "admitted too late");
                    self.admitted(waiting.request, waiting.tokens, running);
                }
                Err(AcquireError::TooLarge(_)) => {}
                // At once, or after the timeout.
                Err(AcquireError::Timeout) => assert!(is_first_poll || now >= deadline),
                Err(error) => {
                    assert!(matches!(error, AcquireError::Paused { .. }), "{error}");
                    assert!(is_first_poll && waiting.timeout.is_some());
                }
            }
        }
    }

    fn admitted(&mut self, request: usize, tokens: u64, running: Running) {
        let now = self.clock.now();
        let is_next = self.last_admitted < Some(request);
        assert!(is_next || !self.is_prompt, "{request} was overtaken");
        self.last_admitted = Some(request);
        assert!(self.paused_until <= Some(now), "admitted during a pause");
        self.in_flight.push((self.sent.len(), running));
        self.sent.push(Sent {
            at: now,
            tokens,
            is_cancelled: false,
            end: None,
        });
        for limit in self.limits {
            let sent = self.sent.iter().filter(|sent| !sent.is_cancelled);
            let Some(window) = limit.per else {
                let running = sent.filter(|sent| sent.is_running(now)).count() as u64;
                assert!(running <= limit.count.get(), "{running} run of {limit}");
                continue;
            };
            let span = window + (window / 60).min(SECOND);
            let is_recent = |at| now.duration_since(at) < span;
            let used: u64 = match limit.kind {
                LimitKind::Requests => sent.filter(|sent| is_recent(sent.at)).count() as u64,
                _ if self.counts_at_completion => sent
                    .filter(|sent| sent.is_running(now) || sent.end.is_some_and(is_recent))
                    .map(|sent| sent.tokens)
                    .sum(),
                _ => sent
                    .filter(|sent| is_recent(sent.at))
                    .map(|sent| sent.tokens)
                    .sum(),
            };
            assert!(used <= limit.count.get(), "{used} used of {limit}");
        }
    }
}

/// Guarantees 1, 3, 4, 5 and 6: at every admission, all that is known to be used of every limit is
/// within it. Requests are admitted in order. In the end, everything is admitted and everything
/// expires.
fn check(random: &RandomLoad, counts_at_completion: bool) {
    let limits = choices()[random.limits];
    let mut load = Load::new(limits, random.is_prompt, counts_at_completion);
    for &(step, is_late) in &random.steps {
        load.step(step);
        if random.is_prompt || !is_late {
            load.poll();
        }
    }
    // Nothing starves: with everything ended, all that waits is admitted.
    for _ in 0..1_000 {
        if load.waiting.is_empty() {
            break;
        }
        while !load.in_flight.is_empty() {
            load.settle(0, None);
        }
        load.advance(MINUTE);
    }
    assert!(
        load.waiting.is_empty(),
        "{} requests starve",
        load.waiting.len()
    );
    load.in_flight.clear();
    load.clock.advance(10 * MINUTE);
    let usage = load.limiter.usage();
    assert_eq!((usage.queued, usage.in_flight), (0, 0));
    for limit in usage.limits {
        assert_eq!(limit.used, 0, "{limit:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        // A failure prints the input, and is fixed with a test of its own.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_window_of_any_limit_is_exceeded(random in loads()) {
        check(&random, false);
    }

    #[test]
    fn no_window_is_exceeded_with_tokens_counted_at_completion(random in loads()) {
        check(&random, true);
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
    check_utilization(false);
}

/// Guarantee 7 holds also if the same limits are set each second.
#[test]
fn saturated_limits_are_used_while_they_are_set() {
    check_utilization(true);
}

fn check_utilization(sets_limits: bool) {
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
        let end = clock.now() + 5 * MINUTE;
        let mut set_at = clock.now();
        let mut sent = 0_u32;
        while clock.now() < end {
            if sets_limits && clock.now() >= set_at {
                limiter.set_limits(limits);
                set_at += SECOND;
            }
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
        let utilization = f64::from(sent) / first.count.get() as f64 * seconds / 300.0;
        assert!(
            (0.97..=1.0).contains(&utilization),
            "{utilization} of {limits}"
        );
    }
}
