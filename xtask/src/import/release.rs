//! The release that an import requires, and its entry in the changelog.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::import::changes::{Changes, TableChanges};
use crate::import::row::Field;

/// Returns the kind of release that the rules in `CONTRIBUTING.md` require, and why.
pub(super) fn kind(changes: &Changes) -> &'static str {
    let mut tables = changes.values();
    if tables.clone().any(removes_names) {
        "A minor release, because names are removed or deprecated."
    } else if tables.any(|table| !table.new.is_empty() || !table.limits.is_empty()) {
        "A patch release, because models are added or limits change."
    } else {
        "None is required, because neither models nor limits change."
    }
}

fn removes_names(table: &TableChanges) -> bool {
    let aliases = Field::Aliases.name();
    let mut others = table.others.keys();
    let changes_aliases = others.any(|change| change.starts_with(aliases));
    let mut lists = [&table.gone, &table.deprecated].into_iter();
    lists.any(|names| !names.is_empty()) || !table.renamed.is_empty() || changes_aliases
}

/// Returns the entry for `CHANGELOG.md`.
pub(super) fn entry(date: &str, changes: &Changes) -> String {
    let mut entry = format!("- The tables are as of {date}.\n");
    let renamed = |table: &TableChanges| {
        let renamed = table
            .renamed
            .iter()
            .map(|[old, new]| format!("{old}` to `{new}"));
        renamed.collect()
    };
    let limits = |table: &TableChanges| table.limits.values().flatten().cloned().collect();
    for (verb, models) in [
        ("Added", by_model(changes, |table| table.new.clone())),
        (
            "Deprecated",
            by_model(changes, |table| table.deprecated.clone()),
        ),
        ("Removed", by_model(changes, |table| table.gone.clone())),
        ("Renamed", by_model(changes, renamed)),
        ("Changed the limits of", by_model(changes, limits)),
    ] {
        if models.is_empty() {
            continue;
        }
        let models = models
            .iter()
            .map(|(name, tables)| format!("`{name}` ({})", tables.join(", ")));
        let models = models.collect::<Vec<_>>().join(", ");
        _ = writeln!(entry, "- {verb} {models}.");
    }
    entry
}

/// Returns the tables by model. What is not a model ID is not in the tables.
fn by_model(
    changes: &Changes,
    models: impl Fn(&TableChanges) -> Vec<String>,
) -> BTreeMap<String, Vec<&'static str>> {
    let mut by_model: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for (table, changes) in changes {
        for model in models(changes).into_iter().filter(|model| model.is_ascii()) {
            let tables = by_model.entry(model).or_default();
            if !tables.contains(table) {
                tables.push(table);
            }
        }
    }
    by_model
}
