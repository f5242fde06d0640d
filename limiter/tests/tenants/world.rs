//! Tenants that use one limiter at the same time.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use model_studio_limiter::{Acquire, Class, Clock as _, Limiter, ManualClock, Permit};

use crate::common::{MINUTE, SECOND, builder, qwen_plus};

/// Requests of a tenant that always has some waiting ones, or whose requests arrive at random.
#[derive(Clone, Copy)]
pub(crate) struct Tenant {
    pub(crate) class: Option<Class>,
    /// The number of requests that always wait.
    pub(crate) waiting: usize,
    /// The number of requests that arrive per second.
    pub(crate) arrivals: f64,
    /// The number of keys that it uses, or 0 for the default class.
    pub(crate) keys: usize,
    /// The estimated tokens of a request.
    pub(crate) size: Size,
    /// Whether it cancels its first waiting request each time that another one is admitted.
    pub(crate) cancels: bool,
    pub(crate) duration: Duration,
    pub(crate) end: End,
}

/// The tokens of requests.
#[derive(Clone, Copy)]
pub(crate) enum Size {
    Constant(u64),
    /// A log-normal distribution with this mean.
    LogNormal(f64),
    /// A Pareto distribution from 4,000 to 400,000 tokens.
    Pareto,
}

/// How a tenant ends its requests, after their duration.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum End {
    /// Settles this many times the estimate.
    Settle(u64),
    /// Says that it has not sent the request.
    Cancel,
    /// Drops the permit.
    Drop,
    /// Never ends it.
    Keep,
}

/// A tenant that always has requests of 2,000 tokens, and does with them what it should.
pub(crate) const BUSY: Tenant = Tenant {
    class: None,
    waiting: 20,
    arrivals: 0.0,
    keys: 1,
    size: Size::Constant(2_000),
    cancels: false,
    duration: SECOND,
    end: End::Settle(1),
};

/// What a tenant got.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) requests: u64,
    pub(crate) tokens: u64,
    waits: Vec<Duration>,
}

impl Outcome {
    /// Returns a quantile of the waits, in seconds.
    pub(crate) fn wait(&mut self, quantile: f64) -> f64 {
        self.waits.sort_unstable();
        let last = self.waits.len().saturating_sub(1);
        let wait = self.waits.get((quantile * last as f64) as usize);
        wait.copied().unwrap_or_default().as_secs_f64()
    }
}

struct Request {
    tenant: usize,
    key: usize,
    tokens: u64,
    since: Instant,
    acquire: Pin<Box<Acquire>>,
}

/// Notes the requests that were woken.
struct Woken {
    request: u64,
    woken: Arc<Mutex<Vec<u64>>>,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.woken.lock().unwrap().push(self.request);
    }
}

struct World {
    limiter: Limiter,
    clock: ManualClock,
    tenants: Vec<Tenant>,
    outcomes: Vec<Outcome>,
    /// By ID.
    waiting: BTreeMap<u64, Request>,
    next_id: u64,
    woken: Arc<Mutex<Vec<u64>>>,
    running: Vec<(Instant, usize, u64, Permit)>,
    /// The time of the next arrival, by tenant.
    arrivals: Vec<Option<Instant>>,
    random: u64,
}

/// Runs tenants for a time, after a minute in which they start, on 600 requests and 1,000,000 tokens
/// per minute.
pub(crate) fn run(tenants: &[Tenant], duration: Duration) -> Vec<Outcome> {
    let clock = ManualClock::new();
    let limiter = builder(qwen_plus(), &clock).build();
    let arrives = |tenant: &Tenant| (tenant.arrivals > 0.0).then(|| clock.now());
    let mut world = World {
        limiter,
        tenants: tenants.to_vec(),
        outcomes: vec![Outcome::default(); tenants.len()],
        waiting: BTreeMap::new(),
        next_id: 0,
        woken: Arc::default(),
        running: Vec::new(),
        arrivals: tenants.iter().map(arrives).collect(),
        random: 88_172_645_463_325_252,
        clock,
    };
    for (tenant, rules) in tenants.iter().enumerate() {
        if let Some(class) = rules.class {
            world.limiter.set_class(format!("{tenant}-0"), class);
        }
        for request in 0..rules.waiting {
            world.acquire(tenant, request % rules.keys.max(1));
        }
    }
    world.advance(MINUTE);
    world.outcomes = vec![Outcome::default(); tenants.len()];
    world.advance(duration);
    world.outcomes
}

