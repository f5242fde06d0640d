//! Checks the text of one file.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::config::Config;
use super::excerpt::Excerpt;
use super::finding::Finding;
use super::position::Position;
use super::scan::Scanner;

/// The size limit for files, in bytes. Larger ones are data.
const MAX_BYTES: u64 = 256 << 20;

/// The number of bytes at the start of a file that are searched for a NUL byte, which text does not
/// contain. Git and ripgrep do the same.
const BINARY_SEARCH: usize = 8_000;

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
    let path = path.strip_prefix(".").unwrap_or(path);
    let mut position = Position::start(text);
    let findings = found.into_iter().map(|(bytes, problem)| {
        position.advance(bytes.start);
        // Model IDs are valid UTF-8.
        let name = String::from_utf8_lossy(&text[bytes.clone()]).into_owned();
        Finding {
            path: path.to_owned(),
            file: file.clone(),
            line: position.line,
            columns: position.column..position.column + name.chars().count(),
            excerpt: Excerpt::new(text, position.line_start, &bytes),
            bytes,
            name,
            problem,
        }
    });
    Ok(Some(
        findings.filter(|finding| !config.allows(finding)).collect(),
    ))
}
