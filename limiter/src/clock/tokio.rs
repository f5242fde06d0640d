//! The clock of tokio.

use std::time::Instant;

use tokio::runtime::Handle;
use tokio::time;

use super::SystemClock;
use crate::{Alarm, Clock};

/// The clock of tokio, which tests can pause.
///
/// Limiters wait on a task of the current runtime, which must have the time driver enabled and must
/// be running. Outside of a runtime, and when the runtime ends, they wait on the thread of
/// [`SystemClock`]. If several runtimes share a limiter and some of them are not always running,
/// use [`SystemClock`], which works in any runtime.
#[derive(Clone, Debug, Default)]
pub struct TokioClock {
    fallback: SystemClock,
}

impl TokioClock {
    /// Creates a clock.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        time::Instant::now().into_std()
    }

    fn schedule(&self, at: Instant, alarm: Alarm) {
        let mut sleep = Sleep {
            fallback: self.fallback.clone(),
            at,
            alarm: Some(alarm),
        };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                time::sleep_until(at.into()).await;
                if let Some(alarm) = sleep.alarm.take() {
                    alarm.ring();
                }
            });
        }
    }
}

/// An alarm that has not rung. If the task is dropped, the alarm moves to the fallback.
struct Sleep {
    fallback: SystemClock,
    at: Instant,
    alarm: Option<Alarm>,
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(alarm) = self.alarm.take() {
            self.fallback.schedule(self.at, alarm);
        }
    }
}
