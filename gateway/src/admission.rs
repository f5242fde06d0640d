//! Acquires permits for calls.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use model_studio_limiter::{
    AcquireError, ClassKey, Cost, Limiter, NamedAccount, Permit, Refusal, TaskPermit, TooLarge,
};
use model_studio_limits::LimitKind;

use crate::config::Model;
use crate::failure::Failure;
use crate::record::Outcome;

/// A call that needs a permit.
pub(crate) struct Request<'a> {
    /// The model that the client has named, and those that can serve the call instead.
    pub(crate) candidates: &'a [Candidate],
    pub(crate) class: &'a ClassKey,
    /// The limiter of the client's own limits, if any.
    pub(crate) client: Option<Limiter>,
    /// Whether the call submits a task, which ends later.
    pub(crate) is_task: bool,
    /// How long the call may wait.
    pub(crate) timeout: Duration,
    /// How long it waits for the first candidate before it takes another one.
    pub(crate) patience: Duration,
}

/// A model that can serve a call.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) model: Arc<Model>,
    /// The model ID, or an empty name for a model without limits that is passed on.
    pub(crate) name: Arc<str>,
    /// Whether the model has a limiter. An unknown model that is passed on has none.
    pub(crate) is_limited: bool,
    pub(crate) input: u64,
    pub(crate) output: u64,
    /// The number of images that the call asks for.
    pub(crate) images: u64,
}

/// The permits of a call.
#[derive(Debug)]
pub(crate) struct CallPermit {
    /// `None` for a model without limits.
    model: Option<ModelPermit>,
    /// The permit of the client's own limits, if any.
    client: Option<Permit>,
}

/// The permit of the model that serves a call.
#[derive(Debug)]
enum ModelPermit {
    Call(Permit),
    Task(TaskPermit),
}

impl CallPermit {
    /// Ends the permits of a call that was not sent.
    pub(crate) fn cancel(self) {
        match self.model {
            Some(ModelPermit::Call(permit)) => permit.cancel(),
            Some(ModelPermit::Task(permit)) => permit.cancel(),
            None => {}
        }
        if let Some(permit) = self.client {
            permit.cancel();
        }
    }

    /// Ends the permits of a call that the provider has rejected as invalid, for example because of its
    /// key. It uses no tokens.
    pub(crate) fn rejected(self) {
        match self.model {
            Some(ModelPermit::Call(permit)) => permit.settle(Cost::default()),
            Some(ModelPermit::Task(permit)) => permit.refused(Refusal::NotRetryable),
            None => {}
        }
        if let Some(permit) = self.client {
            permit.cancel();
        }
    }

    /// Ends the permits of a call that the provider has refused. It counts toward the limits of the
    /// model, because the provider may count it too, but not toward those of the client.
    pub(crate) fn refused(self, refusal: Refusal, retry_after: Option<Duration>) {
        if let Some(permit) = self.model {
            permit.refused(refusal, retry_after);
        }
        if let Some(permit) = self.client {
            permit.cancel();
        }
    }

    /// Ends the permits of a call whose answer has ended with a refusal. What was seen of the answer is
    /// counted at least, and the client has used it.
    pub(crate) fn refused_after(self, refusal: Refusal, seen: Cost) {
        if let Some(mut permit) = self.model {
            permit.report(seen);
            permit.refused(refusal, None);
        }
        if let Some(permit) = self.client {
            permit.settle(seen);
        }
    }

    /// Ends the permits of a call with its actual cost. A task counts until it ends.
    pub(crate) fn settle(self, cost: Cost) {
        if let Some(ModelPermit::Call(permit)) = self.model {
            permit.settle(cost);
        }
        if let Some(permit) = self.client {
            permit.settle(cost);
        }
    }

    /// Raises the costs of a call that is running to what is known so far.
    pub(crate) fn report(&mut self, cost: Cost) {
        if let Some(permit) = &mut self.model {
            permit.report(cost);
        }
        if let Some(permit) = &mut self.client {
            permit.report(cost);
        }
    }

    /// Ends the permits of a call whose cost is not known. What was seen is counted at least. The rest
    /// of the estimate stays, because the provider may go on.
    pub(crate) fn leave(mut self, seen: Cost) {
        self.report(seen);
    }

    /// Returns the permit of a task, after it was submitted. Returns `None` for other calls.
    pub(crate) fn into_task(self) -> Option<TaskPermit> {
        if let Some(permit) = self.client {
            permit.settle(Cost::default());
        }
        match self.model {
            Some(ModelPermit::Task(permit)) => Some(permit),
            _ => None,
        }
    }
}

impl ModelPermit {
    /// Raises the cost of a call to what is known so far.
    fn report(&mut self, cost: Cost) {
        if let Self::Call(permit) = self {
            permit.report(cost);
        }
    }

    fn refused(self, refusal: Refusal, retry_after: Option<Duration>) {
        match (self, retry_after) {
            (Self::Call(permit), None) => permit.refused(refusal),
            (Self::Call(permit), Some(delay)) => permit.refused_with_retry_after(refusal, delay),
            (Self::Task(permit), None) => permit.refused(refusal),
            (Self::Task(permit), Some(delay)) => permit.refused_with_retry_after(refusal, delay),
        }
    }
}

