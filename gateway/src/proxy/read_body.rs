//! Reads the bodies of calls, within bounds.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::config::Config;

/// How long the gateway reads the body of a request that it has refused.
const MAX_DRAIN: Duration = Duration::from_secs(5);

/// The memory of the bodies of all requests, and of the answers whose usage is read at their end.
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

    pub(crate) fn reserve(&self, reserved: &mut Reserved, bytes: usize) -> Result<(), ReadError> {
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

/// Reads a body of at most `max` bytes. Its memory is reserved as it arrives, so that a client that only
/// announces a large body takes nothing from the others.
pub(crate) async fn read_body(
    body: &mut Option<Incoming>,
    max: usize,
    memory: &Memory,
    part_timeout: Duration,
) -> Result<(Bytes, Reserved), ReadError> {
    let mut reserved = Reserved::default();
    let Some(body) = body else {
        return Ok((Bytes::new(), reserved));
    };
    // The lower bound is the value of `Content-Length`, or 0.
    let announced = body.size_hint().lower();
    let announced = usize::try_from(announced).map_err(|_| ReadError::TooLarge)?;
    if announced > max {
        return Err(ReadError::TooLarge);
    }
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
        memory.reserve(&mut reserved, part.len())?;
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

/// Reads and drops what a client still sends, within bounds. Otherwise, the connection would be reset
/// while the client writes, and it would not see the response.
pub(crate) async fn drain(body: &mut Incoming, config: &Config) {
    let longest = config.timeouts.body.min(MAX_DRAIN);
    let drained = timeout(longest, async {
        let mut left = config.bounds.body.saturating_mul(2);
        while let Some(Ok(frame)) = body.frame().await {
            let len = frame.data_ref().map_or(0, Bytes::len);
            let Some(rest) = left.checked_sub(len) else {
                return;
            };
            left = rest;
        }
    });
    if drained.await.is_err() {
        tracing::debug!("a client still sends the body of a request that was refused");
    }
}
