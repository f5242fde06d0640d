//! Measures the time that limiters take, on one thread and on two, when they admit every request.

#![forbid(unsafe_code)]

use std::mem;
use std::num::{NonZeroU32, NonZeroU64};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use divan::{Bencher, Divan};
use fastrand::Rng;
use governor::{DefaultDirectRateLimiter, Quota};
use leaky_bucket::RateLimiter;
use model_studio_limiter::{Acquire, AcquireError, Limiter, ManualClock, Permit, SystemClock};
use model_studio_limits::{Limit, LimitKind, Limits};
use throttle_net::{MultiLimiter, Throttle};

/// The tokens of a request. They are so few that no limiter runs out.
const TOKENS: u32 = 2;

const MINUTE: Duration = Duration::from_mins(1);

/// Limits that are never reached.
const UNLIMITED: &[Limit] = &[
    limit(LimitKind::Requests, u32::MAX as u64 * 1_000),
    limit(LimitKind::Tokens, 1 << 60),
];

/// A limit at which requests wait.
const ONE: &[Limit] = &[limit(LimitKind::Requests, 1), limit(LimitKind::Tokens, 100)];

/// Limits that allow a request per millisecond.
const FAST: &[Limit] = &[
    limit(LimitKind::Requests, 60_000),
    limit(LimitKind::Tokens, 1_000_000),
];

/// Limiters of requests and of tokens. `clock` only reads the clock.
const PEERS: [&str; 5] = [
    "clock",
    "model-studio-limiter",
    "governor",
    "throttle-net",
    "leaky-bucket",
];

fn main() {
    Divan::default().config_with_args().main();
}

#[divan::bench(args = PEERS, threads = [1, 2], sample_size = 100_000)]
fn try_acquire(bencher: Bencher, peer: &str) {
    match peer {
        "model-studio-limiter" => {
            let limiter = limiter(UNLIMITED);
            // A permit that is dropped would end, which the next benchmark measures.
            bencher.bench(|| mem::forget(limiter.try_acquire(u64::from(TOKENS)).unwrap()));
        }
        "throttle-net" => {
            let limiter = throttle_net();
            bencher.bench(|| assert!(limiter.try_acquire_costs(&costs(TOKENS))));
        }
        _ => bench_other(bencher, peer),
    }
}

/// Also gives back what was not used, if the limiter can do that.
#[divan::bench(args = PEERS, threads = [1, 2], sample_size = 100_000)]
fn try_acquire_and_settle(bencher: Bencher, peer: &str) {
    match peer {
        "model-studio-limiter" => {
            let limiter = limiter(UNLIMITED);
            bencher.bench(|| {
                let permit = limiter.try_acquire(u64::from(TOKENS)).unwrap();
                permit.settle(u64::from(TOKENS) / 2);
            });
        }
        "throttle-net" => {
            let limiter = throttle_net();
            bencher.bench(|| {
                assert!(limiter.try_acquire_costs(&costs(TOKENS)));
                limiter.settle_costs(&costs(TOKENS), &costs(TOKENS / 2));
            });
        }
        _ => bench_other(bencher, peer),
    }
}

/// Cancels a random one of the requests that wait, and adds another.
#[divan::bench(args = [1, 100, 10_000], sample_size = 100_000)]
fn enqueue_and_cancel(bencher: Bencher, waiters: usize) {
    let limiter = limiter(ONE);
    let _permit = limiter.try_acquire(1).unwrap();
    let mut queue: Vec<_> = (0..waiters).map(|_| enqueue(&limiter)).collect();
    let mut rng = Rng::with_seed(1);
    bencher.bench_local(|| queue[rng.usize(..waiters)] = enqueue(&limiter));
}

