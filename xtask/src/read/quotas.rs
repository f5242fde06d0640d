//! The limits of Beijing models that the quota endpoint returned, with exact windows.

use std::num::NonZeroU64;
use std::time::Duration;

use model_studio_limits_core::{Limit, LimitKind};

use crate::read::tsv::{self, Cell, TsvRow};

/// The limits of a model.
#[derive(Debug)]
pub(crate) struct Quota<'a> {
    pub(crate) model: Cell<'a>,
    /// On requests, which can be submissions, on usage and on concurrent tasks.
    pub(crate) limits: Vec<Limit>,
}

pub(crate) fn read<'a>(file: &'a str, text: &'a str) -> Result<Vec<Quota<'a>>, String> {
    let mut quotas = Vec::<Quota<'_>>::new();
    for row in tsv::rows(file, text)? {
        let quota = read_row(&row)?;
        let mut others = quotas.iter().map(|other| other.model.text);
        if others.any(|other| other == quota.model.text) {
            return Err(quota.model.error("duplicate row for the model"));
        }
        quotas.push(quota);
    }
    Ok(quotas)
}

fn read_row<'a>(row: &TsvRow<'a>) -> Result<Quota<'a>, String> {
    let requests = rate(row, "count_limit")?.map(|(count, per)| Limit {
        kind: LimitKind::Requests,
        count,
        per: Some(per),
    });
    let usage = match rate(row, "usage_limit")? {
        Some((count, per)) => Some(Limit {
            kind: usage_kind(&row.get("usage_limit_field")?)?,
            count,
            per: Some(per),
        }),
        None => None,
    };
    let tasks = row.get("async_user_concurrency_limit")?.number()?;
    let tasks = tasks.map(|count| Limit {
        kind: LimitKind::ConcurrentTasks,
        count,
        per: None,
    });
    Ok(Quota {
        model: row.required("model")?,
        limits: [requests, usage, tasks].into_iter().flatten().collect(),
    })
}

/// Returns the count and the window of a limit.
fn rate(row: &TsvRow<'_>, column: &str) -> Result<Option<(NonZeroU64, Duration)>, String> {
    let (count, seconds) = (row.get(column)?, row.get(&format!("{column}_period_s"))?);
    match (count.number()?, seconds.number()?) {
        (None, None) => Ok(None),
        (Some(count), Some(seconds)) => Ok(Some((count, Duration::from_secs(seconds.get())))),
        (Some(_), None) => Err(seconds.error("the limit has no period")),
        (None, Some(_)) => Err(count.error("the period has no limit")),
    }
}

fn usage_kind(field: &Cell<'_>) -> Result<LimitKind, String> {
    match field.text {
        "total_tokens" | "tokens" | "total_usage" => Ok(LimitKind::Tokens),
        "output_tokens" => Ok(LimitKind::OutputTokens),
        "characters" => Ok(LimitKind::Characters),
        other => Err(field.error(format!("unknown unit of usage `{other}`"))),
    }
}
