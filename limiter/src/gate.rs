//! What decides which requests of a limiter are admitted: a quota of its own, or one in a store.

use std::fmt::Debug;
use std::time::Duration;

use model_studio_limits::Limit;

use crate::quota::{Grant, Rejection};
#[cfg(feature = "redis")]
use crate::redis::{Call, Reply};
use crate::usage::Usage;
use crate::{Cost, Refusal, TooLarge};

/// Limits, and the requests that wait for them.
///
/// Times are in nanoseconds since the start of the limiter. Time never goes back: an earlier
/// time counts as the latest one seen. A function for the time is only called if it is needed, since
/// reading a clock takes most of the time.
pub(crate) trait Gate: Debug + Send {
    /// Admits a request now, unless others wait. Returns the time at which it is counted.
    fn try_acquire(&mut self, cost: &Cost, now: u64) -> Result<u64, Rejection>;

    /// Returns a time before which a request that is added now cannot be admitted, by what is known.
    fn lower_bound(&self, cost: &Cost) -> u64;

    /// Adds a request to the queue and returns its ID.
    fn enqueue(&mut self, cost: Cost) -> Result<u64, TooLarge>;

    /// Removes a request from the queue.
    fn cancel(&mut self, id: u64);

    /// Admits the first request of the queue, if the limits allow it. Returns its ID, and the time
    /// at which it is counted. It fails if the limits have become smaller than the request.
    fn next(&mut self, now: u64) -> Option<(u64, Result<u64, TooLarge>)>;

    /// Returns the time at which [`next`](Self::next) has to be called again. Returns `None` if the
    /// queue is empty or if only a change can admit its first request.
    fn next_event(&self) -> Option<u64>;

    /// Returns `true` if requests wait.
    fn has_waiters(&self) -> bool;

    /// Counts an admitted request from now on. Returns `false`, and puts it back into the queue at its
    /// place, during a pause, or if it was admitted so long ago that there is no room for it now.
    fn renew(&mut self, id: u64, grant: &mut Grant, now: u64) -> bool;

    /// Takes back a request that was never sent.
    fn take_back(&mut self, grant: &Grant);

    /// Changes what a request costs, as far as it is known while it runs.
    fn report(&mut self, grant: &mut Grant, cost: &Cost, now: &dyn Fn() -> u64);

    /// Ends a request with what it cost.
    fn settle(&mut self, grant: &mut Grant, cost: &Cost, now: &dyn Fn() -> u64);

    /// Ends a request without a known cost. Its estimate stays counted.
    fn leave_unsettled(&mut self, grant: &Grant, now: &dyn Fn() -> u64);

    /// Ends a request that the provider refused, and pauses or slows down. The request stays
    /// counted, because the provider may count it too. Returns how long to pause.
    fn refuse(
        &mut self,
        grant: &Grant,
        refusal: Refusal,
        retry_after: Option<Duration>,
        now: u64,
    ) -> Duration;

    /// Ends a task that may still run. It counts as running until it has taken the longest time.
    fn abandon_task(&mut self, grant: &Grant, now: u64);

    /// Admits nothing before a time, unless the pause is already longer.
    fn pause_until(&mut self, until: u64);

    /// Replaces the limits. What was used is kept.
    fn set_limits(&mut self, limits: &[Limit], now: u64);

    /// Returns what is used, and counts.
    fn usage(&mut self, now: u64) -> Usage;

    /// Returns the next call to the store, or the time at which there will be one. Until
    /// [`apply`](Self::apply), there is no other.
    #[cfg(feature = "redis")]
    fn next_call(&mut self, now: u64) -> Result<Call, Option<u64>> {
        let _ = now;
        Err(None)
    }

    /// Takes the reply to the last call, which was sent at a time.
    #[cfg(feature = "redis")]
    fn apply(&mut self, call: &Call, reply: &Reply, sent_at: u64, now: u64) {
        let _ = (call, reply, sent_at, now);
    }

    /// Returns a call with what the store does not know yet, for a limiter that is dropped.
    #[cfg(feature = "redis")]
    fn last_call(&mut self) -> Option<Call> {
        None
    }

    /// Returns the ID of a task in the store.
    #[cfg(feature = "redis")]
    fn task_lease(&self, grant: &Grant) -> Option<String> {
        let _ = grant;
        None
    }

    /// Ends a task by its ID in the store.
    #[cfg(feature = "redis")]
    fn finish_task(&mut self, lease: &str) {
        let _ = lease;
    }

    /// Notes that a call failed. It is repeated unchanged.
    #[cfg(feature = "redis")]
    fn store_failed(&mut self, now: u64) {
        let _ = now;
    }
}
