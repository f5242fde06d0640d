//! Validates a table: names must be unique, identifiers must not conflict, replacements must exist,
//! and the models in a pool must have the same limits.

use std::collections::HashMap;

use model_studio_limits_core::{Date, Limit, MAX_NAMES};

use crate::catalogue::{Catalogue, Deprecation, Model, Retired};
use crate::diagnostics::{Diagnostic, Location};
use crate::name_index::NameIndex;
use crate::table::{self, Name, Table};

/// Validates a table, or returns all errors in it.
pub(crate) fn validate(table: Table) -> Result<Catalogue, Vec<Diagnostic>> {
    extend(&Catalogue::default(), table)
}

/// Adds the groups, models and retired models of a table to a catalogue, or returns all errors in
/// the table.
pub(crate) fn extend(base: &Catalogue, table: Table) -> Result<Catalogue, Vec<Diagnostic>> {
    let addition = Addition::new(base, &table);
    let mut errors = addition.pool_conflicts();
    errors.extend(addition.duplicate_names());
    errors.extend(addition.identifier_conflicts());
    errors.extend(addition.retired_conflicts());
    let names = addition.all_names();
    let mut index = NameIndex::new(names.map(|(position, name)| (name.text.as_str(), position)));
    let replacements = addition.find_replacements(&mut index, &mut errors);
    let ends = addition.resolve_chains(&replacements, &mut errors);
    let retired = addition.retired_replacements(&mut index, &ends, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut catalogue = base.clone();
    let first_group = base.groups.len();
    catalogue.groups.extend(table.groups);
    let rows = table.rows.into_iter().zip(&ends[base.models.len()..]);
    catalogue
        .models
        .extend(rows.map(|(row, replacement)| Model {
            name: row.name,
            aliases: row.aliases,
            group: first_group + row.group,
            limits: row.limits,
            baseline: None,
            dynamic: row.dynamic,
            pool: row.pool.map(|(pool, _)| pool),
            deprecation: row.deprecation.map(|deprecation| Deprecation {
                retires: deprecation.retires,
                replacement: *replacement,
                source: deprecation.source,
                note: deprecation.note,
            }),
        }));
    let rows = table.retired.into_iter().zip(retired);
    catalogue
        .retired
        .extend(rows.map(|(row, replacement)| Retired {
            name: row.name,
            on: row.on,
            replacement,
            note: row.note,
        }));
    catalogue.retired.sort_by(|a, b| a.name.cmp(&b.name));
    catalogue.title = table.title.or(catalogue.title);
    catalogue.url = table.url.or(catalogue.url);
    catalogue.date = table.date.or(catalogue.date);
    Ok(catalogue)
}

/// The rows of a table, and the catalogue that they are added to. Positions below the number of
/// models in the catalogue refer to these models, and the positions after them to the rows.
struct Addition<'a> {
    base: &'a Catalogue,
    table: &'a Table,
    /// The retired models of the catalogue and of the table.
    retired: HashMap<&'a str, Date>,
}

impl<'a> Addition<'a> {
    fn new(base: &'a Catalogue, table: &'a Table) -> Self {
        let retired = base.retired.iter().map(|row| (row.name.as_str(), row.on));
        let added = table.retired.iter().map(|row| (row.name.as_str(), row.on));
        Self {
            base,
            table,
            retired: retired.chain(added).collect(),
        }
    }

    /// Returns every model ID and alias with the position of its model.
    fn all_names(&self) -> impl Iterator<Item = (usize, &'a Name)> {
        let first_row = self.base.models.len();
        let rows = self.table.rows.iter().enumerate();
        self.base
            .all_names()
            .chain(rows.flat_map(move |(index, row)| {
                let names = [&row.name].into_iter().chain(&row.aliases);
                names.map(move |name| (first_row + index, name))
            }))
    }

