//! Errors at locations in a file.

/// A location in a file: line and column, both starting at 1. Columns are counted in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Location {
    /// The location of a value in a tree that was read without locations.
    pub(crate) const UNKNOWN: Self = Self { line: 0, column: 0 };
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// Returns the location after the last character of `text`.
    pub(crate) fn end_of(text: &str) -> Self {
        let lines = lines(text);
        let last = lines.last().map_or(0, |line| line.chars().count());
        Self {
            line: lines.len(),
            column: last + 1,
        }
    }
}

/// An error at a location in a file.
#[derive(Debug)]
pub(crate) struct Diagnostic {
    pub(crate) location: Location,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(location: Location, message: impl Into<String>) -> Self {
        Self {
            location,
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds help if there is any.
    pub(crate) fn help_maybe(self, help: Option<String>) -> Self {
        Self { help, ..self }
    }
}

/// Splits a string at YAML line breaks.
pub(crate) fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((line, end)) = rest.split_once(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        lines.push(line);
        let windows = rest[line.len()..].starts_with("\r\n");
        rest = if windows { &end[1..] } else { end };
    }
    lines.push(rest);
    lines
}
