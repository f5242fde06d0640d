//! Finds what changed since the committed data, and holds back what is implausible.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::deployment::table_of;
use crate::import::held_back::Decisions;
use crate::import::measures;
use crate::import::row::{Field, Row};
use crate::sources::GONE_SINCE;

/// The share of a table's rows, in percent, of which more are not plausibly gone at once.
const MAX_GONE: usize = 3;

/// The changes of a table.
#[derive(Debug, Default)]
pub(super) struct TableChanges {
    /// The numbers of rows, before and after.
    pub(super) rows: [usize; 2],
    pub(super) new: Vec<String>,
    pub(super) gone: Vec<String>,
    /// No longer on the page, but kept for a release.
    pub(super) deprecated: Vec<String>,
    /// Old and new names.
    pub(super) renamed: Vec<[String; 2]>,
    /// The names of models, by what changed in their limits.
    pub(super) limits: BTreeMap<String, Vec<String>>,
    /// The names of models, by what else changed.
    pub(super) others: BTreeMap<String, Vec<String>>,
    pub(super) life_cycle: LifeCycleChanges,
}

/// The names of models in a table whose retirement changed.
#[derive(Debug, Default)]
pub(super) struct LifeCycleChanges {
    pub(super) deprecated: Vec<String>,
    pub(super) retired: Vec<String>,
    /// Those with another date.
    pub(super) dates: Vec<String>,
    /// Those with another replacement.
    pub(super) replaced: Vec<String>,
    /// All of them, and what else changed, by what changed.
    pub(super) all: BTreeMap<String, Vec<String>>,
}

/// The changes by the name of the table.
pub(super) type Changes = BTreeMap<&'static str, TableChanges>;

/// The committed data, and what is known about it.
pub(super) struct Committed<'a> {
    pub(super) rows: &'a [Row],
    pub(super) date: &'a str,
    /// The date of the pages that are imported.
    pub(super) next_date: &'a str,
    /// The regions and names of models that have been retired at that date.
    pub(super) retired: &'a HashSet<(&'a str, &'a str)>,
}

/// Compares the rows of the page with the committed ones. Returns the rows without the changes that are
/// held back.
pub(super) fn apply(
    committed: &Committed<'_>,
    rows: Vec<Row>,
    decisions: &mut Decisions<'_>,
) -> (Vec<Row>, Changes) {
    let rows = without_returned(committed, rows, decisions);
    let rows = with_renamed(committed, rows);
    let rows = with_plausible_limits(committed, rows, decisions);
    let rows = with_gone(committed, rows, decisions);
    let changes = compare(committed.rows, &rows);
    (rows, changes)
}

/// Returns the rows without those of models that have been retired.
fn without_returned(
    committed: &Committed<'_>,
    rows: Vec<Row>,
    decisions: &mut Decisions<'_>,
) -> Vec<Row> {
    let known: HashSet<_> = committed.rows.iter().map(region_and_name).collect();
    let is_kept = |row: &Row| {
        let key = region_and_name(row);
        let has_returned = committed.retired.contains(&key) && !known.contains(&key);
        let reason = || "a retired model returns".to_owned();
        !(has_returned && decisions.hold(key.1, table(row), reason()))
    };
    rows.into_iter().filter(is_kept).collect()
}

/// Returns the rows with a remark for those that had another name.
fn with_renamed(committed: &Committed<'_>, mut rows: Vec<Row>) -> Vec<Row> {
    let month = committed.date.get(..7).unwrap_or_default();
    let renamed = renamed(committed.rows, &rows);
    for (old, new) in renamed {
        let note = format!("was {} in {month}", committed.rows[old].get(Field::Name));
        rows[new].add(Field::Note, "; ", &note);
    }
    rows
}

/// Returns the rows in which limits that changed implausibly are those of the committed data.
fn with_plausible_limits(
    committed: &Committed<'_>,
    mut rows: Vec<Row>,
    decisions: &mut Decisions<'_>,
) -> Vec<Row> {
    let pairs = pairs(committed.rows, &rows);
    for (old, new) in pairs {
        let (old, new) = (&committed.rows[old], &mut rows[new]);
        let changes = measures::changes(old, new);
        let mut implausible = changes.iter().filter(|change| change.is_implausible);
        let Some(change) = implausible.next() else {
            continue;
        };
        let name = new.get(Field::Name).to_owned();
        if decisions.hold(&name, table(new), change.text.clone()) {
            let rest = [Field::Dynamic, Field::Tiers, Field::SharedBy, Field::Note];
            for field in Field::LIMITS.into_iter().chain(rest) {
                new.set(field, old.get(field));
            }
        }
    }
    rows
}

