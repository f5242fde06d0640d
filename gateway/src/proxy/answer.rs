//! Passes the answer to a call on, reads its usage on the way, and settles the permit at the end.

use std::future::Future as _;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use model_studio_limiter::{Cost, Refusal};
use tokio::time::{Instant, Sleep, sleep};

use super::provider_body::ProviderBody;
use super::read_body::{Memory, Reserved};
use super::response::BoxError;
use super::running::Running;
use crate::formats::Format;
use crate::formats::events::EventReader;
use crate::formats::usage::{Usage, usage_of_body};
use crate::record::Outcome;
use crate::tracker::Tracker;

/// The bytes of text for which at least one token is counted when an answer is interrupted.
const BYTES_PER_TOKEN: u64 = 4;

/// The body of the answer to a call.
#[derive(Debug)]
pub(crate) struct AnswerBody {
    inner: ProviderBody,
    /// `None` when the request was recorded.
    request: Option<Answered>,
    /// What was read and not passed on yet.
    ready: Bytes,
    has_ended: bool,
    /// When the provider has been silent for too long.
    silence: Pin<Box<Sleep>>,
    /// Whether `silence` counts since the last part.
    is_waiting: bool,
    max_silence: Duration,
}

/// A request whose answer is passed on.
#[derive(Debug)]
pub(crate) enum Answered {
    Call(Box<Call>),
    /// A call that the provider has refused. Its permit has ended.
    Refused(Box<Tracker>),
    /// A request that is not limited.
    Other(Box<Tracker>),
}

/// A call that was sent and is not settled.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) tracker: Tracker,
    pub(crate) running: Running,
    pub(crate) format: Format,
    /// A usage with more tokens is not plausible.
    pub(crate) max_usage: u64,
    pub(crate) reader: Reader,
}

/// What reads the usage of an answer.
#[derive(Debug)]
pub(crate) enum Reader {
    Events(Box<EventReader>),
    /// The parts of the body.
    Json {
        parts: Vec<Bytes>,
        /// The memory of the parts.
        reserved: Reserved,
        memory: Memory,
    },
    /// The body is compressed, or there is no memory to keep it.
    None,
}

impl AnswerBody {
    pub(crate) fn new(inner: ProviderBody, request: Answered, max_silence: Duration) -> Self {
        let mut body = Self {
            inner,
            request: Some(request),
            ready: Bytes::new(),
            has_ended: false,
            silence: Box::pin(sleep(max_silence)),
            is_waiting: false,
            max_silence,
        };
        if body.inner.is_end_stream() {
            body.has_ended = true;
            body.end(Ended::Complete);
        }
        body
    }

    /// Reads the next part of the provider's answer. Returns `None` at its end.
    fn poll_part(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(part) = Pin::new(&mut self.inner).poll_frame(context) {
            self.is_waiting = false;
            return Poll::Ready(part.map(|part| part.map_err(BoxError::from)));
        }
        if let Some(Answered::Call(call)) = &mut self.request {
            call.running.poll_estimate(context);
        }
        if !self.is_waiting {
            self.is_waiting = true;
            let end = Instant::now() + self.max_silence;
            self.silence.as_mut().reset(end);
        }
        ready!(self.silence.as_mut().poll(context));
        let error = "the provider has stopped in the middle of its answer";
        Poll::Ready(Some(Err(error.into())))
    }

    /// Reads what a part says about the usage, and keeps what is to be passed on.
    fn read(&mut self, part: Bytes) {
        self.ready = match self.reader() {
            Some(Reader::Events(events)) => events.push(&part),
            Some(reader) => {
                reader.keep(&part);
                part
            }
            None => part,
        };
    }

    fn end(&mut self, ended: Ended) {
        if let Some(Reader::Events(events)) = self.reader() {
            let rest = events.finish();
            self.ready = join(mem::take(&mut self.ready), rest);
        }
        match self.request.take() {
            Some(Answered::Call(call)) => call.settle(ended),
            Some(Answered::Refused(mut tracker)) => tracker.end(Outcome::Refused),
            Some(Answered::Other(mut tracker)) => tracker.end(match ended {
                Ended::Complete => Outcome::Completed,
                Ended::Broken => Outcome::ProviderFailed,
                Ended::Dropped => Outcome::ClientLeft,
            }),
            None => {}
        }
    }

