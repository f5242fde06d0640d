//! Counts that do not depend on the limits.

use std::time::Duration;

use crate::usage::{LimitUsage, Usage};

/// Counts since the start, and the number of permits that have not ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    pub(crate) in_flight: u64,
    pub(crate) admitted: u64,
    pub(crate) waited: u64,
    pub(crate) refused: u64,
    pub(crate) unsettled: u64,
}

impl Counters {
    /// Returns the usage with these counts.
    pub(crate) fn usage(&self, queued: usize, limits: Vec<LimitUsage>, pace: f64) -> Usage {
        Usage {
            queued,
            in_flight: self.in_flight,
            limits,
            admitted: self.admitted,
            waited: self.waited,
            wait_time: Duration::ZERO,
            refused: self.refused,
            unsettled: self.unsettled,
            pace,
            classes: Vec::new(),
            store: None,
        }
    }
}
