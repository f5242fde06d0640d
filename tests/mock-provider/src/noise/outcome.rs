//! The counts of a simulation with noise.

use std::time::Duration;

use crate::MINUTE;
use crate::window::most_within;

/// The outcomes of the requests.
#[derive(Clone, Debug, Default)]
pub struct NoisyOutcome {
    /// The times at which requests were sent.
    pub sent_at: Vec<Duration>,
    /// The times at which requests were accepted that did not fail.
    pub accepted_at: Vec<Duration>,
    /// The number of requests whose answer has arrived.
    pub succeeded: usize,
    /// The number of requests that the provider accepted, and that did not fail.
    pub accepted: usize,
    /// The number of requests that exceeded the true limit.
    pub over_limit: usize,
    /// The number of requests that were refused because their number rose too quickly.
    pub too_fast: usize,
    /// The number of times that the provider has held a request for a while.
    pub held: usize,
    /// The number of requests that were refused with status 429 although there was room.
    pub throttled: usize,
    /// The number of requests that failed with status 500 although there was room.
    pub failed: usize,
    /// The number of requests that the printed limit allows in this time.
    pub printed: f64,
    /// The number of requests that the true limit allowed.
    pub available: f64,
    /// How long requests were sent.
    pub duration: Duration,
}

#[expect(clippy::cast_precision_loss, reason = "the numbers are small enough")]
impl NoisyOutcome {
    /// Returns the number of requests that were sent.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.sent_at.len()
    }

    /// Returns the number of requests that were refused or failed.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.over_limit + self.too_fast + self.throttled + self.failed
    }

    /// Returns the fraction of requests that were refused or failed.
    #[must_use]
    pub fn refused_part(&self) -> f64 {
        self.refused() as f64 / self.sent().max(1) as f64
    }

    /// Returns the fraction of the printed limit that accepted requests used.
    #[must_use]
    pub fn utilisation(&self) -> f64 {
        self.accepted as f64 / self.printed
    }

    /// Returns the fraction of the true limit that accepted requests used.
    #[must_use]
    pub fn true_utilisation(&self) -> f64 {
        self.accepted as f64 / self.available
    }

    /// Returns the fraction of the printed limit that the requests sent after a time used.
    #[must_use]
    pub fn utilisation_after(&self, start: Duration) -> f64 {
        let before = self.sent_at.partition_point(|at| *at < start);
        let part = self.duration.saturating_sub(start).as_secs_f64() / self.duration.as_secs_f64();
        (self.sent() - before) as f64 / (self.printed * part)
    }

    /// Returns the largest number of requests that were sent within any window of this length.
    #[must_use]
    pub fn most_within(&self, window: Duration) -> usize {
        most_within(&self.sent_at, window)
    }

    /// Returns the largest number of requests that were sent within any minute.
    #[must_use]
    pub fn most_per_minute(&self) -> usize {
        self.most_within(MINUTE)
    }

    /// Returns the largest number of requests that were sent within any ten milliseconds.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.most_within(Duration::from_millis(10))
    }
}
