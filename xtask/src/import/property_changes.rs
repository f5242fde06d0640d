//! Takes properties from the model cards into the data, without implausible changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::deployment::table_of;
use crate::import::cards::{Cards, Model};
use crate::import::held_back::Decisions;
use crate::import::measures::{self, with_separators};
use crate::import::property_rows::PropertyRow;
use crate::import::row::{Field, Key, Row};
use crate::property::{DECLARATIONS, PropertyKind};

/// The share of the models with a property, in percent, of which more do not plausibly lose it at once.
const MAX_LOST: usize = 3;

/// What changed in the properties.
#[derive(Debug, Default)]
pub(super) struct PropertyChanges {
    /// The models and their tables, by what changed.
    pub(super) changed: Groups,
    /// The models that had no properties before and their tables, by their properties.
    pub(super) new: Groups,
    /// What the cards have, but is not in the data because the cards are older.
    pub(super) not_taken: Groups,
}

impl PropertyChanges {
    pub(super) fn has_any(&self) -> bool {
        !self.changed.is_empty() || !self.new.is_empty()
    }

    /// Returns the models whose properties changed in their tables.
    pub(super) fn in_tables(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let is_declared = |what: &str| {
            let name = what.split(':').next();
            DECLARATIONS.iter().any(|it| Some(it.name) == name)
        };
        let changed = self.changed.iter();
        let changed = changed.filter(move |(what, _)| is_declared(what));
        let models = changed.chain(&self.new).flat_map(|(_, models)| models);
        models.map(|(name, table)| (name.as_str(), *table))
    }
}

/// Models and their tables, by what they have in common.
pub(super) type Groups = BTreeMap<String, Vec<(String, &'static str)>>;

/// A cell of the data that a card changes.
#[derive(Debug)]
struct Update {
    /// The index of the row.
    row: usize,
    column: &'static str,
    old: String,
    new: String,
}

/// Where the properties come from.
pub(super) struct Source<'a> {
    pub(super) cards: &'a Cards,
    /// The rows of the rate limit page.
    pub(super) listed: &'a [Row],
    /// The date of the cards.
    pub(super) date: &'a str,
    /// The cards are older than the data.
    pub(super) is_older: bool,
}

/// Returns the rows for the models of the rate limit page, in its order, with what the cards say.
pub(super) fn apply(
    committed: Vec<PropertyRow>,
    source: &Source<'_>,
    decisions: &mut Decisions<'_>,
) -> (Vec<PropertyRow>, PropertyChanges) {
    let mut changes = PropertyChanges::default();
    if source.cards.is_empty() {
        return (committed, changes);
    }
    let mut rows = Vec::new();
    let mut cards = Vec::new();
    let by_key: HashMap<_, _> = committed.iter().map(|row| (row.key(), row)).collect();
    for listed in source.listed {
        let card = source.cards.find(listed);
        if let Some(row) = find(&by_key, listed) {
            rows.push(row.clone().with("name", listed.get(Field::Name)));
            cards.push(card);
        } else if let Some(row) = card.and_then(|card| new_row(listed, card, source.date)) {
            let groups = if source.is_older {
                &mut changes.not_taken
            } else {
                &mut changes.new
            };
            let properties = describe(&row);
            groups.entry(properties).or_default().push(place(&row));
            if !source.is_older {
                rows.push(row);
                cards.push(None);
            }
        }
    }
    let mut updates = updates(&rows, &cards);
    if source.is_older {
        add(&mut changes.not_taken, &rows, &updates);
        return (committed, changes);
    }
    updates = without_jumps(&rows, updates, decisions);
    updates = without_losses(&rows, updates, decisions);
    add(&mut changes.changed, &rows, &updates);
    for Update {
        row, column, new, ..
    } in updates
    {
        let file = cards[row].map(|card| card.file.as_str());
        let other = std::mem::take(&mut rows[row]).with(column, &new);
        let other = other.with("source", file.unwrap_or_default());
        rows[row] = other.with("page_date", source.date);
    }
    (rows, changes)
}

/// Returns the row of a model, also if only the deployment scope at the end of its name differs.
fn find<'a>(rows: &HashMap<Key<'_>, &'a PropertyRow>, listed: &Row) -> Option<&'a PropertyRow> {
    let key @ [region, scope, name] = listed.key();
    let suffix = format!("-{scope}");
    let without = name.strip_suffix(&suffix).unwrap_or(name);
    let names = [name, without, &format!("{name}{suffix}")];
    let mut found = names.iter().map(|name| rows.get(&[region, scope, name]));
    rows.get(&key)
        .or_else(|| found.find_map(|row| row))
        .copied()
}

/// Returns the row of a model without properties in the data, or `None` if the card has none.
fn new_row(listed: &Row, model: &Model, date: &str) -> Option<PropertyRow> {
    let [region, scope, name] = listed.key();
    let statements = model.statements([region, scope]);
    let cells = statements.iter();
    let cells = cells.filter_map(|(column, text)| Some((*column, text.as_deref()?)));
    let cells: Vec<_> = cells.collect();
    if cells.is_empty() {
        return None;
    }
    let about = [
        ("region", region),
        ("scope", scope),
        ("category", listed.get(Field::Category)),
        ("name", name),
        ("source", &model.file),
        ("page_date", date),
    ];
    let cells = about.into_iter().chain(cells);
    Some(cells.fold(PropertyRow::default(), |row, (column, text)| {
        row.with(column, text)
    }))
}

