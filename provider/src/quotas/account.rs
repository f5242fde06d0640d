//! The limits of an account, from the rows of the response.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::num::NonZeroU64;

use model_studio_limits_core::{Escaped, Limit, LimitKind, Rate};

use super::row::{Quota, QuotaRow};
use crate::table::{Served, Table, TableModel};

/// The limits of an account.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AccountLimits {
    /// The limits of the models that the table contains, by their model IDs.
    pub known: BTreeMap<&'static str, ModelLimits>,
    /// The limits of models that the table does not contain, or lists as retired.
    pub unknown: BTreeMap<String, ModelLimits>,
    /// The quotas that a table cannot contain, and are therefore left out.
    pub warnings: Vec<Warning>,
}

/// A quota that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The name of the model in the row.
    pub model: String,
    /// The name of the number in [`Quota`](super::Quota).
    pub field: &'static str,
    /// Why it is left out.
    pub reason: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (field, model, reason) = (self.field, Escaped(&self.model), &self.reason);
        write!(f, "`{field}` of `{model}` is left out: {reason}")
    }
}

/// The limits of a model. There is at most one for each kind and window, the tightest.
#[derive(Clone, Debug, Default)]
pub struct ModelLimits {
    account: Vec<Limit>,
    workspace: Vec<Limit>,
}

impl ModelLimits {
    /// Returns the limits that apply to the key: those of the account, or tighter ones of the workspace.
    #[must_use]
    pub fn limits(&self) -> Vec<Limit> {
        let mut limits = self.account.clone();
        tighten(&mut limits, &self.workspace);
        limits.sort_by_key(Limit::slot);
        limits
    }

    /// Returns the limits of the workspace that are tighter than those of the account.
    #[must_use]
    pub fn limits_of_workspace(&self) -> Vec<Limit> {
        let mut limits = self.limits();
        limits.retain(|limit| !self.account.contains(limit));
        limits
    }

    /// Adds the limits of the same model or of another model of its pool. The tighter ones stay.
    pub fn merge(&mut self, other: &Self) {
        tighten(&mut self.account, &other.account);
        tighten(&mut self.workspace, &other.workspace);
    }
}

impl AccountLimits {
    /// Returns the limits of the models in the rows of an account.
    ///
    /// The rows do not say which limits on requests are limits on submissions of tasks, so this depends on
    /// the table. Quotas that a table cannot contain are left out with a warning.
    #[must_use]
    pub fn new(rows: &[QuotaRow], table: &Table) -> Self {
        let by_name: HashMap<&str, (&TableModel, &Served)> = table
            .served()
            .flat_map(|(model, served)| model.names().map(move |name| (name, (model, served))))
            .collect();
        let mut account = Self::default();
        for row in rows {
            account.add(row, by_name.get(row.model.as_str()).copied());
        }
        account
    }

    /// Adds the limits of a row. `found` is its model in the table.
    fn add(&mut self, row: &QuotaRow, found: Option<(&TableModel, &Served)>) {
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
        let mut read = |quota: &Option<Quota>| {
            let quota = quota.as_ref();
            quota.map_or_else(Vec::new, |quota| {
                limits(&row.model, calls, quota, &mut self.warnings)
            })
        };
        let quota = ModelLimits {
            account: read(&row.model_limit),
            workspace: read(&row.workspace_limit),
        };
        let entry = match found {
            Some((model, _)) => self.known.entry(model.name).or_default(),
            None => self.unknown.entry(row.model.clone()).or_default(),
        };
        entry.merge(&quota);
    }
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

/// Returns the limits of one quota.
fn limits(model: &str, calls: LimitKind, quota: &Quota, warnings: &mut Vec<Warning>) -> Vec<Limit> {
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
            Err(reason) => warnings.push(Warning {
                model: model.to_owned(),
                field,
                reason,
            }),
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
