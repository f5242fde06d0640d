//! The limiter of one quota.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use model_studio_limits::Limits;

use crate::gate::Gate;
use crate::quota::{Grant, Rejection, nanos};
#[cfg(feature = "redis")]
use crate::redis::{Call, Reply, Signal, StoreError};
use crate::sync::{Mutex, MutexGuard};
use crate::{
    Acquire, AcquireError, AcquireTask, Alarm, Builder, Clock, Cost, Estimator, Permit, TooLarge,
    Usage, events,
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
    pub fn new(limits: Limits) -> Self {
        Self::builder(limits).build()
    }

    /// Returns a builder, to use a share of the limits or other settings.
    pub fn builder(limits: Limits) -> Builder<Limits> {
        Builder::new(limits)
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
        Acquire::new(self, cost.into(), None)
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
    /// [`AcquireError::Timeout`] after the timeout. If the requests ahead of it already show that the
    /// request cannot be admitted in time, returns `Timeout` immediately, or [`AcquireError::Paused`]
    /// if the limiter is paused.
    pub fn acquire_timeout(&self, cost: impl Into<Cost>, timeout: Duration) -> Acquire {
        Acquire::new(self, cost.into(), Some(timeout))
    }

    /// Takes a permit for a request of this cost, if the limits allow it now and no other request
    /// waits.
    ///
    /// # Errors
    ///
    /// Returns [`AcquireError::NotYet`] or [`AcquireError::Paused`] if the limits do not allow it
    /// now, and [`AcquireError::TooLarge`] if the cost exceeds a limit by itself.
    #[inline]
    pub fn try_acquire(&self, cost: impl Into<Cost>) -> Result<Permit, AcquireError> {
        let cost = cost.into();
        let at = self.shared.try_acquire(&cost)?;
        Ok(Permit::new(
            Arc::clone(&self.shared),
            Grant { at, id: None, cost },
        ))
    }

    /// Blocks the thread until the limits allow a request of this cost.
    ///
    /// In async code, use [`acquire`](Self::acquire).
    ///
    /// # Errors
    ///
    /// Returns [`AcquireError::TooLarge`] if the cost exceeds a limit by itself.
    pub fn blocking_acquire(&self, cost: impl Into<Cost>) -> Result<Permit, AcquireError> {
        pollster::block_on(self.acquire(cost))
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
        AcquireTask(Acquire::new(self, cost.into(), None))
    }

    /// Estimates the cost of a request from the costs of settled ones.
    ///
    /// See [`Estimator`] for the method and its limitations. The limiter learns the number of output
    /// tokens from settled requests: settle with [`Cost::input_output`], or with a total if the cost
    /// was estimated by this method.
    #[must_use]
    pub fn estimate(&self, input_tokens: u64, max_output_tokens: u64) -> Cost {
        let state = self.shared.lock();
        Cost::input_output(input_tokens, state.estimator.estimate(max_output_tokens))
    }

    /// Admits no request before a time, for example because a response has a `Retry-After` header.
    /// If the limiter is already paused for longer, this has no effect.
    pub fn pause_until(&self, until: Instant) {
        self.shared.update(|state, shared| {
            state.quota.pause_until(shared.nanos_at(until));
        });
    }

    /// Replaces the limits.
    ///
    /// Usage and waiting requests are kept. A waiting request that exceeds a new limit by itself
    /// fails with [`AcquireError::TooLarge`]. A limit on a kind that had none counts running
    /// requests, but not earlier usage. A limit with a longer window starts with the usage that the
    /// shorter one remembers.
    pub fn set_limits(&self, limits: Limits) {
        self.shared.update(|state, shared| {
            state.quota.set_limits(limits.as_slice(), shared.now());
        });
    }

    /// Ends a task that was submitted by any process, by its [`TaskPermit::lease`](crate::TaskPermit::lease).
    /// Without a store, this has no effect.
    #[cfg(feature = "redis")]
    pub fn finish_task(&self, lease: &str) {
        self.shared
            .update(|state, _| state.quota.finish_task(lease));
    }

    /// Returns what is used of each limit, how many requests wait, and other counts.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let now = self.shared.now();
        let mut state = self.shared.lock();
        Usage {
            wait_time: state.wait_time,
            ..state.quota.usage(now)
        }
    }

    pub(crate) fn from_parts(
        clock: Arc<dyn Clock>,
        quota: Box<dyn Gate>,
        estimator: Estimator,
        #[cfg(feature = "redis")] calls: Option<Arc<Signal>>,
    ) -> Self {
        let state = State {
            quota,
            waiters: HashMap::new(),
            deadlines: BTreeSet::new(),
            alarm: None,
            wait_time: Duration::ZERO,
            estimator,
            #[cfg(feature = "redis")]
            store_error: None,
        };
        let shared = Shared {
            start: clock.now(),
            clock,
            state: Mutex::new(state),
            #[cfg(feature = "redis")]
            calls,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

/// In nanoseconds.
const MILLISECOND: u64 = 1_000_000;

/// What became of a new request.
pub(crate) enum Admission {
    /// It was admitted.
    Granted(Grant),
    /// It waits, with this ID in the queue.
    Queued(u64),
}

/// The state that limiters, permits and futures share.
///
/// Everything is behind one mutex. Code of others, such as wakers, runs after it is released, except
/// for the clock.
pub(crate) struct Shared {
    clock: Arc<dyn Clock>,
    /// Time zero of the quota.
    start: Instant,
    state: Mutex<State>,
    /// Notified when there may be a call to the store.
    #[cfg(feature = "redis")]
    calls: Option<Arc<Signal>>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) quota: Box<dyn Gate>,
    pub(crate) estimator: Estimator,
    /// By their IDs in the queue of the quota.
    waiters: HashMap<u64, Waiter>,
    /// The deadlines and the IDs of waiters that have one.
    deadlines: BTreeSet<(u64, u64)>,
    /// The time of the next alarm.
    alarm: Option<u64>,
    wait_time: Duration,
    /// The error of the last call to the store, if it failed.
    #[cfg(feature = "redis")]
    store_error: Option<StoreError>,
}

#[derive(Debug)]
struct Waiter {
    waker: Waker,
    /// The time at which it joined the queue.
    since: u64,
    deadline: Option<u64>,
    /// The time at which the request is counted, if it was admitted.
    outcome: Option<Result<u64, AcquireError>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    /// Returns the current time, in nanoseconds since the start.
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        self.nanos_at(self.clock.now())
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    #[inline]
    fn try_acquire(&self, cost: &Cost) -> Result<u64, AcquireError> {
        let now = self.now();
        let mut state = self.lock();
        match state.quota.try_acquire(cost, now) {
            Ok(at) => Ok(at),
            Err(Rejection::TooLarge(error)) => Err(AcquireError::TooLarge(error)),
            Err(Rejection::Paused(until)) => Err(self.paused(until)),
            Err(Rejection::NotYet) => {
                let at = state.quota.lower_bound(cost);
                // Without a time, the end of another request decides. A loop must not spin then.
                let at = if at > now { at } else { now + MILLISECOND };
                let at = self.instant_at(at);
                Err(AcquireError::NotYet { at })
            }
        }
    }

    /// Admits a request or adds it to the queue.
    pub(crate) fn acquire_or_enqueue(
        self: &Arc<Self>,
        cost: &Cost,
        timeout: Option<Duration>,
        waker: &Waker,
    ) -> Result<Admission, AcquireError> {
        let waker = waker.clone();
        let now = self.now();
        let deadline = timeout.map(|timeout| now.saturating_add(nanos(timeout)));
        let mut state = self.lock();
        let rejection = match state.quota.try_acquire(cost, now) {
            Ok(at) => {
                let (id, cost) = (None, *cost);
                return Ok(Admission::Granted(Grant { at, id, cost }));
            }
            Err(Rejection::TooLarge(error)) => return Err(error.into()),
            Err(rejection) => rejection,
        };
        if deadline.is_some_and(|deadline| state.quota.lower_bound(cost) > deadline) {
            return Err(match rejection {
                Rejection::Paused(until) => self.paused(until),
                _ => AcquireError::Timeout,
            });
        }
        let is_first = !state.quota.has_waiters();
        let id = state.quota.enqueue(*cost)?;
        state.add_waiter(id, now, deadline, waker);
        // The others wait for the first one.
        if is_first || deadline.is_some() {
            self.schedule(&mut state);
        }
        self.notify_store();
        Ok(Admission::Queued(id))
    }

    /// Returns the outcome of a request in the queue, or `None` while it waits.
    pub(crate) fn poll_waiter(
        self: &Arc<Self>,
        id: u64,
        cost: &Cost,
        waker: &Waker,
    ) -> Option<Result<Grant, AcquireError>> {
        // Wakers run code of others when they are cloned or dropped, so neither happens under the
        // lock.
        let mut waker = waker.clone();
        let now = self.now();
        let mut state = self.lock();
        let waiter = state.waiters.get_mut(&id)?;
        let Some(outcome) = waiter.outcome.take() else {
            mem::swap(&mut waiter.waker, &mut waker);
            return None;
        };
        let (since, deadline) = (waiter.since, waiter.deadline);
        state.remove_waiter(id);
        let mut grant = match outcome {
            Ok(at) => Grant {
                at,
                id: Some(id),
                cost: *cost,
            },
            Err(error) => return Some(Err(error)),
        };
        // The request is sent now, not when it was admitted.
        if !state.quota.renew(id, &mut grant, now) {
            state.add_waiter(id, since, deadline, waker);
            self.admit_and_wake(state, now);
            return None;
        }
        let wait = Duration::from_nanos(now.saturating_sub(since));
        state.wait_time += wait;
        drop(state);
        events::waited(wait);
        Some(Ok(grant))
    }

    /// Removes a request from the queue and takes nothing for it.
    pub(crate) fn cancel_waiter(self: &Arc<Self>, id: u64, cost: &Cost) {
        // The waiter is dropped after the lock is released, with its waker.
        let _waiter = self.update(|state, _| {
            let waiter = state.remove_waiter(id)?;
            match waiter.outcome {
                None => state.quota.cancel(id),
                Some(Ok(at)) => state.quota.take_back(&Grant {
                    at,
                    id: Some(id),
                    cost: *cost,
                }),
                Some(Err(_)) => {}
            }
            Some(waiter)
        });
    }

    /// Changes the state, and admits the requests that it then allows.
    pub(crate) fn update<T>(self: &Arc<Self>, change: impl FnOnce(&mut State, &Self) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state, self);
        // Without requests that wait, nothing depends on the time.
        if state.quota.has_waiters() {
            self.admit_and_wake(state, self.now());
        }
        self.notify_store();
        result
    }

    /// Admits the requests whose time has come. The alarm was scheduled for a time.
    pub(crate) fn ring(self: &Arc<Self>, at: u64) {
        let now = self.now();
        let mut state = self.lock();
        // It may ring early, and then has to be scheduled again.
        if state.alarm == Some(at) {
            state.alarm = None;
        }
        self.admit_and_wake(state, now);
    }

    /// Decides the requests that can be decided, and wakes them after the lock is released.
    fn admit_and_wake(self: &Arc<Self>, mut state: MutexGuard<'_, State>, now: u64) {
        let mut wakers = Vec::new();
        loop {
            while let Some((id, result)) = state.quota.next(now) {
                wakers.extend(state.decide(id, result.map_err(TooLarge::into)));
            }
            let Some(&(deadline, id)) = state.deadlines.first() else {
                break;
            };
            if deadline > now {
                break;
            }
            // The requests behind it may be smaller, so the queue is tried again.
            state.quota.cancel(id);
            let error = state.timeout_error();
            wakers.extend(state.decide(id, Err(error)));
        }
        self.schedule(&mut state);
        drop(state);
        self.notify_store();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Schedules an alarm for the next event, unless an earlier one is scheduled.
    fn schedule(self: &Arc<Self>, state: &mut State) {
        let deadline = state.deadlines.first().map(|(deadline, _)| *deadline);
        let Some(at) = state.quota.next_event().into_iter().chain(deadline).min() else {
            return;
        };
        if state.alarm.is_none_or(|alarm| at < alarm) {
            state.alarm = Some(at);
            self.clock
                .schedule(self.instant_at(at), Alarm::new(self, at));
        }
    }

    /// Lets the task that calls the store look for something to send.
    #[cfg_attr(
        not(feature = "redis"),
        expect(clippy::unused_self, reason = "there is no store")
    )]
    fn notify_store(&self) {
        #[cfg(feature = "redis")]
        if let Some(calls) = &self.calls {
            calls.notify();
        }
    }

    fn paused(&self, until: u64) -> AcquireError {
        AcquireError::Paused {
            until: self.instant_at(until),
        }
    }

    #[inline]
    fn nanos_at(&self, instant: Instant) -> u64 {
        nanos(instant.saturating_duration_since(self.start))
    }

    /// Returns the time as an `Instant`, or a time in a year if it is too far in the future.
    fn instant_at(&self, at: u64) -> Instant {
        const YEAR: Duration = Duration::from_secs(365 * 86_400);
        let instant = self.start.checked_add(Duration::from_nanos(at));
        instant.unwrap_or_else(|| self.clock.now() + YEAR)
    }
}

