//! Reads the bodies of calls, within bounds.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The bytes that all bodies have together while they are read and wait.
#[derive(Clone, Debug)]
pub(crate) struct Memory(Arc<Semaphore>);

/// The part of the [`Memory`] that one body has.
#[derive(Debug, Default)]
pub(crate) struct Reserved(Option<OwnedSemaphorePermit>);

/// Why a body was not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// It is larger than the bound.
    TooLarge,
    /// Other bodies use the memory.
    NoMemory,
    /// The next part has not arrived in time.
    Timeout,
    /// The client has left, or has sent something that is not HTTP.
    Broken,
}

impl Memory {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    fn reserve(&self, reserved: &mut Reserved, bytes: usize) -> Result<(), ReadError> {
        let bytes = u32::try_from(bytes).map_err(|_| ReadError::NoMemory)?;
        let more = Arc::clone(&self.0).try_acquire_many_owned(bytes);
        let more = more.map_err(|_| ReadError::NoMemory)?;
        match &mut reserved.0 {
            Some(permit) => permit.merge(more),
            None => reserved.0 = Some(more),
        }
        Ok(())
    }
}

/// Reads a body of at most `max` bytes.
pub(crate) async fn read_body(
    mut body: Incoming,
    max: usize,
    memory: &Memory,
    part_timeout: Duration,
) -> Result<(Bytes, Reserved), ReadError> {
    let mut reserved = Reserved::default();
    // The lower bound is the value of `Content-Length`, or 0.
    let announced = body.size_hint().lower();
    let announced = usize::try_from(announced).map_err(|_| ReadError::TooLarge)?;
    if announced > max {
        return Err(ReadError::TooLarge);
    }
    memory.reserve(&mut reserved, announced)?;
    let mut left = announced;
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    loop {
        let part = timeout(part_timeout, body.frame()).await;
        let Some(frame) = part.map_err(|_| ReadError::Timeout)? else {
            break;
        };
        let Ok(part) = frame.map_err(|_| ReadError::Broken)?.into_data() else {
            continue;
        };
        if part.len() > left {
            memory.reserve(&mut reserved, part.len() - left)?;
        }
        left = left.saturating_sub(part.len());
        if first.is_empty() {
            first = part;
            continue;
        }
        if rest.is_empty() {
            rest.reserve(announced.max(first.len() + part.len()));
            rest.extend_from_slice(&first);
        }
        if rest.len() + part.len() > max {
            return Err(ReadError::TooLarge);
        }
        rest.extend_from_slice(&part);
    }
    let body = if rest.is_empty() {
        first
    } else {
        rest.freeze()
    };
    if body.len() > max {
        return Err(ReadError::TooLarge);
    }
    Ok((body, reserved))
}
