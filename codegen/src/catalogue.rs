//! Validated tables. Not to be confused with the trait `Catalogue` of the runtime.

use model_studio_limits_core::{Date, Limit};

use crate::table::{self, Group, Row};

/// A table with unique names, unambiguous identifiers and resolved replacements.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) title: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) date: Option<Date>,
    pub(crate) groups: Vec<Group>,
    pub(crate) models: Vec<Model>,
    pub(crate) retired: Vec<Retired>,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// The row, whose group is a position in `Catalogue::groups`.
    pub(crate) row: Row,
    /// The limits of the table, if an overlay has changed them.
    pub(crate) baseline: Option<Vec<Limit>>,
    /// The position of the model at the end of the chain of replacements.
    pub(crate) replacement: Option<usize>,
}

/// A model that is no longer served.
#[derive(Clone, Debug)]
pub(crate) struct Retired {
    pub(crate) row: table::Retired,
    /// The position of the replacement.
    pub(crate) replacement: Option<usize>,
}

impl Catalogue {
    /// Returns the row of the replacement at a position.
    pub(crate) fn replacement(&self, position: Option<usize>) -> Option<&Row> {
        Some(&self.models[position?].row)
    }

    /// Returns the rows of all models.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> + Clone {
        self.models.iter().map(|model| &model.row)
    }
}
