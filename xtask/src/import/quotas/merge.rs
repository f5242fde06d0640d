//! Adds the answers of the quota endpoint to the committed windows. Rows of models that the answers do not
//! have are kept.

use std::collections::BTreeMap;

use crate::import::quotas::answer::{self, Limits, QuotaAnswer, Window};
use crate::import::quotas::row::{self, QuotaRow};

/// The windows, and what the report must mention.
pub(crate) struct Merged {
    pub(crate) text: String,
    pub(crate) remarks: Vec<String>,
}

/// Returns the windows with those of the answers.
pub(crate) fn merge(answers: &[QuotaAnswer], file: &str, text: &str) -> Result<Merged, String> {
    let mut rows = row::read(file, text)?;
    let mut remarks = Vec::new();
    let mut by_region: BTreeMap<&str, Vec<&QuotaAnswer>> = BTreeMap::new();
    for answer in answers {
        by_region.entry(&answer.region).or_default().push(answer);
    }
    for (region, answers) in by_region {
        merge_region(region, &answers, &mut rows, &mut remarks)?;
    }
    Ok(Merged {
        text: row::write(&rows),
        remarks,
    })
}

fn merge_region(
    region: &str,
    answers: &[&QuotaAnswer],
    rows: &mut Vec<QuotaRow>,
    remarks: &mut Vec<String>,
) -> Result<(), String> {
    let [
        mut new,
        mut changed,
        mut several,
        mut without,
        mut of_workspace,
    ] = <[Vec<String>; 5]>::default();
    let mut limits: Vec<(String, Limits)> = Vec::new();
    for quota in answer::read(answers)? {
        let model = quota.model;
        if quota.workspace_limit.is_some() {
            of_workspace.push(model.clone());
        }
        let Some(other) = quota.model_limit else {
            without.push(model);
            continue;
        };
        match limits.iter_mut().find(|(name, _)| *name == model) {
            Some((_, limits)) => {
                *limits = tightest(limits, &other).map_err(|error| {
                    let files = answers.iter().map(|answer| answer.file.as_str());
                    let files = files.collect::<Vec<_>>().join(", ");
                    format!("{files}: {model}: {error}")
                })?;
                several.push(model);
            }
            None => limits.push((model, other)),
        }
    }
    for (model, limits) in limits {
        let is_same = |row: &QuotaRow| row.region() == region && row.model() == model;
        if let Some(row) = rows.iter_mut().find(|row| is_same(row)) {
            let with_limits = row.with_limits(&limits);
            if *row != with_limits {
                *row = with_limits;
                changed.push(model);
            }
        } else {
            let last = rows.iter().rposition(|row| row.region() == region);
            let index = last.map_or(rows.len(), |last| last + 1);
            let row = QuotaRow::new(region, &model).with_limits(&limits);
            rows.insert(index, row);
            new.push(model);
        }
    }
    for (message, models) in [
        ("new models", new),
        ("changed models", changed),
        ("the lowest of several limits is used", several),
        ("no limits of the account, the data is kept", without),
        ("the limits of the workspace are not used", of_workspace),
    ] {
        if !models.is_empty() {
            let models = models.join(", ");
            remarks.push(format!("quota endpoint, {region}: {message}: {models}"));
        }
    }
    Ok(())
}

/// Returns the lowest of the limits of two quotas of a model.
fn tightest(one: &Limits, other: &Limits) -> Result<Limits, String> {
    let usage = match (&one.usage, &other.usage) {
        (Some((_, field)), Some((_, other))) if field != other => {
            return Err(format!(
                "expected one unit of usage, found {field} and {other}"
            ));
        }
        (Some((window, field)), Some((other, _))) => Some((lower(*window, *other), field.clone())),
        (one, other) => one.clone().or_else(|| other.clone()),
    };
    let requests = match (one.requests, other.requests) {
        (Some(one), Some(other)) => Some(lower(one, other)),
        (one, other) => one.or(other),
    };
    let least = |one: Option<_>, other: Option<_>| one.into_iter().chain(other).min();
    Ok(Limits {
        requests,
        usage,
        queued_tasks: least(one.queued_tasks, other.queued_tasks),
        concurrent_tasks: least(one.concurrent_tasks, other.concurrent_tasks),
    })
}

/// Returns the window with the lower rate, or the shorter one if both have the same.
fn lower(one: Window, other: Window) -> Window {
    let product = |count: Window, seconds: Window| {
        u128::from(count.count.get()) * u128::from(seconds.seconds.get())
    };
    let key = |window: Window, other: Window| (product(window, other), window.seconds);
    if key(other, one) < key(one, other) {
        other
    } else {
        one
    }
}
