//! Where a model ID starts and ends in a text.

use std::ops::Range;

/// Returns `true` for the characters of model IDs.
pub(super) const fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'/' | b'@')
}

/// Returns `true` if a match is not a part of a longer name, path or identifier. One of the prefixes can
/// be in front of it.
pub(super) fn is_whole(text: &[u8], bytes: &Range<usize>, prefixes: &[&str]) -> bool {
    let mut after = text[bytes.end..].iter().copied();
    let starts = can_start_after(&text[..bytes.start]) || has_prefix(text, bytes.start, prefixes);
    let ends = match after.next() {
        // The end of a sentence, or a key of YAML.
        Some(b'.' | b':') => !after.next().is_some_and(is_id_byte),
        Some(byte) => !is_id_byte(byte),
        None => true,
    };
    starts && ends
}

/// Returns `true` for a position after one of the prefixes.
pub(super) fn has_prefix(text: &[u8], at: usize, prefixes: &[&str]) -> bool {
    let before = &text[..at];
    let before = before.strip_suffix(b"/").or(before.strip_suffix(b":"));
    before.is_some_and(|before| {
        prefixes.iter().any(|prefix| {
            before
                .strip_suffix(prefix.as_bytes())
                .is_some_and(can_start_after)
        })
    })
}

/// Returns the part of a string after one of the prefixes, or the whole string if it has no prefix.
/// Returns `None` if another prefix selects another server.
pub(super) fn without_prefix(
    text: &[u8],
    id: Range<usize>,
    prefixes: &[&str],
) -> Option<Range<usize>> {
    let is_separator = |byte: &u8| matches!(byte, b'/' | b':');
    let Some(length) = text[id.clone()].iter().position(is_separator) else {
        return Some(id);
    };
    let prefix = &text[id.start..id.start + length];
    let is_own = prefixes.iter().any(|own| prefix == own.as_bytes());
    is_own.then_some(id.start + length + 1..id.end)
}

/// Returns `true` if a model ID, or a prefix of one, can start after this text.
fn can_start_after(text: &[u8]) -> bool {
    match text.split_last() {
        // The default of a variable of Spring, such as `${MODEL:qwen-plus}`, or of a shell.
        Some((b':', before)) if ends_with_variable(before) => true,
        Some((b'-', before)) => before.ends_with(b":"),
        Some((byte, _)) => !is_id_byte(*byte),
        None => true,
    }
}

fn ends_with_variable(text: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let start = text.iter().rposition(|byte| !is_name(byte));
    start.is_some_and(|start| text[..=start].ends_with(b"${"))
}
