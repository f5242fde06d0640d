//! Writes the limits of an account as an overlay of a table.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::NonZeroU64;

use model_studio_limits::Limits;
use model_studio_limits_core::{DisplayLimits, Escaped, Limit};

use crate::date::today;
use model_studio_provider::Region;
use model_studio_provider::Table;
use model_studio_provider::quotas::{AccountLimits, Endpoint, ModelLimits};

/// The entries of the overlay, by model ID.
pub(super) struct Overlay(BTreeMap<&'static str, OverlayEntry>);

struct OverlayEntry {
    pool: Option<&'static str>,
    quota: ModelLimits,
    limits: Vec<Limit>,
}

/// Returns an entry for each model of the table for which the account has limits, and only one for a
/// pool, since the generator rejects more.
pub(super) fn new(account: &AccountLimits, table: &Table) -> Overlay {
    let mut first_of_pool = BTreeMap::new();
    let mut entries = BTreeMap::<&str, OverlayEntry>::new();
    for (model, served) in table.served() {
        let Some(quota) = account.known.get(model.name) else {
            continue;
        };
        let name = match served.pool {
            Some(pool) => *first_of_pool.entry(pool).or_insert(model.name),
            None => model.name,
        };
        let entry = entries.entry(name).or_insert_with(|| OverlayEntry {
            pool: served.pool,
            quota: ModelLimits::default(),
            limits: Vec::new(),
        });
        entry.quota.merge(quota);
        entry.limits = replacing(entry.quota.limits(), served.limits);
    }
    // An overlay without limits would remove those of the table.
    entries.retain(|_, entry| !entry.limits.is_empty());
    Overlay(entries)
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

impl Overlay {
    pub(super) fn write_yaml(
        &self,
        table: Region,
        endpoint: &Endpoint,
        unknown: &BTreeMap<String, ModelLimits>,
        output: &mut impl Write,
    ) -> anyhow::Result<()> {
        let (region, url) = (endpoint.region(), endpoint.url());
        let date = today()?;
        writeln!(
            output,
            "\
# The limits of an account, as an overlay of the table `{table}`.
# Written by `model-studio-limits quotas` on {date}.
# Region: {region}
# Source: {url}
#
# Where the limits of the key's workspace are lower than those of the account, they are written
# instead, and listed in a comment.
#
# A limit replaces the one of the same kind and window in the table. If the table has another window
# for a kind, that window is written too, with the rate of the account. Otherwise the number in the
# table would still hold."
        )?;
        if self.0.is_empty() {
            writeln!(output, "limits: {{}}")?;
        } else {
            writeln!(output, "limits:")?;
        }
        for (name, entry) in &self.0 {
            if let Some(pool) = entry.pool {
                writeln!(output, "  # for all models of the pool `{pool}`")?;
            }
            let workspace = entry.quota.limits_of_workspace();
            if !workspace.is_empty() {
                let limits = DisplayLimits(&workspace);
                writeln!(output, "  # workspace limits: {limits}")?;
            }
            // In quotes if YAML needs them.
            let name = serde_yaml::to_string(name)?;
            writeln!(output, "  {}: {}", name.trim_end(), flow(&entry.limits)?)?;
        }
        if !unknown.is_empty() {
            writeln!(output, "# Models that are not in the table:")?;
        }
        for (name, quota) in unknown {
            writeln!(output, "#   {}: {}", Escaped(name), flow(&quota.limits())?)?;
        }
        Ok(())
    }

    pub(super) fn write_json(&self, output: &mut impl Write) -> io::Result<()> {
        let limits: BTreeMap<&str, Limits> = self
            .0
            .iter()
            .map(|(name, entry)| (*name, to_limits(&entry.limits)))
            .collect();
        serde_json::to_writer_pretty(&mut *output, &BTreeMap::from([("limits", limits)]))?;
        writeln!(output)
    }
}

/// Returns the limits in the form of the tables, such as `{ qpm: 600, tokens: 500000 per 6s }`.
fn flow(limits: &[Limit]) -> serde_json::Result<String> {
    // Keys and windows contain none of these characters.
    let json = serde_json::to_string(&to_limits(limits))?.replace('"', "");
    let spaced = json.replace(':', ": ").replace(',', ", ");
    Ok(spaced.replace('{', "{ ").replace('}', " }"))
}

/// Leaks the limits, since the program exits soon.
fn to_limits(limits: &[Limit]) -> Limits {
    Limits::new(limits.to_vec().leak())
}
