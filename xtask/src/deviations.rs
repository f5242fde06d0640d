//! The data that the tables deviate from or do not contain, for manual review.

use std::fmt::{Display, Write as _};

use crate::read::tsv::Cell;

/// A line for each row of the data that the tables deviate from or do not contain, in the order of
/// the rules.
#[derive(Debug, Default)]
pub(crate) struct Deviations(pub(crate) String);

impl Deviations {
    /// Adds a line about the row of a cell.
    pub(crate) fn add(&mut self, cell: &Cell<'_>, message: impl Display) {
        let (file, line, text) = (cell.file, cell.line, cell.text);
        _ = writeln!(self.0, "{file}:{line}: {text}: {message}");
    }
}
