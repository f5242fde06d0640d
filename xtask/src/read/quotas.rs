//! The limits of Beijing models that the quota endpoint returned, with exact windows.

use std::num::NonZeroU64;
use std::time::Duration;

use model_studio_limits_core::{Limit, LimitKind};

use crate::read::tsv::{self, Cell, TsvRow};
use crate::sources::QUOTA_FILE;

/// The limits of a model.
#[derive(Debug)]
pub(crate) struct Quota<'a> {
    pub(crate) model: Cell<'a>,
    /// On requests, which can be submissions, on usage and on concurrent tasks.
    pub(crate) limits: Vec<Limit>,
}

pub(crate) fn read(text: &str) -> Result<Vec<Quota<'_>>, String> {
    tsv::rows(QUOTA_FILE, text)?.iter().map(read_row).collect()
}

fn read_row<'a>(row: &TsvRow<'a>) -> Result<Quota<'a>, String> {
    let requests = rate(row, "count_limit", "count_limit_period_s")?;
    let usage = rate(row, "usage_limit", "usage_limit_period_s")?;
    let usage_kind = usage_kind(&row.get("usage_limit_field")?)?;
    let tasks = row.get("async_user_concurrency_limit")?.number()?;
    let limits = [
        requests.map(|(count, per)| (LimitKind::Requests, count, Some(per))),
        usage_kind
            .zip(usage)
            .map(|(kind, (count, per))| (kind, count, Some(per))),
        tasks.map(|count| (LimitKind::ConcurrentTasks, count, None)),
    ];
    let limits = limits.into_iter().flatten();
    Ok(Quota {
        model: row.required("model")?,
        limits: limits
            .map(|(kind, count, per)| Limit { kind, count, per })
            .collect(),
    })
}

fn rate(
    row: &TsvRow<'_>,
    count: &str,
    seconds: &str,
) -> Result<Option<(NonZeroU64, Duration)>, String> {
    let (count, seconds) = (row.get(count)?, row.get(seconds)?);
    match (count.number()?, seconds.number()?) {
        (None, None) => Ok(None),
        (Some(count), Some(seconds)) => Ok(Some((count, Duration::from_secs(seconds.get())))),
        (Some(_), None) => Err(seconds.error("the limit has no period")),
        (None, Some(_)) => Err(count.error("the period has no limit")),
    }
}

fn usage_kind(field: &Cell<'_>) -> Result<Option<LimitKind>, String> {
    match field.text {
        "" => Ok(None),
        "total_tokens" | "tokens" | "total_usage" => Ok(Some(LimitKind::Tokens)),
        "output_tokens" => Ok(Some(LimitKind::OutputTokens)),
        "characters" => Ok(Some(LimitKind::Characters)),
        other => Err(field.error(format!("unknown unit of usage `{other}`"))),
    }
}
