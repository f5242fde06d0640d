//! Errors in the provider's pages.

use std::fmt::Display;

use crate::import::markdown::Line;

/// The number of errors that a message lists.
const MAX_ERRORS: usize = 20;

/// An error in a page.
#[derive(Debug)]
pub(super) struct PageError {
    line: usize,
    message: String,
}

impl PageError {
    pub(super) fn new(line: usize, message: impl Display) -> Self {
        let message = message.to_string();
        Self { line, message }
    }

    /// Returns an error about the text of a line.
    pub(super) fn found(line: &Line, message: impl Display) -> Self {
        Self::new(line.number, format!("{message}, found `{}`", line.text))
    }
}

/// Returns the message for the errors in a page.
pub(super) fn message(file: &str, errors: Vec<PageError>) -> String {
    message_of_lines(lines(file, errors), &format!("{file}: "))
}

/// Returns the message for errors in several pages.
pub(super) fn message_of_pages(lines: Vec<String>) -> String {
    message_of_lines(lines, "")
}

fn message_of_lines(lines: Vec<String>, file: &str) -> String {
    let others = lines.len().saturating_sub(MAX_ERRORS);
    let more = (others > 0).then(|| format!("{file}{others} more errors"));
    let shown = lines.into_iter().take(MAX_ERRORS);
    shown.chain(more).collect::<Vec<_>>().join("\n")
}

/// Returns a line for each error in a page.
pub(super) fn lines(file: &str, mut errors: Vec<PageError>) -> Vec<String> {
    errors.sort_by_key(|error| error.line);
    let lines = errors.iter();
    let lines = lines.map(|error| format!("{file}:{}: {}", error.line, error.message));
    lines.collect()
}
