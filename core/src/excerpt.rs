//! The beginning of a string, for errors that are created without an allocator.

use core::fmt;

use crate::Escaped;

/// The number of bytes that are kept: enough for any realistic model ID, and few enough that an
/// error can be returned by value.
const MAX_LEN: usize = 80;

/// The beginning of a string that an error is about.
///
/// [`Display`](fmt::Display) escapes it as [`Escaped`] does, and writes `…` for the rest.
#[derive(Clone, PartialEq, Eq)]
pub struct Excerpt {
    start: [u8; MAX_LEN],
    /// The length of the whole string.
    len: usize,
}

impl Excerpt {
    /// Copies the beginning of a string.
    #[must_use]
    pub fn new(string: &str) -> Self {
        let len = string.len();
        let kept = len.min(MAX_LEN);
        let mut start = [0; MAX_LEN];
        start[..kept].copy_from_slice(&string.as_bytes()[..kept]);
        Self { start, len }
    }

    /// Returns the whole string, if it was kept.
    #[must_use]
    pub fn whole(&self) -> Option<&str> {
        (self.len <= MAX_LEN).then(|| self.shown())
    }

    /// Returns the beginning of the string, without a character that does not fit.
    fn shown(&self) -> &str {
        let mut chunks = self.start[..self.len.min(MAX_LEN)].utf8_chunks();
        chunks.next().map_or("", |chunk| chunk.valid())
    }

    fn ellipsis(&self) -> &'static str {
        if self.len > MAX_LEN { "…" } else { "" }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Escaped(self.shown()), self.ellipsis())
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{}", self.shown(), self.ellipsis())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;
    use std::string::ToString;

    use super::*;

    #[test]
    fn a_long_string_ends_with_an_ellipsis() {
        let short = "é".repeat(40);
        assert_eq!(Excerpt::new(&short).whole(), Some(short.as_str()));
        assert_eq!(Excerpt::new(&short).to_string(), short);
        let long = Excerpt::new(&format!("a{short}"));
        assert_eq!(long.whole(), None);
        assert_eq!(long.to_string(), format!("a{}…", "é".repeat(39)));
        assert_eq!(format!("{long:?}"), format!("\"a{}\"…", "é".repeat(39)));
    }
}
