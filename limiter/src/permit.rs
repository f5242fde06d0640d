//! Permits to send requests.

use std::sync::Arc;
use std::time::Duration;

use crate::quota::request::Grant;
use crate::scheduler::{LimiterState, Shared};
use crate::{Cost, Refusal, events};

/// The header with the seconds for which Model Studio may hold a request.
const WAIT_TIMEOUT: &str = "X-DashScope-Wait-Timeout";

/// A permit to send one request.
///
/// Call [`settle`](Self::settle) when the actual cost is known. If a permit is dropped instead, for
/// example because the request failed or timed out, its estimate stays counted.
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

    /// Raises the cost to what is known so far, for example while the answer is streamed.
    ///
    /// A lower cost has no effect. If both costs have input and output tokens, each is raised
    /// separately.
    pub fn report(&mut self, cost_so_far: impl Into<Cost>) {
        if let Some(grant) = &mut self.grant {
            let shared = &self.shared;
            let estimate = grant.request.cost;
            let cost = estimate.max(&estimate.settled(&cost_so_far.into()));
            shared.update(|state, _| state.gate.report(grant, &cost, &|| shared.now()));
        }
    }

    /// Ends the permit with the actual cost of the request, as reported by the provider.
    ///
    /// If the request used less than its estimate, the difference is available to other requests at
    /// once. If it used more, later requests wait until the excess has expired.
    ///
    /// This only changes amounts such as tokens. The numbers of requests, submissions and images
    /// stay as they were acquired.
    #[inline]
    pub fn settle(mut self, cost: impl Into<Cost>) {
        let cost = cost.into();
        self.end(|grant, state, shared| {
            let cost = grant.request.cost.settled(&cost);
            if let Some((_, output)) = cost.split().filter(|(_, output)| *output > 0) {
                state.gate.classes().observe(&grant.request.class, output);
            }
            state.gate.settle(grant, &cost, &|| shared.now());
        });
    }

    /// Ends the permit of a request that was not sent, so that it uses none of the limits.
    pub fn cancel(mut self) {
        self.end(|grant, state, shared| state.gate.take_back(grant, shared.now()));
    }

    /// Ends the permit of a request that the provider refused.
    ///
    /// The limiter reacts to the fraction of recent requests that were refused, not to a single
    /// refusal. If chance does not explain that fraction, the limiter sends fewer requests per
    /// second, in proportion, and speeds up again after some seconds. If nearly all requests are
    /// refused, it pauses for some seconds, up to a minute. From refusals for a sudden rise, it also
    /// [learns](crate::guide#a-sudden-rise) how quickly the rate may rise after an idle time.
    ///
    /// You can therefore retry at once, with a new permit, unless the refusal is
    /// [`NotRetryable`](Refusal::NotRetryable). The refused request stays counted, because the
    /// provider may count it too.
    pub fn refused(self, refusal: Refusal) {
        self.refuse(refusal, None);
    }

    /// Like [`refused`](Self::refused), but with the delay of a `Retry-After` header.
    ///
    /// The limiter pauses for at least this delay, up to five minutes. It does not pause if the
    /// provider lacks capacity, because other requests may succeed: then only this request should
    /// wait.
    pub fn refused_with_retry_after(self, refusal: Refusal, retry_after: Duration) {
        self.refuse(refusal, Some(retry_after));
    }

    /// Returns the name and the value of a request header that lets Model Studio hold a request for
    /// up to this time, in seconds.
    ///
    /// If requests rise too quickly ([`Refusal::Burst`]), the provider then queues the request, and
    /// refuses it only after that time. For other reasons, it refuses requests at once, as without
    /// the header. The limiter [learns](crate::guide#a-sudden-rise) nothing from requests that are
    /// held, so use the header if you send few requests, or if a late answer is better than a retry.
    ///
    /// Increase the timeouts of your HTTP client by `longest`. Otherwise, the client gives up while
    /// the provider holds the request. For a stream, this is the timeout until its first part.
    ///
    /// The provider recommends 3 to 120 seconds. Therefore, the value is at most 120, and the result
    /// is `None` for less than 3 seconds. According to the provider, the header has no effect if the
    /// value is at least the longest time that the model takes to answer. All this is from its page
    /// on [best practices], as found in November 2026.
    ///
    /// [best practices]: https://www.alibabacloud.com/help/en/model-studio/rate-limiting-best-practices
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use model_studio_limiter::Permit;
    ///
    /// let header = Permit::wait_timeout_header(Duration::from_secs(30));
    /// assert_eq!(header, Some(("X-DashScope-Wait-Timeout", 30)));
    /// ```
    #[must_use]
    pub const fn wait_timeout_header(longest: Duration) -> Option<(&'static str, u64)> {
        const LEAST: u64 = 3;
        const MOST: u64 = 120;
        match longest.as_secs() {
            ..LEAST => None,
            MOST.. => Some((WAIT_TIMEOUT, MOST)),
            seconds => Some((WAIT_TIMEOUT, seconds)),
        }
    }

    fn refuse(mut self, refusal: Refusal, retry_after: Option<Duration>) {
        let pause = self.end(|grant, state, shared| {
            let now = shared.now();
            state.gate.refuse(grant, refusal, retry_after, now)
        });
        events::refused(refusal, pause.unwrap_or_default());
    }

    fn leave_unsettled(&mut self) {
        self.end(|grant, state, shared| {
            state.gate.leave_unsettled(grant, &|| shared.now());
        });
        events::unsettled();
    }

    /// Ends the permit, unless it has ended already.
    fn end<T>(&mut self, end: impl FnOnce(&Grant, &mut LimiterState, &Shared) -> T) -> Option<T> {
        let grant = self.grant.take()?;
        let shared = &self.shared;
        Some(shared.update(|state, shared| end(&grant, state, shared)))
    }
}

impl Drop for Permit {
    #[inline]
    fn drop(&mut self) {
        if self.grant.is_some() {
            self.leave_unsettled();
        }
    }
}

/// A permit to submit and run a task, such as one that creates an image or a video.
///
/// Call [`finish`](Self::finish) when the provider reports that the task has ended, whether it
/// succeeded or not. If a permit is dropped instead, it counts as a running task until
/// [`max_task_duration`](crate::Builder::max_task_duration) after it was acquired, because the
/// provider may still be running the task.
#[derive(Debug)]
#[must_use = "keep the permit until the task has ended, then finish it"]
pub struct TaskPermit(Permit);

impl TaskPermit {
    pub(crate) fn new(permit: Permit) -> Self {
        Self(permit)
    }

    /// Returns an ID with which any process can end the task, by
    /// [`Limiter::finish_task`](crate::Limiter::finish_task). Returns `None` without a store, and
    /// for a task that was admitted while the store could not be reached.
    ///
    /// You can then drop the permit. The task counts as running until it is finished or its lease
    /// expires, after [`max_task_duration`](crate::Builder::max_task_duration).
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

    /// Ends the permit of a task that was not submitted, so that it uses none of the limits.
    pub fn cancel(self) {
        self.into_permit().cancel();
    }

    /// Ends the permit of a task whose submission the provider refused. See [`Permit::refused`].
    pub fn refused(self, refusal: Refusal) {
        self.into_permit().refused(refusal);
    }

    /// Like [`refused`](Self::refused), but with the delay of a `Retry-After` header. See
    /// [`Permit::refused_with_retry_after`].
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
