//! The report of data that the tables deviate from or do not contain, for manual review.

use std::fmt::{Display, Write as _};

use crate::tsv::Cell;

/// Findings, one per line, in the order in which they were made.
#[derive(Default)]
pub(crate) struct Report(pub(crate) String);

impl Report {
    /// Adds a finding about the row of a cell.
    pub(crate) fn note(&mut self, cell: &Cell<'_>, message: impl Display) {
        let Cell {
            file, line, text, ..
        } = cell;
        _ = writeln!(self.0, "{file}:{line}: {text}: {message}");
    }
}
