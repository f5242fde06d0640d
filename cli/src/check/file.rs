//! Checks the text of one file.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::config::Config;
use super::finding::Finding;
use super::scan::{Found, Scanner};

/// The size limit for files, in bytes. Larger ones are data.
const MAX_BYTES: u64 = 256 << 20;

/// The number of bytes at the start of a file that are searched for a zero byte, which only binary
/// files have. Git and ripgrep do the same.
const BINARY_SEARCH: usize = 8_000;

/// The number of bytes that an excerpt shows on each side of a model ID.
const EXCERPT: usize = 60;

/// Returns the findings in a file, or `None` if it is binary.
pub(super) fn check(
    path: &Path,
    scanner: &Scanner,
    config: &Config,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<Vec<Finding>>> {
    buffer.clear();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(buffer)?;
    if buffer.len() as u64 > MAX_BYTES {
        return Err(io::Error::other(format!(
            "the file is larger than {} MiB",
            MAX_BYTES >> 20
        )));
    }
    if buffer[..buffer.len().min(BINARY_SEARCH)].contains(&0) {
        return Ok(None);
    }
    let text = buffer.as_slice();
    let found = scanner.scan(text);
    if found.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let file = path.canonicalize()?;
    let shown = path.strip_prefix(".").unwrap_or(path);
    let mut position = Position::start(text);
    let findings = found.into_iter().map(|found| {
        position.advance(text, found.bytes.start);
        position.finding([shown, &file], text, found)
    });
    Ok(Some(
        findings.filter(|finding| !config.allows(finding)).collect(),
    ))
}

/// A position in a text, which only moves forward.
struct Position {
    at: usize,
    /// The line and the column, counted from 1. Columns are characters.
    line: usize,
    column: usize,
    line_start: usize,
}

impl Position {
    /// Returns the start of a text. A byte order mark is not a part of its first line.
    fn start(text: &[u8]) -> Self {
        const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
        let at = if text.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len()
        } else {
            0
        };
        Self {
            at,
            line: 1,
            column: 1,
            line_start: at,
        }
    }

    fn advance(&mut self, text: &[u8], to: usize) {
        let mut passed = &text[self.at..to];
        self.line += passed.split(|byte| *byte == b'\n').count() - 1;
        if let Some(end) = passed.iter().rposition(|byte| *byte == b'\n') {
            self.line_start = self.at + end + 1;
            self.column = 1;
            passed = &passed[end + 1..];
        }
        self.column += String::from_utf8_lossy(passed).chars().count();
        self.at = to;
    }

    fn finding(&self, [path, file]: [&Path; 2], text: &[u8], found: Found) -> Finding {
        let bytes = found.bytes;
        let before = &text[self.line_start..bytes.start];
        // Model IDs are ASCII.
        let name = String::from_utf8_lossy(&text[bytes.clone()]).into_owned();

        let excerpt_start = before.len().saturating_sub(EXCERPT);
        let rest = &text[bytes.end..];
        // Only the bytes that can be shown are searched, since a line can be very long.
        let shown = &rest[..rest.len().min(EXCERPT)];
        let line_end = shown.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let after = &shown[..line_end.unwrap_or(shown.len())];
        let is_cut = line_end.is_none() && shown.len() < rest.len();
        let before = &before[excerpt_start..];
        // A character that is cut, or is not valid, is not shown.
        let shown = |bytes| String::from_utf8_lossy(bytes).replace('\u{fffd}', "");
        let ellipsis = |is_cut| if is_cut { "…" } else { "" };
        let mut excerpt = ellipsis(excerpt_start > 0).to_owned() + &shown(before);
        let start = excerpt.len();
        excerpt += &name;
        let end = excerpt.len();
        excerpt += &shown(after);
        excerpt += ellipsis(is_cut);
        Finding {
            path: path.to_owned(),
            file: file.to_owned(),
            line: self.line,
            columns: self.column..self.column + name.len(),
            bytes,
            kind: found.kind,
            name,
            message: found.message,
            fix: found.fix,
            excerpt: (excerpt, start..end),
        }
    }
}
