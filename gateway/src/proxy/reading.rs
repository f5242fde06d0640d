//! Ends answers that their clients do not read.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::response::{Body, BoxError};

/// Returns a body that is dropped if its client does not read the next part within a time.
///
/// This is for HTTP/2, where a client can keep a connection alive without reading one of its answers.
/// Then nothing polls the body, so another task has to notice.
pub(crate) fn with_timeout(mut body: Body, longest: Duration) -> Body {
    if body.is_end_stream() {
        return body;
    }
    let (sender, parts) = mpsc::channel(1);
    let read = ReadBody {
        parts,
        hint: Some(body.size_hint()),
        has_ended: false,
    };
    tokio::spawn(async move {
        loop {
            let part = tokio::select! {
                part = body.frame() => part,
                () = sender.closed() => return,
            };
            let is_last = part.is_none();
            match timeout(longest, sender.send(part)).await {
                Ok(Ok(())) if !is_last => {}
                Ok(_) => return,
                Err(_) => {
                    tracing::debug!("a client does not read its answer");
                    return;
                }
            }
        }
    });
    read.boxed_unsync()
}

/// The parts of a body that another task reads.
#[derive(Debug)]
struct ReadBody {
    /// The last one is `None`.
    parts: mpsc::Receiver<Option<Result<Frame<Bytes>, BoxError>>>,
    /// The size of the whole body, until a part was taken.
    hint: Option<SizeHint>,
    has_ended: bool,
}

impl http_body::Body for ReadBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        self.hint = None;
        match ready!(self.parts.poll_recv(context)) {
            Some(Some(part)) => Poll::Ready(Some(part)),
            Some(None) => {
                self.has_ended = true;
                Poll::Ready(None)
            }
            None => {
                self.has_ended = true;
                let error = "the client has not read the answer in time";
                Poll::Ready(Some(Err(error.into())))
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.hint.unwrap_or_default()
    }
}
