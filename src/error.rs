use core::fmt;

use model_studio_limits_names::nearest;

/// A text is not the name or alias of a model of the catalogue.
///
/// Its message shows the text, and the nearest name if any is near:
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
    names: &'static [&'static str],
}

/// How many bytes of a text an error shows: more than names have, and few enough for the error to
/// be returned by value.
const SHOWN: usize = 96;

impl ParseModelError {
    /// The error for a text that is none of these names.
    #[doc(hidden)]
    #[must_use]
    pub fn __new(text: &str, names: &'static [&'static str]) -> Self {
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
            names,
        }
    }

    /// The nearest name or alias of the catalogue, if any is near.
    #[must_use]
    pub fn nearest(&self) -> Option<&'static str> {
        if self.shortened {
            return None;
        }
        let names = self.names.iter().copied();
        nearest(self.text(), names).names().first().copied()
    }

    fn text(&self) -> &str {
        let text = self.text.get(..usize::from(self.len)).unwrap_or_default();
        core::str::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Display for ParseModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.shortened { "…" } else { "" };
        write!(f, "unknown model `{}{more}`", self.text().escape_debug())?;
        match self.nearest() {
            Some(name) => write!(f, ", did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ParseModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParseModelError({:?})", self.text())
    }
}

impl core::error::Error for ParseModelError {}
