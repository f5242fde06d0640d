//! Validates a table: names must be unique, identifiers must not conflict, replacements must exist,
//! the models in a pool must have the same limits, and properties must have values of their types.

use std::collections::HashMap;

use model_studio_limits_core::MAX_NAMES;

use crate::decode;
use crate::diagnostic::{Diagnostic, Location};
use crate::identifier;
use crate::name_index::NameIndex;
use crate::property::{Presence, Property, PropertyValue};
use crate::table::{Model, RetiredModel, Table};
use crate::table_file::{Name, RetiredRow, Row, TableFile};

/// Validates a table file, or returns all errors in it.
pub(crate) fn validate(file: TableFile, enum_name: &str) -> Result<Table, Vec<Diagnostic>> {
    let mut errors = enum_conflicts(&file.properties, enum_name);
    let base = Table {
        source: file.source.clone(),
        properties: file.properties.clone(),
        ..Table::default()
    };
    match extend(&base, file) {
        Ok(table) if errors.is_empty() => return Ok(table),
        Ok(_) => {}
        Err(more) => errors.extend(more),
    }
    Err(errors)
}

/// Returns an error for each property whose values would be an enum with the name of the table's enum.
fn enum_conflicts(properties: &[Property], enum_name: &str) -> Vec<Diagnostic> {
    let same = properties.iter().filter(|property| {
        let choices = property.choices();
        choices.is_some_and(|choices| choices.enum_name == enum_name)
    });
    let errors = same.map(|property| {
        let name = &property.name;
        let message = format!(
            "the enum of the property `{name}` has the name of the table's enum, `{enum_name}`"
        );
        let help = "choose another name, as in `enum: OtherName`";
        Diagnostic::new(property.location, message).help(help)
    });
    errors.collect()
}

/// Adds the groups, models and retired models of a file to a table, or returns all errors in the
/// file.
pub(crate) fn extend(base: &Table, file: TableFile) -> Result<Table, Vec<Diagnostic>> {
    let addition = Addition::new(base, &file);
    let mut errors = Vec::new();
    addition.check_pools(&mut errors);
    addition.check_names(&mut errors);
    addition.check_identifiers(&mut errors);
    addition.check_retired(&mut errors);
    let replacements = addition.find_replacements(&mut errors);
    let ends = addition.resolve_chains(&replacements, &mut errors);
    let retired = addition.retired_replacements(&ends, &mut errors);
    let properties = addition.properties(&mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut table = base.clone();
    table.groups.extend(file.groups);
    let rows = file.rows.into_iter().zip(&ends[base.models.len()..]);
    let rows = rows.zip(properties);
    table
        .models
        .extend(rows.map(|((row, replacement), properties)| Model {
            row: Row {
                group: base.groups.len() + row.group,
                ..row
            },
            baseline: None,
            properties,
            overlaid_properties: Vec::new(),
            replacement: *replacement,
        }));
    let rows = file.retired.into_iter().zip(retired);
    let retired = rows.map(|(row, replacement)| RetiredModel { row, replacement });
    table.retired.extend(retired);
    let by_name = |a: &RetiredModel, b: &RetiredModel| a.row.name.cmp(&b.row.name);
    table.retired.sort_by(by_name);
    Ok(table)
}

/// The rows of a file, and the table that they are added to. The table is valid, so all errors are
/// in the file.
struct Addition<'a> {
    base: &'a Table,
    file: &'a TableFile,
    /// The rows of the table, followed by those of the file.
    rows: Vec<&'a Row>,
    index: NameIndex<'a>,
}

impl<'a> Addition<'a> {
    fn new(base: &'a Table, file: &'a TableFile) -> Self {
        let retired = base.retired.iter().map(|retired| &retired.row);
        let retired = retired.chain(&file.retired);
        let rows = base.rows().chain(&file.rows);
        Self {
            base,
            file,
            rows: rows.clone().collect(),
            index: NameIndex::new(rows, retired),
        }
    }

    /// Returns `true` for the position of a row of the file.
    fn is_added(&self, position: usize) -> bool {
        position >= self.base.models.len()
    }

