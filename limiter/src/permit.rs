//! Permits to send requests.

use std::sync::Arc;
use std::time::Duration;

use crate::quota::grant::Grant;
use crate::scheduler::{Shared, State};
use crate::{Cost, Refusal, events};

/// A permit to send one request.
///
/// End it with [`settle`](Self::settle) when the cost is known. A permit that is dropped, for
/// example because the request failed or timed out, leaves its estimate counted.
#[derive(Debug)]
#[must_use = "send the request while you have the permit, then settle it"]
pub struct Permit {
    shared: Arc<Shared>,
    /// `None` when the permit has ended.
    grant: Option<Grant>,
}

impl Permit {
    #[inline]
    pub(crate) fn new(shared: Arc<Shared>, grant: Grant) -> Self {
        Self {
            shared,
            grant: Some(grant),
        }
    }

    /// Raises the cost to what is known so far, for example while the answer is streamed. A lower
    /// cost has no effect. Input and output tokens are raised separately if both costs have them.
    pub fn report(&mut self, cost_so_far: impl Into<Cost>) {
        if let Some(grant) = &mut self.grant {
            let shared = &self.shared;
            let estimate = grant.request.cost;
            let cost = estimate.max(&estimate.settled(&cost_so_far.into()));
            shared.update(|state, _| state.gate.report(grant, &cost, &|| shared.now()));
        }
    }

    /// Ends the permit with what the request cost, as the provider reports it.
    ///
    /// What was estimated and not used is given back at once. What was used beyond the estimate is
    /// a debt: following requests wait until it has expired.
    ///
    /// This changes amounts such as tokens. Requests, submissions and images stay as they were
    /// acquired.
    #[inline]
    pub fn settle(mut self, cost: impl Into<Cost>) {
        let cost = cost.into();
        self.end(|grant, state, shared| {
            let cost = grant.request.cost.settled(&cost);
            if let Some((_, output)) = cost.split().filter(|(_, output)| *output > 0) {
                state.estimator.observe(output);
            }
            state.gate.settle(grant, &cost, &|| shared.now());
        });
    }

    /// Ends the permit of a request that was not sent. Everything is given back.
    pub fn cancel(mut self) {
        self.end(|grant, state, _| state.gate.take_back(grant));
    }

    /// Ends the permit of a request that the provider refused.
    ///
    /// A single refusal changes nothing. If more requests are refused than by chance, the limiter
    /// admits fewer per second, in proportion, and more again after some seconds. If practically
    /// all are refused, it pauses for some seconds, up to a minute. The request can therefore be
    /// retried at once: acquire a new permit for it, unless the refusal is
    /// [`NotRetryable`](Refusal::NotRetryable). The refused request stays counted, because the
    /// provider may count it too.
    pub fn refused(self, refusal: Refusal) {
        self.refuse(refusal, None);
    }

    /// Ends the permit of a request that the provider refused with a `Retry-After` header. The
    /// limiter pauses at least as long, but at most five minutes. It does not pause for a lack of
    /// capacity, because other requests may succeed: only this request should wait.
    pub fn refused_with_retry_after(self, refusal: Refusal, retry_after: Duration) {
        self.refuse(refusal, Some(retry_after));
    }

    fn refuse(mut self, refusal: Refusal, retry_after: Option<Duration>) {
        let pause = self.end(|grant, state, shared| {
            let now = shared.now();
            state.gate.refuse(grant, refusal, retry_after, now)
        });
        events::refused(refusal, pause.unwrap_or_default());
    }

    /// Ends the permit, unless it has ended already.
    fn end<T>(&mut self, end: impl FnOnce(&Grant, &mut State, &Shared) -> T) -> Option<T> {
        let grant = self.grant.take()?;
        let shared = &self.shared;
        Some(shared.update(|state, shared| end(&grant, state, shared)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let dropped = self.end(|grant, state, shared| {
            state.gate.leave_unsettled(grant, &|| shared.now());
        });
        if dropped.is_some() {
            events::unsettled();
        }
    }
}

/// A permit to submit a task, such as one that creates an image or a video, and to let it run.
///
/// End it with [`finish`](Self::finish) when the provider reports that the task has ended, whether
/// it succeeded or not. A permit that is dropped counts as a running task until
/// [`max_task_duration`](crate::Builder::max_task_duration) has passed since it was acquired,
/// because the provider may still be running the task.
#[derive(Debug)]
#[must_use = "keep the permit until the task has ended, then finish it"]
pub struct TaskPermit(Permit);

impl TaskPermit {
    pub(crate) fn new(permit: Permit) -> Self {
        Self(permit)
    }

    /// Returns an ID by which any process can end the task, with
    /// [`Limiter::finish_task`](crate::Limiter::finish_task). Without a store, returns `None`.
    ///
    /// The permit can then be dropped. The task counts as running until it is finished or the lease
    /// expires.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn lease(&self) -> Option<String> {
        let Permit { shared, grant } = &self.0;
        let mut state = shared.lock();
        state.gate.stored()?.task_lease(grant.as_ref()?)
    }

    /// Ends the permit of a task that has ended.
    pub fn finish(mut self) {
        self.0.end(|grant, state, shared| {
            let cost = grant.request.cost;
            state.gate.settle(grant, &cost, &|| shared.now());
        });
    }

    /// Ends the permit of a task that was not submitted. Everything is given back.
    pub fn cancel(self) {
        self.into_permit().cancel();
    }

    /// Ends the permit of a task whose submission the provider refused. See [`Permit::refused`].
    pub fn refused(self, refusal: Refusal) {
        self.into_permit().refused(refusal);
    }

    /// Ends the permit of a task whose submission the provider refused with a `Retry-After` header.
    /// See [`Permit::refused_with_retry_after`].
    pub fn refused_with_retry_after(self, refusal: Refusal, retry_after: Duration) {
        self.into_permit()
            .refused_with_retry_after(refusal, retry_after);
    }

    fn into_permit(mut self) -> Permit {
        Permit {
            shared: Arc::clone(&self.0.shared),
            grant: self.0.grant.take(),
        }
    }
}

impl Drop for TaskPermit {
    fn drop(&mut self) {
        self.0.end(|grant, state, shared| {
            let now = shared.now();
            state.gate.abandon_task(grant, now);
        });
    }
}
