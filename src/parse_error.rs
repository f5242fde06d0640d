//! The error returned when a model name cannot be parsed.

use core::fmt;

use model_studio_limits_core::{Excerpt, Suggestions, suggest};

use crate::columns::Columns;
use crate::{Deprecation, Retired};

/// Error returned when a string is not a known model ID or alias, when the model is retired, or
/// when it is deprecated and only active models are accepted.
///
/// The message contains suggestions, or the replacement of the model, the date on which it retires and
/// the table's note:
///
/// ```
/// # #[cfg(feature = "built-in")] {
/// use model_studio_limits::Model;
///
/// let error = "qwen-pluss".parse::<Model>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown model `qwen-pluss`, did you mean `qwen-plus`?");
/// assert_eq!(error.nearest(), Some("qwen-plus"));
///
/// let error = "gpt-4o".parse::<Model>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown model `gpt-4o`");
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ParseModelError {
    name: Excerpt,
    reason: Reason,
}

#[derive(Clone, PartialEq, Eq)]
enum Reason {
    /// The string is none of these names. Suggestions are computed on demand.
    Unknown(&'static [&'static str]),
    /// The model is deprecated.
    Deprecated(Deprecated),
    /// The model is no longer served.
    Retired(&'static Retired),
}

/// What the message says about a deprecated model.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Deprecated {
    pub(crate) replacement: Option<&'static str>,
    // A reference, since an error of 128 bytes or more would be slow to return.
    pub(crate) deprecation: &'static Deprecation,
    /// Whether the provider has postponed the date on which the model retires.
    pub(crate) is_postponed: bool,
}

impl ParseModelError {
    /// Creates the error for a string that is not the name of a model in the table.
    #[doc(hidden)]
    #[must_use]
    pub fn __new<M>(name: &str, columns: &Columns<M>) -> Self {
        let reason = match columns.retired(name) {
            Some(retired) => Reason::Retired(retired),
            None => Reason::Unknown(columns.names),
        };
        Self::new(name, reason)
    }

    /// Creates the error for the name of a deprecated model.
    pub(crate) fn deprecated(name: &str, deprecated: Deprecated) -> Self {
        Self::new(name, Reason::Deprecated(deprecated))
    }

    fn new(name: &str, reason: Reason) -> Self {
        let name = Excerpt::new(name);
        Self { name, reason }
    }

    /// Returns the closest model ID or alias, if any is similar enough.
    #[must_use]
    pub fn nearest(&self) -> Option<&'static str> {
        self.suggest().first()
    }

    /// Returns up to three model IDs and aliases that may have been meant. All are equally close.
    pub fn suggestions(&self) -> impl Iterator<Item = &'static str> + use<> {
        let suggestions = self.suggest();
        (0..3).map_while(move |index| suggestions.as_slice().get(index).copied())
    }

    /// Returns `true` if the string is the name of a deprecated model.
    #[must_use]
    pub fn is_deprecated(&self) -> bool {
        matches!(self.reason, Reason::Deprecated(_))
    }

    /// Returns the retired model, if the string is the name of one.
    #[must_use]
    pub fn retired(&self) -> Option<&'static Retired> {
        match self.reason {
            Reason::Retired(retired) => Some(retired),
            _ => None,
        }
    }

    /// Returns the model ID of the replacement of a deprecated or retired model.
    #[must_use]
    pub fn replacement(&self) -> Option<&'static str> {
        match &self.reason {
            Reason::Deprecated(deprecated) => deprecated.replacement,
            Reason::Retired(retired) => retired.replacement,
            Reason::Unknown(_) => None,
        }
    }

    fn note(&self) -> Option<&'static str> {
        match &self.reason {
            Reason::Deprecated(deprecated) => deprecated.deprecation.note,
            Reason::Retired(retired) => retired.note,
            Reason::Unknown(_) => None,
        }
    }

    fn suggest(&self) -> Suggestions<'static> {
        match (&self.reason, self.name.whole()) {
            (Reason::Unknown(names), Some(name)) => suggest(name, names.iter().copied()),
            _ => Suggestions::default(),
        }
    }
}

impl fmt::Display for ParseModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.reason {
            Reason::Deprecated(deprecated) => {
                write!(f, "model `{name}` is deprecated")?;
                let retires = deprecated.deprecation.retires;
                if let Some(date) = retires.filter(|_| !deprecated.is_postponed) {
                    write!(f, " and retires on {date}")?;
                }
            }
            Reason::Retired(model) => write!(f, "model `{name}` was retired on {}", model.on)?,
            Reason::Unknown(_) => write!(f, "unknown model `{name}`")?,
        }
        if let Some(replacement) = self.replacement() {
            write!(f, ", use `{replacement}`")?;
        }
        if let Some(note) = self.note() {
            write!(f, "; {note}")?;
        }
        let suggestions = self.suggest();
        if !suggestions.as_slice().is_empty() {
            write!(f, ", did you mean {suggestions}?")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ParseModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ParseModelError").field(&self.name).finish()
    }
}

impl core::error::Error for ParseModelError {}