    /// Returns the place where a name was first defined, for the end of a message.
    fn place_of(&self, position: usize, name: &Name) -> String {
        if self.is_added(position) {
            format!("on line {}", name.location.line)
        } else {
            "in the table".to_owned()
        }
    }

    /// Checks that the limits of each row are those of its pool.
    fn check_pools(&self, errors: &mut Vec<Diagnostic>) {
        let mut first = HashMap::new();
        for (position, row) in self.rows.iter().enumerate() {
            let Some((pool, location)) = &row.pool else {
                continue;
            };
            let earlier_position = *first.entry(pool).or_insert(position);
            let earlier = self.rows[earlier_position];
            if (&earlier.limits, earlier.dynamic) != (&row.limits, row.dynamic) {
                let place = self.place_of(earlier_position, &earlier.name);
                let message = format!(
                    "`{}` and `{}` {place} share the pool `{pool}` but have different limits",
                    row.name.text, earlier.name.text
                );
                errors.push(Diagnostic::new(*location, message));
            }
        }
    }

    /// Returns the values of the properties of each row of the file, including defaults.
    fn properties(&self, errors: &mut Vec<Diagnostic>) -> Vec<Vec<Option<PropertyValue>>> {
        let declared = &self.base.properties;
        let rows = self.file.rows.iter().map(|row| {
            let set = decode::properties(declared, &row.properties, errors);
            let values = declared.iter().zip(set);
            let values = values.map(|(property, value)| {
                // An entry with an invalid value is already reported.
                if row
                    .properties
                    .iter()
                    .any(|entry| entry.key == property.name)
                {
                    return value;
                }
                match &property.presence {
                    Presence::Optional => {}
                    Presence::Default(default) => return Some(default.clone()),
                    Presence::Required => {
                        let Name { text, location, .. } = &row.name;
                        let message = format!("missing property `{}` of `{text}`", property.name);
                        errors.push(Diagnostic::new(*location, message));
                    }
                }
                None
            });
            values.collect()
        });
        rows.collect()
    }

    /// Checks that no name is defined twice, and that there are not too many.
    fn check_names(&self, errors: &mut Vec<Diagnostic>) {
        let mut first = HashMap::<&str, (usize, &Name)>::new();
        for (position, name) in &self.index.names {
            if let Some((earlier_position, earlier)) = first.get(name.text.as_str()) {
                let place = self.place_of(*earlier_position, earlier);
                let message = format!(
                    "duplicate model name `{}`, first defined {place}",
                    name.text
                );
                errors.push(Diagnostic::new(name.location, message));
                continue;
            }
            first.insert(&name.text, (*position, name));
            if first.len() == MAX_NAMES + 1 {
                let message = format!("too many names: a table can have at most {MAX_NAMES}");
                errors.push(Diagnostic::new(name.location, message));
            }
        }
    }

    fn check_identifiers(&self, errors: &mut Vec<Diagnostic>) {
        let mut first = HashMap::<&str, (usize, &Name)>::new();
        for (position, name) in &self.index.names {
            let identifier = name.identifier.as_str();
            let mut properties = self.base.properties.iter();
            let problem = if identifier::is_enum_item(identifier) {
                "is reserved for an associated item".to_owned()
            } else if properties.any(|property| property.name == identifier) {
                "is the name of a property".to_owned()
            } else if let Some((earlier_position, earlier)) = first.get(identifier) {
                // Names of the same model that only differ in punctuation can share an identifier.
                if earlier_position == position || earlier.text == name.text {
                    continue;
                }
                let place = self.place_of(*earlier_position, earlier);
                format!("is also the identifier of `{}` {place}", earlier.text)
            } else {
                first.insert(identifier, (*position, name));
                continue;
            };
            let message = if identifier == name.text {
                format!("the identifier `{identifier}` {problem}")
            } else {
                format!("the identifier `{identifier}` of `{}` {problem}", name.text)
            };
            let help = if self.rows[*position].name.text == name.text {
                "choose another identifier for the model, as in `variant: OtherName`".to_owned()
            } else {
                let name = &name.text;
                format!(
                    "choose another identifier for the alias, as in `{{ name: {name}, variant: OtherName }}`"
                )
            };
            errors.push(Diagnostic::new(name.identifier_location, message).help(help));
        }
    }

