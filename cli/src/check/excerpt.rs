//! The part of a line that is shown for a finding.

use std::ops::Range;

/// The number of bytes that an excerpt shows on each side of a model ID.
const LENGTH: usize = 60;

/// The part of a line around a model ID.
#[derive(Clone, Debug)]
pub(super) struct Excerpt {
    pub(super) text: String,
    /// The position of the model ID in the text, in bytes.
    pub(super) name: Range<usize>,
}

impl Excerpt {
    /// Returns the excerpt around a model ID, in a line that starts at `line_start`.
    pub(super) fn new(text: &[u8], line_start: usize, name: &Range<usize>) -> Self {
        let start = line_start.max(name.start.saturating_sub(LENGTH));
        // Only the bytes that can be shown are searched, since a line can be very long.
        let end = text.len().min(name.end + LENGTH);
        let after = &text[name.end..end];
        let line_end = after.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let is_cut = line_end.is_none() && end < text.len();
        let after = &after[..line_end.unwrap_or(after.len())];
        // A character that is cut, or is not valid, is not shown.
        let shown = |bytes| String::from_utf8_lossy(bytes).replace('\u{fffd}', "");
        let ellipsis = |is_cut| if is_cut { "…" } else { "" };

        let before = ellipsis(start > line_start).to_owned() + &shown(&text[start..name.start]);
        let name = shown(&text[name.clone()]);
        Self {
            name: before.len()..before.len() + name.len(),
            text: before + &name + &shown(after) + ellipsis(is_cut),
        }
    }
}
