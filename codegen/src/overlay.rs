//! Applies a decoded overlay to a table: adds its models, merges its limits and sets its properties.

use std::collections::HashMap;
use std::mem;

use model_studio_limits_core::merge;

use crate::diagnostic::{Diagnostic, Location};
use crate::name_index::NameIndex;
use crate::table::Table;
use crate::table_file::{OverlayFile, PropertiesRow, Row};
use crate::{decode, validate};

/// Returns the table with the models, limits and properties of the overlay, or all errors in the
/// overlay.
pub(crate) fn apply(table: &Table, overlay: OverlayFile) -> Result<Table, Vec<Diagnostic>> {
    // If one of these has an error, the others are not in the table either.
    let added = overlay.additions.rows.iter().flat_map(Row::names);
    let added: Vec<String> = added.map(|name| name.text.clone()).collect();
    let (mut result, mut errors) = match validate::extend(table, overlay.additions) {
        Ok(extended) => (extended, Vec::new()),
        Err(errors) => (table.clone(), errors),
    };
    let retired = result.retired.iter().map(|retired| &retired.row);
    let index = NameIndex::new(result.rows(), retired);
    let find = |name: &str| Some(index.get(name)?.0);
    let is_unknown = |name: &String| find(name).is_none() && !added.contains(name);
    let unknown = overlay.limits.iter().filter(|row| is_unknown(&row.name));
    errors.extend(unknown.map(|row| index.not_found(&row.name, row.location)));
    let unknown = overlay.properties.iter();
    for row in unknown.filter(|row| is_unknown(&row.name)) {
        let error = declaration_error(&result, row);
        errors.push(error.unwrap_or_else(|| index.not_found(&row.name, row.location)));
    }
    let limits = overlay.limits.iter();
    let limits = limits.filter_map(|row| Some((pool_members(&result, find(&row.name)?), row)));
    let limits: Vec<_> = limits.collect();
    let properties = overlay.properties.iter().filter_map(|row| {
        let position = find(&row.name)?;
        let values = decode::properties(&result.properties, &row.properties, &mut errors);
        Some((position, row, values))
    });
    let properties: Vec<_> = properties.collect();
    let changes = limits.iter();
    let changes = changes.map(|(members, row)| (members.clone(), row.name.as_str(), row.location));
    check_unique("limits", "model or pool", changes, &mut errors);
    let changes = properties.iter();
    let changes =
        changes.map(|(position, row, _)| (vec![*position], row.name.as_str(), row.location));
    check_unique("properties", "model", changes, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    for (members, row) in limits {
        for position in members {
            let model = &mut result.models[position];
            let limits = merge(&model.row.limits, &row.limits);
            model.baseline = Some(mem::replace(&mut model.row.limits, limits));
        }
    }
    for (position, _, values) in properties {
        let model = &mut result.models[position];
        for (index, value) in values.into_iter().enumerate() {
            if value.is_some() {
                model.properties[index] = value;
                model.overlaid_properties.push(index);
            }
        }
    }
    Ok(result)
}

/// Returns an error if an overlay declares a property instead of setting those of a model.
fn declaration_error(table: &Table, row: &PropertiesRow) -> Option<Diagnostic> {
    let is_declared = table.properties.iter().any(|it| it.name == row.name);
    let mut keys = row.properties.iter().map(|entry| entry.key.as_str());
    (is_declared || keys.all(decode::is_declaration_key)).then(|| {
        let message = format!("an overlay cannot declare the property `{}`", row.name);
        let help = "declare it in the table; an overlay sets the properties of models, as in \
                    `some-model: { some_property: 1 }`";
        Diagnostic::new(row.location, message).help(help)
    })
}

/// Checks that no two entries of an overlay change the same model. `changes` are the positions of the
/// models, the name and the location of each entry.
fn check_unique<'a>(
    what: &str,
    owner: &str,
    changes: impl Iterator<Item = (Vec<usize>, &'a str, Location)>,
    errors: &mut Vec<Diagnostic>,
) {
    let mut known = HashMap::new();
    for (positions, name, location) in changes {
        for position in positions {
            // The reader reports duplicate keys.
            match known.insert(position, (name, location)) {
                Some((earlier, at)) if earlier != name => {
                    let line = at.line;
                    let message = format!(
                        "the {what} of `{name}` are already set by `{earlier}` on line {line}"
                    );
                    let help = format!("set the {what} of each {owner} only once");
                    errors.push(Diagnostic::new(location, message).help(help));
                    break;
                }
                _ => {}
            }
        }
    }
}

/// Returns the positions of the model at `position` and of all models that share a pool with it.
fn pool_members(table: &Table, position: usize) -> Vec<usize> {
    let pool = table.models[position].row.pool();
    let rows = table.rows().enumerate();
    let members =
        rows.filter(|(other, row)| *other == position || (pool.is_some() && row.pool() == pool));
    members.map(|(position, _)| position).collect()
}