    /// Checks that no retired name is also the name of a model, and that none is retired twice.
    fn check_retired(&self, errors: &mut Vec<Diagnostic>) {
        let mut first = HashMap::<&str, &RetiredRow>::new();
        for row in &self.file.retired {
            let (name, location) = (row.name.as_str(), row.location);
            if let Some((position, model)) = self.index.get(name) {
                let place = self.place_of(position, model);
                let message =
                    format!("the retired model `{name}` is also listed as a model {place}");
                errors.push(Diagnostic::new(location, message));
            }
            if let Some(earlier) = first.insert(name, row) {
                let line = earlier.location.line;
                let message =
                    format!("duplicate retired model `{name}`, first defined on line {line}");
                errors.push(Diagnostic::new(location, message));
            }
        }
        for RetiredModel { row, .. } in &self.base.retired {
            let found = self.index.get(&row.name);
            if let Some((_, name)) = found.filter(|(position, _)| self.is_added(*position)) {
                errors.push(self.index.not_found(&name.text, name.location));
            }
        }
    }

    /// Returns, for each row, the position of the replacement that it names, and its location.
    fn find_replacements(&self, errors: &mut Vec<Diagnostic>) -> Vec<Option<(usize, Location)>> {
        let models = self.base.models.iter();
        let known = models.map(|model| Some((model.replacement?, Location::UNKNOWN)));
        let added = self.file.rows.iter().enumerate().map(|(index, row)| {
            let named = row.deprecation.as_ref()?.replacement.as_ref()?;
            let found = self.find_replacement(named, errors)?;
            let (name, location) = named;
            if found == self.base.models.len() + index {
                let message = format!("`{name}` cannot be its own replacement");
                errors.push(Diagnostic::new(*location, message));
                return None;
            }
            Some((found, *location))
        });
        known.chain(added).collect()
    }

    /// Returns, for each retired model of the file, the position of its replacement.
    fn retired_replacements(
        &self,
        ends: &[Option<usize>],
        errors: &mut Vec<Diagnostic>,
    ) -> Vec<Option<usize>> {
        let rows = self.file.retired.iter().map(|row| {
            let found = self.find_replacement(row.replacement.as_ref()?, errors)?;
            Some(ends[found].unwrap_or(found))
        });
        rows.collect()
    }

    fn find_replacement(
        &self,
        (name, location): &(String, Location),
        errors: &mut Vec<Diagnostic>,
    ) -> Option<usize> {
        let found = self.index.get(name);
        if found.is_none() {
            errors.push(self.index.not_found(name, *location));
        }
        found.map(|(position, _)| position)
    }

    /// Follows replacements that are themselves replaced. Returns, for each row, the end of its chain
    /// of replacements.
    fn resolve_chains(
        &self,
        replacements: &[Option<(usize, Location)>],
        errors: &mut Vec<Diagnostic>,
    ) -> Vec<Option<usize>> {
        let mut ends = vec![None; replacements.len()];
        // For each row, the start of the first chain that it is part of.
        let mut starts = vec![None; replacements.len()];
        for start in 0..replacements.len() {
            let mut chain = Vec::new();
            let (mut position, mut location) = (start, Location::UNKNOWN);
            while starts[position].is_none() {
                starts[position] = Some(start);
                chain.push(position);
                if let Some(next) = replacements[position] {
                    (position, location) = next;
                }
            }
            if starts[position] == Some(start) && replacements[position].is_some() {
                errors.push(self.cycle(&chain, position, location));
            }
            let end = ends[position].unwrap_or(position);
            for position in chain.into_iter().filter(|position| *position != end) {
                ends[position] = Some(end);
            }
        }
        ends
    }

    /// Returns the error for a chain of replacements that leads back to its start.
    fn cycle(&self, chain: &[usize], position: usize, location: Location) -> Diagnostic {
        let cycle = chain.iter().skip_while(|other| **other != position);
        let names = cycle.chain([&position]);
        let names: Vec<String> = names
            .map(|position| format!("`{}`", self.rows[*position].name.text))
            .collect();
        let names = names.join(" → ");
        Diagnostic::new(location, format!("the replacements form a cycle: {names}"))
    }
}