/// Admits the next of the requests that wait, one of each class.
#[divan::bench(args = [10, 100, 10_000], sample_count = 10_000, sample_size = 1)]
fn admit_of_classes(bencher: Bencher, classes: usize) {
    let clock = ManualClock::new();
    let builder = Limiter::builder(Limits::new(FAST)).clock(clock.clone());
    let limiter = builder.build();
    drop(limiter.try_acquire(1).unwrap());
    let woken = Arc::new(Mutex::new(Vec::new()));
    let mut requests: Vec<_> = (0..classes)
        .map(|class| {
            let limiter = limiter.class(class);
            let woken = Arc::clone(&woken);
            let waker = Waker::from(Arc::new(Woken { class, woken }));
            let mut request = Box::pin(limiter.acquire(1));
            assert!(poll(&mut request, &waker).is_pending());
            (limiter, waker, request)
        })
        .collect();
    bencher
        .with_inputs(|| {
            // Each class whose request was admitted has another one.
            // The lock is released before the loop's body, which can wake others.
            let next = || woken.lock().unwrap().pop();
            while let Some(class) = next() {
                let (limiter, waker, request) = &mut requests[class];
                let Poll::Ready(permit) = poll(request, waker) else {
                    panic!("it was woken");
                };
                permit.unwrap().settle(1);
                request.set(limiter.acquire(1));
                assert!(poll(request, waker).is_pending());
            }
        })
        .bench_local_values(|()| clock.advance(Duration::from_millis(1)));
}

/// Notes which class was woken.
struct Woken {
    class: usize,
    woken: Arc<Mutex<Vec<usize>>>,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.woken.lock().unwrap().push(self.class);
    }
}

/// Measures limiters that cannot settle.
fn bench_other(bencher: Bencher, peer: &str) {
    match peer {
        "clock" => bencher.bench(std::time::Instant::now),
        "governor" => {
            let (requests, tokens) = (governor(), governor());
            let count = NonZeroU32::new(TOKENS).unwrap();
            bencher.bench(|| {
                requests.check().unwrap();
                tokens.check_n(count).unwrap().unwrap();
            });
        }
        _ => {
            let (requests, tokens) = (leaky_bucket(), leaky_bucket());
            bencher.bench(|| assert!(requests.try_acquire(1) && tokens.try_acquire(2)));
        }
    }
}

fn limiter(limits: &'static [Limit]) -> Limiter {
    let builder = Limiter::builder(Limits::new(limits));
    builder.clock(SystemClock::new()).build()
}

const fn limit(kind: LimitKind, count: u64) -> Limit {
    Limit {
        kind,
        count: NonZeroU64::new(count).unwrap(),
        per: Some(MINUTE),
    }
}

/// Returns a limiter that refills one unit per nanosecond, which is the fastest that it can.
fn governor() -> DefaultDirectRateLimiter {
    let quota = Quota::with_period(Duration::from_nanos(1)).unwrap();
    DefaultDirectRateLimiter::direct(quota.allow_burst(NonZeroU32::MAX))
}

fn throttle_net() -> MultiLimiter {
    MultiLimiter::builder()
        .dimension("requests", Throttle::per_second(u32::MAX))
        .dimension("tokens", Throttle::per_second(u32::MAX))
        .build()
}

fn costs(tokens: u32) -> [(&'static str, u32); 2] {
    [("requests", 1), ("tokens", tokens)]
}

fn leaky_bucket() -> RateLimiter {
    RateLimiter::builder()
        .max(usize::MAX / 2)
        .initial(usize::MAX / 2)
        .refill(1_000_000)
        .interval(Duration::from_millis(1))
        .build()
}

/// Returns a request that waits.
fn enqueue(limiter: &Limiter) -> Pin<Box<Acquire>> {
    let mut request = Box::pin(limiter.acquire(1));
    assert!(poll(&mut request, Waker::noop()).is_pending());
    request
}

fn poll(request: &mut Pin<Box<Acquire>>, waker: &Waker) -> Poll<Result<Permit, AcquireError>> {
    request.as_mut().poll(&mut Context::from_waker(waker))
}
