//! Records each request once, however it ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderValue, StatusCode};

use crate::metrics::Metrics;
use crate::record::{Outcome, Record};
use crate::request_log;

/// Follows a request to its end, and then records it. If this is dropped before, the client has left.
#[derive(Debug)]
pub(crate) struct Tracker {
    /// `None` when the request was recorded, or is followed by another tracker.
    metrics: Option<Arc<Metrics>>,
    started: Instant,
    /// Since when the request has waited, if it waits.
    waits_since: Option<Instant>,
    pub(crate) record: Record,
}

impl Tracker {
    pub(crate) fn new(
        metrics: &Arc<Metrics>,
        request_id: HeaderValue,
        operation: &'static str,
    ) -> Self {
        metrics.started();
        Self {
            metrics: Some(Arc::clone(metrics)),
            started: Instant::now(),
            waits_since: None,
            record: Record::new(request_id, operation),
        }
    }

    /// Returns the time since the request has arrived.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Notes that the request waits for a permit from now on.
    pub(crate) fn starts_waiting(&mut self) {
        self.waits_since = Some(Instant::now());
    }

    /// Notes that the request no longer waits.
    pub(crate) fn stops_waiting(&mut self) {
        if let Some(since) = self.waits_since.take() {
            self.record.waited += since.elapsed();
        }
    }

    /// Notes that the header of the response is ready.
    pub(crate) fn responds(&mut self, status: StatusCode) {
        self.record.status = Some(status);
        self.record.first_byte = Some(self.elapsed());
    }

    /// Records the request, if it was not recorded.
    pub(crate) fn end(&mut self, outcome: Outcome) {
        if let Some(metrics) = self.metrics.take() {
            self.stops_waiting();
            self.record.outcome = outcome;
            self.record.duration = self.started.elapsed();
            metrics.ended(&self.record);
            request_log::log(&self.record);
        }
    }

    /// Returns a tracker that follows the request from now on.
    pub(crate) fn hand_over(&mut self) -> Self {
        Self {
            metrics: self.metrics.take(),
            started: self.started,
            waits_since: None,
            record: self.record.clone(),
        }
    }
}

impl Drop for Tracker {
    fn drop(&mut self) {
        self.end(Outcome::ClientLeft);
    }
}
