//! A limiter under a load, and what an observer knows about its requests.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use model_studio_limiter::{
    Acquire, AcquireError, AcquireTask, Alarm, Builder, Class, Clock, Limiter, LimiterLimits,
    ManualClock, Permit, Refusal, TaskPermit,
};
use model_studio_limits::Limits;
use proptest::prelude::*;

use crate::common::MINUTE;

/// The time for which a dropped task counts as running.
pub(crate) const MAX_TASK_DURATION: Duration = Duration::from_secs(20);

/// Longer than a load takes.
const FOREVER: Duration = Duration::from_secs(1_000_000_000);

/// What a load does next. Indexes are taken modulo the number of what they refer to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Acquire(u64, Option<Duration>),
    AcquireTask(u64),
    Try(u64),
    /// Drops a waiting request.
    Abandon(usize),
    /// Settles a request with these tokens, or with what is known of them. Or finishes a task.
    Settle(usize, Option<u64>),
    Report(usize, u64),
    Drop(usize),
    Cancel(usize),
    Refuse(usize, Refusal),
    Pause(Duration),
    Resume,
    SetLimits(usize),
    /// Advances the time, and polls at each time at which a request may be admitted.
    Advance(Duration),
    /// Advances the time without polling.
    AdvanceUnpolled(Duration),
}

/// Durations up to these numbers of milliseconds.
pub(crate) fn time<const N: usize>(longest: [u64; N]) -> impl Strategy<Value = Duration> {
    let millis = proptest::sample::select(longest.to_vec()).prop_flat_map(|longest| 0..longest);
    millis.prop_map(Duration::from_millis)
}

/// A clock whose alarms ring late.
#[derive(Clone)]
pub(crate) struct LateClock {
    pub(crate) clock: ManualClock,
    pub(crate) late: Duration,
}

impl Clock for LateClock {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn schedule(&self, at: Instant, alarm: Alarm) {
        self.clock.schedule(at.max(self.now()) + self.late, alarm);
    }
}

/// When a load polls its futures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polling {
    /// All of them at each time at which one of them may be ready. Requests are then admitted in
    /// order, and do not wait longer than their timeouts.
    Prompt,
    /// All of them, now and then.
    Late,
    /// Only those that were woken.
    Woken,
}

/// A running request or task.
pub(crate) enum Running {
    Request(Permit),
    Task(TaskPermit),
}

/// An admitted request, as an observer knows it.
pub(crate) struct Sent {
    pub(crate) at: Instant,
    pub(crate) tokens: u64,
    pub(crate) is_cancelled: bool,
    /// The time at which it ends or has ended, if that is known.
    pub(crate) end: Option<Instant>,
}

impl Sent {
    pub(crate) fn is_running(&self, now: Instant) -> bool {
        self.end.is_none_or(|end| end > now)
    }
}

/// A waiting request.
pub(crate) struct Waiting {
    /// The position in the order of all requests.
    request: usize,
    future: Future,
    tokens: u64,
    timeout: Option<Duration>,
    /// The time of the timeout, once the future has been polled.
    pub(crate) deadline: Option<Instant>,
    is_woken: Arc<Flag>,
}

enum Future {
    Request(Acquire),
    Task(AcquireTask),
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A limiter under a load, and a record of all that it has admitted.
pub(crate) struct Load {
    pub(crate) limiter: Limiter,
    pub(crate) clock: LateClock,
    /// The limits that the load switches between.
    pub(crate) choices: Vec<Limits>,
    /// The number of classes. Requests belong to each of them in turn, and those of one class are
    /// admitted in order.
    classes: usize,
    polling: Polling,
    /// Checks the record after each admission.
    check: Box<dyn Fn(&Load)>,
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) running: Vec<(usize, Running)>,
    pub(crate) sent: Vec<Sent>,
    /// The choices of limits, each with the time from which it applies and the number of requests
    /// that were sent before.
    pub(crate) changes: Vec<(usize, Instant, usize)>,
    paused_until: Option<Instant>,
    next_request: usize,
    /// By class.
    last_admitted: Vec<Option<usize>>,
}

