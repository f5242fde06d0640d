//! Decides how a call is sent, before it waits.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use model_studio_limiter::Permit;
use tokio::time::Instant;

use super::headers;
use super::read_body::{ReadError, Reserved, read_body};
use crate::admission::Candidate;
use crate::caller::Caller;
use crate::config::{Bounds, LifeCycle, Model, UnknownModels};
use crate::deadline::client_timeout;
use crate::estimate::Size;
use crate::failure::Failure;
use crate::formats::Format;
use crate::formats::request::CallBody;
use crate::formats::route::asks_for_events;
use crate::shared::{Settings, Shared};
use crate::tracker::Tracker;
use crate::upstream::RequestBody;

/// The part of a client's timeout after which a call that waits fails. The rest is for the answer, so
/// that the client reads it instead of giving up.
const PART_FOR_QUEUE: f64 = 0.9;

/// A usage with more tokens than this is not plausible, if the context window is not known.
const MAX_USAGE: u64 = 20_000_000;

/// The longest model ID that is read. The table has none of half this length.
const MAX_MODEL: usize = 256;

/// How a call is sent.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) format: Format,
    /// Whether it submits a task, which ends later.
    pub(crate) is_task: bool,
    pub(crate) caller: Caller,
    /// The models that can serve it, the best first. There is at least one.
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) size: Size,
    /// Whether the client asks for a stream.
    pub(crate) streams: bool,
    /// Whether the gateway asks for the usage, and has to remove it from the answer.
    pub(crate) asks_for_usage: bool,
    /// When the client gives up, or the longest time in the queue has passed.
    deadline: Instant,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
    call: CallBody,
    body: Bytes,
    /// Holds the memory of the body.
    _reserved: Reserved,
}

/// Reads the body of a call and decides how it is sent.
pub(crate) async fn plan(
    shared: &Shared,
    settings: &Settings,
    caller: Caller,
    (format, is_task): (Format, bool),
    (parts, body): (Parts, &mut Option<Incoming>),
    tracker: &mut Tracker,
) -> Result<Plan, Failure> {
    let config = &settings.config;
    let longest = match client_timeout(&parts.headers) {
        Some(timeout) => timeout.mul_f64(PART_FOR_QUEUE).min(config.timeouts.queue),
        None => config.timeouts.queue,
    };
    let deadline = Instant::now() + longest.saturating_sub(tracker.elapsed());
    let bounds = config.bounds;
    let read = read_body(body, bounds.body, &settings.memory, config.timeouts.body).await;
    let (body, reserved) = read.map_err(|error| unread(&error, bounds))?;
    let call = parse(format, &body).await?;
    if call.model.len() > MAX_MODEL {
        let message = format!("the model ID is longer than {MAX_MODEL} bytes");
        let status = StatusCode::NOT_FOUND;
        return Err(Failure::invalid(status, "model_not_found", message));
    }
    tracker.record.model = Arc::from(&*call.model);
    let size = size(format, &parts.uri, &call);
    let candidates = candidates(shared, settings, &caller, &call, is_task, size)?;
    if let Some(candidate) = candidates.first().filter(|candidate| candidate.is_limited) {
        tracker.record.model = Arc::clone(&candidate.name);
        tracker.record.estimate = (candidate.input, candidate.output);
    }
    tracker.record.class = Arc::clone(&caller.class_name);
    let streams = call.streams || (format == Format::DashScope && asks_for_events(&parts.headers));
    let asks_for_usage = streams && !call.reports_usage;
    Ok(Plan {
        format,
        is_task,
        caller,
        candidates,
        size,
        streams,
        asks_for_usage,
        deadline,
        uri: parts.uri,
        method: parts.method,
        headers: request_headers(settings, parts.headers),
        call,
        body,
        _reserved: reserved,
    })
}

