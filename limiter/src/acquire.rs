//! The futures that resolve to permits.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::quota::request::Request;
use crate::scheduler::{Admission, Shared};
use crate::{AcquireError, Permit, TaskPermit};

/// The future that [`Limiter::acquire`](crate::Limiter::acquire) returns.
///
/// Cancel safe: if it is dropped, its request leaves the queue and uses none of the limits.
///
/// # Panics
///
/// Panics if it is polled after it has completed.
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
    pub(crate) fn new(shared: &Arc<Shared>, request: Request, timeout: Option<Duration>) -> Self {
        Self {
            shared: Arc::clone(shared),
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

/// The future that [`Limiter::acquire_task`](crate::Limiter::acquire_task) returns.
///
/// Cancel safe: if it is dropped, its request leaves the queue and uses none of the limits.
///
/// # Panics
///
/// Panics if it is polled after it has completed.
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

/// Blocks the thread until a permit is acquired.
pub(crate) fn block_on<T>(
    acquire: impl Future<Output = Result<T, AcquireError>> + Unpin,
) -> Result<T, AcquireError> {
    #[cfg(feature = "tokio")]
    if crate::clock::tokio::is_paused() {
        // Tokio advances a paused time only while its runtime is idle, which a blocked thread
        // prevents.
        let mut acquire = acquire;
        let mut context = Context::from_waker(std::task::Waker::noop());
        return match Pin::new(&mut acquire).poll(&mut context) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(AcquireError::WouldBlock),
        };
    }
    pollster::block_on(acquire)
}
