//! The input files: tables and overlays.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use model_studio_limits_core::AnyOf;
use model_studio_limits_tables::TABLES;

use crate::diagnostic::{Diagnostic, Location};
use crate::error::Error;

/// Where a table comes from.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    File(PathBuf),
    /// The name of a shipped table.
    Shipped(String),
}

/// The path and the text of a file.
#[derive(Debug)]
pub(crate) struct TextFile {
    path: PathBuf,
    pub(crate) text: String,
}

/// The size limit for files, in bytes. It is enough for a table with the maximum number of names of
/// typical length.
const MAX_BYTES: u64 = 8 << 20;

impl Input {
    /// Reads a table file, or returns a shipped table.
    pub(crate) fn read(&self) -> Result<TextFile, Error> {
        let name = match self {
            Self::File(path) => return TextFile::read(path),
            Self::Shipped(name) => name,
        };
        let Some((_, text)) = TABLES.iter().find(|(shipped, _)| shipped == name) else {
            let names: Vec<&str> = TABLES.iter().map(|(name, _)| *name).collect();
            return Err(Error::new(format_args!(
                "unknown table `{name}`, expected one of {}",
                AnyOf(&names)
            )));
        };
        Ok(TextFile {
            path: format!("{name}.yaml").into(),
            text: (*text).to_owned(),
        })
    }
}

impl TextFile {
    /// Reads a table or an overlay.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        let read =
            File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
        let len =
            read.map_err(|error| Error::file(path, format_args!("cannot read the file: {error}")))?;
        if len as u64 > MAX_BYTES {
            let message = format!("the file is larger than {} MiB", MAX_BYTES >> 20);
            return Err(Error::file(path, message));
        }
        if bytes.starts_with("\u{feff}".as_bytes()) {
            // Some editors write a byte order mark, which the YAML library would take for the
            // start of a document.
            bytes.drain(..3);
        }
        String::from_utf8(bytes)
            .map(|text| Self {
                path: path.to_owned(),
                text,
            })
            .map_err(|error| {
                let valid = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(&error.as_bytes()[..valid]);
                let error = Diagnostic::new(Location::end_of(&text), "the file is not valid UTF-8");
                Error::report(path, &text, vec![error.help("save the file as UTF-8")])
            })
    }

    /// Returns the file name without its directory.
    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// Returns the report of the errors in the file.
    pub(crate) fn report(&self, errors: Vec<Diagnostic>) -> Error {
        Error::report(&self.path, &self.text, errors)
    }
}
