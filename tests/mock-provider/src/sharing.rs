//! Simulations of tenants that share a limiter.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use fastrand::Rng;
use model_studio_limiter::{Acquire, Builder, Clock, Limiter, LimiterLimits, ManualClock, Permit};

use crate::load::latency;
use crate::tenant::interval;
use crate::{Provider, SECOND, Tenant, TenantDemand, Ticket};

/// Tenants that share a limiter for a time.
///
/// A request takes up to a second to reach the provider, which works on it for 1 to 20 seconds.
/// Estimates are exact.
#[derive(Clone, Debug)]
pub struct Sharing {
    /// The tenants.
    pub tenants: Vec<Tenant>,
    /// How long they send requests.
    pub duration: Duration,
    /// The seed of all random choices.
    pub seed: u64,
}

/// What tenants that share a limiter got.
#[derive(Clone, Debug, Default)]
pub struct Shares {
    /// The requests of each tenant, in the order in which they started.
    pub started: Vec<Vec<Started>>,
    /// The number of requests that the provider refused.
    pub refused: usize,
    /// The times at which requests reached the provider, and their tokens, in order.
    pub arrived: Vec<(Duration, u64)>,
}

/// A request that was admitted.
#[derive(Clone, Copy, Debug)]
pub struct Started {
    /// The time at which it was admitted.
    pub at: Duration,
    /// How long it waited.
    pub wait: Duration,
    /// Its tokens.
    pub tokens: u64,
}

impl Sharing {
    /// Lets the tenants send their requests with a limiter to a provider.
    ///
    /// # Panics
    ///
    /// Panics if a request is too large for the limits.
    #[must_use]
    pub fn run(&self, limiter: Builder<LimiterLimits>, provider: Provider) -> Shares {
        let clock = ManualClock::new();
        let mut run = Run {
            tenants: &self.tenants,
            limiters: Vec::new(),
            start: clock.now(),
            clock,
            provider,
            rng: Rng::with_seed(self.seed),
            waiting: BTreeMap::new(),
            woken: Arc::default(),
            events: BinaryHeap::new(),
            sent: BTreeMap::new(),
            next_id: 0,
            shares: Shares {
                started: vec![Vec::new(); self.tenants.len()],
                ..Shares::default()
            },
        };
        let limiter = limiter.clock(run.clock.clone()).build();
        let classes = self.tenants.iter().map(|tenant| tenant.class);
        run.limiters = classes.map(|class| limiter.class(class)).collect();
        run.begin();
        run.advance(self.duration);
        run.shares
    }
}

/// What happens at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A tenant has another request. A recorded one has this number.
    Request { tenant: usize, number: usize },
    /// A request reaches the provider.
    Arrive { id: u64 },
    /// A request completes.
    Complete { id: u64 },
}

#[derive(Debug)]
struct Waiting {
    tenant: usize,
    tokens: u64,
    since: Duration,
    acquire: Pin<Box<Acquire>>,
    waker: Waker,
}

/// A request that was sent, and its ticket once the provider has accepted it.
#[derive(Debug)]
struct Sent {
    permit: Permit,
    tokens: u64,
    ticket: Option<Ticket>,
}

/// Notes the IDs of requests that were woken.
#[derive(Debug)]
struct Woken {
    id: u64,
    ids: Arc<Mutex<Vec<u64>>>,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        let ids = self.ids.lock();
        ids.unwrap_or_else(PoisonError::into_inner).push(self.id);
    }
}

struct Run<'a> {
    tenants: &'a [Tenant],
    /// The limiter of each tenant's class.
    limiters: Vec<Limiter>,
    clock: ManualClock,
    start: Instant,
    provider: Provider,
    rng: Rng,
    waiting: BTreeMap<u64, Waiting>,
    woken: Arc<Mutex<Vec<u64>>>,
    /// By time, and then in the order in which they were added.
    events: BinaryHeap<Reverse<(Duration, u64, Event)>>,
    sent: BTreeMap<u64, Sent>,
    next_id: u64,
    shares: Shares,
}

