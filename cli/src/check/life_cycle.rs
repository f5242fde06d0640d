//! What the tables say about each model ID as of a date.

use std::collections::{BTreeMap, BTreeSet};

use model_studio_limits::Date;
use model_studio_provider::{Status, Table, TableModel};

use super::finding::Problem;
use super::rules::{Dates, Subject};

/// The life cycle of every model ID in the tables.
pub(super) struct LifeCycles {
    /// The model IDs that are deprecated or retired in every table that counts.
    pub(super) ended: Vec<(&'static str, Problem)>,
    /// Every model ID and alias, also those of tables that do not count.
    pub(super) known: BTreeSet<&'static str>,
}

impl LifeCycles {
    /// Collects the life cycles in the tables. Names of `others` are known too.
    pub(super) fn new(tables: &[Table], others: &[Table], dates: Dates) -> Self {
        let mut by_name = BTreeMap::<&str, Vec<&TableModel>>::new();
        for model in tables.iter().flat_map(|table| &table.models) {
            for name in model.names() {
                by_name.entry(name).or_default().push(model);
            }
        }
        // A model that is still served somewhere can be used there.
        let statuses = by_name.iter().filter_map(|(name, models)| {
            let statuses = models.iter().map(|model| model.status);
            Some((*name, statuses.max_by_key(|status| served_until(*status))?))
        });
        let statuses: BTreeMap<&str, Status> = statuses
            .filter(|(_, status)| *status != Status::Active)
            .collect();
        let ended = statuses.iter().filter_map(|(name, status)| {
            let is_ended = |name: &str| statuses.contains_key(name);
            let replacements = active_replacements(name, is_ended, &by_name);
            let problem = Problem::new(name, Subject::Model(*status), dates, replacements)?;
            Some((*name, problem))
        });
        let ended = ended.collect();

        let models = tables.iter().chain(others).flat_map(|table| &table.models);
        let known = models.flat_map(TableModel::names).collect();
        Self { ended, known }
    }
}

/// Orders statuses by how long the model is served.
fn served_until(status: Status) -> (u8, Option<Date>) {
    match status {
        Status::Retired(on) => (0, Some(on)),
        Status::Deprecated(Some(date)) => (1, Some(date)),
        Status::Deprecated(None) => (2, None),
        Status::Active => (3, None),
    }
}

/// Returns the active models that the provider recommends instead of a deprecated or retired one. There
/// are several if regions differ. If a replacement is not active either, its own replacements are used.
fn active_replacements(
    name: &'static str,
    is_ended: impl Fn(&str) -> bool,
    models: &BTreeMap<&str, Vec<&TableModel>>,
) -> Vec<&'static str> {
    let mut ended = BTreeSet::new();
    let mut active = BTreeSet::new();
    let mut next = vec![name];
    while let Some(name) = next.pop() {
        if !is_ended(name) {
            active.insert(name);
        } else if ended.insert(name) {
            next.extend(models[name].iter().filter_map(|model| model.replacement));
        }
    }
    active.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::LifeCycles;
    use crate::check::rules::Dates;
    use crate::own_table;

    /// Returns what is written instead of `old`, and what the message recommends, if each of these is
    /// its replacement in one region.
    fn instead(replacements: &[&str]) -> (Option<&'static str>, Vec<&'static str>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("limits.yaml");
        let tables = replacements.iter().map(|replacement| {
            let table = format!(
                "groups: [{{ category: text-generation, series: A, models: [{{ name: {replacement}, limits: none }}] }}]\n\
                 retired: [{{ name: old, on: 2026-01-01, replacement: {replacement} }}]\n"
            );
            fs::write(&path, table).unwrap();
            own_table::read(&path, None).unwrap()
        });
        let tables: Vec<_> = tables.collect();
        let today = "2026-09-01".parse().unwrap();
        let dates = Dates { today, soon: today };
        let mut ended = LifeCycles::new(&tables, &[], dates).ended;
        let (name, problem) = ended.remove(0);
        assert_eq!((name, ended.len()), ("old", 0));
        (problem.fix, problem.instead)
    }

    #[test]
    fn a_replacement_on_which_regions_differ_is_not_written() {
        assert_eq!(instead(&["new"]), (Some("new"), vec!["new"]));
        assert_eq!(instead(&["new", "new"]), (Some("new"), vec!["new"]));
        assert_eq!(instead(&["b", "a", "b"]), (None, vec!["a", "b"]));
    }
}
