//! Acquires permits for calls.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

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

/// The permit of a call.
#[derive(Debug)]
pub(crate) enum CallPermit {
    Call(Permit),
    Task(TaskPermit),
}

impl CallPermit {
    pub(crate) fn cancel(self) {
        match self {
            Self::Call(permit) => permit.cancel(),
            Self::Task(permit) => permit.cancel(),
        }
    }

    /// Ends the permit of a call that the provider has refused.
    pub(crate) fn refused(self, refusal: Refusal, retry_after: Option<Duration>) {
        match (self, retry_after) {
            (Self::Call(permit), None) => permit.refused(refusal),
            (Self::Call(permit), Some(delay)) => permit.refused_with_retry_after(refusal, delay),
            (Self::Task(permit), None) => permit.refused(refusal),
            (Self::Task(permit), Some(delay)) => permit.refused_with_retry_after(refusal, delay),
        }
    }
}

/// Waits for a permit, and returns it with the index of the candidate.
pub(crate) async fn admit(
    account: &NamedAccount,
    request: &Request<'_>,
) -> Result<(usize, CallPermit), Failure> {
    let limiters = request.candidates.iter().map(|candidate| {
        let limiter = account.limiter(&candidate.model.quota);
        let limiter = limiter.map_err(|error| unavailable(&error))?;
        Ok((limiter.class(request.class), candidate.cost(None)))
    });
    let mut limiters = limiters.collect::<Result<Vec<_>, Failure>>()?;
    let mut result = acquire(&limiters, request).await;
    if let Err(AcquireError::TooLarge(_)) = result {
        // The call may need less than its estimate.
        for ((limiter, cost), candidate) in limiters.iter_mut().zip(request.candidates) {
            *cost = candidate.cost(Some(limiter.room_for_output(candidate.input)));
        }
        result = acquire(&limiters, request).await;
    }
    result.map_err(|error| failure(&error, &limiters))
}

async fn acquire(
    limiters: &[(Limiter, Cost)],
    request: &Request<'_>,
) -> Result<(usize, CallPermit), AcquireError> {
    let timeout = request.timeout;
    match limiters {
        [(limiter, cost)] if request.is_task => {
            let permit = limiter.acquire_task_timeout(*cost, timeout).await?;
            Ok((0, CallPermit::Task(permit)))
        }
        [(limiter, cost)] => {
            let permit = limiter.acquire_timeout(*cost, timeout).await?;
            Ok((0, CallPermit::Call(permit)))
        }
        limiters => {
            let candidates = limiters.iter().map(|(limiter, cost)| (limiter, *cost));
            let permit = Limiter::acquire_any_timeout(candidates, timeout);
            let (index, permit) = permit.patience(request.patience).await?;
            Ok((index, CallPermit::Call(permit)))
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
