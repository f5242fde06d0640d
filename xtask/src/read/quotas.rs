//! The limits of Beijing models that the quota endpoint returned, with exact windows.

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
    let mut quotas = Vec::<Quota<'_>>::new();
    for row in tsv::rows(QUOTA_FILE, text)? {
        let quota = read_row(&row)?;
        if quotas
            .iter()
            .any(|other| other.model.text == quota.model.text)
        {
            return Err(quota.model.error("duplicate row for the model"));
        }
        quotas.push(quota);
    }
    Ok(quotas)
}

fn read_row<'a>(row: &TsvRow<'a>) -> Result<Quota<'a>, String> {
    let field = row.get("usage_limit_field")?;
    let usage = match field.text {
        "" | "total_tokens" | "tokens" | "total_usage" => LimitKind::Tokens,
        "output_tokens" => LimitKind::OutputTokens,
        "characters" => LimitKind::Characters,
        other => return Err(field.error(format!("unknown unit of usage `{other}`"))),
    };
    let tasks = row.get("async_user_concurrency_limit")?.number()?;
    let limits = [
        rate(
            row,
            LimitKind::Requests,
            "count_limit",
            "count_limit_period_s",
        )?,
        rate(row, usage, "usage_limit", "usage_limit_period_s")?,
        tasks.map(|count| Limit {
            kind: LimitKind::ConcurrentTasks,
            count,
            per: None,
        }),
    ];
    Ok(Quota {
        model: row.required("model")?,
        limits: limits.into_iter().flatten().collect(),
    })
}

fn rate(
    row: &TsvRow<'_>,
    kind: LimitKind,
    count: &str,
    seconds: &str,
) -> Result<Option<Limit>, String> {
    let (count, seconds) = (row.get(count)?, row.get(seconds)?);
    match (count.number()?, seconds.number()?) {
        (None, None) => Ok(None),
        (Some(count), Some(seconds)) => {
            let per = Some(Duration::from_secs(seconds.get()));
            Ok(Some(Limit { kind, count, per }))
        }
        (Some(_), None) => Err(seconds.error("the limit has no period")),
        (None, Some(_)) => Err(count.error("the period has no limit")),
    }
}
