//! Joins small parts of an answer that have arrived together.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use super::response::BoxError;

/// The bytes that are collected before they are passed on.
const MAX_JOINED: usize = 16 << 10;

/// How long a part is held back while others follow. On a busy machine, the other tasks that are ready
/// can take so long that the next part has always arrived.
const MAX_HELD: Duration = Duration::from_millis(5);

/// How many times this looks for another part. For HTTP/1, hyper polls a body up to twice each time that
/// its task runs, and the other tasks run only after that.
const LOOKS: u8 = 2;

/// A body whose parts are joined if they have arrived together, so that they are written together.
///
/// The task that reads from the provider hands over one part at a time. Without this, each event of a
/// fast stream would be a write of its own, although many were read at once. So this takes a part, and
/// looks for another one when the other tasks that are ready have run.
#[derive(Debug)]
pub(crate) struct JoinedBody<B> {
    inner: B,
    /// What has arrived and is not passed on.
    joined: BytesMut,
    /// When the first of the joined parts has arrived.
    since: Instant,
    /// The trailers or the error after the joined parts.
    after: Option<Result<Frame<Bytes>, BoxError>>,
    has_ended: bool,
    /// Whether what precedes the error was written.
    is_written: bool,
    /// Whether a part was passed on. The first one is never held back, so that it is written with the
    /// header of the response.
    has_begun: bool,
    /// How many times there was no other part since the last one.
    looks: u8,
}

impl<B: Body<Data = Bytes, Error = BoxError> + Unpin> JoinedBody<B> {
    pub(crate) fn new(inner: B) -> Self {
        Self {
            inner,
            joined: BytesMut::new(),
            since: Instant::now(),
            after: None,
            has_ended: false,
            is_written: false,
            has_begun: false,
            looks: 0,
        }
    }

    /// Takes a part of the body, and returns what is passed on now.
    fn push(&mut self, part: Bytes) -> Option<Bytes> {
        let is_first = !mem::replace(&mut self.has_begun, true);
        self.looks = 0;
        if is_first || (self.joined.is_empty() && part.len() >= MAX_JOINED) {
            return Some(part);
        }
        let now = Instant::now();
        if self.joined.is_empty() {
            self.since = now;
        }
        self.joined.extend_from_slice(&part);
        let is_enough = self.joined.len() >= MAX_JOINED || now - self.since >= MAX_HELD;
        is_enough.then(|| self.take())
    }

    fn take(&mut self) -> Bytes {
        self.joined.split().freeze()
    }

    /// Returns what follows the last part.
    fn poll_after(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let is_error = matches!(self.after, Some(Err(_)));
        if is_error && !mem::replace(&mut self.is_written, true) {
            // After an error, hyper does not write what it still has. It does if it has to wait.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.after.take())
    }
}

impl<B: Body<Data = Bytes, Error = BoxError> + Unpin> Body for JoinedBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if self.after.is_some() || self.has_ended {
                return self.poll_after(context);
            }
            let other = match Pin::new(&mut self.inner).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(part) => {
                        if let Some(part) = self.push(part) {
                            return Poll::Ready(Some(Ok(Frame::data(part))));
                        }
                        continue;
                    }
                    Err(trailers) => Some(Ok(trailers)),
                },
                Poll::Ready(other) => other,
                Poll::Pending if self.joined.is_empty() => return Poll::Pending,
                Poll::Pending if self.looks == LOOKS => {
                    let joined = self.take();
                    return Poll::Ready(Some(Ok(Frame::data(joined))));
                }
                Poll::Pending => {
                    self.looks += 1;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
            };
            self.has_ended = other.is_none();
            self.after = other;
            if !self.joined.is_empty() {
                let joined = self.take();
                return Poll::Ready(Some(Ok(Frame::data(joined))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let is_empty = self.joined.is_empty() && self.after.is_none();
        is_empty && (self.has_ended || self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        if self.joined.is_empty() {
            self.inner.size_hint()
        } else {
            SizeHint::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use http_body::Body as _;
    use http_body_util::BodyExt as _;
    use http_body_util::channel::{Channel, Sender};
    use tokio::time::advance;

    use super::{JoinedBody, MAX_HELD, MAX_JOINED};
    use crate::proxy::response::BoxError;

    type Joined = JoinedBody<Channel<Bytes, BoxError>>;

    /// Returns a body, and what sends its parts one at a time, as hyper does.
    fn body() -> (Joined, Sender<Bytes, BoxError>) {
        let (sender, parts) = Channel::new(1);
        (JoinedBody::new(parts), sender)
    }

    async fn next(body: &mut Joined) -> Option<Bytes> {
        let part = body.frame().await?.unwrap();
        Some(part.into_data().unwrap())
    }

    #[tokio::test]
    async fn a_part_alone_is_passed_on() {
        let (mut body, mut sender) = body();
        for part in ["a", "b", "c"] {
            sender.send_data(part.into()).await.unwrap();
            assert_eq!(next(&mut body).await.unwrap(), part);
        }
        drop(sender);
        assert_eq!(next(&mut body).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn parts_that_have_arrived_together_are_joined() {
        let (mut body, mut sender) = body();
        tokio::spawn(async move {
            for part in ["a", "b", "c", "d"] {
                sender.send_data(part.into()).await.unwrap();
            }
            sender.send_trailers(HeaderMap::new()).await.unwrap();
        });
        assert_eq!(next(&mut body).await.unwrap(), "a");
        assert_eq!(next(&mut body).await.unwrap(), "bcd");
        assert!(!body.is_end_stream());
        let trailers = body.frame().await.unwrap().unwrap();
        assert!(trailers.is_trailers());
        assert!(body.frame().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn parts_are_not_held_back_for_long() {
        let (mut body, mut sender) = body();
        tokio::spawn(async move {
            for part in ["a", "b", "c", "d", "e"] {
                sender.send_data(part.into()).await.unwrap();
                advance(MAX_HELD / 2).await;
            }
        });
        let mut parts = Vec::new();
        while let Some(part) = next(&mut body).await {
            parts.push(part);
        }
        assert_eq!(parts.concat(), b"abcde");
        assert!(parts.iter().all(|part| part.len() <= 3), "{parts:?}");
    }

    #[tokio::test]
    async fn what_precedes_an_error_is_passed_on() {
        let (mut body, mut sender) = body();
        tokio::spawn(async move {
            for part in ["a", "b"] {
                sender.send_data(part.into()).await.unwrap();
            }
            sender.abort("broken".into());
        });
        assert_eq!(next(&mut body).await.unwrap(), "a");
        assert_eq!(next(&mut body).await.unwrap(), "b");
        let error = body.frame().await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "broken");
    }

    #[tokio::test(start_paused = true)]
    async fn a_bounded_number_of_bytes_is_held_back() {
        const PART: usize = 1_000;
        let (mut body, mut sender) = body();
        tokio::spawn(async move {
            for _ in 0..100 {
                let part = Bytes::from_static(&[b'x'; PART]);
                sender.send_data(part).await.unwrap();
            }
        });
        let (mut bytes, mut longest) = (0, 0);
        while let Some(part) = next(&mut body).await {
            bytes += part.len();
            longest = longest.max(part.len());
        }
        assert_eq!(bytes, 100 * PART);
        assert!(
            (MAX_JOINED..MAX_JOINED + PART).contains(&longest),
            "{longest}"
        );
    }
}
