//! The body of a stream, which sends each event at its time.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::time::{Sleep, sleep};

use super::events::{Event, Events};
use super::state::RunningCall;

/// The body of a stream.
pub(super) struct EventBody {
    events: Events,
    time_per_token: Duration,
    /// The next event, and the time until it is sent.
    next: Option<(Event, Pin<Box<Sleep>>)>,
    /// `None` when all events have been sent.
    call: Option<RunningCall>,
}

impl EventBody {
    pub(super) fn new(events: Events, time_per_token: Duration, call: RunningCall) -> Self {
        Self {
            events,
            time_per_token,
            next: None,
            call: Some(call),
        }
    }

    /// Counts the tokens of an event that is sent now.
    fn send(&mut self, event: Event) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(call) = &mut self.call {
            call.send(event.tokens);
        }
        Poll::Ready(Some(Ok(Frame::data(event.bytes))))
    }
}

impl Body for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.next.is_none() {
            let Some(event) = self.events.next() else {
                if let Some(call) = self.call.take() {
                    call.complete();
                }
                return Poll::Ready(None);
            };
            let tokens = u32::try_from(event.tokens).unwrap_or(u32::MAX);
            let delay = self.time_per_token.saturating_mul(tokens);
            if delay.is_zero() {
                return self.send(event);
            }
            self.next = Some((event, Box::pin(sleep(delay))));
        }
        if let Some((_, time)) = &mut self.next {
            ready!(time.as_mut().poll(context));
        }
        match self.next.take() {
            Some((event, _)) => self.send(event),
            None => Poll::Ready(None),
        }
    }
}
