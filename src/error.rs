use core::fmt;

use model_studio_limits_core::{Visible, nearest};

/// A text is not the name or alias of a model of the catalogue or, where that is asked for, it is
/// that of a deprecated model.
///
/// The message shows the text, and the nearest name if any is near, or the replacement:
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
#[derive(Clone)]
pub struct ParseModelError {
    /// The text, or as much of its start as there is room for: without an allocator too, the error
    /// can show what it is about.
    text: [u8; SHOWN],
    len: u8,
    shortened: bool,
    reason: Reason,
}

#[derive(Clone)]
enum Reason {
    /// The text is none of these names. Which is nearest is found when it is asked for.
    Unknown(&'static [&'static str]),
    /// The text is no name, and too long to be kept. This is the nearest.
    Long(Option<&'static str>),
    /// The model is deprecated, and may have a replacement.
    Deprecated(Option<&'static str>),
}

/// How many bytes of a text an error shows: more than most names have, and few enough for the error
/// to be returned by value.
const SHOWN: usize = 88;

impl ParseModelError {
    /// The error for a text that is none of these names.
    #[doc(hidden)]
    #[must_use]
    pub fn __unknown(text: &str, names: &'static [&'static str]) -> Self {
        Self::new(
            text,
            if text.len() > SHOWN {
                Reason::Long(nearest_of(text, names))
            } else {
                Reason::Unknown(names)
            },
        )
    }

    /// The error for a deprecated model.
    #[doc(hidden)]
    #[must_use]
    pub fn __deprecated(text: &str, replacement: Option<&'static str>) -> Self {
        Self::new(text, Reason::Deprecated(replacement))
    }

    fn new(text: &str, reason: Reason) -> Self {
        let mut len = text.len().min(SHOWN);
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        let mut shown = [0; SHOWN];
        shown[..len].copy_from_slice(&text.as_bytes()[..len]);
        Self {
            text: shown,
            len: u8::try_from(len).unwrap_or(u8::MAX),
            shortened: len < text.len(),
            reason,
        }
    }

    /// The nearest name or alias of the catalogue, if any is near.
    #[must_use]
    pub fn nearest(&self) -> Option<&'static str> {
        match self.reason {
            Reason::Unknown(names) => nearest_of(self.text(), names),
            Reason::Long(nearest) => nearest,
            Reason::Deprecated(_) => None,
        }
    }

    /// Whether the text is the name of a model that is deprecated.
    #[must_use]
    pub fn is_deprecated(&self) -> bool {
        matches!(self.reason, Reason::Deprecated(_))
    }

    /// The name of the model that replaces a deprecated one.
    #[must_use]
    pub fn replacement(&self) -> Option<&'static str> {
        match self.reason {
            Reason::Deprecated(replacement) => replacement,
            Reason::Unknown(_) | Reason::Long(_) => None,
        }
    }

    fn text(&self) -> &str {
        let text = self.text.get(..usize::from(self.len)).unwrap_or_default();
        core::str::from_utf8(text).unwrap_or_default()
    }
}

fn nearest_of(text: &str, names: &'static [&'static str]) -> Option<&'static str> {
    nearest(text, names.iter().copied())
        .names()
        .first()
        .copied()
}

impl fmt::Display for ParseModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Visible(self.text());
        let more = if self.shortened { "…" } else { "" };
        if let Reason::Deprecated(replacement) = self.reason {
            write!(f, "model `{text}{more}` is deprecated")?;
            return match replacement {
                Some(name) => write!(f, ", use `{name}`"),
                None => Ok(()),
            };
        }
        write!(f, "unknown model `{text}{more}`")?;
        match self.nearest() {
            Some(name) => write!(f, ", did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ParseModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.shortened { "…" } else { "" };
        write!(f, "ParseModelError({:?}{more})", self.text())
    }
}

impl core::error::Error for ParseModelError {}
