//! The rows of the data file with the properties.

use std::collections::BTreeMap;

use crate::import::row::Key;
use crate::read::tsv;

/// The columns of the file, in its order.
const COLUMNS: [&str; 19] = [
    "region",
    "scope",
    "category",
    "name",
    "context_window",
    "max_input",
    "max_output",
    "max_input_thinking",
    "max_output_thinking",
    "max_reasoning",
    "input_modalities",
    "output_modalities",
    "thinking",
    "thinking_default",
    "function_calling",
    "structured_output",
    "source",
    "page_date",
    "note",
];

/// A row: the properties of a model in a region and deployment scope.
#[derive(Clone, Debug, Default)]
pub(super) struct PropertyRow(BTreeMap<&'static str, String>);

impl PropertyRow {
    pub(super) fn get(&self, column: &str) -> &str {
        self.0.get(column).map(String::as_str).unwrap_or_default()
    }

    /// Returns the row with another cell.
    pub(super) fn with(mut self, column: &'static str, text: &str) -> Self {
        self.0.insert(column, text.to_owned());
        self
    }

    pub(super) fn key(&self) -> Key<'_> {
        ["region", "scope", "name"].map(|column| self.get(column))
    }
}

/// Reads the rows of the file.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<PropertyRow>, String> {
    let rows = tsv::rows(file, text)?;
    let rows = rows.iter().map(|row| {
        let cells = COLUMNS.iter().map(|column| {
            let cell = row.get(column)?;
            Ok((*column, cell.text.to_owned()))
        });
        cells.collect::<Result<_, String>>().map(PropertyRow)
    });
    rows.collect()
}

/// Returns the text of the file.
pub(super) fn write(rows: &[PropertyRow]) -> String {
    let lines = rows.iter().map(|row| COLUMNS.map(|column| row.get(column)));
    let lines = std::iter::once(COLUMNS).chain(lines);
    lines.map(|cells| cells.join("\t") + "\n").collect()
}
