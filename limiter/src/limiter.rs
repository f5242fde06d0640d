//! The limiter of one quota.

#[cfg(feature = "redis")]
use std::future::poll_fn;
use std::sync::Arc;
#[cfg(feature = "redis")]
use std::task::Poll;
use std::time::{Duration, Instant};

use model_studio_limits::Limit;

use crate::acquire::block_on;
use crate::builder::LimiterLimits;
use crate::gate::Gate;
use crate::quota::grant::Request;
#[cfg(feature = "redis")]
use crate::redis::Signal;
use crate::scheduler::Shared;
use crate::{
    Acquire, AcquireError, AcquireTask, Builder, Clock, Cost, Estimator, Permit, TaskPermit, Usage,
};

/// Keeps the requests to one model, or to a pool of models, below their rate limits.
///
/// Clones share the limits. An [`Account`](crate::Account) has a limiter for each model.
///
/// Requests are admitted in the order in which they arrive, whatever their size.
///
/// ```
/// use model_studio_limiter::Limiter;
/// use model_studio_limits::Model;
///
/// # pollster::block_on(async {
/// let limiter = Limiter::new(Model::QwenPlus.limits());
/// let permit = limiter.acquire(1_200).await?;
/// // Send the request, and settle what it cost.
/// permit.settle(950);
/// # Ok::<(), model_studio_limiter::AcquireError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Limiter {
    shared: Arc<Shared>,
}

impl Limiter {
    /// Creates a limiter.
    #[must_use]
    pub fn new(limits: impl AsRef<[Limit]>) -> Self {
        Self::builder(limits).build()
    }

    /// Returns a builder, to use a share of the limits or other settings.
    ///
    /// The limits are those of a model, or a slice, an array or a `Vec` that is made at run time.
    pub fn builder(limits: impl AsRef<[Limit]>) -> Builder<LimiterLimits> {
        Builder::new(LimiterLimits::new(limits.as_ref()))
    }

    /// Waits until the limits allow a request of this cost.
    ///
    /// The future works in any async runtime. It takes its place in the queue when it is polled for
    /// the first time.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves the queue and takes nothing.
    ///
    /// # Errors
    ///
    /// Returns [`AcquireError::TooLarge`] if the cost exceeds a limit by itself.
    pub fn acquire(&self, cost: impl Into<Cost>) -> Acquire {
        Acquire::new(self, request(cost), None)
    }

    /// Waits until the limits allow a request of this cost, but not longer than `timeout` after the
    /// first poll.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves the queue and takes nothing.
    ///
    /// # Errors
    ///
    /// Returns [`AcquireError::TooLarge`] if the cost exceeds a limit by itself, and
    /// [`AcquireError::Timeout`] after the timeout. If what is settled and the number of requests
    /// ahead of it already show that the request cannot be admitted in time, returns `Timeout`
    /// immediately, or [`AcquireError::Paused`] if the limiter is paused. Estimates do not count here,
    /// because a request can be settled with less at any time.
    pub fn acquire_timeout(&self, cost: impl Into<Cost>, timeout: Duration) -> Acquire {
        Acquire::new(self, request(cost), Some(timeout))
    }

    /// Takes a permit for a request of this cost, if the limits allow it now and no other request
    /// waits.
    ///
    /// # Errors
    ///
    /// Returns [`AcquireError::NotYet`] or [`AcquireError::Paused`] if the limits do not allow it
    /// now, and [`AcquireError::TooLarge`] if the cost exceeds a limit by itself. With a store, it
    /// returns `AcquireError::AskStore`, because only a round trip can tell.
    #[inline]
    pub fn try_acquire(&self, cost: impl Into<Cost>) -> Result<Permit, AcquireError> {
        self.try_request(&request(cost))
    }

    /// Blocks the thread until the limits allow a request of this cost.
    ///
    /// In async code, use [`acquire`](Self::acquire).
    ///
    /// # Errors
    ///
    /// Returns [`AcquireError::TooLarge`] if the cost exceeds a limit by itself, and
    /// [`AcquireError::WouldBlock`] in a tokio runtime whose time is paused.
    pub fn blocking_acquire(&self, cost: impl Into<Cost>) -> Result<Permit, AcquireError> {
        block_on(self.acquire(cost))
    }

    /// Waits until the limits on task submissions and on concurrent tasks allow another task.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves the queue and takes nothing.
    ///
    /// # Errors
    ///
    /// Returns [`AcquireError::TooLarge`] if this limiter's share of a limit is 0.
    pub fn acquire_task(&self) -> AcquireTask {
        self.acquire_task_with(Cost::default())
    }

    /// Does the same as [`acquire_task`](Self::acquire_task) for a task of this cost, such as one
    /// that creates several images.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves the queue and takes nothing.
    ///
    /// # Errors
    ///
    /// Returns [`AcquireError::TooLarge`] if the cost exceeds a limit by itself.
    pub fn acquire_task_with(&self, cost: impl Into<Cost>) -> AcquireTask {
        AcquireTask(Acquire::new(self, task(cost), None))
    }

    /// Waits until the limits allow a task of this cost, but not longer than `timeout` after the first
    /// poll. See [`acquire_timeout`](Self::acquire_timeout).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves the queue and takes nothing.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`acquire_timeout`](Self::acquire_timeout).
    pub fn acquire_task_timeout(&self, cost: impl Into<Cost>, timeout: Duration) -> AcquireTask {
        AcquireTask(Acquire::new(self, task(cost), Some(timeout)))
    }

