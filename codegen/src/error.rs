//! The error of the generator: a report that shows the errors in the files.

use std::error;
use std::fmt::{self, Write as _};
use std::path::Path;

use crate::diagnostic::{Diagnostic, Location, lines};
use crate::text::{is_invisible, is_wide};

/// Error returned when a table, an overlay or a setting is invalid.
///
/// [`Display`](fmt::Display) writes a report, which shows each error with its line, up to 200
/// errors for each file:
///
/// ```text
/// limits.yaml:9:15: unknown key `qmp`
///   |
/// 9 |     limits: { qmp: 60, tpm: 100000 }
///   |               ^
///   help: did you mean `qpm`?
/// ```
pub struct Error {
    report: String,
}

impl Error {
    /// Creates an error without a location.
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self {
            report: format!("{message}\n"),
        }
    }

    /// Creates an error for a file as a whole.
    pub(crate) fn file(path: &Path, message: impl fmt::Display) -> Self {
        Self::new(format_args!("{}: {message}", show_path(path)))
    }

    /// Creates the report of the errors in a file.
    pub(crate) fn report(path: &Path, text: &str, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by_key(|diagnostic| diagnostic.location);
        // A value with a YAML anchor is checked again wherever it is referenced.
        diagnostics.dedup_by(|a, b| a.location == b.location && a.message == b.message);
        let lines = lines(text);
        let mut report = String::new();
        for diagnostic in diagnostics.iter().take(MAX_SHOWN) {
            let line = lines.get(diagnostic.location.line - 1).unwrap_or(&"");
            report.push_str(&show(path, line, diagnostic));
        }
        if diagnostics.len() > MAX_SHOWN {
            let more = diagnostics.len() - MAX_SHOWN;
            let errors = if more == 1 { "error" } else { "errors" };
            _ = writeln!(report, "{}: {more} more {errors}", show_path(path));
        }
        Self { report }
    }

    /// Appends another report.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.report.push_str(&other.report);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.report.trim_end())
    }
}

/// Writes the report, so that `unwrap` shows it.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl error::Error for Error {}

/// The maximum number of errors that are shown for a file. A file with more is probably not a
/// table.
const MAX_SHOWN: usize = 200;

/// The maximum number of characters of a line that are shown before and after a location.
const CONTEXT: usize = 60;

fn show(path: &Path, line: &str, diagnostic: &Diagnostic) -> String {
    let Location {
        line: number,
        column,
    } = diagnostic.location;
    let mut text = format!(
        "{}:{number}:{column}: {}\n",
        show_path(path),
        shortened(&diagnostic.message)
    );
    let margin = " ".repeat(number.to_string().len());
    let (part, caret) = excerpt(line, column);
    _ = writeln!(text, "{margin} |\n{number} | {part}\n{margin} | {caret}");
    if let Some(help) = &diagnostic.help {
        _ = writeln!(text, "{margin} help: {}", shortened(help));
    }
    text.push('\n');
    text
}

/// Returns the part of a line around a column, and a line with a caret below the column.
fn excerpt(line: &str, column: usize) -> (String, String) {
    let before = column - 1;
    let skipped = before.saturating_sub(CONTEXT);
    let mut part = String::new();
    let mut caret = String::new();
    if skipped > 0 {
        part.push('…');
        caret.push(' ');
    }
    let mut rest = line.chars().skip(skipped);
    for character in rest.by_ref().take(before - skipped) {
        part.push(printable(character));
        caret.push(match character {
            '\t' => '\t',
            wide if is_wide(wide) => '\u{3000}',
            _ => ' ',
        });
    }
    caret.push('^');
    part.extend(rest.by_ref().take(CONTEXT).map(printable));
    if rest.next().is_some() {
        part.push('…');
    }
    (part, caret)
}

/// The maximum number of characters of a message that are shown.
const MAX_MESSAGE: usize = 500;

/// Returns a message on one line and with a limited length, because it may quote the file.
fn shortened(message: &str) -> String {
    let mut characters = message.chars();
    let mut line: String = characters
        .by_ref()
        .take(MAX_MESSAGE)
        .map(printable)
        .collect();
    if characters.next().is_some() {
        line.push('…');
    }
    line
}

fn show_path(path: &Path) -> String {
    shortened(&path.display().to_string())
}

/// Replaces invisible characters and those that could change the state of a terminal.
fn printable(character: char) -> char {
    if (character.is_control() && character != '\t') || is_invisible(character) {
        '\u{fffd}'
    } else {
        character
    }
}
