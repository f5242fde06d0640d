//! Where limiters get the time from, and how they wait for it.

mod alarms;
mod manual;
mod system;
#[cfg(feature = "tokio")]
mod tokio;

use std::sync::{Arc, Weak};
use std::time::Instant;

pub use manual::ManualClock;
pub use system::SystemClock;
#[cfg(feature = "tokio")]
pub use tokio::TokioClock;

use crate::scheduler::Shared;
use crate::time::Time;

/// A source of time for limiters.
///
/// [`SystemClock`] is the default, or `TokioClock` if the feature `tokio` is enabled. Tests can use a
/// [`ManualClock`].
///
/// Limiters call both methods while they hold their lock. The methods must therefore not block, and
/// must not call a limiter or [`Alarm::ring`].
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> Instant;

    /// Arranges for the alarm to ring at a time, or soon after.
    fn schedule(&self, at: Instant, alarm: Alarm);
}

/// Wakes a limiter that waits for a time.
///
/// It does not keep the limiter alive. An alarm that rings too early, or more than once, does no
/// harm.
#[derive(Clone, Debug)]
pub struct Alarm {
    limiter: Weak<Shared>,
    /// The time for which it is scheduled, as the limiter counts it.
    at: Time,
}

impl Alarm {
    pub(crate) fn new(limiter: &Arc<Shared>, at: Time) -> Self {
        Self {
            limiter: Arc::downgrade(limiter),
            at,
        }
    }

    /// Returns the address of the limiter, which no other limiter has while this alarm exists.
    fn limiter_address(&self) -> usize {
        self.limiter.as_ptr().addr()
    }

    /// Returns `true` if the limiter still exists.
    fn is_needed(&self) -> bool {
        self.limiter.strong_count() > 0
    }

    /// Admits the requests whose time has come.
    pub fn ring(&self) {
        if let Some(limiter) = self.limiter.upgrade() {
            limiter.ring(self.at);
        }
    }
}

/// Returns `true` if a thread that blocks would stop the time for which it waits.
pub(crate) fn would_stop_time() -> bool {
    #[cfg(feature = "tokio")]
    return ::tokio::runtime::Handle::try_current().is_ok() && tokio::is_paused();
    #[cfg(not(feature = "tokio"))]
    return false;
}

/// Returns the clock of limiters that are created without one.
pub(crate) fn default_clock() -> Arc<dyn Clock> {
    #[cfg(feature = "tokio")]
    return Arc::new(TokioClock::new());
    #[cfg(not(feature = "tokio"))]
    return Arc::new(SystemClock::new());
}