    /// Takes a permit for a task of this cost, if the limits allow it now. See
    /// [`try_acquire`](Self::try_acquire).
    ///
    /// # Errors
    ///
    /// Returns the errors of [`try_acquire`](Self::try_acquire).
    pub fn try_acquire_task(&self, cost: impl Into<Cost>) -> Result<TaskPermit, AcquireError> {
        self.try_request(&task(cost)).map(TaskPermit::new)
    }

    /// Blocks the thread until the limits allow a task of this cost. See
    /// [`blocking_acquire`](Self::blocking_acquire).
    ///
    /// # Errors
    ///
    /// Returns the errors of [`blocking_acquire`](Self::blocking_acquire).
    pub fn blocking_acquire_task(&self, cost: impl Into<Cost>) -> Result<TaskPermit, AcquireError> {
        block_on(self.acquire_task_with(cost))
    }

    /// Estimates the cost of a request from the costs of settled ones.
    ///
    /// See [`Estimator`](crate::Estimator) for the method and its limitations. The limiter learns the
    /// number of output tokens from settled requests: settle with [`Cost::input_output`], or with a
    /// total if the cost was estimated by this method.
    #[must_use]
    pub fn estimate(&self, input_tokens: u64, max_output_tokens: u64) -> Cost {
        let state = self.shared.lock();
        Cost::input_output(input_tokens, state.estimator.estimate(max_output_tokens))
    }

    /// Admits no request before a time, for example because a response has a `Retry-After` header.
    /// If the limiter is already paused for longer, this has no effect.
    ///
    /// With a store, this pauses all processes that share the quota.
    pub fn pause_until(&self, until: Instant) {
        self.shared.update(|state, shared| {
            state.gate.pause_until(shared.time_at(until));
        });
    }

    /// Ends a pause, whether it was set by [`pause_until`](Self::pause_until) or after a refusal.
    ///
    /// With a store, this ends the pause of all processes that share the quota.
    pub fn resume(&self) {
        self.shared
            .update(|state, shared| state.gate.resume(shared.now()));
    }

    /// Replaces the limits.
    ///
    /// Usage and waiting requests are kept. A waiting request that exceeds a new limit by itself
    /// fails with [`AcquireError::TooLarge`]. A higher limit ends the waits that the lower one has
    /// caused. A limit on a kind that had none counts running requests, but not earlier usage. A
    /// limit with a longer window starts with the usage that the shorter one remembers.
    pub fn set_limits(&self, limits: impl AsRef<[Limit]>) {
        self.shared.update(|state, shared| {
            state.gate.set_limits(limits.as_ref(), shared.now());
        });
    }

    /// Ends a task that was submitted by any process, by its [`TaskPermit::lease`]. Without a store,
    /// this has no effect.
    #[cfg(feature = "redis")]
    pub fn finish_task(&self, lease: &str) {
        self.shared.update(|state, _| {
            if let Some(quota) = state.gate.stored() {
                quota.finish_task(lease);
            }
        });
    }

    /// Waits until the store knows all that has happened before this call: settled costs, permits that
    /// have ended, finished tasks and pauses.
    ///
    /// Call this before the process exits. Otherwise, what it has not sent yet stays counted until it
    /// expires. Without a store, this returns immediately. While the store cannot be reached, it
    /// waits, so a time limit is a good idea.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what has not been sent is sent later.
    #[cfg(feature = "redis")]
    pub async fn flush(&self) {
        let mut needed = None;
        poll_fn(|context| {
            if self.shared.poll_flush(&mut needed, context.waker()) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Returns what is used of each limit, how many requests wait, and other counts.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let now = self.shared.now();
        let mut state = self.shared.lock();
        Usage {
            wait_time: state.wait_time,
            ..state.gate.usage(now)
        }
    }

    /// Returns what was learned from settled requests.
    pub(crate) fn estimator(&self) -> Estimator {
        self.shared.lock().estimator.clone()
    }

    /// Continues with what another limiter has learned.
    pub(crate) fn set_estimator(&self, estimator: Estimator) {
        self.shared.lock().estimator = estimator;
    }

    /// Returns `true` if nothing else uses the limiter and, apart from its estimates, it would not
    /// act differently if it were created again.
    pub(crate) fn is_idle(&self) -> bool {
        let now = self.shared.now();
        Arc::strong_count(&self.shared) == 1 && self.shared.lock().gate.is_idle(now)
    }

    pub(crate) fn from_parts(
        clock: Arc<dyn Clock>,
        gate: Gate,
        estimator: Estimator,
        #[cfg(feature = "redis")] calls: Option<Arc<Signal>>,
    ) -> Self {
        let shared = Shared::new(
            clock,
            gate,
            estimator,
            #[cfg(feature = "redis")]
            calls,
        );
        Self {
            shared: Arc::new(shared),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    #[inline]
    fn try_request(&self, request: &Request) -> Result<Permit, AcquireError> {
        let grant = self.shared.try_acquire(request)?;
        Ok(Permit::new(Arc::clone(&self.shared), grant))
    }
}

#[inline]
fn request(cost: impl Into<Cost>) -> Request {
    Request {
        cost: cost.into(),
        is_task: false,
    }
}

fn task(cost: impl Into<Cost>) -> Request {
    Request {
        cost: cost.into(),
        is_task: true,
    }
}
