//! Tokio's clock.

use std::time::Instant;

use tokio::runtime::Handle;
use tokio::time;

use super::SystemClock;
use crate::{Alarm, Clock};

/// Tokio's clock, which tests can pause.
///
/// Limiters wait on the thread of [`SystemClock`], so they do not depend on a runtime, which may be
/// busy, idle or gone. Only in a runtime whose time is paused, for example with `start_paused`,
/// they wait in a task of that runtime.
#[derive(Clone, Debug, Default)]
pub struct TokioClock {
    system: SystemClock,
}

impl TokioClock {
    /// Creates a clock.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Clock for TokioClock {
    #[inline]
    fn now(&self) -> Instant {
        time::Instant::now().into_std()
    }

    fn schedule(&self, at: Instant, alarm: Alarm) {
        match Handle::try_current() {
            Ok(runtime) if is_paused() => {
                let mut sleep = Sleep {
                    system: self.system.clone(),
                    at,
                    alarm: Some(alarm),
                };
                runtime.spawn(async move {
                    time::sleep_until(at.into()).await;
                    if let Some(alarm) = sleep.alarm.take() {
                        alarm.ring();
                    }
                });
            }
            _ => self.system.schedule(at, alarm),
        }
    }
}

/// An alarm that has not rung. If its runtime ends, the alarm moves to the system's clock.
struct Sleep {
    system: SystemClock,
    at: Instant,
    alarm: Option<Alarm>,
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(alarm) = self.alarm.take() {
            self.system.schedule(self.at, alarm);
        }
    }
}

/// Returns `true` in a runtime whose time is paused.
///
/// Tokio has no method for this, but only then its time differs from that of the system.
pub(crate) fn is_paused() -> bool {
    if Handle::try_current().is_err() {
        return false;
    }
    let before = Instant::now();
    let now = time::Instant::now().into_std();
    now < before || now > Instant::now()
}
