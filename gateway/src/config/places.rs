//! The problems of a configuration, and their places in a file.

use std::ops::Range;
use std::path::PathBuf;

use model_studio_limits_core::{AnyOf, Escaped, suggest};
use toml::de::{DeTable, DeValue};

use super::ConfigError;

/// A problem of the settings.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) place: Place,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// What sets a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A range of bytes of the file.
    File(Range<usize>),
    /// An argument or an environment variable.
    Flag(&'static str),
    /// Nothing: a value is missing.
    Nowhere,
}

/// A value with what sets it.
pub(super) type Placed<T> = (T, Place);

impl Problem {
    pub(super) fn new(place: impl Into<Place>, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            message: message.into(),
            help: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the names that are similar to an unknown one, or all of them if none is.
    pub(super) fn similar<'a>(self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let similar = suggest(name, known.iter().copied());
        match (similar.as_slice(), &known[..]) {
            ([], []) => self,
            ([], known) => self.help(format!("expected {}", AnyOf(known))),
            _ => self.help(format!("did you mean {similar}?")),
        }
    }
}

impl From<Range<usize>> for Place {
    fn from(span: Range<usize>) -> Self {
        Self::File(span)
    }
}

/// The text of a configuration file, in which problems have their places.
#[derive(Default)]
pub(super) struct Document {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl Document {
    /// Returns the error for some problems, in the order of the file.
    pub(super) fn error(&self, mut problems: Vec<Problem>) -> ConfigError {
        problems.sort_by_key(|problem| match &problem.place {
            Place::File(span) => (1, span.start),
            _ => (0, 0),
        });
        let lines = problems.iter().flat_map(|problem| {
            let place = match &problem.place {
                Place::File(span) => self.describe(span),
                Place::Flag(name) => format!("{name}: "),
                Place::Nowhere => String::new(),
            };
            let help = problem.help.as_ref().map(|help| format!("  help: {help}"));
            [format!("{place}{}", problem.message)]
                .into_iter()
                .chain(help)
        });
        ConfigError::new(lines.collect())
    }

    /// Returns the path of the file, the line, the column, and the key at a range of bytes.
    fn describe(&self, span: &Range<usize>) -> String {
        let before = self.text.get(..span.start).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let column = before[line_start..].chars().count() + 1;
        let path = self.path.display();
        let key = self.key_at(span).map(|key| format!("`{key}`: "));
        format!("{path}:{line}:{column}: {}", key.unwrap_or_default())
    }

    /// Returns the key at a range of bytes, which is that of the key itself or in its value. Returns
    /// `None` if the file is not valid TOML.
    fn key_at(&self, span: &Range<usize>) -> Option<String> {
        let root = DeTable::parse(&self.text).ok()?;
        let path = path_to(root.get_ref(), span)?;
        let keys = path.iter().rev().map(|key| match key {
            key if key.bytes().all(is_bare) => Escaped(key).to_string(),
            key => format!("\"{}\"", Escaped(key)),
        });
        Some(keys.collect::<Vec<_>>().join("."))
    }
}

/// Returns the keys that lead to a range of bytes, the last one first.
fn path_to<'a>(table: &'a DeTable<'_>, span: &Range<usize>) -> Option<Vec<&'a str>> {
    table.iter().find_map(|(key, value)| {
        let is_here = key.span() == *span || value.span() == *span;
        let mut path = match value.get_ref() {
            _ if is_here => Vec::new(),
            // The span of a table with a header of its own is only that of the header.
            DeValue::Table(table) => path_to(table, span)?,
            _ => {
                let value = value.span();
                (value.start <= span.start && span.end <= value.end).then(Vec::new)?
            }
        };
        path.push(key.get_ref());
        Some(path)
    })
}

/// Returns `true` for a byte of a key that needs no quotes.
fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}