impl Plan {
    /// Returns how long the call may wait for a permit.
    pub(crate) fn time_to_wait(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Returns the request to the provider for a candidate.
    pub(crate) fn request(
        &self,
        settings: &Settings,
        candidate: usize,
    ) -> Result<Request<RequestBody>, Failure> {
        // The first one keeps the name that the client has used.
        let other = (candidate > 0).then(|| &*self.candidates[candidate].name);
        let body = self.call.edited(&self.body, other, self.asks_for_usage);
        let mut request = Request::new(Either::Left(Full::new(body)));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = settings.provider.url(&self.uri, Some(self.format))?;
        *request.headers_mut() = self.headers.clone();
        let longest = settings.config.timeouts.wait.min(self.time_to_wait());
        if let Some((name, seconds)) = Permit::wait_timeout_header(longest) {
            let headers = request.headers_mut();
            headers.entry(name).or_insert_with(|| seconds.into());
        }
        Ok(request)
    }

    /// Returns the number of tokens above which a usage is not plausible.
    pub(crate) fn max_usage(&self, candidate: usize) -> u64 {
        let window = self.candidates[candidate].model.context_window;
        window.map_or(MAX_USAGE, |window| {
            window.saturating_mul(self.size.answers.max(1))
        })
    }
}

/// Parses a body. A large one would delay the other requests of the thread.
async fn parse(format: Format, body: &Bytes) -> Result<CallBody, Failure> {
    const LARGE: usize = 256 << 10;
    let parsed = if body.len() < LARGE {
        CallBody::parse(format, body)
    } else {
        let body = body.clone();
        let parsed = tokio::task::spawn_blocking(move || CallBody::parse(format, &body)).await;
        parsed.map_err(|_| {
            let message = "the body could not be read";
            Failure::invalid(StatusCode::BAD_REQUEST, "invalid_body", message)
        })?
    };
    parsed.map_err(|error| {
        Failure::invalid(StatusCode::BAD_REQUEST, "invalid_body", error.to_string())
    })
}

fn size(format: Format, uri: &Uri, call: &CallBody) -> Size {
    let has_output = format != Format::Embeddings && !uri.path().contains("/embeddings/");
    Size {
        text: call.text_bytes,
        binary_parts: call.binary_parts,
        max_output: if has_output {
            call.max_output_tokens
        } else {
            Some(0)
        },
        answers: call.answers,
    }
}

/// Returns the models that can serve a call.
fn candidates(
    shared: &Shared,
    settings: &Settings,
    caller: &Caller,
    call: &CallBody,
    is_task: bool,
    size: Size,
) -> Result<Vec<Candidate>, Failure> {
    let candidate = |model: &Arc<Model>, name: &str| {
        let assumed = settings.config.assumed_output;
        let (input, output) = shared.estimates.estimate(name, &caller.id, size, assumed);
        Candidate {
            model: Arc::clone(model),
            name: Arc::from(name),
            is_limited: true,
            input,
            output,
            images: call.answers,
        }
    };
    let named = match settings.models.find(&call.model) {
        Ok(model) => model,
        Err(error) => {
            let passes = settings.config.unknown_models == UnknownModels::Pass;
            if passes && !error.is_retired {
                caller.check_model(&call.model)?;
                tracing::warn!(model = call.model, "a model without limits is called");
                let model = unknown_model(&call.model);
                // Nothing is learned of it, because clients can make up any number of names.
                return Ok(vec![Candidate {
                    is_limited: false,
                    ..candidate(&Arc::new(model), "")
                }]);
            }
            let status = StatusCode::NOT_FOUND;
            return Err(Failure::invalid(status, "model_not_found", error.message));
        }
    };
    caller.check_model(&named.name)?;
    let mut candidates = vec![candidate(named, &named.name)];
    // Only the gateway of the model that runs a task knows it.
    if !is_task {
        let others = settings.config.fallbacks.get(&named.name);
        let others = others.into_iter().flatten();
        let others = others.filter_map(|name| settings.models.find(name).ok());
        let others = others.filter(|model| caller.check_model(&model.name).is_ok());
        candidates.extend(others.map(|model| candidate(model, &model.name)));
    }
    Ok(candidates)
}

/// Returns a model that the gateway does not know.
fn unknown_model(name: &str) -> Model {
    Model {
        name: name.to_owned(),
        aliases: Vec::new(),
        life_cycle: LifeCycle::Active,
        quota: String::new(),
        limits: Vec::new(),
        has_own_limits: false,
        context_window: None,
    }
}

fn request_headers(settings: &Settings, mut headers: HeaderMap) -> HeaderMap {
    headers::remove_from_request(&mut headers);
    headers::refuse_compression(&mut headers);
    settings.set_key(&mut headers);
    headers
}

fn unread(error: &ReadError, bounds: Bounds) -> Failure {
    match error {
        ReadError::TooLarge => Failure::invalid(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("the body is larger than {} bytes", bounds.body),
        ),
        ReadError::NoMemory => Failure::queue_full(
            "the bodies of pending requests use all of the memory reserved for them",
        ),
        ReadError::Timeout => Failure::invalid(
            StatusCode::REQUEST_TIMEOUT,
            "body_timeout",
            "timed out while reading the request body",
        ),
        ReadError::Broken => Failure::invalid(
            StatusCode::BAD_REQUEST,
            "invalid_body",
            "the body could not be read",
        ),
    }
}
