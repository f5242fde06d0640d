//! The limits of an account, from the rows of the response.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU64;

use model_studio_limits_core::{Escaped, Limit, LimitKind, Rate};

use super::response::{LimitFields, QuotaRow};
use crate::tables::{Served, TableModel, served};

/// The limits of an account.
#[derive(Default)]
pub(super) struct AccountLimits {
    /// By the model ID in the table.
    pub(super) known: BTreeMap<&'static str, ModelLimits>,
    /// Models that the table does not contain, or lists as retired.
    pub(super) unknown: BTreeMap<String, ModelLimits>,
}

/// The limits of a model. There is at most one for each kind and window, the tightest.
#[derive(Clone, Default)]
pub(super) struct ModelLimits {
    account: Vec<Limit>,
    workspace: Vec<Limit>,
}

impl ModelLimits {
    /// Returns the limits that apply to the key: those of the account, or tighter ones of the workspace.
    pub(super) fn limits(&self) -> Vec<Limit> {
        let mut limits = self.account.clone();
        tighten(&mut limits, &self.workspace);
        limits.sort_by_key(Limit::slot);
        limits
    }

    /// Returns the limits of the workspace that are tighter than those of the account.
    pub(super) fn limits_of_workspace(&self) -> Vec<Limit> {
        let mut limits = self.limits();
        limits.retain(|limit| !self.account.contains(limit));
        limits
    }

    /// Adds the limits of a row of the same model or pool.
    pub(super) fn merge(&mut self, other: &Self) {
        tighten(&mut self.account, &other.account);
        tighten(&mut self.workspace, &other.workspace);
    }
}

/// Returns the limits of all models. Limits that a table cannot contain are left out with a warning.
pub(super) fn account(rows: &[QuotaRow], table: &[TableModel]) -> AccountLimits {
    let by_name: HashMap<&str, (&TableModel, &Served)> = served(table)
        .flat_map(|(model, served)| model.names().map(move |name| (name, (model, served))))
        .collect();
    let mut account = AccountLimits::default();
    for row in rows {
        let found = by_name.get(row.model.as_str());
        // Each request to a model with limits on tasks submits a task.
        let has_tasks = found.is_some_and(|(_, served)| {
            let mut limits = served.limits.iter();
            limits.any(|limit| limit.kind == LimitKind::Submissions)
        });
        let calls = if has_tasks {
            LimitKind::Submissions
        } else {
            LimitKind::Requests
        };
        let read = |quota: &Option<LimitFields>| {
            let quota = quota.as_ref();
            quota.map_or_else(Vec::new, |quota| limits(&row.model, calls, quota))
        };
        let quota = ModelLimits {
            account: read(&row.model_limit),
            workspace: read(&row.workspace_limit),
        };
        let entry = match found {
            Some((model, _)) => account.known.entry(model.name).or_default(),
            None => account.unknown.entry(row.model.clone()).or_default(),
        };
        entry.merge(&quota);
    }
    account
}

/// Adds limits. Of two limits with the same kind and window, the tighter one stays.
fn tighten(limits: &mut Vec<Limit>, others: &[Limit]) {
    for other in others {
        match limits.iter_mut().find(|limit| limit.slot() == other.slot()) {
            Some(limit) => limit.count = limit.count.min(other.count),
            None => limits.push(*other),
        }
    }
}

/// Returns the limits of one row.
fn limits(model: &str, calls: LimitKind, quota: &LimitFields) -> Vec<Limit> {
    let usage = match quota.usage_limit_field.as_deref() {
        // The provider uses all three for the sum of input and output tokens.
        Some("total_tokens" | "tokens" | "total_usage") => Ok(LimitKind::Tokens),
        Some("input_tokens") => Ok(LimitKind::InputTokens),
        Some("output_tokens") => Ok(LimitKind::OutputTokens),
        Some("characters") => Ok(LimitKind::Characters),
        Some(other) => Err(format!("unknown unit `{}`", Escaped(other))),
        None => Err("the unit is missing".to_owned()),
    };
    let calls = quota.request_limit.map(|count| {
        (
            "request_limit",
            window(calls, count, quota.request_limit_period),
        )
    });
    let usage = quota.usage_limit.map(|count| {
        let limit = usage.and_then(|kind| window(kind, count, quota.usage_limit_period));
        ("usage_limit", limit)
    });
    let tasks = quota.async_user_concurrency_limit.map(|count| {
        let limit = concurrency(LimitKind::ConcurrentTasks, count);
        ("async_user_concurrency_limit", limit)
    });
    let mut limits = Vec::new();
    for (field, limit) in [calls, usage, tasks].into_iter().flatten() {
        match limit {
            Ok(limit) => limits.push(limit),
            Err(reason) => anstream::eprintln!(
                "warning: `{field}` of `{}` is left out: {reason}",
                Escaped(model)
            ),
        }
    }
    limits
}

fn window(kind: LimitKind, count: i64, seconds: Option<i64>) -> Result<Limit, String> {
    let limit = concurrency(kind, count)?;
    let seconds = seconds.ok_or("the period is missing")?;
    // The same rules as for a table.
    let rate = format!("{count} per {seconds}s").parse::<Rate>();
    let rate = rate.map_err(|error| format!("{error}, found {seconds}s"))?;
    Ok(Limit {
        per: Some(rate.per),
        ..limit
    })
}

fn concurrency(kind: LimitKind, count: i64) -> Result<Limit, String> {
    let count_of_table = u64::try_from(count).ok().and_then(NonZeroU64::new);
    let max = kind.max_count();
    match count_of_table {
        Some(count) if count.get() <= max => Ok(Limit {
            kind,
            count,
            per: None,
        }),
        _ => Err(format!("the count must be from 1 to {max}, found {count}")),
    }
}
