//! Writes the limits of an account as an overlay of a table.

use std::collections::BTreeMap;
use std::io::{self, Write};

use model_studio_limits::Limits;
use model_studio_limits_core::{DisplayLimits, Escaped, Limit};
use model_studio_provider::Region;
use model_studio_provider::quotas::{Endpoint, ModelLimits, OverlayEntry};

use crate::date::today;

/// The entries of the overlay, by model ID.
pub(super) type Overlay = BTreeMap<&'static str, OverlayEntry>;

pub(super) fn write_yaml(
    overlay: &Overlay,
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
    if overlay.is_empty() {
        writeln!(output, "limits: {{}}")?;
    } else {
        writeln!(output, "limits:")?;
    }
    for (name, entry) in overlay {
        if let Some(pool) = entry.pool {
            writeln!(output, "  # for all models of the pool `{pool}`")?;
        }
        if !entry.workspace.is_empty() {
            let limits = DisplayLimits(&entry.workspace);
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

pub(super) fn write_json(overlay: &Overlay, output: &mut impl Write) -> io::Result<()> {
    let limits: BTreeMap<&str, Limits> = overlay
        .iter()
        .map(|(name, entry)| (*name, to_limits(&entry.limits)))
        .collect();
    serde_json::to_writer_pretty(&mut *output, &BTreeMap::from([("limits", limits)]))?;
    writeln!(output)
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
