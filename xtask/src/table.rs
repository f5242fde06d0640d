//! The tables, as the rules assemble them.

use std::fmt;

use model_studio_limits_core::{KeyWindow, Limit, LimitKey, LimitKind};

use crate::deployment::Deployment;
use crate::property::Properties;
use crate::read::page::Listing;

/// The table of a region and deployment scope.
pub(crate) struct RegionTable<'a> {
    pub(crate) deployment: &'static Deployment,
    pub(crate) rows: Vec<TableRow<'a>>,
    /// The names that are no longer served.
    pub(crate) retired: Vec<(&'a str, Retirement<'a>)>,
}

impl RegionTable<'_> {
    /// Returns the index of the row with a name or alias.
    pub(crate) fn index(&self, name: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.listing.has_name(name))
    }
}

/// The row of a model.
pub(crate) struct TableRow<'a> {
    pub(crate) listing: &'a Listing<'a>,
    pub(crate) limits: Vec<TableLimit>,
    /// The limits of the page, without exact windows.
    pub(crate) page_limits: Vec<TableLimit>,
    pub(crate) pool: Option<&'a str>,
    pub(crate) deprecation: Option<Deprecation<'a>>,
    pub(crate) properties: Properties,
}

/// Why a model is deprecated.
pub(crate) enum Deprecation<'a> {
    /// The provider announced its retirement.
    Announced(Retirement<'a>),
    /// The page no longer lists it since this date.
    Gone(&'a str),
}

/// When and why a name is, or will be, no longer served.
#[derive(Clone)]
pub(crate) struct Retirement<'a> {
    pub(crate) date: &'a str,
    /// A name or alias of the same table.
    pub(crate) replacement: Option<&'a str>,
    pub(crate) source: String,
    pub(crate) note: Option<String>,
}

/// A limit in the notation of the tables: `qpm: 600` or, with a window that is not on the page,
/// `requests: 10 per 1s`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TableLimit {
    pub(crate) limit: Limit,
    pub(crate) has_exact_window: bool,
}

impl fmt::Display for TableLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Limit { kind, count, per } = self.limit;
        match LimitKey::find(kind, KeyWindow::Fixed(per)) {
            Some(short) if !self.has_exact_window => write!(f, "{}: {count}", short.name),
            _ => write!(f, "{}: {}", key(kind), rate(self.limit)),
        }
    }
}

/// Returns the limits of a row of the page.
pub(crate) fn page_limits(listing: &Listing<'_>) -> Vec<TableLimit> {
    let limits = listing.limits.iter().map(|limit| TableLimit {
        limit: *limit,
        has_exact_window: false,
    });
    limits.collect()
}

/// Returns the key for any window. Concurrency limits, which have none, are never written with it.
pub(crate) fn key(kind: LimitKind) -> &'static str {
    let key = LimitKey::find(kind, KeyWindow::Any);
    key.map(|key| key.name).unwrap_or_default()
}

/// Returns the count and the window, as in `500 per 6s`.
pub(crate) fn rate(limit: Limit) -> String {
    let seconds = limit.per.unwrap_or_default().as_secs();
    format!("{} per {seconds}s", limit.count)
}
