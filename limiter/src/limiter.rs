//! The limiter of one quota.

#[cfg(feature = "redis")]
use std::future::poll_fn;
use std::sync::Arc;
#[cfg(feature = "redis")]
use std::task::Poll;
use std::time::{Duration, Instant};

use model_studio_limits::{Catalogue, Limit, LimitKind};

use crate::acquire::block_on;
use crate::max_output::max_output;
use crate::quota::class_table::ClassTable;
use crate::quota::request::Request;
use crate::quota::rise::Rise;
use crate::scheduler::Shared;
use crate::{Acquire, AcquireError, AcquireTask, ClassKey, Cost, Permit, TaskPermit, Usage};

/// Keeps the requests to one model, or to a pool of models, below their rate limits.
///
/// Requests are admitted in the order in which they arrive, whatever their size. Those of several
/// [classes](Self::class) share the limits by weight. Clones share the limits. If a program uses
/// several models, an [`Account`](crate::Account) has a limiter for each.
///
/// ```
/// use model_studio_limiter::Limiter;
/// use model_studio_limits::Model;
///
/// # pollster::block_on(async {
/// let limiter = Limiter::new(Model::QwenPlus.limits());
/// let permit = limiter.acquire(1_200).await?;
/// // Send the request. Then settle the tokens that it used.
/// permit.settle(950);
/// # Ok::<(), model_studio_limiter::AcquireError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Limiter {
    pub(crate) shared: Arc<Shared>,
    pub(crate) class: ClassKey,
}

impl Limiter {
    /// Waits until the limits allow a request of this cost.
    ///
    /// The future works in any async runtime. It joins the queue when it is first polled.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves the queue and uses none of the
    /// limits.
    ///
    /// # Errors
    ///
    /// Returns [`AcquireError::TooLarge`] if the cost exceeds a limit by itself.
    pub fn acquire(&self, cost: impl Into<Cost>) -> Acquire {
        Acquire::new(&self.shared, self.request(cost), None)
    }

    /// Like [`acquire`](Self::acquire), but waits at most until `timeout` after the first poll.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves the queue and uses none of the
    /// limits.
    ///
    /// # Errors
    ///
    /// Returns [`AcquireError::TooLarge`] if the cost exceeds a limit by itself, and
    /// [`AcquireError::Timeout`] after the timeout.
    ///
    /// If the request certainly cannot be admitted in time, the future fails at its first poll,
    /// with `Timeout`, or with [`AcquireError::Paused`] if the limiter is paused. This depends on
    /// settled costs and on the number of requests of its class ahead. It does not depend on
    /// estimates, because any request could still be settled with less, nor on other classes, whose
    /// requests may come later.
    pub fn acquire_timeout(&self, cost: impl Into<Cost>, timeout: Duration) -> Acquire {
        Acquire::new(&self.shared, self.request(cost), Some(timeout))
    }

    /// Acquires a permit for a request of this cost, if the limits allow it now and no waiting
    /// request comes before it.
    ///
    /// # Errors
    ///
    /// Returns [`AcquireError::NotYet`] or [`AcquireError::Paused`] if the limits do not allow it
    /// now, and [`AcquireError::TooLarge`] if the cost exceeds a limit by itself. With a store,
    /// returns `AcquireError::AskStore`, because only a round trip can show whether they allow it.
    #[inline]
    pub fn try_acquire(&self, cost: impl Into<Cost>) -> Result<Permit, AcquireError> {
        self.try_request(self.request(cost))
    }

    /// Blocks the thread until the limits allow a request of this cost.
    ///
    /// In async code, use [`acquire`](Self::acquire).
    ///
    /// # Errors
    ///
    /// Returns [`AcquireError::TooLarge`] if the cost exceeds a limit by itself, and
    /// [`AcquireError::WouldBlock`] in a Tokio runtime whose time is paused.
    pub fn blocking_acquire(&self, cost: impl Into<Cost>) -> Result<Permit, AcquireError> {
        block_on(self.acquire(cost))
    }

