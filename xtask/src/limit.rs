//! Limits in the notation of the tables.

use std::fmt;
use std::time::Duration;

use model_studio_limits_core::LimitKind;

/// The kind and the window of the limits in a column of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) kind: LimitKind,
    /// The length of the window, or 0 for a concurrency limit.
    pub(crate) seconds: u64,
}

impl Column {
    pub(crate) const QPM: Self = Self::new(LimitKind::Requests, 60);
    pub(crate) const TPM: Self = Self::new(LimitKind::Tokens, 60);
    pub(crate) const RPS: Self = Self::new(LimitKind::Requests, 1);
    pub(crate) const SUBMISSIONS_PER_SECOND: Self = Self::new(LimitKind::Submissions, 1);
    pub(crate) const SUBMISSIONS_PER_MINUTE: Self = Self::new(LimitKind::Submissions, 60);
    pub(crate) const CHARACTERS_PER_MINUTE: Self = Self::new(LimitKind::Characters, 60);
    pub(crate) const CONCURRENT_TASKS: Self = Self::new(LimitKind::ConcurrentTasks, 0);

    const fn new(kind: LimitKind, seconds: u64) -> Self {
        Self { kind, seconds }
    }

    /// Returns the short key, such as `qpm`.
    fn short_key(self) -> Option<&'static str> {
        let per = (self.seconds > 0).then(|| Duration::from_secs(self.seconds));
        self.kind.short_key(per).map(|key| key.name)
    }
}

/// Returns the key for any window. Concurrency limits, which have none, are never written with it.
pub(crate) fn key(kind: LimitKind) -> &'static str {
    kind.key().unwrap_or_default()
}

/// A limit of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) column: Column,
    pub(crate) count: u64,
    /// The length of the exact window in seconds, if it is not that of the column.
    pub(crate) exact: Option<u64>,
}

/// Writes `qpm: 600` or, for exact windows, `requests: 10 per 1s`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            column,
            count,
            exact,
        } = self;
        match (exact, column.short_key()) {
            (None, Some(short_key)) => write!(f, "{short_key}: {count}"),
            (exact, _) => {
                let seconds = exact.unwrap_or(column.seconds);
                write!(f, "{}: {count} per {seconds}s", key(column.kind))
            }
        }
    }
}
