//! Tells whether the store can be reached.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::tasks::Tasks;

/// How long a result is used again, so that clients cannot make the gateway send many requests.
const KEEP: Duration = Duration::from_secs(1);

/// Tells whether the store can be reached.
#[derive(Debug, Default)]
pub(crate) struct StoreCheck {
    last: Mutex<Option<Checked>>,
}

#[derive(Clone, Copy, Debug)]
struct Checked {
    when: Instant,
    is_reachable: bool,
}

impl StoreCheck {
    /// Returns `true` if the store has answered, or if there is none.
    ///
    /// The store is asked each time, because the limiters only call it while there are requests, and
    /// there may be none until this returns `true`.
    pub(crate) async fn is_reachable(&self, tasks: &Tasks) -> bool {
        let mut last = self.last.lock().await;
        let known = last.filter(|checked| checked.when.elapsed() < KEEP);
        if let Some(checked) = known {
            return checked.is_reachable;
        }
        let result = tasks.check_store().await;
        let was_reachable = last.is_none_or(|checked| checked.is_reachable);
        if let (Err(error), true) = (&result, was_reachable) {
            tracing::warn!(%error, "the store cannot be reached");
        }
        let is_reachable = result.is_ok();
        *last = Some(Checked {
            when: Instant::now(),
            is_reachable,
        });
        is_reachable
    }
}
