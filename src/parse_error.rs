//! The error returned when a model name cannot be parsed.

use core::fmt;

use model_studio_limits_core::{Escaped, Suggestions, suggest};

use crate::Date;
use crate::static_table::Table;

/// Error returned when a string is not a known model ID or alias, when the model is retired, or
/// when it is deprecated and only active models are accepted.
///
/// The message contains suggestions, or the replacement of the model:
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
    /// The beginning of the string. An array, because there may be no allocator.
    shown: [u8; MAX_SHOWN],
    shown_len: u8,
    is_cut: bool,
    reason: Reason,
}

#[derive(Clone, PartialEq, Eq)]
enum Reason {
    /// The string is none of these names. Suggestions are computed on demand.
    Unknown(&'static [&'static str]),
    /// The string is too long to be kept or to get suggestions.
    TooLong,
    /// The model is deprecated and may have a replacement.
    Deprecated(Option<&'static str>),
    /// The model is no longer served and may have a replacement.
    Retired(Date, Option<&'static str>),
}

/// The number of bytes of a string that the error keeps: enough for any realistic model ID, and few
/// enough that the error can be returned by value.
const MAX_SHOWN: usize = 88;

impl ParseModelError {
    /// Creates the error for a string that is not the name of a model in the table.
    #[doc(hidden)]
    #[must_use]
    pub fn __new<M: Copy>(name: &str, table: &Table<M>) -> Self {
        let reason = match table.retired(name) {
            Some(retired) => Reason::Retired(retired.on, retired.replacement),
            None if name.len() > MAX_SHOWN => Reason::TooLong,
            None => Reason::Unknown(table.names),
        };
        Self::new(name, reason)
    }

    /// Creates the error for a deprecated model.
    pub(crate) fn deprecated(name: &str, replacement: Option<&'static str>) -> Self {
        Self::new(name, Reason::Deprecated(replacement))
    }

    fn new(name: &str, reason: Reason) -> Self {
        let mut len = name.len().min(MAX_SHOWN);
        while !name.is_char_boundary(len) {
            len -= 1;
        }
        let mut shown = [0; MAX_SHOWN];
        shown[..len].copy_from_slice(&name.as_bytes()[..len]);
        Self {
            shown,
            shown_len: u8::try_from(len).unwrap_or(u8::MAX),
            is_cut: len < name.len(),
            reason,
        }
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

    /// Returns the date on which the model was retired, if it is no longer served.
    #[must_use]
    pub fn retired_on(&self) -> Option<Date> {
        match self.reason {
            Reason::Retired(on, _) => Some(on),
            _ => None,
        }
    }

    /// Returns the model ID of the replacement of a deprecated or retired model.
    #[must_use]
    pub fn replacement(&self) -> Option<&'static str> {
        match self.reason {
            Reason::Deprecated(replacement) | Reason::Retired(_, replacement) => replacement,
            Reason::Unknown(_) | Reason::TooLong => None,
        }
    }

    fn suggest(&self) -> Suggestions<'static> {
        match self.reason {
            Reason::Unknown(names) => suggest(self.shown(), names.iter().copied()),
            _ => Suggestions::default(),
        }
    }

    fn shown(&self) -> &str {
        let shown = self.shown.get(..usize::from(self.shown_len));
        core::str::from_utf8(shown.unwrap_or_default()).unwrap_or_default()
    }
}

impl fmt::Display for ParseModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Escaped(self.shown());
        let ellipsis = if self.is_cut { "…" } else { "" };
        match self.reason {
            Reason::Deprecated(_) => write!(f, "model `{name}{ellipsis}` is deprecated")?,
            Reason::Retired(on, _) => write!(f, "model `{name}{ellipsis}` was retired on {on}")?,
            Reason::Unknown(_) | Reason::TooLong => {
                write!(f, "unknown model `{name}{ellipsis}`")?;
            }
        }
        if let Some(replacement) = self.replacement() {
            return write!(f, ", use `{replacement}`");
        }
        let suggestions = self.suggest();
        match suggestions.as_slice() {
            [] => Ok(()),
            _ => write!(f, ", did you mean {suggestions}?"),
        }
    }
}

impl fmt::Debug for ParseModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ellipsis = if self.is_cut { "…" } else { "" };
        write!(f, "ParseModelError({:?}{ellipsis})", self.shown())
    }
}

impl core::error::Error for ParseModelError {}
