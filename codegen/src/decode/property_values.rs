//! Decodes the values of properties.

use super::numbers::{integer, join_numbers, plain_integer};
use super::scalars;
use crate::diagnostic::Diagnostic;
use crate::property::{Choice, Choices, Property, PropertyKind, PropertyValue};
use crate::yaml::{Entry, Node, Reader, Value};

/// Decodes the values of properties. Returns the value of each declared property, or adds errors.
pub(crate) fn values(
    declared: &[Property],
    entries: &[Entry],
    errors: &mut Vec<Diagnostic>,
) -> Vec<Option<PropertyValue>> {
    let mut reader = Reader::default();
    let mut values = vec![None; declared.len()];
    for Entry {
        key,
        location,
        value: node,
    } in entries
    {
        match declared.iter().position(|property| property.name == *key) {
            Some(position) => {
                let kind = &declared[position].kind;
                values[position] = value(&mut reader, kind, node, &format!("`{key}`"));
            }
            None if declared.is_empty() => {
                let error = Diagnostic::new(*location, format!("unknown property `{key}`"));
                reader.error(error.help("declare it under `properties` at the top of the table"));
            }
            None => {
                let names: Vec<&str> = declared.iter().map(|it| it.name.as_str()).collect();
                reader.unknown("property", key, *location, &names);
            }
        }
    }
    errors.append(&mut reader.errors);
    values
}

/// Decodes the values of properties, a mapping from names to values of any type.
pub(super) fn entries(reader: &mut Reader, node: &Node, what: &str) -> Option<Vec<Entry>> {
    let node = join_numbers(node);
    let entries = reader.mapping(&node, what)?;
    if entries.is_empty() {
        return reader.fail(Diagnostic::new(node.location, format!("{what} is empty")));
    }
    Some(entries.to_vec())
}

/// Decodes a value of a property.
pub(super) fn value(
    reader: &mut Reader,
    kind: &PropertyKind,
    node: &Node,
    what: &str,
) -> Option<PropertyValue> {
    match kind {
        PropertyKind::Integer => {
            let help = "an integer cannot be negative; declare the type `number` for other numbers";
            let value = integer(reader, node, what, &(0..=u64::MAX), help)?;
            Some(PropertyValue::Integer(value))
        }
        PropertyKind::Number => number(reader, node, what).map(PropertyValue::Number),
        PropertyKind::Boolean => reader.boolean(node, what).map(PropertyValue::Boolean),
        PropertyKind::Text => scalars::text(reader, node, what).map(PropertyValue::Text),
        PropertyKind::Date => scalars::date(reader, node, what).map(PropertyValue::Date),
        PropertyKind::Choice(choices) => {
            choice(reader, choices, node, what).map(PropertyValue::Choice)
        }
        PropertyKind::Choices(choices) => {
            list(reader, choices, node, what).map(PropertyValue::Choices)
        }
    }
}

/// Decodes a finite number.
fn number(reader: &mut Reader, node: &Node, what: &str) -> Option<f64> {
    match node.value {
        Value::Float(number) if number.is_finite() => Some(number),
        Value::Float(number) => {
            let message = format!("{what} must be finite, found {number}");
            reader.fail(Diagnostic::new(node.location, message))
        }
        // An integer that `f64` cannot represent is rounded, as in any Rust literal.
        #[expect(
            clippy::cast_precision_loss,
            reason = "numbers are floating-point numbers"
        )]
        Value::Integer(number) => Some(number as f64),
        Value::String(ref text) if plain_integer(text).is_some() => {
            let message = format!("{what} must be a number, found the string `{text}`");
            let help = plain_integer(text).map(|plain| format!("write {plain}"));
            reader.fail(Diagnostic::new(node.location, message).help_maybe(help))
        }
        _ => reader.type_error(node, what, "a number"),
    }
}

/// Decodes the name of a choice.
fn choice(reader: &mut Reader, choices: &Choices, node: &Node, what: &str) -> Option<Choice> {
    let name = reader.string(node, what)?;
    let found = choices.values.iter().find(|choice| choice.name == name);
    if found.is_none() {
        reader.unknown("value", name, node.location, &choices.names());
    }
    found.cloned()
}

/// Decodes a list of names, which can be empty.
fn list(reader: &mut Reader, choices: &Choices, node: &Node, what: &str) -> Option<Vec<Choice>> {
    let Value::Sequence(items) = &node.value else {
        return reader.type_error(node, what, "a list");
    };
    let mut list = Vec::new();
    for node in items {
        let Some(choice) = choice(reader, choices, node, what) else {
            continue;
        };
        if list.contains(&choice) {
            let message = format!("{what} lists `{}` twice", choice.name);
            reader.error(Diagnostic::new(node.location, message));
        }
        list.push(choice);
    }
    Some(list)
}
