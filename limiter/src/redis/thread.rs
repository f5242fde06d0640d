//! The thread of a store, which does not depend on the program's runtimes.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::thread;

use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::StoreError;

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A thread with a runtime for the connection and the calls of a store.
///
/// It ends when this is dropped and all jobs have ended.
#[derive(Debug)]
pub(super) struct StoreThread {
    jobs: mpsc::UnboundedSender<Job>,
}

impl StoreThread {
    /// Starts the thread.
    pub(super) fn start() -> Result<Self, StoreError> {
        let failed = |error| StoreError::new(format!("its thread cannot be started: {error}"));
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(failed)?;
        let (jobs, mut new_jobs) = mpsc::unbounded_channel::<Job>();
        let run = move || {
            runtime.block_on(async {
                let mut running = JoinSet::new();
                while let Some(job) = new_jobs.recv().await {
                    running.spawn(job);
                    while running.try_join_next().is_some() {}
                }
                while running.join_next().await.is_some() {}
            });
        };
        let thread = thread::Builder::new().name("rate-limit-store".to_owned());
        thread.spawn(run).map_err(failed)?;
        Ok(Self { jobs })
    }

    /// Runs a job in the background.
    pub(super) fn spawn(&self, job: impl Future<Output = ()> + Send + 'static) {
        // The thread receives jobs until this is dropped.
        let _ = self.jobs.send(Box::pin(job));
    }

    /// Runs a job and returns its result. Works in any runtime.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.spawn(async {
            // The caller may have been cancelled.
            let _ = sender.send(job.await);
        });
        let result = receiver.await;
        result.unwrap_or_else(|_| Err(StoreError::new("its thread has ended")))
    }
}

/// Runs foreign code that may panic, and returns a panic as an error.
pub(super) async fn catch_panic<T>(
    job: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let mut job = pin!(job);
    let poll = |context: &mut Context<'_>| {
        let result = catch_unwind(AssertUnwindSafe(|| job.as_mut().poll(context)));
        result.unwrap_or_else(|panic| Poll::Ready(Err(panic_error(&*panic))))
    };
    poll_fn(poll).await
}

fn panic_error(panic: &(dyn Any + Send)) -> StoreError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let message = text.unwrap_or("without a message");
    StoreError::new(format!("the connection panicked: {message}"))
}
