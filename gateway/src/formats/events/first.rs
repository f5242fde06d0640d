//! The first event of a stream, of which nothing has been passed on.

use std::task::Poll;

use super::boundaries::Boundaries;
use super::{LONGEST_HELD, data};
use crate::formats::Format;
use crate::formats::errors::ProviderError;
use crate::formats::payload;

/// Finds out whether a stream begins with an error.
///
/// The answer does not depend on how the bytes are cut into chunks.
#[derive(Debug)]
pub(crate) struct FirstEvent {
    format: Format,
    boundaries: Boundaries,
    bytes: Vec<u8>,
}

impl FirstEvent {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            boundaries: Boundaries::default(),
            bytes: Vec::new(),
        }
    }

    /// Takes a chunk, and returns the error with which the stream begins, or `None` if it begins with
    /// anything else. The result is pending while the first event is not complete.
    ///
    /// Nothing is waited for after a first line that is a comment, because servers send comments to
    /// keep a connection alive, nor after 64 KiB.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Poll<Option<ProviderError>> {
        let end = self.boundaries.end_of_event(chunk, 0);
        let part = &chunk[..end.unwrap_or(chunk.len())];
        if self.bytes.len() + part.len() > LONGEST_HELD {
            return Poll::Ready(None);
        }
        self.bytes.extend_from_slice(part);
        if self.bytes.starts_with(b":") {
            return Poll::Ready(None);
        }
        match end {
            Some(_) => Poll::Ready(self.error()),
            None => Poll::Pending,
        }
    }

    /// Takes the end of the stream, which ends the event.
    pub(crate) fn finish(self) -> Option<ProviderError> {
        self.error()
    }

    fn error(&self) -> Option<ProviderError> {
        let data = data::data(&self.bytes)?;
        payload::read(self.format, &data).error
    }
}
