//! A clock that tests advance.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::alarms::Alarms;
use crate::{Alarm, Clock};

/// A clock that stands still until it is advanced, for tests.
///
/// Clones share the time.
///
/// ```
/// use std::time::Duration;
///
/// use model_studio_limiter::{Limiter, ManualClock};
/// use model_studio_limits::Model;
///
/// let clock = ManualClock::new();
/// let limiter = Limiter::builder(Model::QwenPlus.limits())
///     .clock(clock.clone())
///     .build();
///
/// // 600 queries per minute: one every 100 ms.
/// assert!(limiter.try_acquire(1_000).is_ok());
/// assert!(limiter.try_acquire(1_000).is_err());
/// clock.advance(Duration::from_millis(100));
/// assert!(limiter.try_acquire(1_000).is_ok());
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    time: Arc<Mutex<ManualTime>>,
}

#[derive(Debug)]
struct ManualTime {
    now: Instant,
    alarms: Alarms,
}

impl ManualClock {
    /// Creates a clock.
    #[must_use]
    pub fn new() -> Self {
        let time = ManualTime {
            now: Instant::now(),
            alarms: Alarms::default(),
        };
        Self {
            time: Arc::new(Mutex::new(time)),
        }
    }

    /// Advances the time. Each alarm on the way rings at its time.
    ///
    /// # Panics
    ///
    /// Panics if the time would be too far in the future for an [`Instant`].
    pub fn advance(&self, duration: Duration) {
        let target = self.with(|time| time.now + duration);
        while let Some(alarm) = self.with(|time| {
            let (at, alarm) = time.alarms.pop_due(target)?;
            time.now = time.now.max(at);
            Some(alarm)
        }) {
            alarm.ring();
        }
        self.with(|time| time.now = time.now.max(target));
    }

    /// Returns the time of the next alarm, if there is one.
    #[must_use]
    pub fn next_alarm(&self) -> Option<Instant> {
        self.with(|time| time.alarms.next_at())
    }

    fn with<T>(&self, f: impl FnOnce(&mut ManualTime) -> T) -> T {
        f(&mut self.time.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.with(|time| time.now)
    }

    fn schedule(&self, at: Instant, alarm: Alarm) {
        self.with(|time| time.alarms.push(at, alarm));
    }
}
