//! The task that makes the calls of a limiter, on the thread of the store.

use std::hash::{BuildHasher as _, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{self, Instant};

use super::keys::Keys;
use super::protocol::Call;
use super::reply::{Reply, ReplyError};
use super::shared_connection::SharedConnection;
use super::{Signal, StoreError};
use crate::scheduler::Shared;

/// The longest delay between attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// How long to wait after the store was found to have another version.
const OTHER_VERSION_DELAY: Duration = Duration::from_millis(500);

/// How long a call is repeated unchanged. The script remembers its reply for twice as long.
const REMEMBERED: Duration = Duration::from_secs(60);

/// Makes the calls of a limiter.
pub(super) struct Caller {
    pub(super) connection: Arc<SharedConnection>,
    pub(super) limiter: Weak<Shared>,
    pub(super) keys: Keys,
}

impl Caller {
    /// Calls the store until the limiter is dropped.
    pub(super) async fn run(self, signal: Arc<Signal>) {
        loop {
            let Some(limiter) = self.limiter.upgrade() else {
                if let Some(call) = signal.ended().await {
                    self.call_once(&call).await;
                }
                return;
            };
            let next = limiter.next_call();
            drop(limiter);
            match next {
                Ok(call) => self.call(call).await,
                Err(Some(delay)) => {
                    let _ = time::timeout(delay, signal.notified()).await;
                }
                Err(None) => signal.notified().await,
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
                return self.call_once(&call).await;
            };
            let result = self.attempt(&call).await;
            let limiter = self.limiter.upgrade();
            match (result, limiter) {
                (Ok(Ok(reply)), Some(limiter)) => {
                    return wake(|| limiter.apply(&call, &reply, sent_at));
                }
                (Ok(Ok(_)), None) => return,
                (Ok(Err(ReplyError::Version(error))), Some(limiter)) => {
                    wake(|| limiter.store_refused(&error));
                    drop(limiter);
                    // Later requests call again.
                    return time::sleep(OTHER_VERSION_DELAY).await;
                }
                // Only a copy of this process can have made a later call.
                (Ok(Err(ReplyError::Stale(last))), _) => call.sequence = last.saturating_add(1),
                (Err(error) | Ok(Err(ReplyError::Format(error))), Some(limiter)) => {
                    wake(|| limiter.store_failed(error));
                }
                (_, None) => {}
            }
            time::sleep(backoff(attempt)).await;
        }
    }

    /// Makes a call for a limiter that was dropped. If it fails, what it would have given back
    /// stays counted until it expires.
    async fn call_once(&self, call: &Call) {
        let _ = self.attempt(call).await;
    }

    async fn attempt(&self, call: &Call) -> Result<Result<Reply, ReplyError>, StoreError> {
        let reply = self.connection.invoke(&self.keys, call).await?;
        Ok(Reply::parse(&reply, call))
    }
}

/// Calls a function that wakes tasks of the program. A waker that panics must not end the calls.
fn wake(call: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(call));
}

/// Returns the delay before the next attempt. It is random, so that processes do not call at the
/// same time after an outage.
#[expect(
    clippy::cast_possible_truncation,
    reason = "any bits of the hash are random"
)]
fn backoff(attempt: u32) -> Duration {
    let longest = Duration::from_millis(20 << attempt.min(7)).min(MAX_BACKOFF);
    let random = RandomState::new().hash_one(attempt) as u32;
    longest.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}
