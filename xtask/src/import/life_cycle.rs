//! Compares the tables of the committed data with those of the imported data, for what is not on the rate
//! limit page: retirement and exact windows.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::deviations::Deviations;
use crate::import::changes::{Changes, LifeCycleChanges};
use crate::read::{Data, DataFiles};
use crate::rules;
use crate::table::{Deprecation, RegionTable, Retirement, TableRow};

/// The changes of the tables, and what the report must mention.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) changes: Changes,
    /// The names of models, by what the sources say differently since this import.
    pub(super) conflicts: BTreeMap<String, Vec<String>>,
}

/// Adds the changes of the tables to those of the rate limit page. If the imported data has an error, there
/// are none: it is reported when the tables are written.
pub(super) fn compare(
    mut changes: Changes,
    committed: &DataFiles,
    files: &DataFiles,
) -> Result<Comparison, String> {
    let [mut old_deviations, mut new_deviations] = [Deviations::default(), Deviations::default()];
    let (old, new) = (Data::parse(committed)?, Data::parse(files)?);
    let old = rules::without_properties(&old, &mut old_deviations)?;
    let new = rules::without_properties(&new, &mut new_deviations).unwrap_or_default();
    for (old, new) in old.iter().zip(&new) {
        let changes = changes.entry(new.deployment.file).or_default();
        compare_retirement(old, new, &mut changes.life_cycle);
        for (old, new) in pairs(old, new) {
            if old.page_limits == new.page_limits && old.limits != new.limits {
                let text = format!("{} -> {}", limits(old), limits(new));
                let name = new.listing.name.text.to_owned();
                changes.limits.entry(text).or_default().push(name);
            }
        }
    }
    changes.retain(|_, changes| changes.has_any());
    let conflicts = match new[..] {
        [] => BTreeMap::new(),
        _ => conflicts(&old_deviations, &new_deviations),
    };
    Ok(Comparison { changes, conflicts })
}

/// Returns the rows that both tables have.
fn pairs<'t, 'a>(
    old: &'t RegionTable<'a>,
    new: &'t RegionTable<'a>,
) -> impl Iterator<Item = (&'t TableRow<'a>, &'t TableRow<'a>)> {
    let by_name = |row: &'t TableRow<'a>| (row.listing.name.text, row);
    let old: HashMap<_, _> = old.rows.iter().map(by_name).collect();
    let new = new.rows.iter().map(by_name);
    new.filter_map(move |(name, new)| old.get(name).map(|old| (*old, new)))
}

fn limits(row: &TableRow<'_>) -> String {
    let limits = row.limits.iter().map(|limit| format!("`{limit}`"));
    limits.collect::<Vec<_>>().join(", ")
}

fn compare_retirement(
    old: &RegionTable<'_>,
    new: &RegionTable<'_>,
    changes: &mut LifeCycleChanges,
) {
    for row in &new.rows {
        let name = row.listing.name.text;
        let found = old.rows.iter().find(|old| old.listing.name.text == name);
        let before = found.and_then(announced);
        match (before, announced(row)) {
            (None, Some(retirement)) => {
                let end = end(retirement);
                if found.is_none() {
                    changes.add(format!("new, but retires on {end}"), name);
                } else {
                    changes.add(format!("deprecated, retires on {end}"), name);
                }
                if found.is_some_and(|row| row.deprecation.is_none()) {
                    changes.deprecated.push(name.to_owned());
                }
            }
            (Some(_), None) => changes.add("no longer deprecated".to_owned(), name),
            (Some(old), Some(new)) => compare_ends(old, new, name, changes),
            (None, None) => {}
        }
    }
    for (name, retirement) in &new.retired {
        let mut before = old.retired.iter();
        if let Some((_, before)) = before.find(|(other, _)| other == name) {
            compare_ends(before, retirement, name, changes);
        } else {
            changes.add(format!("retired on {}", end(retirement)), name);
            changes.retired.push((*name).to_owned());
        }
    }
    for (name, _) in &old.retired {
        if !new.retired.iter().any(|(other, _)| other == name) {
            changes.add("no longer retired".to_owned(), name);
        }
    }
}

fn compare_ends(
    old: &Retirement<'_>,
    new: &Retirement<'_>,
    name: &str,
    changes: &mut LifeCycleChanges,
) {
    let (from, to) = (old.date, new.date);
    if from != to {
        let verb = if from < to {
            "postponed"
        } else {
            "brought forward"
        };
        changes.add(format!("retirement {verb} from {from} to {to}"), name);
        changes.dates.push(name.to_owned());
    }
    let [from, to] = [old, new].map(|end| replacement(end).unwrap_or("none"));
    if from != to {
        changes.add(format!("replacement: {from} -> {to}"), name);
        changes.replaced.push(name.to_owned());
    }
}

/// Returns the retirement that the provider announced for a model.
fn announced<'t, 'a>(row: &'t TableRow<'a>) -> Option<&'t Retirement<'a>> {
    match &row.deprecation {
        Some(Deprecation::Announced(retirement)) => Some(retirement),
        Some(Deprecation::Gone(_)) | None => None,
    }
}

/// Returns the date and the replacement.
fn end(retirement: &Retirement<'_>) -> String {
    let date = retirement.date;
    match replacement(retirement) {
        Some(replacement) => format!("{date}, replaced by {replacement}"),
        None => date.to_owned(),
    }
}

/// Returns the replacement: a model of the table, or the provider's words.
fn replacement<'t>(retirement: &'t Retirement<'_>) -> Option<&'t str> {
    let note = retirement.note.as_deref().unwrap_or_default();
    let mut remarks = note.split("; ");
    let words = || remarks.find_map(|remark| remark.strip_prefix("replaced by "));
    retirement.replacement.or_else(words)
}

/// Returns the deviations about notices and windows that the committed data does not have.
fn conflicts(old: &Deviations, new: &Deviations) -> BTreeMap<String, Vec<String>> {
    let old: HashSet<_> = old.0.lines().map(without_lines).collect();
    let is_about = |line: &&str| line.starts_with("windows-") || line.starts_with("lifecycle-");
    let new = new.0.lines().filter(is_about);
    let mut conflicts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in new.filter(|line| !old.contains(&without_lines(line))) {
        let mut parts = line.splitn(3, ": ").skip(1);
        if let (Some(name), Some(message)) = (parts.next(), parts.next()) {
            let names = conflicts.entry(message.to_owned()).or_default();
            names.push(name.to_owned());
        }
    }
    conflicts
}

/// Returns a deviation up to the number of another line. Names of files and numbers of lines change with
/// each import.
fn without_lines(deviation: &str) -> Vec<&str> {
    let mut words: Vec<_> = deviation.split(' ').skip(1).collect();
    if let Some(index) = words.iter().position(|word| *word == "line") {
        words.truncate(index + 1);
    }
    words
}
