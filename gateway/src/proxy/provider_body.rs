//! The body of a response of the provider, whose beginning can be read before it is passed on.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;

use crate::failure::Failure;
use crate::formats::Format;
use crate::formats::errors::ProviderError;
use crate::formats::events::FirstEvent;

/// The most parts that are read before the first event is complete. After that, nothing more is held
/// back.
const MAX_PARTS: usize = 1_000;

/// The body of a response of the provider.
#[derive(Debug)]
pub(crate) struct ProviderBody {
    /// What was read and is still to be passed on.
    read: VecDeque<Frame<Bytes>>,
    /// `None` after its end.
    rest: Option<Incoming>,
}

impl From<Incoming> for ProviderBody {
    fn from(body: Incoming) -> Self {
        Self {
            read: VecDeque::new(),
            rest: Some(body),
        }
    }
}

impl ProviderBody {
    /// Reads the first event of a stream, and returns it if it is an error. The body stays complete.
    ///
    /// Fails if the stream breaks off before, or if its next part takes longer than `max_silence`.
    pub(crate) async fn first_error(
        &mut self,
        format: Format,
        max_silence: Duration,
    ) -> Result<Option<ProviderError>, Failure> {
        let mut event = FirstEvent::new(format);
        while let Some(rest) = &mut self.rest {
            let frame = match timeout(max_silence, rest.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => {
                    self.rest = None;
                    break;
                }
                Ok(Some(Err(_))) | Err(_) => return Err(Failure::incomplete()),
            };
            let first = frame.data_ref().map(|data| event.push(data));
            // With HTTP/2, parts can be empty.
            if frame.data_ref().is_none_or(|data| !data.is_empty()) {
                self.read.push_back(frame);
            }
            if let Some(Poll::Ready(error)) = first {
                return Ok(error);
            }
            if self.read.len() == MAX_PARTS {
                return Ok(None);
            }
        }
        Ok(event.finish())
    }
}

impl Body for ProviderBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Some(frame) = self.read.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(rest).poll_frame(context));
        if frame.is_none() {
            self.rest = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.as_ref();
        let mut hint = rest.map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let read = self.read.iter().filter_map(Frame::data_ref);
        let read = read.map(|data| data.len() as u64).sum::<u64>();
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + read);
        }
        hint.set_lower(hint.lower() + read);
        hint
    }
}
