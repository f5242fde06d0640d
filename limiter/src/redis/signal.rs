//! How a limiter wakes the task that makes its calls.

use tokio::sync::Notify;

use super::Call;
use crate::sync::Mutex;

/// Wakes the task that makes the calls of a limiter.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    notify: Notify,
    /// Set when the limiter was dropped.
    end: Mutex<Option<End>>,
}

/// The end of a limiter, with its last call if it needs one.
#[derive(Debug)]
struct End(Option<Call>);

impl Signal {
    /// Lets the task check whether a call is due.
    pub(crate) fn notify(&self) {
        self.notify.notify_one();
    }

    /// Ends the task after the last call, because the limiter is dropped.
    pub(crate) fn end(&self, last: Option<Call>) {
        *self.end.lock() = Some(End(last));
        self.notify.notify_one();
    }

    /// Waits until the task is notified.
    pub(super) async fn notified(&self) {
        self.notify.notified().await;
    }

    /// Waits until the limiter is dropped, which may still be going on. Returns the last call.
    pub(super) async fn ended(&self) -> Option<Call> {
        loop {
            let end = self.end.lock().take();
            match end {
                Some(End(last)) => return last,
                None => self.notified().await,
            }
        }
    }
}
