//! The task that makes the calls of a limiter, on the thread of the store.

use std::hash::{BuildHasher as _, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{self, Instant};

use super::StoreError;
use super::connection::Connections;
use super::protocol::{Call, Keys, Refused, Reply};
use crate::scheduler::Shared;
use crate::sync;

/// The longest delay between attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// How long to wait after the store was found to have another version.
const OTHER_VERSION_DELAY: Duration = Duration::from_millis(500);

/// How long a call is repeated unchanged. The script remembers it for twice as long.
const REMEMBERED: Duration = Duration::from_secs(60);

/// What a limiter tells the task that makes its calls.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    notify: Notify,
    /// Set when the limiter was dropped.
    end: sync::Mutex<Option<End>>,
}

/// The end of a limiter, with its last call if one is needed.
#[derive(Debug)]
struct End(Option<Call>);

impl Signal {
    /// Lets the task check whether a call is due.
    pub(crate) fn notify(&self) {
        self.notify.notify_one();
    }

    /// The limiter is dropped.
    pub(crate) fn end(&self, last: Option<Call>) {
        *self.end.lock() = Some(End(last));
        self.notify.notify_one();
    }

    /// Waits until the limiter is dropped, which may still be going on. Returns the last call.
    async fn ended(&self) -> Option<Call> {
        loop {
            let end = self.end.lock().take();
            match end {
                Some(End(last)) => return last,
                None => self.notify.notified().await,
            }
        }
    }
}

/// The task that makes the calls of a limiter.
pub(super) struct Task {
    pub(super) connections: Arc<Connections>,
    pub(super) limiter: Weak<Shared>,
    pub(super) keys: Keys,
}

/// Why an attempt had no result.
enum Failure {
    Error(StoreError),
    Refused(Refused),
}

impl Task {
    /// Calls the store until the limiter is dropped.
    pub(super) async fn run(self, signal: Arc<Signal>) {
        loop {
            let Some(limiter) = self.limiter.upgrade() else {
                if let Some(call) = signal.ended().await {
                    // If it fails, what it would have given back expires.
                    let _ = self.attempt(&call).await;
                }
                return;
            };
            let next = limiter.next_call();
            drop(limiter);
            match next {
                Ok(call) => self.call(call).await,
                Err(Some(delay)) => {
                    let _ = time::timeout(delay, signal.notify.notified()).await;
                }
                Err(None) => signal.notify.notified().await,
            }
        }
    }

    /// Makes a call, and repeats it until it succeeds or is refused. If the limiter is dropped,
    /// repeats it only once.
    async fn call(&self, mut call: Call) {
        let first_at = Instant::now();
        for attempt in 0.. {
            let age = first_at.elapsed();
            call.age = age.into();
            if age > REMEMBERED {
                call.remove_refunds();
            }
            let Some(sent_at) = self.limiter.upgrade().map(|limiter| limiter.now()) else {
                // If it fails, what it would have given back expires.
                let _ = self.attempt(&call).await;
                return;
            };
            let result = self.attempt(&call).await;
            let limiter = self.limiter.upgrade();
            match (result, limiter) {
                (Ok(reply), Some(limiter)) => {
                    return wake(|| limiter.apply(&call, &reply, sent_at));
                }
                (Ok(_), None) => return,
                (Err(Failure::Refused(Refused::Version(error))), Some(limiter)) => {
                    wake(|| limiter.store_refused(&error));
                    drop(limiter);
                    // Later requests ask again.
                    return time::sleep(OTHER_VERSION_DELAY).await;
                }
                // Only a copy of this process can have made a later call.
                (Err(Failure::Refused(Refused::Stale(last))), _) => {
                    call.sequence = last.saturating_add(1);
                }
                (Err(failure), Some(limiter)) => wake(|| limiter.store_failed(failure.into())),
                (Err(_), None) => {}
            }
            time::sleep(backoff(attempt)).await;
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Reply, Failure> {
        let reply = self.connections.invoke(&self.keys, call).await;
        let reply = reply.map_err(Failure::Error)?;
        Reply::parse(&reply, call).map_err(Failure::Refused)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Error(error) | Failure::Refused(Refused::Version(error)) => error,
            Failure::Refused(_) => Self::new("the reply has an unexpected format"),
        }
    }
}

/// Calls what wakes the tasks of the program. A waker that panics must not end the calls.
fn wake(call: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(call));
}

/// Returns the delay before the next attempt: random, so that processes do not return together.
#[expect(
    clippy::cast_possible_truncation,
    reason = "any bits of the hash are random"
)]
fn backoff(attempt: u32) -> Duration {
    let longest = Duration::from_millis(20 << attempt.min(7)).min(MAX_BACKOFF);
    let random = RandomState::new().hash_one(attempt) as u32;
    longest.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}
