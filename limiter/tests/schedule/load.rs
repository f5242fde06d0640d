//! A limiter under a random load, and what must hold after each step.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use model_studio_limiter::{
    Acquire, AcquireError, AcquireTask, Alarm, Clock, Limiter, ManualClock, Permit, TaskPermit,
};
use model_studio_limits::{LimitKind, Limits};

use crate::common::{MILLISECOND, MINUTE, SECOND, limits};
use crate::{RandomLoad, Step};

fn choices() -> [Limits; 4] {
    [
        limits(&[
            (LimitKind::Requests, 600, MINUTE),
            (LimitKind::Tokens, 1_000_000, MINUTE),
        ]),
        limits(&[
            (LimitKind::Requests, 300, MINUTE),
            (LimitKind::Tokens, 100_000, MINUTE),
            (LimitKind::ConcurrentRequests, 20, Duration::ZERO),
        ]),
        limits(&[
            (LimitKind::Requests, 1_200, MINUTE),
            (LimitKind::ConcurrentTasks, 3, Duration::ZERO),
        ]),
        limits(&[]),
    ]
}

const MAX_TASK_DURATION: Duration = Duration::from_secs(20);

/// Half of the default guard of a minute.
const LATENESS: Duration = Duration::from_millis(500);

/// A clock whose alarms ring late.
#[derive(Clone)]
pub(crate) struct LateClock {
    pub(crate) clock: ManualClock,
    late: Duration,
}

impl Clock for LateClock {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn schedule(&self, at: Instant, alarm: Alarm) {
        self.clock.schedule(at.max(self.now()) + self.late, alarm);
    }
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub(crate) enum Future {
    Request(Acquire),
    Task(AcquireTask),
}

pub(crate) enum Running {
    Request(Permit),
    Task(TaskPermit),
}

pub(crate) struct Waiting {
    future: Future,
    tokens: u64,
    deadline: Option<Instant>,
    flag: Arc<Flag>,
}

impl Waiting {
    fn poll(&mut self) -> Poll<Result<Running, AcquireError>> {
        self.flag.0.store(false, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&self.flag));
        let mut context = Context::from_waker(&waker);
        match &mut self.future {
            Future::Request(future) => Pin::new(future).poll(&mut context).map_ok(Running::Request),
            Future::Task(future) => Pin::new(future).poll(&mut context).map_ok(Running::Task),
        }
    }
}

struct Sent {
    at: Instant,
    tokens: u64,
    is_cancelled: bool,
}

pub(crate) struct Load {
    pub(crate) limiter: Limiter,
    pub(crate) clock: LateClock,
    choice: usize,
    burst: u32,
    is_polled_late: bool,
    changed_at: Instant,
    /// The requests before were sent when there was no limit on their kind.
    counted_from: usize,
    tokens_counted_from: usize,
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) in_flight: Vec<(usize, Running)>,
    sent: Vec<Sent>,
    paused_until: Option<Instant>,
}

impl Load {
    pub(crate) fn new(random: &RandomLoad) -> Self {
        let clock = LateClock {
            clock: ManualClock::new(),
            late: random.late,
        };
        let limiter = Limiter::builder(choices()[random.limits])
            .clock(clock.clone())
            .burst(random.burst)
            .max_task_duration(MAX_TASK_DURATION)
            .build();
        Self {
            changed_at: clock.now() - SECOND,
            limiter,
            clock,
            choice: random.limits,
            burst: random.burst,
            is_polled_late: random
                .steps
                .iter()
                .any(|step| matches!(step, Step::AdvanceUnpolled(_))),
            counted_from: if random.limits == 3 { usize::MAX } else { 0 },
            tokens_counted_from: if random.limits >= 2 { usize::MAX } else { 0 },
            waiting: Vec::new(),
            in_flight: Vec::new(),
            sent: Vec::new(),
            paused_until: None,
        }
    }

