//! Workers, and which of them to poll.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

use model_studio_limiter::{Acquire, Permit, Refusal};

#[derive(Debug)]
pub(super) struct Worker {
    pub(super) state: WorkerState,
    /// How often the current request was refused.
    pub(super) retries: u32,
    pub(super) waker: Waker,
}

#[derive(Debug)]
pub(super) enum WorkerState {
    /// It has a request and has not yet tried to acquire a permit.
    Ready,
    Acquiring(Acquire),
    /// It waits in governor's queue.
    Queued,
    /// It waits before it retries.
    BackingOff,
    /// Its request is on the way to the provider.
    Sent(Option<Permit>),
    /// It learns this result when it is woken next.
    Decided(Option<Permit>, Result<(), Refusal>),
}

impl Worker {
    /// Creates a worker.
    pub(super) fn new(id: usize, woken: &Arc<Woken>) -> Self {
        let woken = Arc::clone(woken);
        Self {
            state: WorkerState::Ready,
            retries: 0,
            waker: Arc::new(WorkerWaker { id, woken }).into(),
        }
    }
}

/// The workers to poll.
#[derive(Debug, Default)]
pub(super) struct Woken(Mutex<Vec<usize>>);

impl Woken {
    pub(super) fn push(&self, id: usize) {
        self.with(|ids| ids.push(id));
    }

    pub(super) fn take(&self) -> Vec<usize> {
        self.with(mem::take)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.with(|ids| ids.is_empty())
    }

    fn with<T>(&self, f: impl FnOnce(&mut Vec<usize>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Debug)]
struct WorkerWaker {
    id: usize,
    woken: Arc<Woken>,
}

impl Wake for WorkerWaker {
    fn wake(self: Arc<Self>) {
        self.woken.push(self.id);
    }
}
