//! Replaces the limits of the page with exact windows, in the region where these are known.

use std::collections::{HashMap, HashSet};

use model_studio_limits_core::{Limit, LimitKind};

use crate::deviations::Deviations;
use crate::read::page::Listing;
use crate::read::quotas::Quota;
use crate::sources::QUOTA_REGION;
use crate::table::{RegionTable, TableLimit, key, rate};

/// The quotas by the names of their models.
pub(super) type Quotas<'a> = HashMap<&'a str, Quota<'a>>;

/// Returns the quotas by model, without limits that count something else than those of the page.
pub(super) fn by_model<'a>(
    quotas: Vec<Quota<'a>>,
    deviations: &mut Deviations,
) -> Result<Quotas<'a>, String> {
    let mut by_model = HashMap::new();
    for mut quota in quotas {
        let model = quota.model;
        quota.limits.retain(|limit| {
            let is_comparable = limit.kind != LimitKind::OutputTokens;
            if !is_comparable {
                let kind = key(limit.kind);
                let message =
                    format!("the page counts all tokens, but the window counts `{kind}`: not used");
                deviations.add(&model, message);
            }
            is_comparable
        });
        if by_model.insert(model.text, quota).is_some() {
            return Err(model.error("duplicate row for the model"));
        }
    }
    Ok(by_model)
}

/// Returns the table with exact windows where they agree with the page.
pub(super) fn set<'a>(
    mut table: RegionTable<'a>,
    quotas: &Quotas<'_>,
    deviations: &mut Deviations,
) -> RegionTable<'a> {
    report_missing_floors(&table, deviations);
    if table.deployment.region != QUOTA_REGION {
        return table;
    }
    for row in &mut table.rows {
        let mut names = row.listing.names();
        if let Some(quota) = names.find_map(|name| quotas.get(name)) {
            report_unlisted_limits(quota, &row.listing, deviations);
            let limits = row.listing.limits.iter();
            let limits = limits.map(|limit| refine(*limit, &row.listing, quota, deviations));
            row.limits = limits.collect();
        }
    }
    report_unlisted_models(quotas, &table, deviations);
    table
}

/// Returns a limit of the page, with the window of the quota if both agree.
fn refine(
    limit: Limit,
    listing: &Listing<'_>,
    quota: &Quota<'_>,
    deviations: &mut Deviations,
) -> TableLimit {
    let of_page = TableLimit::of_page(limit);
    let is_of_kind = |other: &&Limit| other.kind == quota_kind(limit.kind);
    let Some(exact) = quota.limits.iter().find(is_of_kind).copied() else {
        return of_page;
    };
    let message = if limit.per.is_none() {
        if exact.count == limit.count {
            return of_page;
        }
        format!(
            "the page says `{of_page}`, the quota is {}: not used",
            exact.count
        )
    } else if listing.dynamic.contains(&limit.kind) {
        format!(
            "the limit is dynamic, keeping `{of_page}`, the window is {}",
            rate(exact)
        )
    } else if !is_same_rate(limit, exact) {
        format!(
            "the page says `{of_page}`, the window is {}: not used",
            rate(exact)
        )
    } else if exact.per > limit.per {
        format!(
            "keeping `{of_page}`, which is finer than the window of {}",
            rate(exact)
        )
    } else {
        return TableLimit {
            limit: Limit {
                kind: limit.kind,
                ..exact
            },
            has_exact_window: exact.per < limit.per,
        };
    };
    deviations.add(&quota.model, message);
    of_page
}

/// Returns the kind under which a quota has the limits of a kind of the page.
fn quota_kind(kind: LimitKind) -> LimitKind {
    match kind {
        LimitKind::Submissions => LimitKind::Requests,
        kind => kind,
    }
}

/// Returns `true` if two limits allow the same number in a long time.
fn is_same_rate(one: Limit, other: Limit) -> bool {
    let seconds = |limit: Limit| u128::from(limit.per.unwrap_or_default().as_secs());
    let count = |limit: Limit| u128::from(limit.count.get());
    count(one) * seconds(other) == count(other) * seconds(one)
}

/// Reports the models whose token limit is dynamic, and for which the page has no number.
fn report_missing_floors(table: &RegionTable<'_>, deviations: &mut Deviations) {
    let is_of_tokens = |limit: &Limit| limit.kind == LimitKind::Tokens;
    for listing in table.rows.iter().map(|row| &row.listing) {
        let is_dynamic = listing.dynamic.contains(&LimitKind::Tokens);
        if is_dynamic && !listing.limits.iter().any(is_of_tokens) {
            let message = "the token limit is dynamic, and the page lists no number for it";
            deviations.add(&listing.name, message);
        }
    }
}

/// Reports the limits of a quota for which the page has no number.
fn report_unlisted_limits(quota: &Quota<'_>, listing: &Listing<'_>, deviations: &mut Deviations) {
    let listed: Vec<LimitKind> = listing
        .limits
        .iter()
        .map(|limit| quota_kind(limit.kind))
        .collect();
    for limit in &quota.limits {
        if listed.contains(&limit.kind) {
            continue;
        }
        let message = match limit.per {
            Some(_) => format!(
                "the page lists no number for {}, window {} not used",
                key(limit.kind),
                rate(*limit)
            ),
            None => format!(
                "the page lists no single number for tasks, quota {} not used",
                limit.count
            ),
        };
        deviations.add(&quota.model, message);
    }
}

/// Reports the quotas of models that are not on the page.
fn report_unlisted_models(
    quotas: &Quotas<'_>,
    table: &RegionTable<'_>,
    deviations: &mut Deviations,
) {
    let listed = table.rows.iter().flat_map(|row| row.listing.names());
    let listed: HashSet<&str> = listed.collect();
    let unlisted = quotas
        .values()
        .filter(|quota| !listed.contains(quota.model.text));
    let mut unlisted: Vec<_> = unlisted.map(|quota| quota.model).collect();
    unlisted.sort_by_key(|model| model.line);
    for model in unlisted {
        deviations.add(&model, "not on the page, window not used");
    }
}
