//! Lines and columns.

/// A position in a text, which only moves forward.
pub(super) struct Position<'a> {
    text: &'a [u8],
    at: usize,
    /// The line, counted from 1.
    pub(super) line: usize,
    /// The column in characters, counted from 1.
    pub(super) column: usize,
    /// The position of the start of the line, in bytes.
    pub(super) line_start: usize,
}

impl<'a> Position<'a> {
    /// Returns the start of a text. A byte order mark is not a part of its first line.
    pub(super) fn start(text: &'a [u8]) -> Self {
        const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
        let at = if text.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len()
        } else {
            0
        };
        Self {
            text,
            at,
            line: 1,
            column: 1,
            line_start: at,
        }
    }

    pub(super) fn advance(&mut self, to: usize) {
        let mut passed = &self.text[self.at..to];
        self.line += passed.split(|byte| *byte == b'\n').count() - 1;
        if let Some(end) = passed.iter().rposition(|byte| *byte == b'\n') {
            self.line_start = self.at + end + 1;
            self.column = 1;
            passed = &passed[end + 1..];
        }
        self.column += String::from_utf8_lossy(passed).chars().count();
        self.at = to;
    }
}
