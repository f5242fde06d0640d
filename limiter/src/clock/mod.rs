//! Clocks, which tell limiters the time and wake them.

mod alarms;
mod manual;
mod system;
#[cfg(feature = "tokio")]
pub(crate) mod tokio;

use std::sync::{Arc, Weak};
use std::time::Instant;

pub use manual::ManualClock;
pub use system::SystemClock;
#[cfg(feature = "tokio")]
pub use tokio::TokioClock;

use crate::time::Time;

/// A source of time for limiters.
///
/// [`SystemClock`] is the default, or `TokioClock` if the feature `tokio` is enabled. Tests can use
/// a [`ManualClock`].
///
/// Limiters may call both methods while they hold their lock. The methods must therefore not block,
/// and must not call a limiter or [`Alarm::ring`].
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> Instant;

    /// Lets the alarm [ring](Alarm::ring) at a time, or soon after.
    fn schedule(&self, at: Instant, alarm: Alarm);
}

/// Wakes a limiter at a time.
///
/// An alarm does not keep its limiter alive. It may ring too early or more than once.
#[derive(Clone, Debug)]
pub struct Alarm {
    limiter: Weak<dyn Ring>,
    /// The time for which the limiter has scheduled it.
    at: Time,
}

/// What an alarm wakes: the shared state of a limiter.
pub(crate) trait Ring: Send + Sync {
    /// Handles an alarm that was scheduled for a time.
    fn ring(self: Arc<Self>, at: Time);
}

impl Alarm {
    pub(crate) fn new(limiter: &Arc<impl Ring + 'static>, at: Time) -> Self {
        let limiter = Arc::downgrade(limiter);
        Self { limiter, at }
    }

    /// Lets the limiter admit the requests whose time has come.
    pub fn ring(&self) {
        if let Some(limiter) = self.limiter.upgrade() {
            limiter.ring(self.at);
        }
    }

    /// Returns the address of the limiter. No other limiter has it while this alarm exists.
    fn limiter_address(&self) -> usize {
        self.limiter.as_ptr().addr()
    }

    /// Returns `true` if the limiter still exists.
    fn is_needed(&self) -> bool {
        self.limiter.strong_count() > 0
    }
}
