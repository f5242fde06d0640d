//! What tenants gain that try to get more than their share. `--nocapture` prints the figures of the
//! guide.

#![allow(clippy::cast_precision_loss, reason = "the numbers in tests are small")]

mod common;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use common::{MINUTE, SECOND, builder, qwen_plus};
use model_studio_limiter::{Acquire, Clock as _, Limiter, ManualClock, Permit};

/// How a tenant ends its requests, after their duration.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// Settles these tokens.
    Settle(u64),
    /// Says that it has not sent the request.
    Cancel,
    /// Drops the permit.
    Drop,
    /// Never ends it.
    Keep,
}

/// A tenant that always has some waiting requests.
#[derive(Clone, Copy)]
struct Tenant {
    waiting: usize,
    /// The number of keys that it uses.
    keys: usize,
    /// The estimated tokens of each request.
    tokens: u64,
    /// Whether it cancels its first waiting request each time that another one is admitted.
    cancels: bool,
    duration: Duration,
    end: End,
}

/// Requests of 2,000 tokens, more than its share, and all as it should be.
const HONEST: Tenant = Tenant {
    waiting: 20,
    keys: 1,
    tokens: 2_000,
    cancels: false,
    duration: Duration::from_secs(2),
    end: End::Settle(2_000),
};

/// What a tenant got.
#[derive(Clone, Debug, Default)]
struct Outcome {
    requests: u64,
    tokens: u64,
    waits: Vec<Duration>,
}

impl Outcome {
    fn longest_wait(&self) -> f64 {
        let longest = self.waits.iter().max();
        longest.copied().unwrap_or_default().as_secs_f64()
    }
}

struct Request {
    tenant: usize,
    key: usize,
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
    running: Vec<(Instant, usize, Permit)>,
}

/// Runs tenants for ten minutes, after one in which they start.
fn run(tenants: &[Tenant]) -> Vec<Outcome> {
    let clock = ManualClock::new();
    let mut world = World {
        limiter: builder(qwen_plus(), &clock).build(),
        clock,
        tenants: tenants.to_vec(),
        outcomes: vec![Outcome::default(); tenants.len()],
        waiting: BTreeMap::new(),
        next_id: 0,
        woken: Arc::default(),
        running: Vec::new(),
    };
    for (tenant, Tenant { waiting, keys, .. }) in tenants.iter().enumerate() {
        for request in 0..*waiting {
            world.acquire(tenant, request % keys);
        }
    }
    world.advance(MINUTE);
    world.outcomes = vec![Outcome::default(); tenants.len()];
    world.advance(10 * MINUTE);
    world.outcomes
}

impl World {
    fn advance(&mut self, duration: Duration) {
        let end = self.clock.now() + duration;
        loop {
            self.poll();
            let ends = self.running.iter().map(|(at, ..)| *at);
            let at = self.clock.next_alarm().into_iter().chain(ends).min();
            let at = at.unwrap_or(end).min(end);
            self.clock
                .advance(at.saturating_duration_since(self.clock.now()));
            if at == end {
                return;
            }
            let now = self.clock.now();
            for index in (0..self.running.len()).rev() {
                if self.running[index].0 <= now {
                    let (_, tenant, permit) = self.running.swap_remove(index);
                    self.end(tenant, permit);
                }
            }
        }
    }

    fn end(&mut self, tenant: usize, permit: Permit) {
        match self.tenants[tenant].end {
            End::Settle(tokens) => {
                permit.settle(tokens);
                self.outcomes[tenant].tokens += tokens;
            }
            End::Cancel => permit.cancel(),
            End::Drop | End::Keep => drop(permit),
        }
    }

