//! Counts what happens.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::record::Record;

/// Counts what happens.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    in_flight: AtomicU64,
}

impl Metrics {
    /// Counts a request that has arrived.
    pub(crate) fn started(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request that has ended.
    pub(crate) fn ended(&self, record: &Record) {
        let in_flight = self.in_flight.fetch_sub(1, Ordering::Relaxed) - 1;
        tracing::debug!(
            in_flight,
            request_id = ?record.request_id,
            operation = record.operation,
            model = &*record.model,
            class = &*record.class,
            status = record.status.map(|status| status.as_u16()),
            outcome = record.outcome.name(),
            waited = ?record.waited,
            first_byte = ?record.first_byte,
            duration = ?record.duration,
            usage = ?record.usage,
            estimate = ?record.estimate,
            refusals = record.refusals,
        );
    }
}
