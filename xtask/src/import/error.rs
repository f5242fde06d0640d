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
pub(super) fn message(file: &str, mut errors: Vec<PageError>) -> String {
    errors.sort_by_key(|error| error.line);
    let others = errors.len().saturating_sub(MAX_ERRORS);
    let shown = errors.iter().take(MAX_ERRORS);
    let shown = shown.map(|error| format!("{file}:{}: {}", error.line, error.message));
    let more = (others > 0).then(|| format!("{file}: {others} more errors"));
    shown.chain(more).collect::<Vec<_>>().join("\n")
}
