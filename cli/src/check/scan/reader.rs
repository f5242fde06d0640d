//! Reads model IDs and lists of them from a text.

use std::ops::Range;

use super::ids::is_id_byte;

/// The length limit for a model ID, in bytes.
const MAX_ID: usize = 128;

/// The most items of a list that are read.
const MAX_ITEMS: usize = 1_000;

/// The length limit for a type between a key and its value, in bytes.
const MAX_TYPE: usize = 60;

/// The length limit for the arguments of a call, in bytes.
const MAX_CALL: usize = 2_000;

/// Quotes, also in a string of JSON, such as a line of a notebook.
pub(super) const QUOTES: [&str; 5] = ["\"", "'", "`", "\\\"", "\\'"];

/// A position in a text.
pub(super) struct Reader<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
}

impl Reader<'_> {
    /// Skips a type and the `=` after it, as in `model: Optional[str] = "…"`.
    pub(super) fn skip_type(&mut self) {
        if !self
            .peek()
            .is_some_and(|byte| is_word(byte) || byte == b'&')
        {
            return;
        }
        let rest = &self.text[self.at..];
        let rest = &rest[..rest.len().min(MAX_TYPE)];
        let is_of_type = |byte: &u8| is_word(*byte) || b"&'<>[]|.: ".contains(byte);
        let length = rest.iter().take_while(|byte| is_of_type(byte)).count();
        if length > 0 && rest.get(length) == Some(&b'=') {
            self.at += length + 1;
            self.skip_spaces();
        }
    }

    /// Adds the items of a list such as `["a", "b"]`. There can be comments.
    pub(super) fn flow_list(&mut self, places: &mut Vec<Range<usize>>) {
        for _ in 0..MAX_ITEMS {
            self.skip_while(|byte| byte.is_ascii_whitespace() || byte == b',');
            if self.skip_any_of(&["#", "//"]) {
                self.skip_while(|byte| byte != b'\n');
            } else if self.skip_any_of(&["\\n\""]) {
                // The next line of a cell.
                self.skip_while(|byte| byte.is_ascii_whitespace() || byte == b',');
                self.skip_any_of(&["\""]);
            } else {
                let Some(value) = self.value() else { return };
                places.push(value);
            }
        }
    }

    /// Adds the items of a list such as `a, b`.
    pub(super) fn bare_list(&mut self, places: &mut Vec<Range<usize>>) {
        for _ in 0..MAX_ITEMS {
            let Some(value) = self.value() else { return };
            places.push(value);
            if !self.skip_any_of(&[", "]) {
                return;
            }
        }
    }

    /// Adds the strings up to the end of the arguments of a call.
    pub(super) fn arguments(&mut self, places: &mut Vec<Range<usize>>) {
        let end = self.text.len().min(self.at + MAX_CALL);
        let mut depth = 1;
        while depth > 0 && self.at < end {
            if let Some(value) = self.quoted() {
                places.push(value);
                continue;
            }
            match self.peek() {
                Some(b'(' | b'[' | b'{') => depth += 1,
                Some(b')' | b']' | b'}') => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Adds the items of a list with a line for each, such as `- a`. There can be comments.
    pub(super) fn block_list(&mut self, places: &mut Vec<Range<usize>>) {
        for _ in 0..MAX_ITEMS {
            self.skip_while(|byte| byte.is_ascii_whitespace());
            if self.skip_any_of(&["- "]) {
                self.skip_spaces();
                let Some(value) = self.value() else { return };
                places.push(value);
            } else if self.peek() != Some(b'#') {
                return;
            }
            self.skip_while(|byte| byte != b'\n');
        }
    }

    /// Reads a string with or without quotes.
    pub(super) fn value(&mut self) -> Option<Range<usize>> {
        match self.take(&QUOTES) {
            Some(quote) => self.closed_by(quote),
            None => self.id(),
        }
    }

    pub(super) fn quoted(&mut self) -> Option<Range<usize>> {
        let quote = self.take(&QUOTES)?;
        self.closed_by(quote)
    }

    fn closed_by(&mut self, quote: &'static str) -> Option<Range<usize>> {
        let id = self.id()?;
        self.skip_any_of(&[quote]).then_some(id)
    }

    /// Reads the characters of a model ID. A colon at the end belongs to the text around it.
    pub(super) fn id(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        let rest = &self.text[start..];
        let rest = &rest[..rest.len().min(MAX_ID + 1)];
        let length = rest.iter().take_while(|byte| is_id_byte(**byte)).count();
        self.at += length;
        if length > MAX_ID {
            return None;
        }
        let mut end = self.at;
        while end > start && matches!(self.text[end - 1], b'.' | b':') {
            end -= 1;
        }
        (end > start).then_some(start..end)
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Skips spaces, and returns whether there were any.
    pub(super) fn skip_spaces(&mut self) -> bool {
        let start = self.at;
        self.skip_while(|byte| matches!(byte, b' ' | b'\t'));
        self.at > start
    }

    pub(super) fn skip_while(&mut self, condition: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&condition) {
            self.at += 1;
        }
    }

    /// Skips the first of the strings that is next, and returns whether there was one.
    pub(super) fn skip_any_of(&mut self, strings: &[&'static str]) -> bool {
        self.take(strings).is_some()
    }

    /// Skips the first of the strings that is next, and returns it.
    pub(super) fn take(&mut self, strings: &[&'static str]) -> Option<&'static str> {
        let rest = &self.text[self.at..];
        let mut strings = strings.iter();
        let found = strings.find(|string| rest.starts_with(string.as_bytes()))?;
        self.at += found.len();
        Some(found)
    }
}

pub(super) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
