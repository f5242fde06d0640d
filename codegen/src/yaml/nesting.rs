//! Finds brackets that are nested too deeply.

use crate::diagnostic::Location;

/// Returns the location where brackets are nested too deeply.
///
/// The library takes time proportional to the depth of brackets times the length of the file, and
/// checks the depth only afterwards. This counts the brackets outside of quotes and comments. It is
/// not a complete YAML scanner: a crafted file can still be slow.
pub(super) fn find_deep_nesting(text: &str) -> Option<Location> {
    const MAX_DEPTH: usize = 1_000;
    if text.matches('[').count() + text.matches('{').count() <= MAX_DEPTH {
        return None;
    }
    let mut depth = 0_usize;
    let mut quote = None;
    // The previous byte, the last byte that was not a blank within a line, and the first byte of
    // the last word.
    let (mut before, mut before_blank, mut word) = (b'\n', b'\n', b'\n');
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((index, byte)) = bytes.next() {
        let is_blank = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let after_blank = matches!(before, b' ' | b'\t' | b'\r' | b'\n');
        // A quote begins a quoted string where a value can begin, including after an anchor or a
        // tag. Elsewhere, it is part of a plain string.
        let is_value_start = match before_blank {
            b'[' | b'{' | b':' | b'-' | b'?' | b'\n' => true,
            b',' => depth > 0,
            _ => after_blank && matches!(word, b'&' | b'!'),
        };
        match (quote, byte) {
            (None, b'[' | b'{') => depth += 1,
            (None, b']' | b'}') => depth = depth.saturating_sub(1),
            (None, b'"' | b'\'') if is_value_start => quote = Some(byte),
            (None, b'#') if after_blank => quote = Some(b'\n'),
            (Some(b'"'), b'\\') => _ = bytes.next(),
            // In a single-quoted string, two single quotes are an escaped quote.
            (Some(b'\''), b'\'') if bytes.next_if(|(_, next)| *next == b'\'').is_some() => {}
            (Some(end), _) if end == byte => quote = None,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(Location::end_of(text.get(..index).unwrap_or_default()));
        }
        if !is_blank && (after_blank || matches!(before, b'[' | b'{' | b',')) {
            word = byte;
        }
        if !is_blank || byte == b'\n' {
            before_blank = byte;
        }
        before = byte;
    }
    None
}
