//! Changes of a body that leave all other bytes as they are.

use std::ops::Range;

use bytes::Bytes;

/// Returns a body with the texts in the places of two ranges that do not overlap.
pub(super) fn replace(body: &Bytes, edits: [Option<(Range<usize>, String)>; 2]) -> Bytes {
    let mut edits: Vec<_> = edits.into_iter().flatten().collect();
    if edits.is_empty() {
        return body.clone();
    }
    edits.sort_unstable_by_key(|(at, _)| at.start);
    let added: usize = edits.iter().map(|(_, text)| text.len()).sum();
    let mut edited = Vec::with_capacity(body.len() + added);
    let mut copied = 0;
    for (at, text) in edits {
        edited.extend_from_slice(&body[copied..at.start]);
        edited.extend_from_slice(text.as_bytes());
        copied = at.end;
    }
    edited.extend_from_slice(&body[copied..]);
    edited.into()
}

/// Returns a string as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
