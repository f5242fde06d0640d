//! The provider's rate limit page: `models-2026-10-09.tsv`.

use model_studio_limits_core::LimitKind;

use crate::error::Error;
use crate::limit::{Column, Limit};
use crate::tsv::{self, Cell};

pub(crate) const FILE: &str = "models-2026-10-09.tsv";

/// The date of the page, which is that of the tables.
pub(crate) const DATE: &str = "2026-10-09";

pub(crate) const URL: &str = "https://www.alibabacloud.com/help/en/model-studio/rate-limit";

const COLUMNS: [&str; 17] = [
    "region",
    "scope",
    "category",
    "series",
    "name",
    "aliases",
    "rpm",
    "tpm",
    "rps",
    "submissions_per_second",
    "submissions_per_minute",
    "concurrent_tasks",
    "dynamic",
    "tpm_by_monthly_spend",
    "shared_by",
    "batch_exempt",
    "note",
];

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
        let has_number = self.limits.iter().any(|limit| limit.column == Column::TPM);
        self.dynamic.contains(&LimitKind::Tokens) && !has_number
    }
}

pub(crate) fn read(text: &str) -> Result<Vec<Row<'_>>, Error> {
    let rows = tsv::rows(FILE, text, COLUMNS)?;
    rows.iter().map(read_row).collect()
}

fn read_row<'a>(cells: &[Cell<'a>; 17]) -> Result<Row<'a>, Error> {
    let [
        region,
        scope,
        category,
        series,
        name,
        aliases,
        rpm,
        tpm,
        rps,
        submissions_per_second,
        submissions_per_minute,
        concurrent_tasks,
        dynamic,
        tiers,
        shared_by,
        _batch_exempt,
        note,
    ] = *cells;
    let numbers = [
        (Column::QPM, rpm.number()?),
        (Column::TPM, tpm.number()?.or(floor(&tiers)?)),
        (Column::RPS, rps.number()?),
        (
            Column::SUBMISSIONS_PER_SECOND,
            submissions_per_second.number()?,
        ),
        (
            Column::SUBMISSIONS_PER_MINUTE,
            submissions_per_minute.number()?,
        ),
        (Column::CHARACTERS_PER_MINUTE, characters_per_minute(&note)?),
        (Column::CONCURRENT_TASKS, concurrent_tasks.number()?),
    ];
    let limits = numbers.into_iter().filter_map(|(column, count)| {
        Some(Limit {
            column,
            count: count?,
            exact: None,
        })
    });
    let row = Row {
        region,
        scope: scope.required("scope")?,
        category: category.required("category")?,
        series: series.text,
        name,
        aliases: aliases.items(),
        limits: limits.collect(),
        dynamic: read_dynamic(&dynamic)?,
        shared_by,
    };
    name.required("name")?;
    if row.limits.is_empty() && row.dynamic.is_empty() {
        return Err(Error::at(&rpm, "the row has no limit and is not dynamic"));
    }
    if !tiers.text.is_empty() && !row.dynamic.contains(&LimitKind::Tokens) {
        return Err(Error::at(
            &tiers,
            "tiers are only allowed if `tokens` is dynamic",
        ));
    }
    Ok(row)
}

/// Returns the first of the tiers by monthly spend, which is the lowest.
fn floor(tiers: &Cell<'_>) -> Result<Option<u64>, Error> {
    if tiers.text.is_empty() {
        return Ok(None);
    }
    let numbers = tiers.text.split('/').map(|tier| tiers.number_in(tier));
    let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
    if !numbers.is_sorted() {
        return Err(Error::at(tiers, "expected the tiers in ascending order"));
    }
    Ok(numbers.first().copied())
}

/// Returns the limit that the page has no column for: `chars_per_minute=20000`.
fn characters_per_minute(note: &Cell<'_>) -> Result<Option<u64>, Error> {
    let Some(rest) = note.text.strip_prefix("chars_per_minute=") else {
        return Ok(None);
    };
    let number = rest.split(' ').next().unwrap_or_default();
    note.number_in(number).map(Some)
}

fn read_dynamic(cell: &Cell<'_>) -> Result<Vec<LimitKind>, Error> {
    let kinds = cell.items().into_iter().map(|item| match item {
        "requests" => Ok(LimitKind::Requests),
        "tokens" => Ok(LimitKind::Tokens),
        unknown => {
            let message = format!("expected `requests` or `tokens`, found `{unknown}`");
            Err(Error::at(cell, message))
        }
    });
    kinds.collect()
}