    pub(crate) fn step(&mut self, step: Step) {
        let now = self.clock.now();
        match step {
            Step::Acquire(tokens, timeout) => {
                let future = match timeout {
                    Some(timeout) => self.limiter.acquire_timeout(tokens, timeout),
                    None => self.limiter.acquire(tokens),
                };
                self.wait(Future::Request(future), tokens, timeout);
            }
            Step::AcquireTask(tokens) => {
                let future = self.limiter.acquire_task_with(tokens);
                self.wait(Future::Task(future), tokens, None);
            }
            Step::Try(tokens) => match self.limiter.try_acquire(tokens) {
                Ok(permit) => self.admitted(tokens, Running::Request(permit)),
                Err(error) => assert!(error.retry_at().is_none_or(|at| at > now)),
            },
            Step::AbandonHead => {
                if !self.waiting.is_empty() {
                    drop(self.waiting.remove(0));
                }
            }
            Step::Abandon(index) => {
                if !self.waiting.is_empty() {
                    drop(self.waiting.remove(index % self.waiting.len()));
                }
            }
            Step::Settle(index, tokens) => match self.end(index) {
                Some((sent, Running::Request(permit))) => {
                    permit.settle(tokens);
                    self.sent[sent].tokens = tokens;
                }
                Some((_, Running::Task(permit))) => permit.finish(),
                None => {}
            },
            Step::Drop(index) => drop(self.end(index)),
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
                self.choice = index % 4;
                self.limiter.set_limits(choices()[self.choice]);
                self.changed_at = now;
                if self.choice == 3 {
                    self.counted_from = usize::MAX;
                } else if self.counted_from == usize::MAX {
                    self.counted_from = self.sent.len();
                }
                if self.choice >= 2 {
                    self.tokens_counted_from = usize::MAX;
                } else if self.tokens_counted_from == usize::MAX {
                    self.tokens_counted_from = self.sent.len();
                }
            }
            Step::Advance(duration) => self.advance(duration),
            Step::AdvanceUnpolled(duration) => return self.clock.clock.advance(duration),
        }
        self.poll();
        self.check_alarms();
    }

    fn wait(&mut self, future: Future, tokens: u64, timeout: Option<Duration>) {
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        self.waiting.push(Waiting {
            future,
            tokens,
            deadline: timeout.map(|timeout| self.clock.now() + timeout),
            flag,
        });
    }

    fn end(&mut self, index: usize) -> Option<(usize, Running)> {
        let index = index % self.in_flight.len().max(1);
        (index < self.in_flight.len()).then(|| self.in_flight.remove(index))
    }

    fn advance(&mut self, duration: Duration) {
        let end = self.clock.now() + duration;
        while let Some(alarm) = self.clock.clock.next_alarm().filter(|alarm| *alarm <= end) {
            let clock = &self.clock.clock;
            clock.advance(alarm.saturating_duration_since(clock.now()));
            self.poll();
        }
        let clock = &self.clock.clock;
        clock.advance(end.saturating_duration_since(clock.now()));
        self.poll();
    }

    /// Polls the futures that were woken, until none is.
    pub(crate) fn poll(&mut self) {
        let now = self.clock.now();
        let mut index = 0;
        while index < self.waiting.len() {
            let waiting = &mut self.waiting[index];
            if !waiting.flag.0.load(Ordering::Relaxed) {
                index += 1;
                continue;
            }
            let Poll::Ready(result) = waiting.poll() else {
                // Another one may have been woken by this poll.
                index += 1;
                continue;
            };
            let waiting = self.waiting.remove(index);
            match result {
                Ok(running) => self.admitted(waiting.tokens, running),
                Err(AcquireError::TooLarge(_)) => {}
                Err(AcquireError::Timeout | AcquireError::Paused { .. }) => {
                    assert!(waiting.deadline.is_some());
                }
                Err(error) => panic!("{error} at {now:?}"),
            }
            index = 0;
        }
    }

    /// No request waits that could be admitted or has timed out, unless an alarm will ring.
    fn check_alarms(&mut self) {
        // An alarm may be due now.
        self.advance(Duration::ZERO);
        let now = self.clock.now();
        for waiting in &self.waiting {
            let is_due = |deadline| deadline + self.clock.late < now;
            assert!(!waiting.deadline.is_some_and(is_due), "waits too long");
        }
        let queued = self.limiter.usage().queued;
        if self.clock.late == Duration::ZERO {
            // This changes nothing, but admits what can be admitted.
            self.limiter.pause_until(now - SECOND);
            assert_eq!(self.limiter.usage().queued, queued, "a missed alarm");
        }
    }

    fn admitted(&mut self, tokens: u64, running: Running) {
        let now = self.clock.now();
        assert!(self.paused_until <= Some(now), "admitted during a pause");
        self.in_flight.push((self.sent.len(), running));
        self.sent.push(Sent {
            at: now,
            tokens,
            is_cancelled: false,
        });
        for limit in choices()[self.choice] {
            let Some(window) = limit.per else { continue };
            let span = window + (window / 60).min(SECOND);
            let from = match limit.kind {
                LimitKind::Requests => self.counted_from,
                _ => self.tokens_counted_from,
            };
            let sent = self.sent[from.min(self.sent.len())..].iter();
            let sent = sent.filter(|sent| !sent.is_cancelled && now - sent.at < span);
            let used: u64 = match limit.kind {
                LimitKind::Requests => sent.count() as u64,
                _ => sent.map(|sent| sent.tokens).sum(),
            };
            assert!(used <= limit.count.get(), "{used} used of {limit}");
        }
        self.check_spacing();
    }

    /// What was sent since any earlier time is at most what the rate allows, and what may be made
    /// up for.
    fn check_spacing(&self) {
        let interval = match self.choice {
            0 => 100 * MILLISECOND,
            1 => 200 * MILLISECOND,
            2 => 50 * MILLISECOND,
            _ => return,
        };
        // An alarm and a poll may both be late.
        let late = if self.is_polled_late { 2 } else { 1 };
        let credit = late * LATENESS + 2 * MILLISECOND + self.burst * interval;
        let now = self.clock.now();
        let sent = self.sent.iter().rev();
        let sent = sent.take_while(|sent| sent.at >= self.changed_at + SECOND);
        for (count, sent) in (0_u32..).zip(sent.filter(|sent| !sent.is_cancelled)) {
            let allowed = now - sent.at + credit;
            assert!(
                count * interval <= allowed,
                "{} requests in {:?}",
                count + 1,
                now - sent.at
            );
        }
    }
}
