//! The provider's rate limit page.

use std::num::NonZeroU64;
use std::time::Duration;

use model_studio_limits_core::{Limit, LimitKind};

use crate::read::tsv::{self, Cell, TsvRow};
use crate::sources::GONE_SINCE;

const SECOND: Option<Duration> = Some(Duration::from_secs(1));
const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

/// A row of the page: a model in a region and deployment scope.
#[derive(Debug)]
pub(crate) struct Listing<'a> {
    pub(crate) region: Cell<'a>,
    pub(crate) scope: &'a str,
    pub(crate) category: &'a str,
    /// Empty if the page has no heading below that of the category.
    pub(crate) series: &'a str,
    pub(crate) name: Cell<'a>,
    pub(crate) aliases: Vec<&'a str>,
    pub(crate) limits: Vec<Limit>,
    /// The kinds whose limits the provider adjusts.
    pub(crate) dynamic: Vec<LimitKind>,
    /// The date since which the model is no longer on the page.
    pub(crate) gone_since: Option<&'a str>,
    /// The text about a quota that several models share.
    pub(crate) shared_by: Cell<'a>,
}

impl<'a> Listing<'a> {
    /// Returns the name and the aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        std::iter::once(self.name.text).chain(self.aliases.iter().copied())
    }

    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.names().any(|other| other == name)
    }

    /// Returns `true` if the page has a number for a kind.
    pub(crate) fn has_limit(&self, kind: LimitKind) -> bool {
        self.limits.iter().any(|limit| limit.kind == kind)
    }
}

pub(crate) fn read<'a>(file: &'a str, text: &'a str) -> Result<Vec<Listing<'a>>, String> {
    tsv::rows(file, text)?.iter().map(read_row).collect()
}

fn read_row<'a>(row: &TsvRow<'a>) -> Result<Listing<'a>, String> {
    let number = |column| row.get(column)?.number();
    let tiers = row.get("tpm_by_monthly_spend")?;
    let note = row.get("note")?;
    let limits = [
        (LimitKind::Requests, MINUTE, number("rpm")?),
        (LimitKind::Tokens, MINUTE, number("tpm")?.or(floor(&tiers)?)),
        (LimitKind::Requests, SECOND, number("rps")?),
        (
            LimitKind::Submissions,
            SECOND,
            number("submissions_per_second")?,
        ),
        (
            LimitKind::Submissions,
            MINUTE,
            number("submissions_per_minute")?,
        ),
        (LimitKind::Characters, MINUTE, characters_per_minute(&note)?),
        (
            LimitKind::ConcurrentTasks,
            None,
            number("concurrent_tasks")?,
        ),
    ];
    let limits = limits
        .into_iter()
        .filter_map(|(kind, per, count)| count.map(|count| Limit { kind, count, per }));
    let listing = Listing {
        region: row.get("region")?,
        scope: row.required("scope")?.text,
        category: row.required("category")?.text,
        series: row.get("series")?.text,
        name: row.required("name")?,
        aliases: row.get("aliases")?.items(),
        limits: limits.collect(),
        dynamic: read_dynamic(&row.get("dynamic")?)?,
        gone_since: gone_since(&note)?,
        shared_by: row.get("shared_by")?,
    };
    if listing.limits.is_empty() && listing.dynamic.is_empty() {
        let rpm = row.get("rpm")?;
        return Err(rpm.error("the row has no limit and is not dynamic"));
    }
    if !tiers.text.is_empty() && !listing.dynamic.contains(&LimitKind::Tokens) {
        return Err(tiers.error("tiers are only allowed if `tokens` is dynamic"));
    }
    Ok(listing)
}

/// Returns the first of the tiers by monthly spend, which is the lowest.
fn floor(tiers: &Cell<'_>) -> Result<Option<NonZeroU64>, String> {
    if tiers.text.is_empty() {
        return Ok(None);
    }
    let numbers = tiers.text.split('/').map(|tier| tiers.number_in(tier));
    let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
    if !numbers.is_sorted() {
        return Err(tiers.error("expected the tiers in ascending order"));
    }
    Ok(numbers.first().copied())
}

/// Returns the date in the remark that the import adds to a model that is no longer on the page.
fn gone_since<'a>(note: &Cell<'a>) -> Result<Option<&'a str>, String> {
    let mut remarks = note.text.split("; ");
    let date = remarks.find_map(|remark| remark.strip_prefix(GONE_SINCE));
    date.map(|text| Cell { text, ..*note }.date()).transpose()
}

/// Returns the limit that the page has no column for: `chars_per_minute=20000`.
fn characters_per_minute(note: &Cell<'_>) -> Result<Option<NonZeroU64>, String> {
    let Some(rest) = note.text.strip_prefix("chars_per_minute=") else {
        return Ok(None);
    };
    let number = rest.split(' ').next().unwrap_or_default();
    note.number_in(number).map(Some)
}

fn read_dynamic(cell: &Cell<'_>) -> Result<Vec<LimitKind>, String> {
    let kinds = cell.items().into_iter().map(|item| match item {
        "requests" => Ok(LimitKind::Requests),
        "tokens" => Ok(LimitKind::Tokens),
        _ => Err(cell.error(format!("expected `requests` or `tokens`, found `{item}`"))),
    });
    kinds.collect()
}