    /// Waits until the limits on task submissions and on concurrent tasks allow another task.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves the queue and uses none of the
    /// limits.
    ///
    /// # Errors
    ///
    /// Returns [`AcquireError::TooLarge`] if this limiter's share of a limit is 0.
    pub fn acquire_task(&self) -> AcquireTask {
        self.acquire_task_with(Cost::default())
    }

    /// Like [`acquire_task`](Self::acquire_task), but with a cost, for example of a task that
    /// creates several images.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves the queue and uses none of the
    /// limits.
    ///
    /// # Errors
    ///
    /// Returns [`AcquireError::TooLarge`] if the cost exceeds a limit by itself.
    pub fn acquire_task_with(&self, cost: impl Into<Cost>) -> AcquireTask {
        AcquireTask(Acquire::new(&self.shared, self.task(cost), None))
    }

    /// Like [`acquire_task_with`](Self::acquire_task_with), but waits at most until `timeout` after
    /// the first poll. See [`acquire_timeout`](Self::acquire_timeout).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves the queue and uses none of the
    /// limits.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`acquire_timeout`](Self::acquire_timeout).
    pub fn acquire_task_timeout(&self, cost: impl Into<Cost>, timeout: Duration) -> AcquireTask {
        AcquireTask(Acquire::new(&self.shared, self.task(cost), Some(timeout)))
    }

    /// Acquires a permit for a task of this cost, if the limits allow it now and no waiting request
    /// comes before it. See [`try_acquire`](Self::try_acquire).
    ///
    /// # Errors
    ///
    /// Returns the errors of [`try_acquire`](Self::try_acquire).
    pub fn try_acquire_task(&self, cost: impl Into<Cost>) -> Result<TaskPermit, AcquireError> {
        self.try_request(self.task(cost)).map(TaskPermit::new)
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
    /// The limiter learns the number of output tokens from settled requests: settle them with
    /// [`Cost::input_output`], or with a total if their cost was estimated by this method. See
    /// [`Estimator`](crate::Estimator) for the method and its limitations.
    #[must_use]
    pub fn estimate(&self, input_tokens: u64, max_output_tokens: u64) -> Cost {
        let mut state = self.shared.lock();
        let classes = state.gate.classes();
        Cost::input_output(
            input_tokens,
            classes.estimate(&self.class, max_output_tokens),
        )
    }

    /// Pauses the limiter: no request is admitted before a time, for example because a response has
    /// a `Retry-After` header. If the limiter is already paused for longer, this has no effect.
    ///
    /// With a store, this pauses all processes that share the quota.
    pub fn pause_until(&self, until: Instant) {
        self.shared.update(|state, shared| {
            state.gate.pause_until(shared.time_at(until));
        });
    }

    /// Ends a pause, whether [`pause_until`](Self::pause_until) or a refusal has caused it.
    ///
    /// With a store, this ends the pause of all processes that share the quota.
    pub fn resume(&self) {
        self.shared
            .update(|state, shared| state.gate.resume(shared.now()));
    }

    /// Replaces the limits.
    ///
    /// Usage stays counted, and waiting requests keep their order. A waiting request that exceeds a
    /// new limit by itself fails with [`AcquireError::TooLarge`]. After an increase, requests wait
    /// only as long as the new limit requires.
    ///
    /// A new limit can miss earlier usage: if its kind was not limited before, it starts empty,
    /// except that a limit on concurrency counts the running requests. If its window is longer than
    /// before, it starts with the usage within the shorter window.
    ///
    /// What was learned from refusals stays, as a fraction of the full rate. This includes how quickly
    /// the rate may [rise](crate::guide#a-sudden-rise).
    pub fn set_limits(&self, limits: impl AsRef<[Limit]>) {
        self.shared.update(|state, shared| {
            state.gate.set_limits(limits.as_ref(), shared.now());
        });
    }

    /// Ends a task by its [lease](TaskPermit::lease), whichever process submitted it. Without a
    /// store, this has no effect.
    #[cfg(feature = "redis")]
    pub fn finish_task(&self, lease: &str) {
        self.shared.update(|state, _| {
            if let Some(quota) = state.gate.stored() {
                quota.finish_task(lease);
            }
        });
    }

    /// Waits until the store knows everything that happened before this call: settled costs,
    /// permits that have ended, finished tasks and pauses.
    ///
    /// Call this before the process exits. Otherwise, the store may count permits and tasks that
    /// have ended until they expire. Use a timeout, because this waits for as long as the store
    /// cannot be reached. Without a store, it returns immediately.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, what was not sent is sent later.
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

    /// Returns the usage of each limit, the number of waiting requests, and other counts.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let now = self.shared.now();
        let mut state = self.shared.lock();
        Usage {
            wait_time: state.wait_time,
            classes: state.gate.class_usages(now),
            ..state.gate.usage(now)
        }
    }

