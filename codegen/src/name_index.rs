//! Finds models by name, and suggests names for unknown ones.

use std::collections::HashMap;

use model_studio_limits_core::suggest;

use crate::diagnostics::{Diagnostic, Location};

/// The positions of models by model ID and alias.
pub(crate) struct NameIndex<'a> {
    names: Vec<&'a str>,
    positions: HashMap<&'a str, usize>,
    suggestions_left: usize,
}

/// The maximum number of unknown names that get suggestions. Each is compared with all names, and a
/// file with many unknown names probably belongs to a different table.
const MAX_SUGGESTIONS: usize = 20;

impl<'a> NameIndex<'a> {
    /// Creates the index from names, each with the position of its model.
    pub(crate) fn new(names: impl IntoIterator<Item = (&'a str, usize)>) -> Self {
        let pairs: Vec<(&str, usize)> = names.into_iter().collect();
        Self {
            names: pairs.iter().map(|(name, _)| *name).collect(),
            positions: pairs.into_iter().collect(),
            suggestions_left: MAX_SUGGESTIONS,
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }

    /// Returns the diagnostic for a name that is not in the index.
    pub(crate) fn unknown(&mut self, name: &str, location: Location) -> Diagnostic {
        let error = Diagnostic::new(location, format!("unknown model `{name}`"));
        if self.suggestions_left == 0 {
            return error;
        }
        self.suggestions_left -= 1;
        let suggestions = suggest(name, self.names.iter().copied());
        match suggestions.as_slice() {
            [] => error,
            _ => error.help(format!("did you mean {suggestions}?")),
        }
    }
}
