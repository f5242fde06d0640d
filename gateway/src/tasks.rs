//! The asynchronous tasks that were submitted and have not ended.

mod shared_tasks;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model_studio_limiter::{NamedAccount, TaskPermit};
use redis::RedisError;
use tokio::time::sleep;

pub(crate) use shared_tasks::SharedTasks;

/// The longest time that a task is expected to take, which is also the limiter's default. A task counts
/// until then if no poll shows that it has ended.
const MAX_DURATION: Duration = Duration::from_secs(60 * 60);

/// The tasks that were submitted and have not ended.
#[derive(Debug)]
pub(crate) struct Tasks {
    /// The permits of the tasks that other gateways do not know, by the provider's ID.
    permits: Arc<Mutex<HashMap<String, TaskPermit>>>,
    /// The tasks of a fleet.
    shared: Option<SharedTasks>,
}

impl Tasks {
    pub(crate) fn new(shared: Option<SharedTasks>) -> Self {
        Self {
            permits: Arc::default(),
            shared,
        }
    }

    /// Keeps a permit until [`end`](Self::end) is called with the ID of its task, in this process or
    /// another one of the fleet.
    pub(crate) async fn add(&self, quota: &str, id: String, permit: TaskPermit) {
        if let (Some(shared), Some(lease)) = (&self.shared, permit.lease()) {
            match shared.add(&id, quota, &lease, MAX_DURATION).await {
                // The lease counts without the permit.
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(%error, "other gateways cannot see when a task ends");
                }
            }
        }
        self.permits().insert(id.clone(), permit);
        let permits = Arc::downgrade(&self.permits);
        tokio::spawn(async move {
            sleep(MAX_DURATION).await;
            if let Some(permits) = permits.upgrade() {
                permits
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&id);
            }
        });
    }

    /// Ends the permit of a task that has ended. Does nothing if the task is not known.
    pub(crate) async fn end(&self, account: &NamedAccount, id: &str) {
        let permit = self.permits().remove(id);
        if let Some(permit) = permit {
            permit.finish();
            return;
        }
        let Some(shared) = &self.shared else {
            return;
        };
        match shared.remove(id).await {
            Ok(Some((quota, lease))) => {
                if let Ok(limiter) = account.limiter(&quota) {
                    limiter.finish_task(&lease);
                }
            }
            Ok(None) => {}
            // The next poll tries again.
            Err(error) => tracing::warn!(%error, "the store does not know that a task has ended"),
        }
    }

    /// Asks the store for an answer. Does nothing if there is none.
    pub(crate) async fn check_store(&self) -> Result<(), RedisError> {
        match &self.shared {
            Some(shared) => shared.ping().await,
            None => Ok(()),
        }
    }

    fn permits(&self) -> std::sync::MutexGuard<'_, HashMap<String, TaskPermit>> {
        self.permits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