#[cfg(feature = "redis")]
impl Shared {
    /// Returns the next call to the store, or how long to wait for it.
    pub(crate) fn next_call(&self) -> Result<Call, Option<Duration>> {
        let now = self.now();
        let next = self.lock().quota.next_call(now);
        next.map_err(|at| at.map(|at| Duration::from_nanos(at.saturating_sub(now))))
    }

    /// Takes the reply to a call that was sent at a time.
    pub(crate) fn apply(self: &Arc<Self>, call: &Call, reply: &Reply, sent_at: u64) {
        let now = self.now();
        let mut state = self.lock();
        state.store_error = None;
        state.quota.apply(call, reply, sent_at, now);
        self.admit_and_wake(state, now);
    }

    /// Notes that a call has failed and will be repeated.
    pub(crate) fn store_failed(self: &Arc<Self>, error: StoreError) {
        let now = self.now();
        let mut state = self.lock();
        state.quota.store_failed(now);
        state.store_error = Some(error);
        self.admit_and_wake(state, now);
    }
}

/// Lets the task that makes the calls end, after a last one.
#[cfg(feature = "redis")]
impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(calls) = &self.calls {
            let last = self.lock().quota.last_call();
            calls.end(last);
        }
    }
}

impl State {
    fn add_waiter(&mut self, id: u64, since: u64, deadline: Option<u64>, waker: Waker) {
        self.deadlines
            .extend(deadline.map(|deadline| (deadline, id)));
        let waiter = Waiter {
            waker,
            since,
            deadline,
            outcome: None,
        };
        self.waiters.insert(id, waiter);
    }

