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
    /// The limiter of the client, if it has limits of its own.
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
    /// The model ID.
    pub(crate) name: Arc<str>,
    pub(crate) input: u64,
    pub(crate) output: u64,
    /// The number of images that the call asks for.
    pub(crate) images: u64,
}

/// The permits of a call.
#[derive(Debug)]
pub(crate) struct CallPermit {
    pub(crate) model: ModelPermit,
    /// The permit of the client's own limits, if it has some.
    client: Option<Permit>,
}

/// The permit of the model that serves a call.
#[derive(Debug)]
pub(crate) enum ModelPermit {
    Call(Permit),
    Task(TaskPermit),
}

impl CallPermit {
    /// Ends the permits of a call that was not sent.
    pub(crate) fn cancel(self) {
        match self.model {
            ModelPermit::Call(permit) => permit.cancel(),
            ModelPermit::Task(permit) => permit.cancel(),
        }
        if let Some(permit) = self.client {
            permit.cancel();
        }
    }

    /// Ends the permits of a call that the provider has rejected as invalid, for example because of its
    /// key. It uses no tokens, so clients with an invalid key take nothing from the others.
    pub(crate) fn rejected(self) {
        match self.model {
            ModelPermit::Call(permit) => permit.settle(Cost::default()),
            ModelPermit::Task(permit) => permit.refused(Refusal::NotRetryable),
        }
        if let Some(permit) = self.client {
            permit.cancel();
        }
    }

    /// Ends the permits of a call that the provider has refused. It counts toward the limits of the
    /// model, because the provider may count it too, but not toward those of the client.
    pub(crate) fn refused(self, refusal: Refusal, retry_after: Option<Duration>) {
        match (self.model, retry_after) {
            (ModelPermit::Call(permit), None) => permit.refused(refusal),
            (ModelPermit::Call(permit), Some(delay)) => {
                permit.refused_with_retry_after(refusal, delay);
            }
            (ModelPermit::Task(permit), None) => permit.refused(refusal),
            (ModelPermit::Task(permit), Some(delay)) => {
                permit.refused_with_retry_after(refusal, delay);
            }
        }
        if let Some(permit) = self.client {
            permit.cancel();
        }
    }

    /// Ends the permits of a call with its actual cost. A task counts until it ends.
    pub(crate) fn settle(self, cost: Cost) {
        if let ModelPermit::Call(permit) = self.model {
            permit.settle(cost);
        }
        if let Some(permit) = self.client {
            permit.settle(cost);
        }
    }

    /// Ends the permits of a call whose cost is not known. What was seen is counted at least. The rest
    /// of the estimate stays, because the provider may go on.
    pub(crate) fn leave(mut self, seen: Cost) {
        if let ModelPermit::Call(permit) = &mut self.model {
            permit.report(seen);
        }
        if let Some(permit) = &mut self.client {
            permit.report(seen);
        }
    }

    /// Returns the permit of a task, after it was submitted. Returns `None` for other calls.
    pub(crate) fn into_task(self) -> Option<TaskPermit> {
        if let Some(permit) = self.client {
            permit.settle(Cost::default());
        }
        match self.model {
            ModelPermit::Call(_) => None,
            ModelPermit::Task(permit) => Some(permit),
        }
    }
}

/// Waits for a permit, and returns it with the index of the candidate.
pub(crate) async fn admit(
    account: &NamedAccount,
    request: Request<'_>,
) -> Result<(usize, CallPermit), Failure> {
    let limiters = request.candidates.iter().map(|candidate| {
        let limiter = account.limiter(&candidate.model.quota);
        let limiter = limiter.map_err(|error| unavailable(&error))?;
        Ok((limiter.class(request.class), candidate.cost(None)))
    });
    let mut limiters = limiters.collect::<Result<Vec<_>, Failure>>()?;
    let started = Instant::now();
    // First, so that a client that has reached its limits does not use those of a model.
    let client = match (&request.client, request.candidates.first()) {
        (Some(limiter), Some(candidate)) => {
            let cost = candidate.cost(Some(limiter.room_for_output(candidate.input)));
            let permit = limiter.acquire_timeout(cost, request.timeout).await;
            Some(permit.map_err(|error| failure(&error, &[(limiter.clone(), cost)]))?)
        }
        _ => None,
    };
    let request = Request {
        timeout: request.timeout.saturating_sub(started.elapsed()),
        ..request
    };
    let request = &request;
    let mut result = acquire(&limiters, request).await;
    if let Err(AcquireError::TooLarge(_)) = result {
        // The call may need less than its estimate.
        for ((limiter, cost), candidate) in limiters.iter_mut().zip(request.candidates) {
            *cost = candidate.cost(Some(limiter.room_for_output(candidate.input)));
        }
        result = acquire(&limiters, request).await;
    }
    match result {
        Ok((index, model)) => Ok((index, CallPermit { model, client })),
        Err(error) => {
            if let Some(permit) = client {
                permit.cancel();
            }
            Err(failure(&error, &limiters))
        }
    }
}

async fn acquire(
    limiters: &[(Limiter, Cost)],
    request: &Request<'_>,
) -> Result<(usize, ModelPermit), AcquireError> {
    let timeout = request.timeout;
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
            let wait = wait.unwrap_or_default().max(Duration::from_secs(1));
            let seconds = wait.as_secs_f64().ceil();
            Failure {
                retry_after: Some(wait),
                ..Failure::new(
                    Outcome::Deadline,
                    StatusCode::TOO_MANY_REQUESTS,
                    "deadline_exceeded",
                    format!(
                        "the call cannot start before its deadline: a call like it is expected to \
                         wait {seconds} seconds"
                    ),
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
