//! The properties of models, from the provider's model cards.

use std::collections::HashMap;

use crate::property::{DECLARATIONS, Properties, Property, PropertyKind, Value};
use crate::read::tsv::{self, Cell, TsvRow};

/// What the pages say about a model in a region and deployment scope.
#[derive(Debug)]
pub(crate) struct Card<'a> {
    pub(crate) region: Cell<'a>,
    pub(crate) scope: &'a str,
    pub(crate) name: Cell<'a>,
    pub(crate) properties: Properties,
    /// The date of the card, sometimes without the day, or empty.
    pub(crate) date: &'a str,
    /// The properties that differ between pages, with the words of the note.
    pub(crate) conflicts: Vec<(Property, &'a str)>,
}

pub(crate) fn read<'a>(file: &'a str, text: &'a str) -> Result<Vec<Card<'a>>, String> {
    let mut lines = HashMap::new();
    let rows = tsv::rows(file, text)?;
    let cards = rows.iter().map(|row| {
        let card = read_row(row)?;
        let key = (card.region.text, card.scope, card.name.text);
        match lines.insert(key, card.name.line) {
            None => Ok(card),
            Some(line) => {
                let message = format!("duplicate row for the model, first listed on line {line}");
                Err(card.name.error(message))
            }
        }
    });
    cards.collect()
}

fn read_row<'a>(row: &TsvRow<'a>) -> Result<Card<'a>, String> {
    let mut properties = Properties::new();
    for declaration in DECLARATIONS {
        let cell = row.get(declaration.column)?;
        if !cell.text.is_empty() {
            properties.insert(declaration.property, read_value(&cell, declaration.kind)?);
        }
    }
    Ok(Card {
        region: row.required("region")?,
        scope: row.required("scope")?.text,
        name: row.required("name")?,
        properties,
        date: row.get("page_date")?.text,
        conflicts: conflicts(row.get("note")?.text),
    })
}

fn read_value(cell: &Cell<'_>, kind: PropertyKind) -> Result<Value, String> {
    match kind {
        PropertyKind::Tokens => cell.integer().map(Value::Tokens),
        PropertyKind::Choice(values) => choose(cell, cell.text, values).map(Value::Choice),
        PropertyKind::Choices(values, _) => {
            let items: Vec<_> = cell.text.split(',').collect();
            for (index, item) in items.iter().enumerate() {
                choose(cell, item, values)?;
                if items[..index].contains(item) {
                    return Err(cell.error(format!("duplicate value `{item}`")));
                }
            }
            let chosen = values.iter().filter(|value| items.contains(value));
            Ok(Value::Choices(chosen.copied().collect()))
        }
    }
}

fn choose(cell: &Cell<'_>, item: &str, values: &[&'static str]) -> Result<&'static str, String> {
    let value = values.iter().find(|value| **value == item).copied();
    value.ok_or_else(|| {
        let values = values.join("`, `");
        cell.error(format!("expected one of `{values}`, found `{item}`"))
    })
}

/// Returns the properties of remarks such as `CONFLICT thinking: one page …, another …`.
fn conflicts(note: &str) -> Vec<(Property, &str)> {
    let remarks = note.split("; ");
    let conflicts = remarks.filter_map(|remark| {
        let (name, words) = remark.strip_prefix("CONFLICT ")?.split_once(": ")?;
        let declaration = DECLARATIONS.iter().find(|it| it.column == name)?;
        Some((declaration.property, words))
    });
    conflicts.collect()
}
