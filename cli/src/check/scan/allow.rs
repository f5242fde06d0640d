//! The comment that suppresses the findings of its line.

use std::ops::Range;

const COMMENT: &[u8] = b"model-studio-limits: allow";

/// Returns a function that returns `true` for positions in lines with the comment. Call it with
/// increasing positions.
pub(super) fn by_comment(text: &[u8]) -> impl FnMut(usize) -> bool {
    let mut line = 0..0;
    let mut is_allowed = false;
    move |at| {
        if at >= line.end {
            line = line_at(text, at);
            let mut windows = text[line.clone()].windows(COMMENT.len());
            is_allowed = windows.any(|window| window == COMMENT);
        }
        is_allowed
    }
}

/// Returns the line at a position, with its end.
fn line_at(text: &[u8], at: usize) -> Range<usize> {
    let is_end = |byte: &u8| *byte == b'\n';
    let start = text[..at].iter().rposition(is_end);
    let length = text[at..].iter().position(is_end);
    start.map_or(0, |end| end + 1)..length.map_or(text.len(), |length| at + length + 1)
}
