//! The futures that resolve to permits.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::clock::would_stop_time;
use crate::quota::grant::Request;
use crate::scheduler::{Admission, Shared};
use crate::{AcquireError, Limiter, Permit, TaskPermit};

/// The future of [`Limiter::acquire`].
///
/// Cancel safe: if it is dropped, its request leaves the queue and takes nothing.
///
/// # Panics
///
/// Polling it again after it has completed panics.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are polled"]
pub struct Acquire {
    shared: Arc<Shared>,
    request: Request,
    timeout: Option<Duration>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    New,
    /// The ID in the queue.
    Waiting(u64),
    Done,
}

impl Acquire {
    pub(crate) fn new(limiter: &Limiter, request: Request, timeout: Option<Duration>) -> Self {
        Self {
            shared: Arc::clone(limiter.shared()),
            request,
            timeout,
            stage: Stage::New,
        }
    }
}

impl Future for Acquire {
    type Output = Result<Permit, AcquireError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let waker = context.waker();
        let result = match this.stage {
            Stage::New => match this
                .shared
                .acquire_or_enqueue(&this.request, this.timeout, waker)
            {
                Ok(Admission::Queued(id)) => {
                    this.stage = Stage::Waiting(id);
                    return Poll::Pending;
                }
                Ok(Admission::Granted(grant)) => Ok(grant),
                Err(error) => Err(error),
            },
            Stage::Waiting(id) => match this.shared.poll_waiter(id, &this.request, waker) {
                Some(result) => result,
                None => return Poll::Pending,
            },
            Stage::Done => panic!("`Acquire` was polled after it had completed"),
        };
        this.stage = Stage::Done;
        Poll::Ready(result.map(|grant| Permit::new(Arc::clone(&this.shared), grant)))
    }
}

impl Drop for Acquire {
    fn drop(&mut self) {
        if let Stage::Waiting(id) = self.stage {
            self.shared.cancel_waiter(id, &self.request);
        }
    }
}

/// Blocks the thread until a permit is acquired.
pub(crate) fn block_on<T>(
    mut acquire: impl Future<Output = Result<T, AcquireError>> + Unpin,
) -> Result<T, AcquireError> {
    if would_stop_time() {
        let mut context = Context::from_waker(Waker::noop());
        return match Pin::new(&mut acquire).poll(&mut context) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(AcquireError::WouldBlock),
        };
    }
    pollster::block_on(acquire)
}

/// The future of [`Limiter::acquire_task`].
///
/// Cancel safe: if it is dropped, its request leaves the queue and takes nothing.
///
/// # Panics
///
/// Polling it again after it has completed panics.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are polled"]
pub struct AcquireTask(pub(crate) Acquire);

impl Future for AcquireTask {
    type Output = Result<TaskPermit, AcquireError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let permit = Pin::new(&mut self.0).poll(context);
        permit.map(|result| result.map(TaskPermit::new))
    }
}
