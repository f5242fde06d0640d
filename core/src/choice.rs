//! The names of an enum's values, and the error for an unknown name.

use core::fmt;

use crate::{AnyOf, Excerpt, suggest};

/// The names of the values of an enum.
#[derive(Debug, PartialEq, Eq)]
pub struct Choices {
    /// What a value is, such as `category`, for errors.
    pub what: &'static str,
    /// The names, in the order of the variants.
    pub names: &'static [&'static str],
}

/// Error returned when a string is not the name of a [`Category`](crate::Category), or of a choice that a
/// table declares.
///
/// The message contains a suggestion, or all names if none is similar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseChoiceError {
    choices: &'static Choices,
    name: Excerpt,
}

impl Choices {
    /// Returns the index of a name.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such name.
    pub fn find(&'static self, name: &str) -> Result<usize, ParseChoiceError> {
        let found = self.names.iter().position(|other| *other == name);
        found.ok_or_else(|| ParseChoiceError {
            choices: self,
            name: Excerpt::new(name),
        })
    }
}

impl fmt::Display for ParseChoiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Choices { what, names } = self.choices;
        write!(f, "unknown {what} `{}`, ", self.name)?;
        let whole = self.name.whole();
        let suggestions = whole.map(|name| suggest(name, names.iter().copied()));
        match suggestions.and_then(|suggestions| suggestions.first()) {
            Some(name) => write!(f, "did you mean `{name}`?"),
            None => write!(f, "expected one of {}", AnyOf(names)),
        }
    }
}

impl core::error::Error for ParseChoiceError {}