    fn reader(&mut self) -> Option<&mut Reader> {
        match &mut self.request {
            Some(Answered::Call(call)) => Some(&mut call.reader),
            _ => None,
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if !self.ready.is_empty() {
                let ready = mem::take(&mut self.ready);
                return Poll::Ready(Some(Ok(Frame::data(ready))));
            }
            if self.has_ended {
                return Poll::Ready(None);
            }
            match ready!(self.poll_part(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(part) => self.read(part),
                    // They are the end, and the body is not polled again after them.
                    Err(trailers) => {
                        self.has_ended = true;
                        self.end(Ended::Complete);
                        if self.ready.is_empty() {
                            return Poll::Ready(Some(Ok(trailers)));
                        }
                    }
                },
                Some(Err(error)) => {
                    self.has_ended = true;
                    self.end(Ended::Broken);
                    return Poll::Ready(Some(Err(error)));
                }
                None => self.has_ended = true,
            }
            // A body with a length is not polled again after its last part.
            if self.has_ended || self.inner.is_end_stream() {
                self.has_ended = true;
                self.end(Ended::Complete);
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_empty() && self.has_ended
    }

    fn size_hint(&self) -> SizeHint {
        // Events can be removed.
        match &self.request {
            Some(Answered::Call(call)) if matches!(call.reader, Reader::Events(_)) => {
                SizeHint::default()
            }
            _ if self.ready.is_empty() => self.inner.size_hint(),
            _ => SizeHint::default(),
        }
    }
}

/// The client has left if the body is dropped before its end.
impl Drop for AnswerBody {
    fn drop(&mut self) {
        self.end(Ended::Dropped);
    }
}

/// How an answer has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Complete,
    /// The connection to the provider was lost, or the provider was silent for too long.
    Broken,
    /// The client has left.
    Dropped,
}

fn join(first: Bytes, second: Bytes) -> Bytes {
    match (first.is_empty(), second.is_empty()) {
        (true, _) => second,
        (_, true) => first,
        _ => [first, second].concat().into(),
    }
}

impl Call {
    /// Settles the permit with the usage of the answer, and records the call.
    fn settle(mut self: Box<Self>, ended: Ended) {
        let refusal = self.reader.refusal();
        let (usage, seen) = self.reader.usage(self.format);
        let usage = usage.filter(|usage| usage.is_plausible(self.max_usage));
        let usage = usage.map(|usage| (usage.input, usage.output));
        let is_complete = refusal.is_none() && self.reader.is_complete(self.format, ended);
        let outcome = match ended {
            _ if refusal.is_some() => Outcome::Refused,
            _ if is_complete => Outcome::Completed,
            Ended::Dropped => Outcome::ClientLeft,
            _ => Outcome::ProviderFailed,
        };
        let record = &mut self.tracker.record;
        record.refusals += u32::from(refusal.is_some_and(Refusal::is_retryable));
        if let (true, Some((input, output))) = (is_complete, usage) {
            record.usage = usage;
            self.running.learn(input, output);
            self.running
                .permit
                .settle(Cost::input_output(input, output));
        } else {
            // The usage is that of a part of the answer, if there is one.
            let (input, output) = usage.unwrap_or_default();
            let seen = Cost::input_output(input, output.max(seen));
            match refusal {
                Some(refusal) => self.running.permit.refused_after(refusal, seen),
                None => self.running.permit.leave(seen),
            }
        }
        self.tracker.end(outcome);
    }
}

impl Reader {
    pub(crate) fn json(memory: &Memory) -> Self {
        Self::Json {
            parts: Vec::new(),
            reserved: Reserved::default(),
            memory: memory.clone(),
        }
    }

    /// Keeps a part of an answer in JSON.
    fn keep(&mut self, part: &Bytes) {
        let Self::Json {
            parts,
            reserved,
            memory,
        } = self
        else {
            return;
        };
        if memory.reserve(reserved, part.len()).is_ok() {
            parts.push(part.clone());
        } else {
            *self = Self::None;
        }
    }

    /// Returns the usage that the provider has reported, and the output tokens that were seen.
    fn usage(&self, format: Format) -> (Option<Usage>, u64) {
        match self {
            Self::Events(events) => (events.usage(), events.seen_output_bytes() / BYTES_PER_TOKEN),
            Self::Json { parts, .. } => {
                let usage = match &parts[..] {
                    [part] => usage_of_body(format, part),
                    parts => usage_of_body(format, &parts.concat()),
                };
                (usage, 0)
            }
            Self::None => (None, 0),
        }
    }

    fn refusal(&self) -> Option<Refusal> {
        let Self::Events(events) = self else {
            return None;
        };
        let error = events.refusal()?;
        Some(Refusal::classify(200, &error.code, &error.message))
    }

    /// Returns `true` if an answer that has ended in this way is complete.
    fn is_complete(&self, format: Format, ended: Ended) -> bool {
        match self {
            Self::Events(events) if events.is_complete() => true,
            // The first event of a Messages stream reports one token of output. Only the last ones report
            // all.
            Self::Events(_) if format == Format::Messages => false,
            _ => ended == Ended::Complete,
        }
    }
}