    fn remove_waiter(&mut self, id: u64) -> Option<Waiter> {
        let waiter = self.waiters.remove(&id)?;
        self.remove_deadline(id, waiter.deadline);
        // Frees the memory of a long queue.
        if self.waiters.is_empty() && self.waiters.capacity() > 64 {
            self.waiters = HashMap::new();
        }
        Some(waiter)
    }

    /// Notes the outcome of a request in the queue and returns its waker.
    fn decide(&mut self, id: u64, outcome: Result<u64, AcquireError>) -> Option<Waker> {
        let waiter = self.waiters.get_mut(&id)?;
        waiter.outcome = Some(outcome);
        let waker = mem::replace(&mut waiter.waker, Waker::noop().clone());
        let deadline = waiter.deadline;
        self.remove_deadline(id, deadline);
        Some(waker)
    }

    /// Returns the error of a request whose deadline has passed.
    #[cfg_attr(
        not(feature = "redis"),
        expect(clippy::unused_self, reason = "there is no store")
    )]
    fn timeout_error(&self) -> AcquireError {
        #[cfg(feature = "redis")]
        if let Some(error) = &self.store_error {
            return AcquireError::Store(error.clone());
        }
        AcquireError::Timeout
    }

    fn remove_deadline(&mut self, id: u64, deadline: Option<u64>) {
        if let Some(deadline) = deadline {
            self.deadlines.remove(&(deadline, id));
        }
    }
}
