//! The limits that the quota endpoint returned, with exact windows.

use std::num::NonZeroU64;
use std::time::Duration;

use model_studio_limits_core::{Limit, LimitKind};

use crate::read::tsv::{self, Cell, TsvRow};

/// The limits of a model.
#[derive(Debug)]
pub(crate) struct Quota<'a> {
    /// The region of the account that asked the endpoint.
    pub(crate) region: Cell<'a>,
    pub(crate) model: Cell<'a>,
    /// On requests, which can be submissions, on usage and on concurrent tasks.
    pub(crate) limits: Vec<Limit>,
}

pub(crate) fn read<'a>(file: &'a str, text: &'a str) -> Result<Vec<Quota<'a>>, String> {
    let mut quotas = Vec::<Quota<'_>>::new();
    for row in tsv::rows(file, text)? {
        let quota = read_row(&row)?;
        let key = (quota.region.text, quota.model.text);
        let mut others = quotas.iter();
        if others.any(|other| (other.region.text, other.model.text) == key) {
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
        Some((count, per)) => {
            let field = row.get("usage_limit_field")?;
            let kind = usage_kind(field.text);
            let message = || format!("unknown unit of usage `{}`", field.text);
            Some(Limit {
                kind: kind.ok_or_else(|| field.error(message()))?,
                count,
                per: Some(per),
            })
        }
        None => None,
    };
    let tasks = row.get("async_user_concurrency_limit")?.number()?;
    let tasks = tasks.map(|count| Limit {
        kind: LimitKind::ConcurrentTasks,
        count,
        per: None,
    });
    Ok(Quota {
        region: row.required("region")?,
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

/// Returns what a limit of usage counts.
pub(crate) fn usage_kind(field: &str) -> Option<LimitKind> {
    match field {
        "total_tokens" | "tokens" | "total_usage" => Some(LimitKind::Tokens),
        "output_tokens" => Some(LimitKind::OutputTokens),
        "characters" => Some(LimitKind::Characters),
        _ => None,
    }
}
