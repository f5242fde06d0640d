//! The error type.

use std::fmt;
use std::io;
use std::path::Path;

use crate::tsv::Cell;

/// An error, with the file, line and column if it is an error in the data.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    pub(crate) fn at(cell: &Cell<'_>, message: impl fmt::Display) -> Self {
        Self(format!(
            "{}:{}:{}: {message}",
            cell.file, cell.line, cell.column
        ))
    }

    pub(crate) fn io(path: &Path, error: &io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
