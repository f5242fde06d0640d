//! The future that resolves to a permit of the first of several limiters.

use std::borrow::Borrow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::acquire::block_on;
use crate::quota::request::Request;
use crate::scheduler::{Claim, Offer, Shared, Wait};
use crate::{AcquireError, Cost, Limiter, Permit};

/// The future that [`Account::acquire_any`](crate::Account::acquire_any) and
/// [`Limiter::acquire_any`] return. It resolves to a permit, and the model or the index of the
/// limiter that has admitted the request.
///
/// Cancel safe: if it is dropped, its request leaves all queues and uses none of the limits.
///
/// # Panics
///
/// Panics if it is polled after it has completed.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are polled"]
pub struct AcquireAny<K> {
    candidates: Vec<Candidate<K>>,
    timeout: Option<Duration>,
    patience: Duration,
    stage: Stage,
}

/// A limiter that may admit the request.
#[derive(Debug)]
struct Candidate<K> {
    key: K,
    shared: Arc<Shared>,
    request: Request,
    /// Why it cannot admit the request any more.
    error: Option<AcquireError>,
}

#[derive(Debug)]
enum Stage {
    New,
    Waiting(Waiting),
    Done,
}

#[derive(Debug)]
struct Waiting {
    claim: Arc<Claim>,
    /// By the index of the candidate.
    waits: Vec<Wait>,
    /// The candidate for which the later ones are not used yet.
    preferred: Option<usize>,
}

impl<K> AcquireAny<K> {
    /// Waits for up to `patience` for an earlier candidate before a later one is used. The default
    /// is zero: the first one that can start is used.
    ///
    /// This applies to the first candidate that is expected to admit the request within this time,
    /// according to the present usage and the requests ahead, when the future is first polled. The
    /// later ones are not used, and the request does not wait in their queues, until this time has
    /// passed. If no candidate is expected to admit the request in time, all of them are used at
    /// once. With a store, the time is not known, so the request always waits for the first one.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Blocks the thread until a permit is acquired.
    ///
    /// # Errors
    ///
    /// Returns the errors of the future, and [`AcquireError::WouldBlock`] in a Tokio runtime whose
    /// time is paused.
    pub fn blocking(self) -> Result<(K, Permit), AcquireError> {
        block_on(self)
    }

    pub(crate) fn new(
        candidates: impl Iterator<Item = (K, impl Borrow<Limiter>, impl Into<Cost>)>,
        timeout: Option<Duration>,
    ) -> Self {
        let candidates = candidates.map(|(key, limiter, cost)| Candidate {
            key,
            shared: Arc::clone(&limiter.borrow().shared),
            request: Request {
                is_any: true,
                ..limiter.borrow().request(cost)
            },
            error: None,
        });
        Self {
            candidates: candidates.collect(),
            timeout,
            patience: Duration::ZERO,
            stage: Stage::New,
        }
    }

    /// Tries the candidates in order, and otherwise starts to wait.
    fn start(&mut self, waker: &Waker) -> Poll<Result<(usize, Permit), AcquireError>> {
        let mut preferred = None;
        let mut waits = Vec::with_capacity(self.candidates.len());
        for (index, candidate) in self.candidates.iter_mut().enumerate() {
            let wait = candidate.shared.wait(self.timeout);
            waits.push(wait);
            if preferred.is_some() {
                continue;
            }
            match candidate.shared.offer(&candidate.request, wait) {
                Ok(Offer::Granted(grant)) => {
                    let permit = Permit::new(Arc::clone(&candidate.shared), grant);
                    return Poll::Ready(Ok((index, permit)));
                }
                Ok(Offer::Expected(after)) => {
                    let is_soon = after <= self.patience && !self.patience.is_zero();
                    preferred = is_soon.then_some(index);
                }
                Err(error) => candidate.error = Some(error),
            }
        }
        let claim = Arc::new(Claim::new(self.candidates.len(), waker.clone()));
        if let Some(index) = preferred {
            let end = waits[index].since + self.patience.into();
            self.candidates[index].shared.wake_at(&claim, end);
        }
        self.stage = Stage::Waiting(Waiting {
            claim,
            waits,
            preferred,
        });
        self.poll_waiting()
    }

