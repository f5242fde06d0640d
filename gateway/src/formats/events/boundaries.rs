//! The ends of lines and of events.

use memchr::memchr2;

/// Finds the ends of events in the chunks of a stream.
///
/// A line ends with a line feed, a carriage return, or both. An event ends with an empty line.
#[derive(Debug)]
pub(crate) struct Boundaries {
    /// Whether the current line is empty so far.
    line_is_empty: bool,
    /// Whether the last byte was a carriage return, so that a line feed would belong to it.
    is_after_return: bool,
}

impl Default for Boundaries {
    fn default() -> Self {
        Self {
            line_is_empty: true,
            is_after_return: false,
        }
    }
}

impl Boundaries {
    /// Takes the next byte if it is a line feed that belongs to the carriage return before.
    pub(crate) fn skips_line_feed(&mut self, next: u8) -> bool {
        std::mem::take(&mut self.is_after_return) && next == b'\n'
    }

    /// Takes the bytes from `start` to the end of the event, and returns the index after it. Returns
    /// `None` if the chunk does not contain the end.
    ///
    /// If the event ends with a carriage return, a line feed after it is not taken. It may be in the
    /// next chunk.
    pub(crate) fn end_of_event(&mut self, chunk: &[u8], mut start: usize) -> Option<usize> {
        while start < chunk.len() {
            if self.skips_line_feed(chunk[start]) {
                start += 1;
                continue;
            }
            let Some(len) = memchr2(b'\n', b'\r', &chunk[start..]) else {
                self.line_is_empty = false;
                break;
            };
            let is_end = self.line_is_empty && len == 0;
            self.line_is_empty = true;
            self.is_after_return = chunk[start + len] == b'\r';
            start += len + 1;
            if is_end {
                return Some(start);
            }
        }
        None
    }
}
