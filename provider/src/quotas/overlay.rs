//! The limits of an account in place of those of a table.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use model_studio_limits::Limits;
use model_studio_limits_core::{Limit, merge};

use super::account::{AccountLimits, ModelLimits};
use crate::table::Table;

/// The limits of a model or a pool in an overlay. Each replaces the one of the same kind and window in the
/// table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OverlayEntry {
    /// The pool, if the entry is for all models of one.
    pub pool: Option<&'static str>,
    /// The limits. There is at least one.
    pub limits: Vec<Limit>,
    /// Which of the limits are those of the key's workspace, because they are tighter than those of the
    /// account.
    pub workspace: Vec<Limit>,
}

impl AccountLimits {
    /// Returns the limits of each model that the table serves, as they are for the account: those of the
    /// table, with the [overlay](Self::overlay) in their place.
    #[must_use]
    pub fn merged(&self, table: &Table) -> BTreeMap<&'static str, Vec<Limit>> {
        let overlay = self.overlay(table);
        let pools = overlay.values();
        let pools = pools.filter_map(|entry| Some((entry.pool?, entry)));
        let pools: BTreeMap<&str, &OverlayEntry> = pools.collect();
        let models = table.served().map(|(model, served)| {
            let entry = match served.pool {
                Some(pool) => pools.get(pool).copied(),
                None => overlay.get(model.name),
            };
            let limits = served.limits.as_slice();
            let merged = entry.map_or_else(|| limits.to_vec(), |it| merge(limits, &it.limits));
            (model.name, merged)
        });
        models.collect()
    }

    /// Returns an entry for each model of the table for which the account has limits, by model ID.
    ///
    /// For a pool, there is only one entry: under the name of its first model, with the tightest limits of
    /// all its models.
    ///
    /// If the table limits a kind with another window than the account, the entry has that window too, with
    /// the rate of the account. Otherwise the number in the table would still hold.
    #[must_use]
    pub fn overlay(&self, table: &Table) -> BTreeMap<&'static str, OverlayEntry> {
        let mut first_of_pool = BTreeMap::new();
        let mut quotas = BTreeMap::<&str, (ModelLimits, Option<&'static str>, Limits)>::new();
        for (model, served) in table.served() {
            let Some(quota) = self.known.get(model.name) else {
                continue;
            };
            let name = match served.pool {
                Some(pool) => *first_of_pool.entry(pool).or_insert(model.name),
                None => model.name,
            };
            let entry = quotas.entry(name);
            let new = (ModelLimits::default(), served.pool, served.limits);
            let (merged, ..) = entry.or_insert(new);
            merged.merge(quota);
        }
        let entries = quotas.into_iter().map(|(name, (quota, pool, in_table))| {
            let entry = OverlayEntry {
                pool,
                limits: replacing(quota.limits(), in_table),
                workspace: quota.limits_of_workspace(),
            };
            (name, entry)
        });
        // An overlay without limits would remove those of the table.
        entries
            .filter(|(_, entry)| !entry.limits.is_empty())
            .collect()
    }
}

/// Adds a limit for each limit of the table that would otherwise remain, because the account limits the
/// same kind only with other windows. It has the window of the table and the rate of the account.
///
/// Its count is rounded up, so that it never rejects what the account's own windows allow.
fn replacing(mut limits: Vec<Limit>, table: Limits) -> Vec<Limit> {
    let account = limits.clone();
    for old in table {
        let Some(window) = old.per.map(|per| per.as_secs()) else {
            continue;
        };
        if account.iter().any(|limit| limit.slot() == old.slot()) {
            continue;
        }
        let same_kind = account.iter().filter(|limit| limit.kind == old.kind);
        let counts = same_kind.filter_map(|limit| {
            let count = u128::from(limit.count.get()) * u128::from(window);
            Some(count.div_ceil(limit.per?.as_secs().into()))
        });
        let count = counts.min().map(|count| {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            count.min(old.kind.max_count())
        });
        if let Some(count) = count.and_then(NonZeroU64::new) {
            limits.push(Limit { count, ..*old });
        }
    }
    limits.sort_by_key(Limit::slot);
    limits
}