    /// Returns the time after which a request of this cost that is added now is expected to be
    /// admitted, for example for a `Retry-After` header.
    ///
    /// This assumes that running requests are settled with their estimates, that no requests of
    /// other classes are added, and that requests ahead are not cancelled. With a store, only a round
    /// trip would show the usage, so this returns the rest of a pause, or zero.
    #[must_use]
    pub fn expected_wait(&self, cost: impl Into<Cost>) -> Duration {
        let request = self.request(cost);
        self.shared.expected_wait(&request)
    }

    /// Returns the most output tokens with which a request with this input does not exceed a limit
    /// by itself, or `u64::MAX` if no limit bounds them.
    ///
    /// A request with a higher estimate fails with [`AcquireError::TooLarge`], although it may need
    /// less. See [`Account::max_output_tokens`](crate::Account::max_output_tokens) for what the model
    /// itself can use.
    #[must_use]
    pub fn room_for_output(&self, input_tokens: u64) -> u64 {
        let now = self.shared.now();
        let mut state = self.shared.lock();
        let left = state.gate.classes().left_by(&self.class);
        let limits = state.gate.usage(now).limits.into_iter();
        let allowed = limits.map(|usage| {
            let allowed = usage.allowed - left.of(usage.allowed);
            (usage.limit.kind, allowed)
        });
        let rooms = allowed.filter_map(|(kind, allowed)| match kind {
            LimitKind::OutputTokens => Some(allowed),
            LimitKind::InputTokens => None,
            kind => kind
                .is_measured()
                .then(|| allowed.saturating_sub(input_tokens)),
        });
        rooms.min().unwrap_or(u64::MAX)
    }

    /// Returns the most output tokens that a request with this input can use, or `None` if the
    /// properties of the model do not bound them.
    pub(crate) fn max_output_tokens<M: Catalogue>(
        &self,
        model: M,
        input_tokens: u64,
    ) -> Option<u64> {
        let most = max_output(model, input_tokens)?;
        Some(most.min(self.room_for_output(input_tokens)))
    }

    /// Creates a handle for the default class.
    pub(crate) fn with_shared(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            class: ClassKey::default(),
        }
    }

    /// Returns what was set and learned of the classes, for a new limiter.
    pub(crate) fn classes(&self) -> ClassTable {
        self.shared.lock().gate.classes().renewed()
    }

    /// Returns what was learned of a sudden rise, for a new limiter.
    pub(crate) fn rise(&self) -> Rise {
        self.shared.lock().gate.feedback().rise()
    }

    /// Uses what another limiter has learned of a sudden rise.
    pub(crate) fn set_rise(&self, rise: Rise) {
        self.shared.lock().gate.feedback().set_rise(rise);
    }

    /// Returns `true` if nothing else uses the limiter, and a new one with the same
    /// [`classes`](Self::classes) and the same [`rise`](Self::rise) would behave the same.
    pub(crate) fn is_idle(&self) -> bool {
        let now = self.shared.now();
        Arc::strong_count(&self.shared) == 1 && self.shared.lock().gate.is_idle(now)
    }

    #[inline]
    fn try_request(&self, request: Request) -> Result<Permit, AcquireError> {
        let grant = self.shared.try_acquire(request)?;
        Ok(Permit::new(Arc::clone(&self.shared), grant))
    }

    #[inline]
    pub(crate) fn request(&self, cost: impl Into<Cost>) -> Request {
        Request {
            cost: cost.into(),
            class: self.class.clone(),
            is_task: false,
            is_any: false,
        }
    }

    fn task(&self, cost: impl Into<Cost>) -> Request {
        Request {
            is_task: true,
            ..self.request(cost)
        }
    }
}
