//! The validated table, from which code is rendered.

use model_studio_limits_core::Limit;

use crate::property::{Property, PropertyValue};
use crate::table_file::{Group, RetiredRow, Row, Source};

/// A table with unique names, unambiguous identifiers and resolved replacements.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// The name of the table file.
    pub(crate) file_name: String,
    /// The name of the overlay file.
    pub(crate) overlay: Option<String>,
    pub(crate) source: Source,
    pub(crate) properties: Vec<Property>,
    pub(crate) groups: Vec<Group>,
    pub(crate) models: Vec<Model>,
    /// Sorted by name.
    pub(crate) retired: Vec<RetiredModel>,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// The row, whose group is a position in `Table::groups`.
    pub(crate) row: Row,
    /// The limits of the table, if an overlay has changed them.
    pub(crate) baseline: Option<Vec<Limit>>,
    /// The value of each property of the table.
    pub(crate) properties: Vec<Option<PropertyValue>>,
    /// The positions of the properties that an overlay has set.
    pub(crate) overlaid_properties: Vec<usize>,
    /// The position of the model at the end of the chain of replacements.
    pub(crate) replacement: Option<usize>,
}

/// A model that is no longer served.
#[derive(Clone, Debug)]
pub(crate) struct RetiredModel {
    pub(crate) row: RetiredRow,
    /// The position of the replacement.
    pub(crate) replacement: Option<usize>,
}

impl Table {
    /// Returns the row of the replacement at a position.
    pub(crate) fn replacement(&self, position: Option<usize>) -> Option<&Row> {
        Some(&self.models[position?].row)
    }

    /// Returns the rows of all models.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> + Clone {
        self.models.iter().map(|model| &model.row)
    }
}