/// Returns the rows with those of the committed data that are gone and are kept: all of a table if too
/// many are gone, and otherwise those without a notice, which become deprecated.
fn with_gone(
    committed: &Committed<'_>,
    mut rows: Vec<Row>,
    decisions: &mut Decisions<'_>,
) -> Vec<Row> {
    let pairs = pairs(committed.rows, &rows);
    let on_page: HashSet<_> = pairs.iter().map(|(old, _)| *old).collect();
    // The quotas of which the page states another size, without the models that are gone.
    let resized = pairs.iter().filter_map(|(old, new)| {
        let quotas = [&committed.rows[*old], &rows[*new]].map(quota);
        (quotas[0] != quotas[1]).then_some(quotas[0])
    });
    let resized: HashSet<[String; 2]> = resized.map(|quota| quota.map(str::to_owned)).collect();
    let mut by_name: BTreeMap<(&str, &'static str), Vec<usize>> = BTreeMap::new();
    for (index, row) in committed.rows.iter().enumerate() {
        if gone_since(row).is_some() {
            continue;
        }
        let region = row.get(Field::Region);
        let has_region = rows.iter().any(|row| row.get(Field::Region) == region);
        let name = if has_region { table(row) } else { region };
        by_name.entry((name, table(row))).or_default().push(index);
    }
    let mut restored: HashSet<usize> = HashSet::new();
    for ((name, table), indices) in by_name {
        let is_gone = |index: &&usize| !on_page.contains(index);
        let gone: Vec<_> = indices.iter().filter(is_gone).collect();
        if gone.len() * 100 <= indices.len() * MAX_GONE {
            continue;
        }
        let (count, all) = (gone.len(), indices.len());
        let names = gone
            .iter()
            .map(|index| committed.rows[**index].get(Field::Name));
        let names = names.collect::<Vec<_>>().join(", ");
        let reason = format!("{count} of {all} rows are gone: {names}");
        if decisions.hold(name, table, reason) {
            restored.extend(gone);
        }
    }
    for (index, row) in committed.rows.iter().enumerate() {
        if on_page.contains(&index) {
            continue;
        }
        let mut row = row.clone();
        if !restored.contains(&index) && !keep_deprecated(committed, &mut row, decisions) {
            continue;
        }
        if resized.contains(&quota(&row).map(str::to_owned)) {
            row.set(Field::SharedBy, "");
        }
        // Below the row that it followed.
        let above = index
            .checked_sub(1)
            .map(|above| committed.rows[above].key());
        let above = rows.iter().position(|row| Some(row.key()) == above);
        rows.insert(above.map_or(0, |above| above + 1), row);
    }
    rows
}

/// Marks a row that is no longer on the page. Returns `false` if it is removed, because it has been
/// announced or accepted.
fn keep_deprecated(
    committed: &Committed<'_>,
    row: &mut Row,
    decisions: &mut Decisions<'_>,
) -> bool {
    let key @ (_, name) = region_and_name(row);
    if committed.retired.contains(&key) {
        return false;
    }
    if let Some(date) = gone_since(row) {
        let reason = format!("gone since {date}; accept this after a release with the deprecation");
        return decisions.hold(name, table(row), reason);
    }
    let remark = format!("{GONE_SINCE}{}", committed.next_date);
    row.add(Field::Note, "; ", &remark);
    // The page states the sizes of pools without it.
    row.set(Field::SharedBy, "");
    true
}

/// Returns the region of a row, and the remark about the quota that it shares.
fn quota(row: &Row) -> [&str; 2] {
    [Field::Region, Field::SharedBy].map(|field| row.get(field))
}

/// Returns the date since which a row is no longer on the page.
fn gone_since(row: &Row) -> Option<&str> {
    let mut remarks = row.get(Field::Note).split("; ");
    remarks.find_map(|remark| remark.strip_prefix(GONE_SINCE))
}

/// Returns the indices of old and new rows of the same model, also of one that was renamed.
fn pairs(old: &[Row], new: &[Row]) -> Vec<(usize, usize)> {
    let by_key: HashMap<_, _> = (0..)
        .zip(new)
        .map(|(index, row)| (row.key(), index))
        .collect();
    let same = (0..).zip(old).filter_map(|(index, row)| {
        let found = by_key.get(&row.key());
        found.map(|found| (index, *found))
    });
    same.chain(renamed(old, new)).collect()
}

/// Returns the indices of rows whose names differ by the deployment scope at the end, as in `qwen-plus`
/// and `qwen-plus-us`. The provider has added and removed such suffixes.
fn renamed(old: &[Row], new: &[Row]) -> Vec<(usize, usize)> {
    let [old_keys, new_keys] = [old, new].map(|rows| {
        let keys: HashSet<_> = rows.iter().map(Row::key).collect();
        keys
    });
    let added = (0..)
        .zip(new)
        .filter(|(_, row)| !old_keys.contains(&row.key()));
    let added: Vec<(usize, &Row)> = added.collect();
    let gone = (0..)
        .zip(old)
        .filter(|(_, row)| !new_keys.contains(&row.key()));
    let renamed = gone.filter_map(|(index, gone)| {
        let mut added = added.iter();
        let found = added.find(|(_, row)| has_suffix(gone, row) || has_suffix(row, gone));
        found.map(|(found, _)| (index, *found))
    });
    renamed.collect()
}

/// Returns `true` if the name of a row is that of another one with its deployment scope.
fn has_suffix(row: &Row, other: &Row) -> bool {
    let [region, scope, name] = other.key();
    let with_suffix = row.get(Field::Name).strip_suffix(scope);
    row.get(Field::Region) == region
        && with_suffix.and_then(|name| name.strip_suffix('-')) == Some(name)
}

fn compare(old: &[Row], new: &[Row]) -> Changes {
    let mut tables = Changes::new();
    for (index, rows) in [old, new].into_iter().enumerate() {
        for row in rows {
            tables.entry(table(row)).or_default().rows[index] += 1;
        }
    }
    let pairs = pairs(old, new);
    let in_pairs: [HashSet<usize>; 2] = [
        pairs.iter().map(|(old, _)| *old).collect(),
        pairs.iter().map(|(_, new)| *new).collect(),
    ];
    for (index, row) in old.iter().enumerate() {
        if !in_pairs[0].contains(&index) {
            let gone = &mut tables.entry(table(row)).or_default().gone;
            gone.push(row.get(Field::Name).to_owned());
        }
    }
    for (index, row) in new.iter().enumerate() {
        if !in_pairs[1].contains(&index) {
            let new = &mut tables.entry(table(row)).or_default().new;
            new.push(row.get(Field::Name).to_owned());
        }
    }
    for (index, new_index) in pairs {
        let (old, new) = (&old[index], &new[new_index]);
        let changes = tables.entry(table(new)).or_default();
        let name = new.get(Field::Name);
        let is_renamed = old.get(Field::Name) != name;
        let is_deprecated = gone_since(old) != gone_since(new);
        if is_deprecated {
            changes.deprecated.push(name.to_owned());
        }
        if is_renamed {
            let names = [old.get(Field::Name), name].map(str::to_owned);
            changes.renamed.push(names);
        }
        for change in measures::changes(old, new) {
            changes
                .limits
                .entry(change.text)
                .or_default()
                .push(name.to_owned());
        }
        for field in Field::OTHERS {
            if field == Field::Note && (is_renamed || is_deprecated) {
                // The lists above have what the remark says.
                continue;
            }
            let [old, new] = [old, new].map(|row| row.get(field));
            if old != new {
                let [old, new] = [old, new].map(|text| match text {
                    "" => "none".to_owned(),
                    text => format!("`{text}`"),
                });
                let text = format!("{}: {old} -> {new}", field.name());
                changes
                    .others
                    .entry(text)
                    .or_default()
                    .push(name.to_owned());
            }
        }
    }
    tables
}

impl TableChanges {
    pub(super) fn has_any(&self) -> bool {
        let names = [&self.new, &self.gone, &self.deprecated]
            .into_iter()
            .any(|names| !names.is_empty());
        let texts = [&self.limits, &self.others, &self.life_cycle.all]
            .into_iter()
            .any(|texts| !texts.is_empty());
        names || texts || !self.renamed.is_empty()
    }
}

impl LifeCycleChanges {
    pub(super) fn add(&mut self, text: String, name: &str) {
        self.all.entry(text).or_default().push(name.to_owned());
    }
}

fn region_and_name(row: &Row) -> (&str, &str) {
    (row.get(Field::Region), row.get(Field::Name))
}

fn table(row: &Row) -> &'static str {
    let [region, scope, _] = row.key();
    table_of(region, scope)
}
