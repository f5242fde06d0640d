//! Reads server-sent events while they are passed on.

mod boundaries;
mod data;
mod first;
mod passed;

use bytes::Bytes;

use super::Format;
use super::errors::ProviderError;
use super::payload::{self, Payload};
use super::usage::{Counts, Usage};
pub(crate) use boundaries::Boundaries;
pub(crate) use first::FirstEvent;
use passed::Passed;

/// The length of an event in bytes up to which it is read. What a longer event says is not known.
const LONGEST_READ: usize = 1 << 20;

/// The length of an event in bytes up to which it is held back until it is complete, if it is the first
/// one or may have to be removed. A longer event is passed on as it arrives.
const LONGEST_HELD: usize = 64 << 10;

/// Reads the events of a response while they are passed on.
///
/// What is passed on and what is read do not depend on how the bytes are cut into chunks.
#[derive(Debug)]
pub(crate) struct EventReader {
    format: Format,
    removes_usage: bool,
    boundaries: Boundaries,
    begun: Begun,
    /// Whether the last complete event was removed.
    removed: bool,
    counts: Option<Counts>,
    text_bytes: u64,
    is_complete: bool,
    refusal: Option<ProviderError>,
}

/// The beginning of an event that is not complete.
#[derive(Debug, Default)]
struct Begun {
    /// The bytes, or none if the event is too long to be read.
    bytes: Vec<u8>,
    /// The number of bytes, also if the event is too long.
    len: usize,
    /// Whether the bytes have been passed on.
    is_passed: bool,
}

impl EventReader {
    /// Creates a reader. With `removes_usage`, an event that only reports the usage is not passed on,
    /// since it exists only because the gateway asked for it.
    pub(crate) fn new(format: Format, removes_usage: bool) -> Self {
        Self {
            format,
            removes_usage,
            boundaries: Boundaries::default(),
            begun: Begun::default(),
            removed: false,
            counts: None,
            text_bytes: 0,
            is_complete: false,
            refusal: None,
        }
    }

    /// Takes a chunk of the response, and returns what is to be passed on now, which can be empty.
    ///
    /// If nothing is to be removed, this is the chunk. Otherwise, the beginning of an event is held
    /// back until the event is complete or longer than 64 KiB.
    pub(crate) fn push(&mut self, chunk: &Bytes) -> Bytes {
        let mut passed = Passed::new(chunk);
        let mut start = 0;
        while start < chunk.len() {
            if self.begun.len == 0 && self.boundaries.skips_line_feed(chunk[start]) {
                // It belongs to the end of the event before.
                if !self.removed {
                    passed.add(start..start + 1);
                }
                start += 1;
                continue;
            }
            let Some(end) = self.boundaries.end_of_event(chunk, start) else {
                self.begin(&chunk[start..], start, &mut passed);
                break;
            };
            self.complete(&chunk[start..end], start, &mut passed);
            start = end;
        }
        passed.finish()
    }

    /// Takes the end of the response, and returns what was held back. An event without an end is read
    /// like any other.
    pub(crate) fn finish(&mut self) -> Bytes {
        let chunk = Bytes::new();
        let mut passed = Passed::new(&chunk);
        if self.begun.len > 0 {
            self.complete(&chunk, 0, &mut passed);
        }
        passed.finish()
    }

    /// Returns the usage that was reported so far. That of a stream that was interrupted can lack
    /// output.
    pub(crate) fn usage(&self) -> Option<Usage> {
        self.counts?.usage(self.format)
    }

    /// Returns `true` if the answer is complete.
    pub(crate) const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Returns the number of bytes of text that the model has written so far. In the provider's own
    /// format, this is 0, since each event reports the usage so far.
    pub(crate) const fn seen_output_bytes(&self) -> u64 {
        self.text_bytes
    }

    /// Returns the first error in the stream.
    pub(crate) const fn refusal(&self) -> Option<&ProviderError> {
        self.refusal.as_ref()
    }

    /// Takes the rest of a chunk, which contains no end of the event.
    fn begin(&mut self, rest: &[u8], start: usize, passed: &mut Passed<'_>) {
        let begun = &mut self.begun;
        let len = begun.len + rest.len();
        if !self.removes_usage || len > LONGEST_HELD {
            if !begun.is_passed {
                passed.copy(&begun.bytes);
            }
            passed.add(start..start + rest.len());
            begun.is_passed = true;
        }
        if len <= LONGEST_READ {
            begun.bytes.extend_from_slice(rest);
        } else {
            begun.bytes = Vec::new();
        }
        begun.len = len;
    }

    /// Takes the rest of an event.
    fn complete(&mut self, rest: &[u8], start: usize, passed: &mut Passed<'_>) {
        let mut begun = std::mem::take(&mut self.begun);
        let len = begun.len + rest.len();
        let payload = if len > LONGEST_READ {
            Payload::default()
        } else if begun.len == 0 {
            self.read(rest)
        } else {
            begun.bytes.extend_from_slice(rest);
            self.read(&begun.bytes)
        };
        self.removed = self.removes_usage && payload.is_only_usage && len <= LONGEST_HELD;
        if !self.removed {
            if !begun.is_passed {
                passed.copy(&begun.bytes[..begun.len]);
            }
            passed.add(start..start + rest.len());
        }
    }

    /// Reads an event.
    fn read(&mut self, event: &[u8]) -> Payload {
        let Some(data) = data::data(event) else {
            return Payload::default();
        };
        let payload = payload::read(self.format, &data);
        if let Some(counts) = payload.usage {
            self.counts = Some(self.counts.unwrap_or_default().merged(counts));
        }
        self.text_bytes += payload.text_bytes;
        self.is_complete |= payload.is_last;
        if self.refusal.is_none() {
            self.refusal.clone_from(&payload.error);
        }
        payload
    }
}

#[cfg(test)]
mod tests;
