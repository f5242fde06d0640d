//! Limits in the notation of the tables.

use std::fmt;
use std::time::Duration;

use model_studio_limits_core::LimitKind;

/// Returns the key for any window. Concurrency limits, which have none, are never written with it.
pub(crate) fn key(kind: LimitKind) -> &'static str {
    kind.key().unwrap_or_default()
}

/// A limit of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) kind: LimitKind,
    pub(crate) count: u64,
    /// The length of the window, or 0 for a concurrency limit.
    pub(crate) seconds: u64,
    /// Whether the window is not that of the page.
    pub(crate) is_exact: bool,
}

/// Writes `qpm: 600` or, for exact windows, `requests: 10 per 1s`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, count, seconds) = (self.kind, self.count, self.seconds);
        let per = (seconds > 0).then(|| Duration::from_secs(seconds));
        match kind.short_key(per) {
            Some(short) if !self.is_exact => write!(f, "{}: {count}", short.name),
            _ => write!(f, "{}: {count} per {seconds}s", key(kind)),
        }
    }
}