    fn acquire(&mut self, tenant: usize, key: usize) {
        let class = self.limiter.class(format!("{tenant}-{key}"));
        let request = Request {
            tenant,
            key,
            since: self.clock.now(),
            acquire: Box::pin(class.acquire(self.tenants[tenant].tokens)),
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
        let Request { tenant, key, .. } = *request;
        let now = self.clock.now();
        let (outcome, rules) = (&mut self.outcomes[tenant], self.tenants[tenant]);
        outcome.requests += 1;
        outcome.waits.push(now - request.since);
        if rules.end == End::Keep {
            outcome.tokens += rules.tokens;
            self.running.push((now + 60 * MINUTE, tenant, permit));
        } else {
            self.running.push((now + rules.duration, tenant, permit));
        }
        self.acquire(tenant, key);
        if rules.cancels {
            let mut waiting = self.waiting.iter();
            let first = waiting.find(|(_, request)| request.tenant == tenant);
            if let Some((&id, &Request { key, .. })) = first {
                self.waiting.remove(&id);
                self.acquire(tenant, key);
            }
        }
    }
}

/// Returns the outcomes of an honest tenant and of another one.
fn against(name: &str, other: Tenant) -> (Outcome, Outcome) {
    let outcomes = run(&[HONEST, other]);
    let [honest, other] = outcomes.try_into().unwrap();
    println!(
        "{name:30} honest: {:>5.1}% of the tokens, longest wait {:>5.1} s; the other: {:>5.1}% of the tokens, {} requests",
        honest.tokens as f64 / 1e5,
        honest.longest_wait(),
        other.tokens as f64 / 1e5,
        other.requests
    );
    (honest, other)
}

/// The tokens that both together can use in ten minutes, of which each gets a half.
const HALF: u64 = 4_850_000;

#[test]
fn who_does_as_it_should_gets_its_share() {
    let (honest, other) = against("nobody cheats", HONEST);
    assert!(honest.tokens >= HALF && other.tokens >= HALF);
}

#[test]
fn underestimating_gains_nothing() {
    let cheat = Tenant {
        tokens: 500,
        ..HONEST
    };
    let (honest, other) = against("underestimates fourfold", cheat);
    assert!(honest.tokens >= HALF);
    assert!(other.tokens <= honest.tokens + 200_000);
}

#[test]
fn each_key_has_a_share() {
    let cheat = Tenant {
        waiting: 10_000,
        keys: 10_000,
        ..HONEST
    };
    let (honest, other) = against("opens 10,000 keys", cheat);
    assert!(other.tokens > 99 * honest.tokens);
}

#[test]
fn the_largest_requests_get_no_more_than_their_share() {
    let cheat = Tenant {
        waiting: 2,
        tokens: 1_000_000,
        end: End::Settle(1_000_000),
        ..HONEST
    };
    let (honest, other) = against("sends only the largest", cheat);
    assert!(other.tokens <= 5_000_000);
    assert!(honest.requests > 0);
}

#[test]
fn large_requests_get_no_more_than_their_share() {
    let cheat = Tenant {
        waiting: 2,
        tokens: 400_000,
        end: End::Settle(400_000),
        ..HONEST
    };
    let (honest, other) = against("sends 400,000 tokens each", cheat);
    assert!(honest.tokens + 400_000 >= other.tokens);
}

#[test]
fn cancelling_waiting_requests_gains_nothing() {
    let cheat = Tenant {
        cancels: true,
        ..HONEST
    };
    let (honest, other) = against("cancels waiting requests", cheat);
    assert!(honest.tokens >= HALF && other.tokens <= honest.tokens);
}

#[test]
fn cancelling_permits_costs_the_time_for_which_they_were_held() {
    for (name, duration) in [
        ("cancels permits after 20 ms", SECOND / 50),
        ("cancels permits after 2 s", 2 * SECOND),
    ] {
        let cheat = Tenant {
            duration,
            end: End::Cancel,
            ..HONEST
        };
        let (honest, _) = against(name, cheat);
        assert!(honest.tokens >= HALF);
    }
}

#[test]
fn not_settling_gains_nothing() {
    for (name, end) in [
        ("drops its permits", End::Drop),
        ("keeps its permits", End::Keep),
    ] {
        let (honest, _) = against(name, Tenant { end, ..HONEST });
        assert!(honest.tokens >= HALF);
    }
}
