//! The release that an import requires, and its entry in the changelog.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::import::changes::{Changes, TableChanges};
use crate::import::property_changes::PropertyChanges;
use crate::import::row::Field;

/// Returns the kind of release that the rules in `CONTRIBUTING.md` require, and why.
pub(super) fn kind(tables: &Changes, properties: &PropertyChanges) -> &'static str {
    let any = |has: fn(&TableChanges) -> bool| tables.values().any(has);
    if any(removes_names) {
        "A minor release, because names are removed or deprecated."
    } else if any(|table| !table.new.is_empty() || !table.limits.is_empty()) {
        "A patch release, because models are added or limits change."
    } else if any(|table| !table.life_cycle.all.is_empty()) {
        "A patch release, because retired names, retirement dates or replacements change."
    } else if properties.in_tables().next().is_some() {
        "A patch release, because properties change."
    } else {
        "None is required, because neither models, limits nor properties change."
    }
}

fn removes_names(table: &TableChanges) -> bool {
    let aliases = Field::Aliases.name();
    let mut others = table.others.keys();
    let changes_aliases = others.any(|change| change.starts_with(aliases));
    let announced = &table.life_cycle.deprecated;
    let mut lists = [&table.gone, &table.deprecated, announced].into_iter();
    lists.any(|names| !names.is_empty()) || !table.renamed.is_empty() || changes_aliases
}

/// Returns the entry for `CHANGELOG.md`.
pub(super) fn entry(date: &str, changes: &Changes, properties: &PropertyChanges) -> String {
    let mut entry = if changes.is_empty() {
        format!("- The properties are as of {date}.\n")
    } else {
        format!("- The tables are as of {date}.\n")
    };
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
            by_model(changes, |table| {
                let announced = &table.life_cycle.deprecated;
                [&table.deprecated[..], announced].concat()
            }),
        ),
        ("Removed", by_model(changes, |table| table.gone.clone())),
        ("Renamed", by_model(changes, renamed)),
        ("Changed the limits of", by_model(changes, limits)),
        ("Changed the properties of", models(properties.in_tables())),
        (
            "Added the retired names",
            by_model(changes, |table| table.life_cycle.retired.clone()),
        ),
        (
            "Changed the date of the retirement of",
            by_model(changes, |table| table.life_cycle.dates.clone()),
        ),
        (
            "Changed the replacement of",
            by_model(changes, |table| table.life_cycle.replaced.clone()),
        ),
    ] {
        if models.is_empty() {
            continue;
        }
        _ = writeln!(entry, "- {verb} {models}.");
    }
    entry
}

/// Returns the models with their tables. What is not a model ID is not in the tables.
fn by_model(changes: &Changes, names: impl Fn(&TableChanges) -> Vec<String>) -> String {
    let changes = changes.iter();
    let names = changes.flat_map(|(table, changes)| {
        let names = names(changes).into_iter().filter(|name| name.is_ascii());
        names.map(|name| (name, *table))
    });
    let names: Vec<_> = names.collect();
    models(names.iter().map(|(name, table)| (name.as_str(), *table)))
}

/// Returns a list of models, each with its tables.
pub(super) fn models<'a>(names: impl Iterator<Item = (&'a str, &'static str)>) -> String {
    let mut by_model: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, table) in names {
        let tables = by_model.entry(name).or_default();
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    let models = by_model.iter();
    let models = models.map(|(name, tables)| format!("`{name}` ({})", tables.join(", ")));
    models.collect::<Vec<_>>().join(", ")
}