/// The permit of a client while its call waits for that of a model. If the client leaves, the call was
/// not sent, so the permit is cancelled.
#[derive(Debug)]
struct Unsent(Option<Permit>);

impl Unsent {
    fn into_permit(mut self) -> Option<Permit> {
        self.0.take()
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        if let Some(permit) = self.0.take() {
            permit.cancel();
        }
    }
}

/// Waits for the permits of a call, and returns them with the index of the candidate that serves it.
pub(crate) async fn admit(
    account: &NamedAccount,
    request: Request<'_>,
) -> Result<(usize, CallPermit), Failure> {
    let request = &request;
    let started = Instant::now();
    // First, so that a client that has reached its limits does not use those of a model.
    let client = Unsent(admit_client(request).await?);
    let limiters = request.candidates.iter().filter(|model| model.is_limited);
    let limiters = limiters.map(|candidate| {
        let limiter = account.limiter(&candidate.model.quota);
        let limiter = limiter.map_err(|error| unavailable(&error))?;
        Ok((limiter.class(request.class), candidate.cost(None)))
    });
    let mut limiters = limiters.collect::<Result<Vec<_>, Failure>>()?;
    if limiters.is_empty() {
        let client = client.into_permit();
        return Ok((
            0,
            CallPermit {
                model: None,
                client,
            },
        ));
    }
    let timeout = request.timeout.saturating_sub(started.elapsed());
    let mut result = acquire(&limiters, request, timeout).await;
    if let Err(AcquireError::TooLarge(_)) = result {
        // The call may need less than its estimate.
        for ((limiter, cost), candidate) in limiters.iter_mut().zip(request.candidates) {
            *cost = candidate.cost(Some(limiter.room_for_output(candidate.input)));
        }
        result = acquire(&limiters, request, timeout).await;
    }
    let (index, permit) = result.map_err(|error| failure(&error, &limiters))?;
    let permit = CallPermit {
        model: Some(permit),
        client: client.into_permit(),
    };
    Ok((index, permit))
}

/// Waits until the client's own limits allow the call.
async fn admit_client(request: &Request<'_>) -> Result<Option<Permit>, Failure> {
    let (Some(limiter), Some(candidate)) = (&request.client, request.candidates.first()) else {
        return Ok(None);
    };
    let cost = candidate.cost(Some(limiter.room_for_output(candidate.input)));
    let permit = limiter.acquire_timeout(cost, request.timeout).await;
    let permit = permit.map_err(|error| failure(&error, &[(limiter.clone(), cost)]))?;
    Ok(Some(permit))
}

async fn acquire(
    limiters: &[(Limiter, Cost)],
    request: &Request<'_>,
    timeout: Duration,
) -> Result<(usize, ModelPermit), AcquireError> {
    match limiters {
        [(limiter, cost)] if request.is_task => {
            let permit = limiter.acquire_task_timeout(*cost, timeout).await?;
            Ok((0, ModelPermit::Task(permit)))
        }
        [(limiter, cost)] => {
            let permit = limiter.acquire_timeout(*cost, timeout).await?;
            Ok((0, ModelPermit::Call(permit)))
        }
        limiters => {
            let candidates = limiters.iter().map(|(limiter, cost)| (limiter, *cost));
            let permit = Limiter::acquire_any_timeout(candidates, timeout);
            let (index, permit) = permit.patience(request.patience).await?;
            Ok((index, ModelPermit::Call(permit)))
        }
    }
}

impl Candidate {
    /// Returns the cost, with at most this many output tokens.
    fn cost(&self, max_output: Option<u64>) -> Cost {
        let output = self.output.min(max_output.unwrap_or(u64::MAX));
        Cost::input_output(self.input, output).with(LimitKind::Images, self.images.max(1))
    }
}

/// Returns the error for a client whose call was not admitted.
fn failure(error: &AcquireError, limiters: &[(Limiter, Cost)]) -> Failure {
    match error {
        AcquireError::TooLarge(error) => too_large(error),
        AcquireError::Timeout | AcquireError::Paused { .. } | AcquireError::NotYet { .. } => {
            let waits = limiters.iter();
            let wait = waits
                .map(|(limiter, cost)| limiter.expected_wait(*cost))
                .min();
            let wait = wait.unwrap_or_default();
            // With a store, the time is not known.
            let expected = if wait.is_zero() {
                String::new()
            } else {
                let seconds = wait.as_secs_f64().ceil();
                format!(": a call like it is expected to wait {seconds} seconds")
            };
            Failure {
                retry_after: Some(wait.max(Duration::from_secs(1))),
                ..Failure::new(
                    Outcome::Deadline,
                    StatusCode::TOO_MANY_REQUESTS,
                    "deadline_exceeded",
                    format!("the call cannot start before its deadline{expected}"),
                )
            }
        }
        error => unavailable(error),
    }
}

fn unavailable(error: &dyn Error) -> Failure {
    Failure::new(
        Outcome::Internal,
        StatusCode::SERVICE_UNAVAILABLE,
        "admission_failed",
        format!("the call cannot be admitted: {error}"),
    )
}

fn too_large(error: &TooLarge) -> Failure {
    Failure::invalid(
        StatusCode::BAD_REQUEST,
        "request_too_large",
        format!("the call can never be admitted: {error}"),
    )
}
