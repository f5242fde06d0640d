//! Writes the report of an import, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::import::changes::{Changes, TableChanges};
use crate::import::held_back::HeldBack;
use crate::import::release;

/// Returns the report as Markdown. The dates are those of the committed data and of the pages.
pub(super) fn write(
    dates: [&str; 2],
    changes: &Changes,
    held_back: &[HeldBack],
    remarks: &[String],
) -> String {
    let [old, new] = dates;
    let mut report = format!("# Import of the pages of {new}\n\nCompared with the data of {old}.");
    if new < old {
        report.push_str(" The pages are older than the data.");
    }
    if changes.is_empty() {
        report.push_str(" Nothing changed.");
    }
    report.push('\n');
    push_held_back(&mut report, held_back);
    for (table, changes) in changes {
        push_table(&mut report, table, changes);
    }
    if !changes.is_empty() {
        let (kind, entry) = (release::kind(changes), release::entry(new, changes));
        _ = write!(
            report,
            "\n## Release\n\n{kind} The entry for CHANGELOG.md:\n\n{entry}"
        );
    }
    if !remarks.is_empty() {
        report.push_str("\n## Remarks\n\n");
        for remark in remarks {
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
}

/// Writes a line for each change, with the models that have it.
fn push_groups(report: &mut String, groups: &BTreeMap<String, Vec<String>>) {
    for (change, names) in groups {
        _ = writeln!(report, "- {change}: {}", list(names));
    }
}

fn list(names: &[String]) -> String {
    let names = names.iter().map(|name| format!("`{name}`"));
    names.collect::<Vec<_>>().join(", ")
}
