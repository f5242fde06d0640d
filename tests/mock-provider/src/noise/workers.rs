//! Workers on an executor with one thread.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::future::Future as _;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use fastrand::Rng;
use model_studio_limiter::{Acquire, Limiter, Permit, Refusal};

use super::pacer::Governor;
use super::runtime::Runtime;
use super::{Noise, NoisyClock, NoisyOutcome, Pacer, within};
use crate::{MINUTE, Provider, SECOND};

/// The longest backoff of a worker that retries by itself.
const MAX_BACKOFF: Duration = Duration::from_secs(60);

/// Runs the simulation.
pub(crate) fn run(noise: &Noise, pacer: Pacer, provider: Provider) -> NoisyOutcome {
    let clock = NoisyClock::new(noise.alarms, noise.seed);
    let pacer = match pacer {
        Pacer::Limiter(settings) => Kind::Limiter(settings.clock(clock.clone()).build()),
        Pacer::Governor => Kind::Governor(Line {
            governor: Governor::new(noise.per_minute),
            workers: VecDeque::new(),
            has_timer: false,
        }),
    };
    let woken = Arc::new(Woken::default());
    let workers = (0..noise.workers).map(|id| {
        woken.push(id);
        let woken = Arc::clone(&woken);
        Worker {
            state: State::Ready,
            retries: 0,
            waker: Arc::new(WorkerWaker { id, woken }).into(),
        }
    });
    let mut executor = Executor {
        noise,
        workers: workers.collect(),
        woken: Arc::clone(&woken),
        clock,
        pacer,
        provider,
        runtime: Runtime::new(noise.busy, noise.seed + 1),
        rng: Rng::with_seed(noise.seed + 2),
        now: Duration::ZERO,
        events: BinaryHeap::new(),
        true_part: noise.true_limit.first(),
        outcome: NoisyOutcome {
            duration: noise.duration,
            ..NoisyOutcome::default()
        },
    };
    executor.run();
    executor.outcome
}

/// What happens at a time. Events at the same time happen in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The true limit changes at the start of a minute.
    Minute(u32),
    /// A request arrives at the provider.
    Arrival(usize),
    /// A worker gets its answer or its refusal, or its timer rings.
    Wake(usize),
    /// The timer of the first worker in the line rings.
    Line,
    /// The runtime is no longer busy.
    Poll,
}

#[derive(Debug)]
struct Executor<'a> {
    noise: &'a Noise,
    workers: Vec<Worker>,
    woken: Arc<Woken>,
    clock: NoisyClock,
    pacer: Kind,
    provider: Provider,
    runtime: Runtime,
    rng: Rng,
    now: Duration,
    events: BinaryHeap<Reverse<(Duration, Event)>>,
    /// The part of the printed limit that the provider allows.
    true_part: f64,
    outcome: NoisyOutcome,
}

#[derive(Debug)]
enum Kind {
    Limiter(Limiter),
    Governor(Line),
}

/// The workers that wait for governor, in order.
#[derive(Debug)]
struct Line {
    governor: Governor,
    workers: VecDeque<usize>,
    /// Whether a timer is set for the first worker.
    has_timer: bool,
}

#[derive(Debug)]
struct Worker {
    state: State,
    /// How often the current request was refused.
    retries: u32,
    waker: Waker,
}

#[derive(Debug)]
enum State {
    /// It has a request and has not asked for a permit.
    Ready,
    Acquiring(Acquire),
    /// It waits for governor.
    InLine,
    /// It waits before it retries.
    BackingOff,
    /// Its request travels.
    Sent(Option<Permit>),
    /// It will learn the result when it is woken next.
    Decided(Option<Permit>, Result<(), Refusal>),
}