impl Run<'_> {
    fn begin(&mut self) {
        for (tenant, rules) in self.tenants.iter().enumerate() {
            match &rules.demand {
                TenantDemand::Saturating(waiting, sizes) => {
                    for _ in 0..*waiting {
                        let tokens = sizes.tokens(&mut self.rng);
                        self.acquire(tenant, tokens);
                    }
                }
                TenantDemand::Random(per_second, _) => {
                    let at = interval(&mut self.rng, *per_second);
                    self.add(at, Event::Request { tenant, number: 0 });
                }
                TenantDemand::Recorded(requests) => {
                    if let Some((at, _)) = requests.first() {
                        self.add(*at, Event::Request { tenant, number: 0 });
                    }
                }
            }
        }
    }

    fn advance(&mut self, duration: Duration) {
        loop {
            self.poll_woken();
            let alarm = self.clock.next_alarm().map(|at| at - self.start);
            let event = self.events.peek().map(|Reverse((at, ..))| *at);
            let Some(at) = alarm.into_iter().chain(event).min() else {
                return;
            };
            if at >= duration {
                return;
            }
            self.clock.advance(at.saturating_sub(self.now()));
            while let Some(event) = self.next_event() {
                self.handle(event);
            }
        }
    }

    fn now(&self) -> Duration {
        self.clock.now() - self.start
    }

    /// Removes the next event, if its time has come.
    fn next_event(&mut self) -> Option<Event> {
        let Reverse((at, ..)) = self.events.peek()?;
        if *at > self.now() {
            return None;
        }
        let Reverse((.., event)) = self.events.pop()?;
        Some(event)
    }

    fn add(&mut self, at: Duration, event: Event) {
        self.events.push(Reverse((at, self.next_id, event)));
        self.next_id += 1;
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Request { tenant, number } => self.request(tenant, number),
            Event::Arrive { id } => self.arrive(id),
            Event::Complete { id } => self.complete(id),
        }
    }

    /// Adds a request that arrives now, and the event of the next one.
    fn request(&mut self, tenant: usize, number: usize) {
        let next = |number| Event::Request { tenant, number };
        match &self.tenants[tenant].demand {
            TenantDemand::Saturating(_, sizes) => {
                let tokens = sizes.tokens(&mut self.rng);
                self.acquire(tenant, tokens);
            }
            TenantDemand::Random(per_second, sizes) => {
                let tokens = sizes.tokens(&mut self.rng);
                self.acquire(tenant, tokens);
                let at = self.now() + interval(&mut self.rng, *per_second);
                self.add(at, next(0));
            }
            TenantDemand::Recorded(requests) => {
                self.acquire(tenant, requests[number].1);
                if let Some((at, _)) = requests.get(number + 1) {
                    self.add(*at, next(number + 1));
                }
            }
        }
    }

    fn acquire(&mut self, tenant: usize, tokens: u64) {
        let id = self.next_id;
        self.next_id += 1;
        let woken = Woken {
            id,
            ids: Arc::clone(&self.woken),
        };
        let mut waiting = Waiting {
            tenant,
            tokens,
            since: self.now(),
            acquire: Box::pin(self.limiters[tenant].acquire(tokens)),
            waker: Arc::new(woken).into(),
        };
        match poll(&mut waiting) {
            Some(permit) => self.send(id, &waiting, permit),
            None => drop(self.waiting.insert(id, waiting)),
        }
    }

    /// Sends the requests that were admitted.
    fn poll_woken(&mut self) {
        loop {
            let woken = self.woken.lock();
            let woken = mem::take(&mut *woken.unwrap_or_else(PoisonError::into_inner));
            if woken.is_empty() {
                return;
            }
            for id in woken {
                let Some(mut waiting) = self.waiting.remove(&id) else {
                    continue;
                };
                match poll(&mut waiting) {
                    Some(permit) => self.send(id, &waiting, permit),
                    None => drop(self.waiting.insert(id, waiting)),
                }
            }
        }
    }

    fn send(&mut self, id: u64, request: &Waiting, permit: Permit) {
        let (at, tenant, tokens) = (self.now(), request.tenant, request.tokens);
        self.shares.started[tenant].push(Started {
            at,
            wait: at.saturating_sub(request.since),
            tokens,
        });
        let sent = Sent {
            permit,
            tokens,
            ticket: None,
        };
        self.sent.insert(id, sent);
        let arrives_at = at + SECOND.mul_f64(self.rng.f64());
        self.add(arrives_at, Event::Arrive { id });
        if let TenantDemand::Saturating(..) = self.tenants[tenant].demand {
            self.add(at, Event::Request { tenant, number: 0 });
        }
    }

    fn arrive(&mut self, id: u64) {
        let now = self.now();
        let Some(mut sent) = self.sent.remove(&id) else {
            return;
        };
        sent.ticket = self.provider.arrive(now, sent.tokens).ok();
        if sent.ticket.is_none() {
            // The permit is dropped, so that the request stays counted.
            self.shares.refused += 1;
            return;
        }
        self.shares.arrived.push((now, sent.tokens));
        self.sent.insert(id, sent);
        let at = now + latency(&mut self.rng);
        self.add(at, Event::Complete { id });
    }

    fn complete(&mut self, id: u64) {
        let sent = self.sent.remove(&id);
        if let Some(Sent {
            permit,
            tokens,
            ticket: Some(ticket),
        }) = sent
        {
            self.provider.complete(self.now(), ticket, tokens);
            permit.settle(tokens);
        }
    }
}

/// Returns the permit of a request if it was admitted.
fn poll(waiting: &mut Waiting) -> Option<Permit> {
    let mut context = Context::from_waker(&waiting.waker);
    match waiting.acquire.as_mut().poll(&mut context) {
        Poll::Ready(Ok(permit)) => Some(permit),
        Poll::Ready(Err(error)) => panic!("{error}"),
        Poll::Pending => None,
    }
}