    fn poll_waiting(&mut self) -> Poll<Result<(usize, Permit), AcquireError>> {
        let Stage::Waiting(waiting) = &mut self.stage else {
            panic!("`AcquireAny` was polled after it had completed");
        };
        let claim = &waiting.claim;
        loop {
            if let Some(index) = claim.owner() {
                match self.candidates[index].poll(claim, index) {
                    Some(permit) => return Poll::Ready(Ok((index, permit))),
                    None if claim.owner().is_some() => return Poll::Pending,
                    // It was too late, and is back in that queue.
                    None => {}
                }
            }
            if let Some(index) = waiting.preferred {
                let Candidate { shared, error, .. } = &self.candidates[index];
                let end = waiting.waits[index].since + self.patience.into();
                if error.is_some() || shared.now() >= end {
                    waiting.preferred = None;
                }
            }
            let used = waiting.preferred.map_or(usize::MAX, |index| index + 1);
            for (index, candidate) in self.candidates.iter_mut().enumerate().take(used) {
                candidate.join(claim, index, waiting.waits[index]);
            }
            if claim.owner().is_some() {
                continue;
            }
            let has_failed = |candidate: &Candidate<K>| candidate.error.is_some();
            if self.candidates.iter().all(has_failed) {
                let errors = self.candidates.iter_mut();
                let errors = errors.filter_map(|candidate| candidate.error.take());
                return Poll::Ready(Err(most_useful(errors)));
            }
            let preferred = waiting.preferred.map(|index| &self.candidates[index]);
            if !preferred.is_some_and(has_failed) {
                return Poll::Pending;
            }
        }
    }
}

impl<K> Future for AcquireAny<K> {
    type Output = Result<(K, Permit), AcquireError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = context.waker();
        let result = match &self.stage {
            Stage::New => self.start(waker),
            Stage::Waiting(waiting) => {
                waiting.claim.set_waker(waker);
                self.poll_waiting()
            }
            Stage::Done => panic!("`AcquireAny` was polled after it had completed"),
        };
        result.map(|result| {
            self.stage = Stage::Done;
            let (index, permit) = result?;
            Ok((self.candidates.swap_remove(index).key, permit))
        })
    }
}

/// Nothing is pinned.
impl<K> Unpin for AcquireAny<K> {}

impl<K> Drop for AcquireAny<K> {
    fn drop(&mut self) {
        if let Stage::Waiting(Waiting { claim, .. }) = &self.stage {
            claim.cancel();
            for (index, candidate) in self.candidates.iter().enumerate() {
                if let Some(id) = claim.id(index) {
                    candidate.shared.cancel_waiter(id, &candidate.request);
                }
            }
        }
    }
}

impl<K> Candidate<K> {
    /// Returns the permit if the limiter has admitted the request, and it is not too late for that.
    fn poll(&mut self, claim: &Arc<Claim>, index: usize) -> Option<Permit> {
        let (id, waker) = (claim.id(index)?, Waker::from(Arc::clone(claim)));
        match self.shared.poll_waiter(id, &self.request, &waker)? {
            Ok(grant) => Some(Permit::new(Arc::clone(&self.shared), grant)),
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }

    /// Adds the request to the queue, unless it is there or can no longer be admitted.
    fn join(&mut self, claim: &Arc<Claim>, index: usize, wait: Wait) {
        if self.error.is_none() {
            let joined = self.shared.join(claim, index, &self.request, wait);
            self.error = joined.err();
        }
    }
}

/// Acquires a permit of the first limiter that admits the request now.
pub(crate) fn try_any<K>(
    candidates: impl Iterator<Item = (K, impl Borrow<Limiter>, impl Into<Cost>)>,
) -> Result<(K, Permit), AcquireError> {
    let mut errors = Vec::new();
    for (key, limiter, cost) in candidates {
        match limiter.borrow().try_acquire(cost) {
            Ok(permit) => return Ok((key, permit)),
            Err(error) => errors.push(error),
        }
    }
    Err(most_useful(errors))
}

/// Returns the error of a request that no candidate admits: of those that can be admitted the
/// soonest, if there are some.
fn most_useful(errors: impl IntoIterator<Item = AcquireError>) -> AcquireError {
    let rank = |error: &AcquireError| match error {
        AcquireError::Timeout => (0, None),
        AcquireError::NotYet { at } | AcquireError::Paused { until: at } => (1, Some(*at)),
        AcquireError::TooLarge(_) => (3, None),
        _ => (2, None),
    };
    let errors = errors.into_iter();
    errors
        .min_by_key(rank)
        .unwrap_or(AcquireError::NoCandidates)
}
