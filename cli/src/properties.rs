//! The properties that tables declare.

use anyhow::anyhow;
use model_studio_limits_core::{AnyOf, Escaped, suggest};
use model_studio_provider::{Property, Table};

/// Returns the properties that any of the tables declares, in their order. The regions do not declare
/// the same name in different ways.
pub(crate) fn declared(tables: &[Table]) -> Vec<Property> {
    let mut declared = Vec::<Property>::new();
    for property in tables.iter().flat_map(|table| &table.properties) {
        if declared.iter().all(|other| other.name != property.name) {
            declared.push(*property);
        }
    }
    declared
}

/// Returns the declared property with this name.
pub(crate) fn find(declared: &[Property], name: &str) -> anyhow::Result<Property> {
    let mut properties = declared.iter().copied();
    let found = properties.find(|property| property.name == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = declared.iter().map(|property| property.name).collect();
        let help = expected(name, &names);
        anyhow!("unknown property `{}`{help}", Escaped(name))
    })
}

/// Returns the end of the message about an unknown name: a suggestion, or the known names.
pub(crate) fn expected(name: &str, known: &[&str]) -> String {
    let suggestions = suggest(name, known.iter().copied());
    if known.is_empty() {
        ": the table declares none".to_owned()
    } else if suggestions.as_slice().is_empty() {
        format!(", expected {}", AnyOf(known))
    } else {
        format!(", did you mean {suggestions}?")
    }
}
