//! The provider's rate limit page: `models-2026-10-09.tsv`.

use model_studio_limits_core::LimitKind;

use crate::limit::Limit;
use crate::tsv::{self, Cell, Cells};

pub(crate) const FILE: &str = "models-2026-10-09.tsv";

/// The date of the page, which is that of the tables.
pub(crate) const DATE: &str = "2026-10-09";

pub(crate) const URL: &str = "https://www.alibabacloud.com/help/en/model-studio/rate-limit";

/// A row of the page.
pub(crate) struct Row<'a> {
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
    pub(crate) shared_by: Cell<'a>,
}

impl<'a> Row<'a> {
    /// Returns the name and the aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        std::iter::once(self.name.text).chain(self.aliases.iter().copied())
    }

    /// Returns `true` if the token limit is dynamic and the provider publishes no number for it.
    pub(crate) fn lacks_floor(&self) -> bool {
        let is_of_tokens = |limit: &Limit| limit.kind == LimitKind::Tokens;
        self.dynamic.contains(&LimitKind::Tokens) && !self.limits.iter().any(is_of_tokens)
    }
}

pub(crate) fn read(text: &str) -> Result<Vec<Row<'_>>, String> {
    tsv::rows(FILE, text)?.iter().map(read_row).collect()
}

fn read_row<'a>(cells: &Cells<'a>) -> Result<Row<'a>, String> {
    let number = |column| cells.get(column)?.number();
    let tiers = cells.get("tpm_by_monthly_spend")?;
    let note = cells.get("note")?;
    let per_second = number("submissions_per_second")?;
    let per_minute = number("submissions_per_minute")?;
    let numbers = [
        (LimitKind::Requests, 60, number("rpm")?),
        (LimitKind::Tokens, 60, number("tpm")?.or(floor(&tiers)?)),
        (LimitKind::Requests, 1, number("rps")?),
        (LimitKind::Submissions, 1, per_second),
        (LimitKind::Submissions, 60, per_minute),
        (LimitKind::Characters, 60, characters_per_minute(&note)?),
        (LimitKind::ConcurrentTasks, 0, number("concurrent_tasks")?),
    ];
    let limits = numbers.into_iter().filter_map(|(kind, seconds, count)| {
        Some(Limit {
            kind,
            count: count?,
            seconds,
            is_exact: false,
        })
    });
    let row = Row {
        region: cells.get("region")?,
        scope: cells.required("scope")?.text,
        category: cells.required("category")?.text,
        series: cells.get("series")?.text,
        name: cells.required("name")?,
        aliases: cells.get("aliases")?.items(),
        limits: limits.collect(),
        dynamic: read_dynamic(&cells.get("dynamic")?)?,
        shared_by: cells.get("shared_by")?,
    };
    if row.limits.is_empty() && row.dynamic.is_empty() {
        let rpm = cells.get("rpm")?;
        return Err(rpm.error("the row has no limit and is not dynamic"));
    }
    if !tiers.text.is_empty() && !row.dynamic.contains(&LimitKind::Tokens) {
        return Err(tiers.error("tiers are only allowed if `tokens` is dynamic"));
    }
    Ok(row)
}

/// Returns the first of the tiers by monthly spend, which is the lowest.
fn floor(tiers: &Cell<'_>) -> Result<Option<u64>, String> {
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

/// Returns the limit that the page has no column for: `chars_per_minute=20000`.
fn characters_per_minute(note: &Cell<'_>) -> Result<Option<u64>, String> {
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
