//! Fleets of processes on a real server, and what goes wrong with it.
//!
//! Each test has a server of its own. Limits have short windows, so that a few seconds show them.

mod any;
mod classes;
mod connections;
mod damage;
mod faults;
mod limits;
mod outages;
mod random_calls;
mod running;
mod saturation;
mod script;
mod threads;
mod versions;
mod waiting;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use fleet_tests::{MODEL, Record, SECOND, WINDOW, Work, Worker, account, connect};
use model_studio_limiter::Limiter;
use model_studio_limits::Limits;

const WORKER: &str = env!("CARGO_BIN_EXE_worker");

fn start(count: usize, url: &str, work: Work) -> Vec<Worker> {
    (0..count)
        .map(|_| Worker::start(WORKER, url, work))
        .collect()
}

fn record(workers: Vec<Worker>) -> Record {
    Record::new(workers.into_iter().map(Worker::sends).collect())
}

async fn limiter(url: &str, limits: Limits) -> Limiter {
    let account = account(connect(url).await, limits).build().unwrap();
    account.limiter(MODEL).clone()
}

/// Runs each case of a test in a thread, because most of them wait most of the time.
fn at_the_same_time<T: Sync>(cases: &[T], run: impl Fn(&T) + Sync) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| run(case));
        }
    });
}

/// Held by the tests that measure how much of a limit is used, so that they do not slow down each
/// other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns how much more than a limit one window can have if it contains one loss of state, by the
/// formula of the guide. Requests cost up to `cost`, and the credit is that of the kind of limit.
fn excess_after_loss(limit: u64, window: Duration, credit: Duration, cost: u64) -> u64 {
    // What was admitted before the loss, and starts after it.
    let admitted = 3 * SECOND / 10;
    // A request is recorded up to 100 ms after its time. The guard makes up for that, but after a loss
    // only the pace is left, which has no guard.
    let recorded = SECOND / 10;
    let time = admitted + 2 * credit + recorded;
    let of_time = u128::from(limit) * time.as_nanos() / window.as_nanos();
    u64::try_from(of_time).unwrap() + 2 * cost
}

/// The credit of limits on requests.
const REQUEST_CREDIT: Duration = Duration::from_millis(2);

/// Returns how much more than 60 requests a window can have if it contains a loss of state.
fn request_excess() -> u64 {
    excess_after_loss(60, WINDOW, REQUEST_CREDIT, 1)
}
