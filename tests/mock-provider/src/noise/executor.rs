//! An executor with one thread, on which workers send requests in simulated time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::future::Future as _;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use fastrand::Rng;
use model_studio_limiter::{Acquire, Limiter, Permit, Refusal};

use super::runtime::Runtime;
use super::schedule::within;
use super::worker::{Woken, Worker, WorkerState};
use super::{Noise, NoisyClock, NoisyOutcome, Pacer};
use crate::governor::Governor;
use crate::{MINUTE, Provider, SECOND};

/// The longest backoff of a worker that retries by itself.
const MAX_BACKOFF: Duration = Duration::from_secs(60);

impl Noise {
    /// Lets workers send requests to a provider, each as soon as the pacer admits it.
    #[must_use]
    pub fn run(&self, pacer: Pacer, provider: Provider) -> NoisyOutcome {
        let clock = NoisyClock::new(self.alarms, self.seed);
        let pacer = match pacer {
            Pacer::Limiter(settings) => {
                RunningPacer::Limiter(settings.clock(clock.clone()).build())
            }
            Pacer::Governor => {
                let burst = self.per_minute.div_ceil(60);
                let refill = self.per_minute.saturating_sub(burst).max(1);
                RunningPacer::Governor(GovernorQueue {
                    governor: Governor::new(burst, refill),
                    workers: VecDeque::new(),
                    has_timer: false,
                })
            }
        };
        let woken = Arc::new(Woken::default());
        let mut executor = Executor {
            noise: self,
            workers: (0..self.workers)
                .map(|id| Worker::new(id, &woken))
                .collect(),
            woken,
            clock,
            pacer,
            provider,
            runtime: Runtime::new(self.busy, self.seed + 1),
            rng: Rng::with_seed(self.seed + 2),
            now: Duration::ZERO,
            events: BinaryHeap::new(),
            true_fraction: self.true_limit.first(),
            factors: self.factors(),
            is_idle: true,
            outcome: NoisyOutcome {
                duration: self.duration,
                ..NoisyOutcome::default()
            },
        };
        executor.run();
        executor.outcome
    }
}

/// How long the provider waits before it decides again about a request that it holds.
const HOLD: Duration = Duration::from_millis(100);

/// What happens at a time. Events at the same time happen in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The true limit changes at the start of a minute.
    Minute(u32),
    /// The factor of the limit on growth changes to the one with this number.
    Factor(usize),
    /// A phase of demand begins or ends.
    Begin,
    End,
    /// A request arrives at the provider, which holds it for at most this time.
    Arrival(usize, Duration),
    /// A worker gets its answer or its refusal, or its timer rings.
    Wake(usize),
    /// The timer of the first worker in governor's queue rings.
    Governor,
    /// The runtime is no longer busy.
    Poll,
}

#[derive(Debug)]
struct Executor<'a> {
    noise: &'a Noise,
    workers: Vec<Worker>,
    woken: Arc<Woken>,
    clock: NoisyClock,
    pacer: RunningPacer,
    provider: Provider,
    runtime: Runtime,
    rng: Rng,
    now: Duration,
    events: BinaryHeap<Reverse<(Duration, Event)>>,
    /// The fraction of the printed limit that the provider allows now.
    true_fraction: f64,
    factors: Vec<(Duration, f64)>,
    /// Whether workers have no requests.
    is_idle: bool,
    outcome: NoisyOutcome,
}

#[derive(Debug)]
enum RunningPacer {
    Limiter(Limiter),
    Governor(GovernorQueue),
}

/// The workers that wait for governor, in order.
#[derive(Debug)]
struct GovernorQueue {
    governor: Governor,
    workers: VecDeque<usize>,
    /// Whether a timer is set for the first worker.
    has_timer: bool,
}

