//! Changes of a body that leave all other bytes as they are.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

/// The text that replaces a range of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) at: Range<usize>,
    pub(super) text: Cow<'static, str>,
}

/// Returns a body with edits that do not overlap.
pub(super) fn replace(body: &Bytes, edits: [Option<Edit>; 2]) -> Bytes {
    let mut edits: Vec<_> = edits.into_iter().flatten().collect();
    if edits.is_empty() {
        return body.clone();
    }
    edits.sort_unstable_by_key(|edit| edit.at.start);
    let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut edited = Vec::with_capacity(body.len() + added);
    let mut copied = 0;
    for Edit { at, text } in edits {
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