    /// Returns the name of a model or a row.
    fn name(&self, position: usize) -> &'a Name {
        match position.checked_sub(self.base.models.len()) {
            Some(row) => &self.table.rows[row].name,
            None => &self.base.models[position].name,
        }
    }

    /// Returns the place where a name was first defined, for the end of a message.
    fn origin(&self, position: usize, name: &Name) -> String {
        if position < self.base.models.len() {
            "in the table".to_owned()
        } else {
            format!("on line {}", name.location.line)
        }
    }

    /// Returns an error for each row whose limits differ from those of its pool.
    fn pool_conflicts(&self) -> Vec<Diagnostic> {
        let mut errors = Vec::new();
        let mut first = HashMap::<&str, (usize, &[Limit], bool)>::new();
        for (position, model) in self.base.models.iter().enumerate() {
            if let Some(pool) = &model.pool {
                first
                    .entry(pool)
                    .or_insert((position, &model.limits, model.dynamic));
            }
        }
        for (position, row) in (self.base.models.len()..).zip(&self.table.rows) {
            let Some((pool, location)) = &row.pool else {
                continue;
            };
            let own = (position, row.limits.as_slice(), row.dynamic);
            let (earlier, limits, dynamic) = *first.entry(pool).or_insert(own);
            if (limits, dynamic) != (&row.limits, row.dynamic) {
                let name = self.name(earlier);
                let origin = self.origin(earlier, name);
                let message = format!(
                    "`{}` and `{}` {origin} share the pool `{pool}` but have different limits",
                    row.name.text, name.text
                );
                errors.push(Diagnostic::new(*location, message));
            }
        }
        errors
    }

    fn duplicate_names(&self) -> Vec<Diagnostic> {
        let mut errors = Vec::new();
        let mut first = HashMap::<&str, (usize, &Name)>::new();
        for (position, name) in self.all_names() {
            if let Some((earlier, earlier_name)) = first.get(name.text.as_str()) {
                let origin = self.origin(*earlier, earlier_name);
                let message = format!(
                    "duplicate model name `{}`, first defined {origin}",
                    name.text
                );
                errors.push(Diagnostic::new(name.location, message));
                continue;
            }
            first.insert(&name.text, (position, name));
            if first.len() == MAX_NAMES + 1 {
                let message = format!("too many names: a table can have at most {MAX_NAMES}");
                errors.push(Diagnostic::new(name.location, message));
            }
        }
        errors
    }

    fn identifier_conflicts(&self) -> Vec<Diagnostic> {
        let mut errors = Vec::new();
        let mut first = HashMap::<&str, (usize, &Name)>::new();
        for (position, name) in self.all_names() {
            let identifier = name.identifier.as_str();
            let subject = if identifier == name.text {
                format!("the identifier `{identifier}`")
            } else {
                format!("the identifier `{identifier}` of `{}`", name.text)
            };
            let message = if is_enum_item(identifier) {
                format!("{subject} is reserved for an associated item")
            } else if let Some((earlier_position, earlier)) = first.get(identifier) {
                // Names of the same model that only differ in punctuation can share an identifier.
                if *earlier_position == position || earlier.text == name.text {
                    continue;
                }
                let origin = self.origin(*earlier_position, earlier);
                format!(
                    "{subject} is also the identifier of `{}` {origin}",
                    earlier.text
                )
            } else {
                first.insert(identifier, (position, name));
                continue;
            };
            let help = if self.name(position).text == name.text {
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

    /// Returns an error for each retired name that is also the name of a model, and for each name
    /// that is retired twice.
    fn retired_conflicts(&self) -> Vec<Diagnostic> {
        let names: HashMap<&str, (usize, &Name)> = self
            .all_names()
            .map(|(position, name)| (name.text.as_str(), (position, name)))
            .collect();
        let mut errors = Vec::new();
        let mut first = HashMap::<&str, &table::Retired>::new();
        for row in &self.table.retired {
            if let Some((position, name)) = names.get(row.name.as_str()) {
                let origin = self.origin(*position, name);
                let message = format!(
                    "the retired model `{}` is also listed as a model {origin}",
                    row.name
                );
                errors.push(Diagnostic::new(row.location, message));
            }
            if let Some(earlier) = first.insert(&row.name, row) {
                let line = earlier.location.line;
                let message = format!(
                    "duplicate retired model `{}`, first defined on line {line}",
                    row.name
                );
                errors.push(Diagnostic::new(row.location, message));
            }
        }
        for row in &self.base.retired {
            let added = names.get(row.name.as_str());
            let added = added.filter(|(position, _)| *position >= self.base.models.len());
            if let Some((_, name)) = added {
                let message = format!("model `{}` was retired on {}", row.name, row.on);
                errors.push(Diagnostic::new(name.location, message));
            }
        }
        errors
    }

    /// Returns, for each model and row, the position of the replacement that it names, and its
    /// location.
    fn find_replacements(
        &self,
        index: &mut NameIndex<'_>,
        errors: &mut Vec<Diagnostic>,
    ) -> Vec<Option<(usize, Location)>> {
        let models = self.base.models.iter().map(|model| {
            let replacement = model.deprecation.as_ref()?.replacement?;
            Some((replacement, Location::UNKNOWN))
        });
        let mut replacements: Vec<_> = models.collect();
        for (position, row) in (replacements.len()..).zip(&self.table.rows) {
            let named = row.deprecation.as_ref();
            let named = named.and_then(|deprecation| deprecation.replacement.as_ref());
            let found = named.and_then(|(name, location)| {
                let found = self.find_replacement(index, name, *location, errors)?;
                if found == position {
                    let message = format!("`{name}` cannot be its own replacement");
                    errors.push(Diagnostic::new(*location, message));
                    return None;
                }
                Some((found, *location))
            });
            replacements.push(found);
        }
        replacements
    }

    /// Returns, for each retired model of the table, the position of its replacement.
    fn retired_replacements(
        &self,
        index: &mut NameIndex<'_>,
        ends: &[Option<usize>],
        errors: &mut Vec<Diagnostic>,
    ) -> Vec<Option<usize>> {
        let rows = self.table.retired.iter().map(|row| {
            let (name, location) = row.replacement.as_ref()?;
            let found = self.find_replacement(index, name, *location, errors)?;
            Some(ends[found].unwrap_or(found))
        });
        rows.collect()
    }

    fn find_replacement(
        &self,
        index: &mut NameIndex<'_>,
        name: &str,
        location: Location,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<usize> {
        let found = index.get(name);
        if found.is_none() {
            errors.push(match self.retired.get(name) {
                Some(on) => {
                    let message =
                        format!("`{name}` cannot be a replacement: it was retired on {on}");
                    Diagnostic::new(location, message)
                }
                None => index.unknown(name, location),
            });
        }
        found
    }

    /// Follows replacements that are themselves replaced. Returns, for each model and row, the end
    /// of its chain of replacements.
    fn resolve_chains(
        &self,
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
                        errors.push(self.cycle(&visited, position, location));
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

    /// Returns the error for a chain of replacements that leads back to its start.
    fn cycle(&self, visited: &[usize], position: usize, location: Location) -> Diagnostic {
        let cycle = visited.iter().skip_while(|visited| **visited != position);
        let names = cycle.chain([&position]);
        let names: Vec<String> = names
            .map(|position| format!("`{}`", self.name(*position).text))
            .collect();
        let names = names.join(" → ");
        Diagnostic::new(location, format!("the replacements form a cycle: {names}"))
    }
}

/// The associated items of generated enums and of the traits they implement.
const ENUM_ITEMS: &str = "\
    ALL COUNT SOURCE TABLE VARIANTS active aliases category fmt from_name in_category \
    in_series index is_deprecated is_dynamic iter limits name names parse_active pool \
    replacement retires series";

fn is_enum_item(identifier: &str) -> bool {
    identifier.starts_with("__") || ENUM_ITEMS.split(' ').any(|item| item == identifier)
}
