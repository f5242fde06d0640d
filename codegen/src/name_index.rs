//! Finds models by name, and suggests names for unknown ones.

use std::cell::Cell;
use std::collections::HashMap;

use model_studio_limits_core::{Date, suggest};

use crate::diagnostic::{Diagnostic, Location};
use crate::table_file::{Name, RetiredRow, Row};

/// The model IDs and aliases of rows, and the names of retired models.
pub(crate) struct NameIndex<'a> {
    /// Each name with the position of its row, in the order of the rows.
    pub(crate) names: Vec<(usize, &'a Name)>,
    by_text: HashMap<&'a str, (usize, &'a Name)>,
    retired: HashMap<&'a str, Date>,
    suggestions_left: Cell<usize>,
}

/// The maximum number of unknown names that get suggestions. Each is compared with all names, and a
/// file with many unknown names probably belongs to a different table.
const MAX_SUGGESTIONS: usize = 20;

impl<'a> NameIndex<'a> {
    pub(crate) fn new(
        rows: impl Iterator<Item = &'a Row>,
        retired: impl Iterator<Item = &'a RetiredRow>,
    ) -> Self {
        let names = rows.enumerate();
        let names = names.flat_map(|(position, row)| row.names().map(move |name| (position, name)));
        let names: Vec<(usize, &Name)> = names.collect();
        Self {
            by_text: names
                .iter()
                .map(|pair| (pair.1.text.as_str(), *pair))
                .collect(),
            names,
            retired: retired.map(|row| (row.name.as_str(), row.on)).collect(),
            suggestions_left: Cell::new(MAX_SUGGESTIONS),
        }
    }

    /// Returns a name, and the position of its row.
    pub(crate) fn get(&self, name: &str) -> Option<(usize, &'a Name)> {
        self.by_text.get(name).copied()
    }

    /// Returns the diagnostic for a name that is retired or unknown.
    pub(crate) fn not_found(&self, name: &str, location: Location) -> Diagnostic {
        if let Some(on) = self.retired.get(name) {
            return Diagnostic::new(location, format!("model `{name}` was retired on {on}"));
        }
        let error = Diagnostic::new(location, format!("unknown model `{name}`"));
        let Some(left) = self.suggestions_left.get().checked_sub(1) else {
            return error;
        };
        self.suggestions_left.set(left);
        let names = self.names.iter().map(|(_, name)| name.text.as_str());
        let suggestions = suggest(name, names);
        let help = suggestions
            .first()
            .map(|_| format!("did you mean {suggestions}?"));
        error.help_maybe(help)
    }
}
