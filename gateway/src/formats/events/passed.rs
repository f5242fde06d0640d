//! The bytes that are passed on.

use std::ops::Range;

use bytes::Bytes;

/// Collects what is passed on when a chunk has arrived. The bytes are copied only if they are not one
/// piece of the chunk.
pub(super) struct Passed<'a> {
    chunk: &'a Bytes,
    /// The piece of the chunk, while nothing is copied.
    piece: Range<usize>,
    copied: Vec<u8>,
}

impl<'a> Passed<'a> {
    pub(super) fn new(chunk: &'a Bytes) -> Self {
        Self {
            chunk,
            piece: 0..0,
            copied: Vec::new(),
        }
    }

    /// Adds a range of the chunk.
    pub(super) fn add(&mut self, range: Range<usize>) {
        if !self.copied.is_empty() {
            self.copied.extend_from_slice(&self.chunk[range]);
        } else if self.piece.is_empty() {
            self.piece = range;
        } else if self.piece.end == range.start {
            self.piece.end = range.end;
        } else {
            self.copied
                .extend_from_slice(&self.chunk[self.piece.clone()]);
            self.copied.extend_from_slice(&self.chunk[range]);
        }
    }

    /// Adds bytes that are not in the chunk.
    pub(super) fn copy(&mut self, bytes: &[u8]) {
        if self.copied.is_empty() && !bytes.is_empty() {
            self.copied
                .extend_from_slice(&self.chunk[self.piece.clone()]);
        }
        self.copied.extend_from_slice(bytes);
    }

    /// Returns what was added.
    pub(super) fn finish(self) -> Bytes {
        if self.copied.is_empty() {
            self.chunk.slice(self.piece)
        } else {
            self.copied.into()
        }
    }
}