impl World {
    fn advance(&mut self, duration: Duration) {
        let end = self.clock.now() + duration;
        while self.clock.now() < end {
            self.poll();
            let ends = self.running.iter().map(|(at, ..)| *at);
            let events = ends.chain(self.clock.next_alarm());
            let events = events.chain(self.arrivals.iter().copied().flatten());
            let at = events.min().unwrap_or(end).min(end);
            let now = self.clock.now();
            self.clock.advance(at.saturating_duration_since(now));
            self.end_due();
            self.arrive();
        }
    }

    fn end_due(&mut self) {
        let now = self.clock.now();
        for index in (0..self.running.len()).rev() {
            if self.running[index].0 <= now {
                let (_, tenant, tokens, permit) = self.running.swap_remove(index);
                match self.tenants[tenant].end {
                    End::Settle(times) => {
                        permit.settle(tokens * times);
                        self.outcomes[tenant].tokens += tokens * times;
                    }
                    End::Cancel => permit.cancel(),
                    End::Drop | End::Keep => drop(permit),
                }
            }
        }
    }

    fn arrive(&mut self) {
        let now = self.clock.now();
        for tenant in 0..self.tenants.len() {
            while let Some(at) = self.arrivals[tenant].filter(|at| *at <= now) {
                let mean = 1.0 / self.tenants[tenant].arrivals;
                let next = -mean * (1.0 - self.random()).ln();
                self.arrivals[tenant] = Some(at + Duration::from_secs_f64(next));
                self.acquire(tenant, 0);
            }
        }
    }

    fn acquire(&mut self, tenant: usize, key: usize) {
        let rules = self.tenants[tenant];
        let class = match rules.keys {
            0 => self.limiter.clone(),
            _ => self.limiter.class(format!("{tenant}-{key}")),
        };
        let tokens = self.tokens(rules.size);
        let request = Request {
            tenant,
            key,
            tokens,
            since: self.clock.now(),
            acquire: Box::pin(class.acquire(tokens)),
        };
        self.waiting.insert(self.next_id, request);
        self.woken.lock().unwrap().push(self.next_id);
        self.next_id += 1;
    }

    fn poll(&mut self) {
        loop {
            let Some(id) = self.woken.lock().unwrap().pop() else {
                return;
            };
            let Some(request) = self.waiting.get_mut(&id) else {
                continue;
            };
            let woken = Arc::clone(&self.woken);
            let waker = Waker::from(Arc::new(Woken { request: id, woken }));
            let mut context = Context::from_waker(&waker);
            if let Poll::Ready(permit) = request.acquire.as_mut().poll(&mut context) {
                let request = self.waiting.remove(&id).unwrap();
                self.admitted(&request, permit.unwrap());
            }
        }
    }

    fn admitted(&mut self, request: &Request, permit: Permit) {
        let Request { tenant, tokens, .. } = *request;
        let now = self.clock.now();
        let (outcome, rules) = (&mut self.outcomes[tenant], self.tenants[tenant]);
        outcome.requests += 1;
        outcome.waits.push(now - request.since);
        let duration = if rules.end == End::Keep {
            outcome.tokens += tokens;
            60 * MINUTE
        } else {
            rules.duration
        };
        self.running.push((now + duration, tenant, tokens, permit));
        if rules.arrivals == 0.0 {
            self.acquire(tenant, request.key);
        }
        if rules.cancels {
            let mut waiting = self.waiting.iter();
            let first = waiting.find(|(_, request)| request.tenant == tenant);
            if let Some((&id, &Request { key, .. })) = first {
                self.waiting.remove(&id);
                self.acquire(tenant, key);
            }
        }
    }

    fn tokens(&mut self, size: Size) -> u64 {
        let tokens = match size {
            Size::Constant(tokens) => return tokens,
            Size::LogNormal(mean) => {
                let radius = (-2.0 * (1.0 - self.random()).ln()).sqrt();
                let normal = radius * (std::f64::consts::TAU * self.random()).cos();
                mean * (normal - 0.5).exp()
            }
            Size::Pareto => 4_000.0 / (1.0 - self.random()).powf(1.0 / 1.1),
        };
        (tokens as u64).clamp(1, 400_000)
    }

    /// Returns a number from 0 to 1.
    fn random(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1_u64 << 53) as f64
    }
}
