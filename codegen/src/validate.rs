//! Validates a table: names and identifiers have to be unique, and replacements have to exist.

use std::collections::HashMap;

use model_studio_limits_core::MAX_NAMES;

use crate::catalogue::{Catalogue, Deprecation, Model};
use crate::diagnostics::{Diagnostic, Location};
use crate::names::NameIndex;
use crate::table::{Name, Table};

/// Validates a table, or returns all errors in it.
pub(crate) fn validate(table: Table) -> Result<Catalogue, Vec<Diagnostic>> {
    let mut errors = duplicate_names(&table);
    errors.extend(identifier_conflicts(&table));
    let replacements = find_replacements(&table, &mut errors);
    let replacements = resolve_chains(&table, &replacements, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let models = table.rows.into_iter().zip(replacements);
    let models = models.map(|(row, replacement)| Model {
        name: row.name,
        aliases: row.aliases,
        group: row.group,
        limits: row.limits,
        baseline: None,
        deprecation: row.deprecation.map(|deprecation| Deprecation {
            replacement,
            note: deprecation.note,
        }),
    });
    Ok(Catalogue {
        title: table.title,
        url: table.url,
        groups: table.groups,
        models: models.collect(),
    })
}

/// Returns every model ID and alias with the position of its row, in the order of the file.
fn all_names(table: &Table) -> impl Iterator<Item = (usize, &Name)> {
    let rows = table.rows.iter().enumerate();
    rows.flat_map(|(position, row)| {
        let names = [&row.name].into_iter().chain(&row.aliases);
        names.map(move |name| (position, name))
    })
}

fn duplicate_names(table: &Table) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let mut first = HashMap::<&str, &Name>::new();
    for (_, name) in all_names(table) {
        if let Some(earlier) = first.get(name.text.as_str()) {
            let message = format!(
                "duplicate model name `{}`, first defined on line {}",
                name.text, earlier.location.line
            );
            errors.push(Diagnostic::new(name.location, message));
            continue;
        }
        first.insert(&name.text, name);
        if first.len() == MAX_NAMES + 1 {
            let message = format!("too many names: a table can have at most {MAX_NAMES}");
            errors.push(Diagnostic::new(name.location, message));
        }
    }
    errors
}

/// The associated items of generated enums and of the traits they implement.
const ENUM_ITEMS: &str = "\
    ALL COUNT SOURCE TABLE VARIANTS active aliases category fmt from_name in_category \
    in_series index is_deprecated iter limits name names parse_active replacement series";

fn is_enum_item(identifier: &str) -> bool {
    identifier.starts_with("__") || ENUM_ITEMS.split(' ').any(|item| item == identifier)
}

fn identifier_conflicts(table: &Table) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let mut first = HashMap::<&str, (usize, &Name)>::new();
    for (position, name) in all_names(table) {
        let identifier = name.identifier.as_str();
        let subject = if identifier == name.text {
            format!("the identifier `{identifier}`")
        } else {
            format!("the identifier `{identifier}` of `{}`", name.text)
        };
        let message = if is_enum_item(identifier) {
            format!("{subject} is reserved for an item of the enum")
        } else if let Some((earlier_position, earlier)) = first.get(identifier) {
            // Names of one model that only differ in punctuation can share an identifier.
            if *earlier_position == position || earlier.text == name.text {
                continue;
            }
            format!(
                "{subject} is also the identifier of `{}` on line {}",
                earlier.text, earlier.location.line
            )
        } else {
            first.insert(identifier, (position, name));
            continue;
        };
        let help = if table.rows[position].name.text == name.text {
            "choose another identifier for the model, as in `variant: OtherName`".to_owned()
        } else {
            let name = &name.text;
            format!(
                "choose another identifier for the alias, as in `{{ name: {name}, variant: OtherName }}`"
            )
        };
        errors.push(Diagnostic::new(name.identifier_location, message).help(help));
    }
    errors
}

/// Returns, for each row, the position of the replacement that it names, and its location.
fn find_replacements(
    table: &Table,
    errors: &mut Vec<Diagnostic>,
) -> Vec<Option<(usize, Location)>> {
    let mut index =
        NameIndex::new(all_names(table).map(|(position, name)| (name.text.as_str(), position)));
    let rows = table.rows.iter().enumerate();
    let replacements = rows.map(|(position, row)| {
        let (name, location) = row.deprecation.as_ref()?.replacement.as_ref()?;
        match index.get(name) {
            Some(replacement) if replacement == position => {
                let message = format!("`{name}` cannot be its own replacement");
                errors.push(Diagnostic::new(*location, message));
                None
            }
            Some(replacement) => Some((replacement, *location)),
            None => {
                errors.push(index.unknown(name, *location));
                None
            }
        }
    });
    replacements.collect()
}

/// Follows replacements that are replaced themselves. Returns, for each row, the end of its chain.
fn resolve_chains(
    table: &Table,
    replacements: &[Option<(usize, Location)>],
    errors: &mut Vec<Diagnostic>,
) -> Vec<Option<usize>> {
    #[derive(Clone, Copy)]
    enum Chain {
        Unknown,
        Visiting,
        EndsAt(usize),
    }
    // A row without a replacement is the end of its own chain.
    let mut chains = vec![Chain::Unknown; replacements.len()];
    for start in 0..replacements.len() {
        let mut visited = Vec::new();
        let mut position = start;
        let mut location = Location::UNKNOWN;
        let end = loop {
            match chains[position] {
                Chain::EndsAt(end) => break end,
                Chain::Visiting => {
                    errors.push(cycle(table, &visited, position, location));
                    break position;
                }
                Chain::Unknown => {}
            }
            chains[position] = Chain::Visiting;
            visited.push(position);
            match replacements[position] {
                Some((next, named_at)) => (position, location) = (next, named_at),
                None => break position,
            }
        };
        for position in visited {
            chains[position] = Chain::EndsAt(end);
        }
    }
    let ends = chains.into_iter().enumerate();
    let ends = ends.map(|(position, chain)| match chain {
        Chain::EndsAt(end) if end != position => Some(end),
        _ => None,
    });
    ends.collect()
}

/// Returns the diagnostic for replacements that lead from a row back to itself.
fn cycle(table: &Table, visited: &[usize], position: usize, location: Location) -> Diagnostic {
    let cycle = visited.iter().skip_while(|visited| **visited != position);
    let names = cycle.chain([&position]);
    let names: Vec<String> = names
        .map(|position| format!("`{}`", table.rows[*position].name.text))
        .collect();
    let names = names.join(" → ");
    Diagnostic::new(location, format!("the replacements form a cycle: {names}"))
}