impl Executor<'_> {
    fn run(&mut self) {
        self.at(Duration::ZERO, Event::Minute(0));
        for (index, (at, _)) in self.factors.iter().enumerate() {
            self.events.push(Reverse((*at, Event::Factor(index))));
        }
        for phase in self.noise.phases() {
            self.at(phase.start, Event::Begin);
            self.at(phase.end, Event::End);
        }
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
            Event::Factor(index) => self.provider.set_growth(self.factors[index].1),
            Event::Begin => self.begin(),
            Event::End => self.end(),
            Event::Arrival(id, wait) => self.arrive(id, wait),
            Event::Wake(id) => self.woken.push(id),
            Event::Governor => {
                if let RunningPacer::Governor(queue) = &mut self.pacer {
                    queue.has_timer = false;
                    let first = queue.workers.front().into_iter();
                    first.for_each(|id| self.woken.push(*id));
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
            self.true_fraction = limit.next(minute - 1, self.true_fraction, &mut self.rng);
        }
        let printed = self.noise.per_minute as f64;
        let available = printed * self.true_fraction;
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

    /// Begins a phase in which workers have requests.
    fn begin(&mut self) {
        self.is_idle = false;
        for (id, worker) in self.workers.iter().enumerate() {
            if matches!(worker.state, WorkerState::Ready) {
                self.woken.push(id);
            }
        }
    }

    /// Ends a phase. Requests that wait are cancelled.
    fn end(&mut self) {
        self.is_idle = true;
        for worker in &mut self.workers {
            if matches!(worker.state, WorkerState::Acquiring(_)) {
                worker.state = WorkerState::Ready;
            }
        }
    }

    /// Polls the woken workers, now or when the runtime is no longer busy.
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

    /// Runs a worker until it has to wait.
    fn poll(&mut self, id: usize) {
        let state = mem::replace(&mut self.workers[id].state, WorkerState::Ready);
        let state = match state {
            WorkerState::Decided(permit, result) => self.learn(id, permit, result),
            WorkerState::BackingOff => WorkerState::Ready,
            state => state,
        };
        match state {
            WorkerState::Ready if self.is_idle => {}
            WorkerState::Ready => match &mut self.pacer {
                RunningPacer::Limiter(limiter) => {
                    let acquire = limiter.acquire(100);
                    self.poll_acquire(id, acquire);
                }
                RunningPacer::Governor(queue) => {
                    queue.workers.push_back(id);
                    self.workers[id].state = WorkerState::Queued;
                    self.poll_queue();
                }
            },
            WorkerState::Acquiring(acquire) => self.poll_acquire(id, acquire),
            WorkerState::Queued => {
                self.workers[id].state = state;
                self.poll_queue();
            }
            state => self.workers[id].state = state,
        }
    }

    fn poll_acquire(&mut self, id: usize, mut acquire: Acquire) {
        let mut context = Context::from_waker(&self.workers[id].waker);
        match Pin::new(&mut acquire).poll(&mut context) {
            Poll::Ready(permit) => self.send(id, Some(permit.expect("the limits allow it"))),
            Poll::Pending => self.workers[id].state = WorkerState::Acquiring(acquire),
        }
    }

    /// Sends the requests that governor allows, and sets a timer for the next one.
    fn poll_queue(&mut self) {
        while let RunningPacer::Governor(queue) = &mut self.pacer {
            let Some(id) = queue.workers.front().copied() else {
                return;
            };
            if queue.has_timer {
                return;
            }
            match queue.governor.take(self.now, 1) {
                Ok(()) => {
                    queue.workers.pop_front();
                    self.send(id, None);
                }
                Err(at) => {
                    queue.has_timer = true;
                    let at = at + self.noise.alarms.draw(&mut self.rng);
                    self.at(at, Event::Governor);
                    return;
                }
            }
        }
    }

    fn send(&mut self, id: usize, permit: Option<Permit>) {
        self.workers[id].state = WorkerState::Sent(permit);
        self.outcome.sent_at.push(self.now);
        let travel = self.noise.travel.mul_f64(self.rng.f64());
        self.at(self.now + travel, Event::Arrival(id, self.noise.wait));
    }

    /// Decides about a request that arrives at the provider, which holds it for at most this time.
    fn arrive(&mut self, id: usize, wait: Duration) {
        let noise = self.noise;
        let luck = self.rng.f64();
        let outcome = &mut self.outcome;
        let (result, takes) = if wait == noise.wait && luck < noise.throttled {
            outcome.throttled += 1;
            (Err(Refusal::Requests), &noise.refusals)
        } else {
            match self.provider.arrive(self.now, 100) {
                Err(Refusal::Burst) if wait > Duration::ZERO => {
                    outcome.held += 1;
                    let rest = wait.saturating_sub(HOLD);
                    self.at(self.now + wait.min(HOLD), Event::Arrival(id, rest));
                    return;
                }
                Err(refusal) => {
                    if refusal == Refusal::Burst {
                        outcome.too_fast += 1;
                    } else {
                        outcome.over_limit += 1;
                    }
                    (Err(refusal), &noise.refusals)
                }
                Ok(_) if luck < noise.throttled + noise.failed => {
                    outcome.failed += 1;
                    let takes = if noise.fails_late {
                        &noise.answers
                    } else {
                        &noise.refusals
                    };
                    (Err(Refusal::Capacity), takes)
                }
                Ok(_) => {
                    outcome.accepted += 1;
                    outcome.accepted_at.push(self.now);
                    (Ok(()), &noise.answers)
                }
            }
        };
        let takes = within(takes, &mut self.rng);
        if let WorkerState::Sent(permit) = &mut self.workers[id].state {
            self.workers[id].state = WorkerState::Decided(permit.take(), result);
        }
        self.at(self.now + takes, Event::Wake(id));
    }

    /// Ends the permit of a request. Returns what the worker does next.
    fn learn(
        &mut self,
        id: usize,
        permit: Option<Permit>,
        result: Result<(), Refusal>,
    ) -> WorkerState {
        match (permit, result) {
            (Some(permit), Ok(())) => permit.settle(100),
            (Some(permit), Err(refusal)) => permit.refused(refusal),
            (None, Ok(())) => self.workers[id].retries = 0,
            (None, Err(_)) => {
                let backoff = SECOND * 2_u32.pow(self.workers[id].retries.min(6));
                self.workers[id].retries += 1;
                let backoff = backoff.min(MAX_BACKOFF).mul_f64(self.rng.f64());
                let late = self.noise.alarms.draw(&mut self.rng);
                self.workers[id].state = WorkerState::Ready;
                self.at(self.now + backoff + late, Event::Wake(id));
                return WorkerState::BackingOff;
            }
        }
        if result.is_ok() {
            self.outcome.succeeded += 1;
        }
        WorkerState::Ready
    }
}