impl Load {
    /// Creates a load on a limiter that begins with one of the limits.
    pub(crate) fn new(
        choices: Vec<Limits>,
        choice: usize,
        classes: usize,
        late: Duration,
        polling: Polling,
        settings: impl FnOnce(Builder<LimiterLimits>) -> Builder<LimiterLimits>,
        check: impl Fn(&Self) + 'static,
    ) -> Self {
        let clock = LateClock {
            clock: ManualClock::new(),
            late,
        };
        let builder = Limiter::builder(choices[choice])
            .clock(clock.clone())
            .max_task_duration(MAX_TASK_DURATION);
        // A class with a large weight, one without settings, and one with headroom.
        let builder = builder
            .class(0, Class::weight(7))
            .class(2, Class::weight(2).headroom(0.02));
        Self {
            limiter: settings(builder).build(),
            changes: vec![(choice, clock.now(), 0)],
            clock,
            choices,
            classes,
            polling,
            check: Box::new(check),
            waiting: Vec::new(),
            running: Vec::new(),
            sent: Vec::new(),
            paused_until: None,
            next_request: 0,
            last_admitted: vec![None; classes],
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.choices[self.last_change().0]
    }

    pub(crate) fn last_change(&self) -> (usize, Instant, usize) {
        *self.changes.last().unwrap()
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    pub(crate) fn is_prompt(&self) -> bool {
        self.polling == Polling::Prompt
    }

    pub(crate) fn step(&mut self, step: Step) {
        let now = self.now();
        match step {
            Step::Acquire(tokens, timeout) => {
                let limiter = self.class();
                let future = match timeout {
                    Some(timeout) => limiter.acquire_timeout(tokens, timeout),
                    None => limiter.acquire(tokens),
                };
                self.wait(Future::Request(future), tokens, timeout);
            }
            Step::AcquireTask(tokens) => {
                let future = Future::Task(self.class().acquire_task_with(tokens));
                self.wait(future, tokens, None);
            }
            Step::Try(tokens) => match self.class().try_acquire(tokens) {
                Ok(permit) => self.admitted(tokens, Running::Request(permit)),
                Err(error) => assert!(error.retry_at().is_none_or(|at| at > now)),
            },
            Step::Abandon(index) => {
                if !self.waiting.is_empty() {
                    drop(self.waiting.remove(index % self.waiting.len()));
                }
            }
            Step::Settle(index, tokens) => self.settle(index, tokens),
            Step::Report(index, tokens) => {
                let index = index % self.running.len().max(1);
                if let Some((sent, Running::Request(permit))) = self.running.get_mut(index) {
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
            Step::Resume => {
                self.limiter.resume();
                self.paused_until = None;
            }
            Step::SetLimits(index) => {
                let choice = index % self.choices.len();
                self.limiter.set_limits(self.choices[choice]);
                self.changes.push((choice, now, self.sent.len()));
            }
            Step::AdvanceUnpolled(duration) if !self.is_prompt() => {
                self.clock.clock.advance(duration);
            }
            Step::Advance(duration) | Step::AdvanceUnpolled(duration) => self.advance(duration),
        }
    }

    /// Polls the waiting requests, and checks each one that is admitted.
    pub(crate) fn poll(&mut self) {
        let now = self.now();
        let mut index = 0;
        while let Some(waiting) = self.waiting.get_mut(index) {
            let is_woken = waiting.is_woken.0.swap(false, Ordering::Relaxed);
            if self.polling == Polling::Woken && !is_woken {
                index += 1;
                continue;
            }
            let is_first_poll = waiting.deadline.is_none();
            let timeout = waiting.timeout.unwrap_or(FOREVER);
            let deadline = *waiting.deadline.get_or_insert(now + timeout);
            let is_prompt = self.polling == Polling::Prompt;
            let Poll::Ready(result) = waiting.poll() else {
                assert!(now <= deadline || !is_prompt, "waits too long");
                index += 1;
                continue;
            };
            let waiting = self.waiting.remove(index);
            match result {
                Ok(running) => {
                    assert!(now <= deadline || !is_prompt, "admitted too late");
                    let last = &mut self.last_admitted[waiting.request % self.classes];
                    let is_next = *last < Some(waiting.request);
                    assert!(is_next || !is_prompt, "{} was overtaken", waiting.request);
                    *last = Some(waiting.request);
                    self.admitted(waiting.tokens, running);
                }
                Err(AcquireError::TooLarge(_)) => {}
                // At once, or after the timeout.
                Err(AcquireError::Timeout) => assert!(is_first_poll || now >= deadline),
                Err(error) => {
                    assert!(matches!(error, AcquireError::Paused { .. }), "{error}");
                    assert!(is_first_poll && waiting.timeout.is_some());
                }
            }
            // This may have woken others.
            index = 0;
        }
    }

    /// Advances the time, and polls at each alarm.
    pub(crate) fn advance(&mut self, duration: Duration) {
        self.poll();
        let clock = self.clock.clock.clone();
        let end = clock.now() + duration;
        while let Some(alarm) = clock.next_alarm().filter(|alarm| *alarm <= end) {
            clock.advance(alarm.saturating_duration_since(clock.now()));
            self.poll();
        }
        clock.advance(end.saturating_duration_since(clock.now()));
        self.poll();
    }

    /// Ends a request with these tokens, or with what is known of them. Tasks cost what was
    /// estimated.
    pub(crate) fn settle(&mut self, index: usize, tokens: Option<u64>) {
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

    /// Nothing starves: with everything ended, all waiting requests are admitted. Nothing is
    /// counted forever: in the end, everything has expired.
    pub(crate) fn finish(mut self) {
        self.poll();
        for _ in 0..1_000 {
            if self.waiting.is_empty() {
                break;
            }
            while !self.running.is_empty() {
                self.settle(0, None);
            }
            self.advance(MINUTE);
        }
        assert!(self.waiting.is_empty(), "{} starve", self.waiting.len());
        self.running.clear();
        self.clock.clock.advance(10 * MINUTE);
        let usage = self.limiter.usage();
        assert_eq!((usage.queued, usage.in_flight), (0, 0));
        for limit in usage.limits {
            assert_eq!(limit.used, 0, "{limit:?}");
        }
    }

    /// Returns the limiter of the class of the next request.
    fn class(&self) -> Limiter {
        match self.classes {
            1 => self.limiter.clone(),
            classes => self.limiter.class(self.next_request % classes),
        }
    }

    fn wait(&mut self, future: Future, tokens: u64, timeout: Option<Duration>) {
        self.waiting.push(Waiting {
            request: self.next_request,
            future,
            tokens,
            timeout,
            deadline: None,
            is_woken: Arc::new(Flag(AtomicBool::new(true))),
        });
        self.next_request += 1;
    }

    /// Removes a running request, and records that it ends now.
    fn end(&mut self, index: usize) -> Option<(usize, Running)> {
        let index = index % self.running.len().max(1);
        let is_some = index < self.running.len();
        let (sent, running) = is_some.then(|| self.running.remove(index))?;
        self.sent[sent].end = Some(self.now());
        Some((sent, running))
    }

    fn admitted(&mut self, tokens: u64, running: Running) {
        let now = self.now();
        assert!(self.paused_until <= Some(now), "admitted during a pause");
        self.running.push((self.sent.len(), running));
        self.sent.push(Sent {
            at: now,
            tokens,
            is_cancelled: false,
            end: None,
        });
        (self.check)(self);
    }
}

impl Waiting {
    fn poll(&mut self) -> Poll<Result<Running, AcquireError>> {
        let waker = Waker::from(Arc::clone(&self.is_woken));
        let mut context = Context::from_waker(&waker);
        match &mut self.future {
            Future::Request(future) => Pin::new(future).poll(&mut context).map_ok(Running::Request),
            Future::Task(future) => Pin::new(future).poll(&mut context).map_ok(Running::Task),
        }
    }
}