impl Executor<'_> {
    fn run(&mut self) {
        self.events
            .push(Reverse((Duration::ZERO, Event::Minute(0))));
        loop {
            let event = self.events.peek().map(|Reverse((at, _))| *at);
            let next = event.into_iter().chain(self.clock.next_alarm()).min();
            let Some(next) = next.filter(|next| *next < self.noise.duration) else {
                return;
            };
            self.now = self.now.max(next);
            self.clock.advance_to(self.now);
            while let Some(Reverse((at, event))) = self.events.peek().copied() {
                if at > self.now {
                    break;
                }
                self.events.pop();
                self.handle(event);
            }
            self.poll_woken();
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Minute(minute) => self.start_minute(minute),
            Event::Arrival(id) => self.arrive(id),
            Event::Wake(id) => self.woken.push(id),
            Event::Line => {
                if let Kind::Governor(line) = &mut self.pacer {
                    line.has_timer = false;
                    line.workers
                        .front()
                        .into_iter()
                        .for_each(|id| self.woken.push(*id));
                }
            }
            Event::Poll => {}
        }
    }

    fn at(&mut self, at: Duration, event: Event) {
        self.events.push(Reverse((at, event)));
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "the limits are small enough"
    )]
    fn start_minute(&mut self, minute: u32) {
        let limit = self.noise.true_limit;
        if minute > 0 {
            self.true_part = limit.next(minute - 1, self.true_part, &mut self.rng);
        }
        let printed = self.noise.per_minute as f64;
        let available = printed * self.true_part;
        self.provider.set_requests(available.round() as u64);
        let part = self
            .noise
            .duration
            .saturating_sub(self.now)
            .min(MINUTE)
            .as_secs_f64()
            / 60.0;
        self.outcome.printed += printed * part;
        self.outcome.available += available * part;
        self.at((minute + 1) * MINUTE, Event::Minute(minute + 1));
    }

    /// Polls the workers that were woken, now or when the runtime is no longer busy.
    fn poll_woken(&mut self) {
        while !self.woken.is_empty() {
            let free_at = self.runtime.free_at(self.now);
            if free_at > self.now {
                self.at(free_at, Event::Poll);
                return;
            }
            for id in self.woken.take() {
                self.poll(id);
            }
        }
    }

    /// Lets a worker go on until it has to wait.
    fn poll(&mut self, id: usize) {
        let state = mem::replace(&mut self.workers[id].state, State::Ready);
        let state = match state {
            State::Decided(permit, result) => self.learn(id, permit, result),
            State::BackingOff => State::Ready,
            state => state,
        };
        match state {
            State::Ready => match &mut self.pacer {
                Kind::Limiter(limiter) => {
                    let acquire = limiter.acquire(100);
                    self.poll_acquire(id, acquire);
                }
                Kind::Governor(line) => {
                    line.workers.push_back(id);
                    self.workers[id].state = State::InLine;
                    self.poll_line();
                }
            },
            State::Acquiring(acquire) => self.poll_acquire(id, acquire),
            State::InLine => {
                self.workers[id].state = state;
                self.poll_line();
            }
            state => self.workers[id].state = state,
        }
    }

    fn poll_acquire(&mut self, id: usize, mut acquire: Acquire) {
        let mut context = Context::from_waker(&self.workers[id].waker);
        match Pin::new(&mut acquire).poll(&mut context) {
            Poll::Ready(permit) => self.send(id, Some(permit.expect("the limits allow it"))),
            Poll::Pending => self.workers[id].state = State::Acquiring(acquire),
        }
    }

    /// Sends the requests that governor allows, and sets a timer for the next one.
    fn poll_line(&mut self) {
        while let Kind::Governor(line) = &mut self.pacer {
            let Some(id) = line.workers.front().copied() else {
                return;
            };
            if line.has_timer {
                return;
            }
            match line.governor.check(self.now) {
                Ok(()) => {
                    line.workers.pop_front();
                    self.send(id, None);
                }
                Err(at) => {
                    line.has_timer = true;
                    let at = at + self.noise.alarms.draw(&mut self.rng);
                    self.at(at, Event::Line);
                    return;
                }
            }
        }
    }

    fn send(&mut self, id: usize, permit: Option<Permit>) {
        self.workers[id].state = State::Sent(permit);
        self.outcome.sent_at.push(self.now);
        let travel = self.noise.travel.mul_f64(self.rng.f64());
        self.at(self.now + travel, Event::Arrival(id));
    }

    /// Decides about a request that arrives at the provider.
    fn arrive(&mut self, id: usize) {
        let noise = self.noise;
        let luck = self.rng.f64();
        let outcome = &mut self.outcome;
        let (result, takes) = if luck < noise.throttled {
            outcome.throttled += 1;
            (Err(Refusal::Requests), &noise.refusals)
        } else if self.provider.arrive(self.now, 100).is_none() {
            outcome.over_limit += 1;
            (Err(Refusal::Requests), &noise.refusals)
        } else if luck < noise.throttled + noise.failed {
            outcome.failed += 1;
            let takes = if noise.fails_late {
                &noise.answers
            } else {
                &noise.refusals
            };
            (Err(Refusal::Capacity), takes)
        } else {
            outcome.accepted += 1;
            (Ok(()), &noise.answers)
        };
        let takes = within(takes, &mut self.rng);
        if let State::Sent(permit) = &mut self.workers[id].state {
            self.workers[id].state = State::Decided(permit.take(), result);
        }
        self.at(self.now + takes, Event::Wake(id));
    }

    /// Ends the permit of a request, and decides what the worker does next.
    fn learn(&mut self, id: usize, permit: Option<Permit>, result: Result<(), Refusal>) -> State {
        match (permit, result) {
            (Some(permit), Ok(())) => permit.settle(100),
            (Some(permit), Err(refusal)) => permit.refused(refusal),
            (None, Ok(())) => self.workers[id].retries = 0,
            (None, Err(_)) => {
                let backoff = SECOND * 2_u32.pow(self.workers[id].retries.min(6));
                self.workers[id].retries += 1;
                let backoff = backoff.min(MAX_BACKOFF).mul_f64(self.rng.f64());
                let late = self.noise.alarms.draw(&mut self.rng);
                self.workers[id].state = State::Ready;
                self.at(self.now + backoff + late, Event::Wake(id));
                return State::BackingOff;
            }
        }
        if result.is_ok() {
            self.outcome.succeeded += 1;
        }
        State::Ready
    }
}

/// The workers to poll.
#[derive(Debug, Default)]
struct Woken(Mutex<Vec<usize>>);

impl Woken {
    fn push(&self, id: usize) {
        self.with(|ids| ids.push(id));
    }

    fn take(&self) -> Vec<usize> {
        self.with(mem::take)
    }

    fn is_empty(&self) -> bool {
        self.with(|ids| ids.is_empty())
    }

    fn with<T>(&self, f: impl FnOnce(&mut Vec<usize>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Debug)]
struct WorkerWaker {
    id: usize,
    woken: Arc<Woken>,
}

impl Wake for WorkerWaker {
    fn wake(self: Arc<Self>) {
        self.woken.push(self.id);
    }
}