/// Returns the cells in which the cards differ from the data.
fn updates(rows: &[PropertyRow], models: &[Option<&Model>]) -> Vec<Update> {
    let mut updates = Vec::new();
    for (index, (row, model)) in rows.iter().zip(models).enumerate() {
        let Some(model) = model else {
            continue;
        };
        let [region, scope, _] = row.key();
        for (column, text) in model.statements([region, scope]) {
            let (old, new) = (row.get(column), text.unwrap_or_default());
            if items(old) != items(&new) {
                updates.push(Update {
                    row: index,
                    column,
                    old: old.to_owned(),
                    new,
                });
            }
        }
    }
    updates
}

/// Returns the items of a cell. Their order has no meaning.
fn items(cell: &str) -> BTreeSet<&str> {
    cell.split(',').collect()
}

/// Returns the updates without those of models for which a number changes implausibly.
fn without_jumps(
    rows: &[PropertyRow],
    updates: Vec<Update>,
    decisions: &mut Decisions<'_>,
) -> Vec<Update> {
    let mut held = BTreeSet::new();
    for update in &updates {
        let [old, new] = [&update.old, &update.new].map(|text| text.parse::<u64>().ok());
        let (Some(old), Some(new)) = (old, new) else {
            continue;
        };
        let is_implausible = old.max(new) / old.min(new).max(1) >= measures::IMPLAUSIBLE;
        let (name, table) = place(&rows[update.row]);
        if is_implausible
            && !held.contains(&update.row)
            && decisions.hold(&name, table, update.text())
        {
            held.insert(update.row);
        }
    }
    let updates = updates.into_iter();
    updates
        .filter(|update| !held.contains(&update.row))
        .collect()
}

/// Returns the updates without those of properties that too many models lose.
fn without_losses(
    rows: &[PropertyRow],
    mut updates: Vec<Update>,
    decisions: &mut Decisions<'_>,
) -> Vec<Update> {
    let columns: BTreeSet<_> = updates.iter().map(|update| update.column).collect();
    for column in columns {
        let is_lost = |update: &&Update| update.column == column && update.new.is_empty();
        let lost = updates.iter().filter(is_lost);
        let names: BTreeSet<_> = lost
            .clone()
            .map(|update| rows[update.row].get("name"))
            .collect();
        let (count, names) = (
            lost.count(),
            names.into_iter().collect::<Vec<_>>().join(", "),
        );
        let all = rows
            .iter()
            .filter(|row| !row.get(column).is_empty())
            .count();
        if count * 100 <= all * MAX_LOST {
            continue;
        }
        let reason = format!("{count} of {all} rows lose it: {names}");
        if decisions.hold(column, "the properties", reason) {
            updates.retain(|update| !is_lost(&update));
        }
    }
    updates
}

fn add(groups: &mut Groups, rows: &[PropertyRow], updates: &[Update]) {
    for update in updates {
        let models = groups.entry(update.text()).or_default();
        models.push(place(&rows[update.row]));
    }
}

/// Returns the name and the table of a row.
fn place(row: &PropertyRow) -> (String, &'static str) {
    let [region, scope, name] = row.key();
    (name.to_owned(), table_of(region, scope))
}

/// Returns the properties of a row in words.
fn describe(row: &PropertyRow) -> String {
    let properties = DECLARATIONS.iter().filter_map(|it| {
        let text = row.get(it.column);
        (!text.is_empty()).then(|| format!("{}: {}", it.name, in_words(it.column, text)))
    });
    properties.collect::<Vec<_>>().join("; ")
}

impl Update {
    /// Returns the change in words.
    fn text(&self) -> String {
        let column = self.column;
        let [old, new] = [&self.old, &self.new].map(|text| in_words(column, text));
        let ratio = match (self.old.parse(), self.new.parse()) {
            (Ok(old), Ok(new)) => format!(" ({})", measures::ratio(old, new)),
            _ => String::new(),
        };
        format!("{}: {old} -> {new}{ratio}", name(column))
    }
}

/// Returns the name of a column in the tables.
fn name(column: &'static str) -> &'static str {
    let mut declarations = DECLARATIONS.iter();
    let declaration = declarations.find(|it| it.column == column);
    declaration.map_or(column, |it| it.name)
}

fn in_words(column: &str, text: &str) -> String {
    let mut declarations = DECLARATIONS.iter();
    let declaration = declarations.find(|it| it.column == column);
    match declaration.map(|it| it.kind) {
        _ if text.is_empty() => "none".to_owned(),
        Some(PropertyKind::Tokens) => text
            .parse()
            .map_or_else(|_| text.to_owned(), with_separators),
        _ => text.replace(',', ", "),
    }
}
