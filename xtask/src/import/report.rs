//! Writes the report of an import, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::import::changes::{Changes, TableChanges};
use crate::import::held_back::HeldBack;
use crate::import::property_changes::{Groups, PropertyChanges};
use crate::import::release;

/// What the report is about.
pub(super) struct Report<'a> {
    /// The dates of the committed data and of the pages.
    pub(super) dates: [&'a str; 2],
    pub(super) tables: &'a Changes,
    pub(super) properties: &'a PropertyChanges,
    /// The limits of the model cards that are not those of the rate limit page.
    pub(super) card_conflicts: &'a Groups,
    /// The names of models, by what other sources say differently since this import.
    pub(super) conflicts: &'a BTreeMap<String, Vec<String>>,
    pub(super) held_back: &'a [HeldBack],
    pub(super) remarks: &'a [String],
}

/// Returns the report as Markdown.
pub(super) fn write(about: &Report<'_>) -> String {
    let [old, new] = about.dates;
    let (tables, properties) = (about.tables, about.properties);
    let mut report = format!("# Import of the pages of {new}\n\nCompared with the data of {old}.");
    if new < old {
        report.push_str(" The pages are older than the data.");
    }
    let has_changes = !tables.is_empty() || properties.has_any();
    if !has_changes {
        report.push_str(" Nothing changed.");
    }
    report.push('\n');
    push_held_back(&mut report, about.held_back);
    for (table, changes) in tables {
        push_table(&mut report, table, changes);
    }
    push_properties(&mut report, properties);
    if has_changes {
        let kind = release::kind(tables, properties);
        let entry = release::entry(new, tables, properties);
        _ = write!(
            report,
            "\n## Release\n\n{kind} The entry for CHANGELOG.md:\n\n{entry}"
        );
    }
    push_models(
        &mut report,
        "Limits of the model cards that are not used",
        "The data has the limits of the rate limit page. These model cards have others.",
        about.card_conflicts,
    );
    if !about.conflicts.is_empty() {
        report.push_str("\n## Sources that differ\n\n");
        report.push_str("The rules in xtask/README.md decide what the tables have.\n\n");
        push_groups(&mut report, about.conflicts);
    }
    if !about.remarks.is_empty() {
        report.push_str("\n## Remarks\n\n");
        for remark in about.remarks {
            _ = writeln!(report, "- {remark}");
        }
    }
    report
}

fn push_held_back(report: &mut String, held_back: &[HeldBack]) {
    if held_back.is_empty() {
        return;
    }
    report.push_str("\n## Held back\n\n");
    report.push_str("The data keeps what it had. To accept a change, repeat the import with ");
    report.push_str("`--accept NAME`.\n\n");
    for HeldBack {
        name,
        place,
        reason,
    } in held_back
    {
        _ = writeln!(report, "- `{name}` in {place}: {reason}");
    }
}

fn push_table(report: &mut String, table: &str, changes: &TableChanges) {
    let [old, new] = changes.rows;
    _ = writeln!(report, "\n## {table}: {new} rows, {old} before\n");
    for (title, names) in [
        ("New", &changes.new),
        (
            "Gone, and deprecated until it is accepted",
            &changes.deprecated,
        ),
        ("Removed", &changes.gone),
    ] {
        if !names.is_empty() {
            _ = writeln!(report, "- {title} ({}): {}", names.len(), list(names));
        }
    }
    if !changes.renamed.is_empty() {
        let renamed = changes
            .renamed
            .iter()
            .map(|[old, new]| format!("`{old}` -> `{new}`"));
        let renamed: Vec<_> = renamed.collect();
        let (count, renamed) = (renamed.len(), renamed.join(", "));
        _ = writeln!(report, "- Renamed ({count}): {renamed}");
    }
    push_groups(report, &changes.limits);
    push_groups(report, &changes.others);
    push_groups(report, &changes.life_cycle.all);
}

/// Writes a line for each change, with the models that have it.
fn push_groups(report: &mut String, groups: &BTreeMap<String, Vec<String>>) {
    for (change, names) in groups {
        _ = writeln!(report, "- {change}: {}", list(names));
    }
}

fn push_properties(report: &mut String, changes: &PropertyChanges) {
    push_models(report, "Properties", "Changed:", &changes.changed);
    push_models(
        report,
        "Properties of models that had none",
        "From their model cards:",
        &changes.new,
    );
    push_models(
        report,
        "Properties that are not taken",
        "The data is newer than these model cards, and keeps what it has.",
        &changes.not_taken,
    );
}

/// Writes a section with a line for each group of models, unless there are none.
fn push_models(report: &mut String, title: &str, text: &str, groups: &Groups) {
    if groups.is_empty() {
        return;
    }
    _ = writeln!(report, "\n## {title}\n\n{text}\n");
    for (what, places) in groups {
        let count = match places.len() {
            1 => String::new(),
            count => format!(" ({count} rows)"),
        };
        let models = release::models(places.iter().map(|(name, table)| (name.as_str(), *table)));
        _ = writeln!(report, "- {what}{count}: {models}");
    }
}

fn list(names: &[String]) -> String {
    let names = names.iter().map(|name| format!("`{name}`"));
    names.collect::<Vec<_>>().join(", ")
}
