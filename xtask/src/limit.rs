//! Limits as a table writes them.

use std::fmt;

/// What a column of the page limits, and per which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) unit: Unit,
    /// The length of the window. Not used for concurrent tasks.
    pub(crate) seconds: u64,
    short_key: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Requests,
    Submissions,
    Tokens,
    Characters,
    ConcurrentTasks,
}

impl Unit {
    /// Returns the key for any window.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Submissions => "submissions",
            Self::Tokens => "tokens",
            Self::Characters => "characters",
            Self::ConcurrentTasks => "concurrent_tasks",
        }
    }
}

impl Kind {
    pub(crate) const QPM: Self = Self::new(Unit::Requests, 60, Some("qpm"));
    pub(crate) const TPM: Self = Self::new(Unit::Tokens, 60, Some("tpm"));
    pub(crate) const RPS: Self = Self::new(Unit::Requests, 1, Some("rps"));
    pub(crate) const SUBMISSIONS_PER_SECOND: Self =
        Self::new(Unit::Submissions, 1, Some("submissions_per_second"));
    pub(crate) const SUBMISSIONS_PER_MINUTE: Self =
        Self::new(Unit::Submissions, 60, Some("submissions_per_minute"));
    pub(crate) const CHARACTERS_PER_MINUTE: Self = Self::new(Unit::Characters, 60, None);
    pub(crate) const CONCURRENT_TASKS: Self =
        Self::new(Unit::ConcurrentTasks, 0, Some("concurrent_tasks"));

    const fn new(unit: Unit, seconds: u64, short_key: Option<&'static str>) -> Self {
        Self {
            unit,
            seconds,
            short_key,
        }
    }
}

/// A limit of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) kind: Kind,
    pub(crate) count: u64,
    /// The length of the exact window in seconds, if it is not that of the kind.
    pub(crate) exact: Option<u64>,
}

/// Writes `qpm: 600` or, for exact windows, `requests: 10 per 1s`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, count, exact } = self;
        match (exact, kind.short_key) {
            (None, Some(key)) => write!(f, "{key}: {count}"),
            (Some(seconds), _) => write!(f, "{}: {count} per {seconds}s", kind.unit.key()),
            (None, None) => write!(f, "{}: {count} per {}s", kind.unit.key(), kind.seconds),
        }
    }
}
