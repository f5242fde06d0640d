//! The report of data that the tables deviate from or do not contain, for manual review.

use std::fmt;

use crate::tsv::Cell;

/// Findings, in the order in which they were made.
#[derive(Default)]
pub(crate) struct Report(Vec<String>);

impl Report {
    /// Adds a finding about the row of a cell.
    pub(crate) fn note(&mut self, cell: &Cell<'_>, message: impl fmt::Display) {
        self.0.push(format!(
            "{}:{}: {}: {message}",
            cell.file, cell.line, cell.text
        ));
    }
}

/// Writes one finding per line.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
