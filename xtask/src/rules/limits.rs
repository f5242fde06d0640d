//! Replaces the limits of the page with exact windows, in the regions where these are known.

use model_studio_limits_core::{Limit, LimitKind};

use crate::deployment::DEPLOYMENTS;
use crate::deviations::Deviations;
use crate::read::Data;
use crate::read::page::Listing;
use crate::read::quotas::Quota;
use crate::table::{RegionTable, TableLimit, key, rate};

/// Returns the table with exact windows where they agree with the page.
pub(super) fn set<'a>(
    mut table: RegionTable<'a>,
    data: &Data<'_>,
    deviations: &mut Deviations,
) -> RegionTable<'a> {
    for listing in table.rows.iter().map(|row| row.listing) {
        let is_dynamic = listing.dynamic.contains(&LimitKind::Tokens);
        if is_dynamic && !listing.has_limit(LimitKind::Tokens) {
            let message = "the token limit is dynamic, and the page lists no number for it";
            deviations.add(&listing.name, message);
        }
    }
    let region = table.deployment.region;
    let quotas = data.quotas.iter();
    let quotas = quotas.filter(|quota| quota.region.text == region);
    for row in &mut table.rows {
        let mut quotas = quotas.clone();
        if let Some(quota) = quotas.find(|quota| row.listing.has_name(quota.model.text)) {
            report_unlisted_limits(quota, row.listing, deviations);
            for limit in &mut row.limits {
                *limit = refine(*limit, row.listing, quota, deviations);
            }
        }
    }
    let mut of_region = DEPLOYMENTS.iter().filter(|it| it.region == region);
    let is_main = of_region
        .next()
        .is_some_and(|it| it.file == table.deployment.file);
    for quota in quotas.filter(|_| is_main) {
        let mut listings = data.listings.iter();
        let is_listed =
            |it: &Listing<'_>| it.region.text == region && it.has_name(quota.model.text);
        if !listings.any(is_listed) {
            deviations.add(&quota.model, "not on the page, window not used");
        }
    }
    table
}

/// Returns an error if a quota is of an unknown region.
pub(super) fn check_regions(quotas: &[Quota<'_>]) -> Result<(), String> {
    let is_unknown =
        |quota: &&Quota<'_>| !DEPLOYMENTS.iter().any(|it| it.region == quota.region.text);
    match quotas.iter().find(is_unknown) {
        Some(quota) => Err(quota.region.error("unknown region")),
        None => Ok(()),
    }
}

/// Returns a limit of the page, with the window of the quota if both agree.
fn refine(
    listed: TableLimit,
    listing: &Listing<'_>,
    quota: &Quota<'_>,
    deviations: &mut Deviations,
) -> TableLimit {
    let limit = listed.limit;
    let is_of_kind = |other: &&Limit| other.kind == quota_kind(limit.kind);
    let Some(exact) = quota.limits.iter().find(is_of_kind).copied() else {
        return listed;
    };
    let (count, window) = (exact.count, rate(exact));
    let message = if limit.per.is_none() {
        if count == limit.count {
            return listed;
        }
        format!("the page says `{listed}`, the quota is {count}: not used")
    } else if listing.dynamic.contains(&limit.kind) {
        format!("the limit is dynamic, keeping `{listed}`, the window is {window}")
    } else if !is_same_rate(limit, exact) {
        format!("the page says `{listed}`, the window is {window}: not used")
    } else if exact.per > limit.per {
        format!("keeping `{listed}`, which is finer than the window of {window}")
    } else {
        let has_exact_window = exact.per < limit.per;
        let limit = Limit {
            kind: limit.kind,
            ..exact
        };
        return TableLimit {
            limit,
            has_exact_window,
        };
    };
    deviations.add(&quota.model, message);
    listed
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

/// Reports the limits of a quota for which the page has no number.
fn report_unlisted_limits(quota: &Quota<'_>, listing: &Listing<'_>, deviations: &mut Deviations) {
    for limit in &quota.limits {
        let is_listed = |listed: &Limit| quota_kind(listed.kind) == limit.kind;
        if listing.limits.iter().any(is_listed) {
            continue;
        }
        let (kind, count, window) = (key(limit.kind), limit.count, rate(*limit));
        let message = match limit.per {
            Some(_) => format!("the page lists no number for {kind}, window {window} not used"),
            None => format!("the page lists no single number for tasks, quota {count} not used"),
        };
        deviations.add(&quota.model, message);
    }
}
