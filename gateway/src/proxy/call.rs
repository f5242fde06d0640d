//! Sends calls of models when their limits allow it, and again if the provider refuses them.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body_util::{BodyExt as _, Limited};
use model_studio_limiter::{Refusal, TaskPermit};
use tokio::time::{sleep, timeout};

use super::answer::{AnswerBody, Answered, Call, Reader};
use super::joined::JoinedBody;
use super::plan::Plan;
use super::provider_body::ProviderBody;
use super::response::{Body, full};
use super::running::Running;
use super::{headers, life_cycle};
use crate::admission::{self, CallPermit};
use crate::failure::Failure;
use crate::formats::errors::{ProviderError, provider_error};
use crate::formats::events::EventReader;
use crate::formats::tasks::submitted_task;
use crate::record::Outcome;
use crate::shared::{Settings, Shared};
use crate::tracker::Tracker;

/// The response field that names the model that has served a call instead of the one in its body.
const SERVED_BY: HeaderName = HeaderName::from_static("x-gateway-model");

/// The most bytes of an error that are read to classify it, and of the answer to a submission.
const MAX_SMALL_BODY: usize = 1 << 20;

/// The delay before a call is sent again to a provider without capacity. It doubles each time.
const FIRST_DELAY: Duration = Duration::from_millis(500);

const MAX_DELAY: Duration = Duration::from_secs(30);

/// Sends a call, and returns the provider's response.
pub(crate) async fn send(
    shared: &Arc<Shared>,
    settings: &Settings,
    plan: Plan,
    tracker: &mut Tracker,
) -> Result<Response<Body>, Failure> {
    for attempt in 0.. {
        let (candidate, permit) = wait(shared, settings, &plan, tracker).await?;
        let refused = match send_once(shared, settings, &plan, candidate, permit).await? {
            Sent::Answered(response, running) => {
                let answer = Answer {
                    shared,
                    settings,
                    plan,
                    candidate,
                };
                return answer.pass_on(response, running, tracker).await;
            }
            Sent::Refused(refused) => refused,
        };
        if !refused.refusal.is_retryable() {
            return Ok(refused.pass_on(settings, tracker));
        }
        tracker.record.refusals += 1;
        let delay = refused.delay(attempt);
        if attempt == settings.config.retries || delay >= plan.time_to_wait() {
            return Ok(refused.pass_on(settings, tracker));
        }
        // So that the provider does not hold its stream open in the meantime.
        drop(refused);
        sleep(delay).await;
    }
    unreachable!("the last attempt has returned")
}

/// What has become of a call.
#[expect(
    clippy::large_enum_variant,
    reason = "a call has one value, which is taken apart at once"
)]
enum Sent {
    Answered(Response<ProviderBody>, Running),
    Refused(Refused),
}

/// A call that the provider has refused.
struct Refused {
    refusal: Refusal,
    retry_after: Option<Duration>,
    /// The provider's response.
    response: Response<RefusedBody>,
}

enum RefusedBody {
    Error(Bytes),
    /// A stream that begins with the error.
    Stream(ProviderBody),
}

/// Waits for the permits of a call, and returns them with the index of the model that serves it.
async fn wait(
    shared: &Shared,
    settings: &Settings,
    plan: &Plan,
    tracker: &mut Tracker,
) -> Result<(usize, CallPermit), Failure> {
    let config = &settings.config;
    let class = &plan.caller.class_name;
    let request = admission::Request {
        candidates: &plan.candidates,
        class: &plan.caller.class,
        client: plan.caller.limiter(shared),
        is_task: plan.is_task,
        timeout: plan.time_to_wait(),
        patience: config.patience,
    };
    let mut admitted = pin!(admission::admit(&shared.account, request));
    // A call that need not wait takes no place, so that a full queue of one model does not stop others.
    let now = poll_fn(|context| Poll::Ready(admitted.as_mut().poll(context))).await;
    let (index, permit) = match now {
        Poll::Ready(admitted) => admitted?,
        Poll::Pending => {
            let max = config.bounds.waiting;
            let name = &plan.candidates[0].name;
            let place = shared.waiting.add(name, class, max);
            let _place =
                place.ok_or_else(|| Failure::queue_full("too many requests are waiting"))?;
            tracker.starts_waiting();
            let admitted = admitted.await;
            tracker.stops_waiting();
            admitted?
        }
    };
    let candidate = &plan.candidates[index];
    if candidate.is_limited {
        tracker.record.model = Arc::clone(&candidate.name);
        tracker.record.estimate = (candidate.input, candidate.output);
    }
    Ok((index, permit))
}

/// Sends a call once, and waits for the header of the response and the first event of a stream.
async fn send_once(
    shared: &Arc<Shared>,
    settings: &Settings,
    plan: &Plan,
    candidate: usize,
    permit: CallPermit,
) -> Result<Sent, Failure> {
    let request = match plan.request(settings, candidate) {
        Ok(request) => request,
        Err(failure) => {
            permit.cancel();
            return Err(failure);
        }
    };
    let timeouts = &settings.config.timeouts;
    let longest = timeouts.response + timeouts.wait;
    let mut running = Running::new(shared, plan, candidate, permit);
    let response = settings.provider.send(request, longest);
    let response = if plan.streams {
        response.await
    } else {
        running.wait_for(response).await
    };
    let response = match response {
        Ok(response) => response,
        Err(error) => {
            // Otherwise, the permit is dropped, and its estimate stays counted.
            if !error.may_be_sent {
                running.permit.cancel();
            }
            return Err(error.failure);
        }
    };
    let (parts, body) = response.into_parts();
    let classify = |error: &ProviderError| {
        Refusal::classify(parts.status.as_u16(), &error.code, &error.message)
    };
    let (refusal, body) = if parts.status.is_success() {
        let mut body = ProviderBody::from(body);
        let error = if !plan.is_task && is_readable_stream(&parts.headers) {
            let error = body.first_error(plan.format, timeouts.idle).await?;
            running.begins();
            error
        } else {
            None
        };
        match error.as_ref().map(classify) {
            Some(refusal) if refusal.is_retryable() => (refusal, RefusedBody::Stream(body)),
            // The stream of any other error is settled like that of an answer.
            _ => return Ok(Sent::Answered(Response::from_parts(parts, body), running)),
        }
    } else {
        let body = timeout(timeouts.idle, read_small(body)).await;
        let body = body.ok().flatten().ok_or_else(Failure::incomplete)?;
        (classify(&provider_error(&body)), RefusedBody::Error(body))
    };
    let retry_after = retry_after(&parts.headers);
    if refusal.is_retryable() {
        running.permit.refused(refusal, retry_after);
    } else {
        running.permit.rejected();
    }
    Ok(Sent::Refused(Refused {
        refusal,
        retry_after,
        response: Response::from_parts(parts, body),
    }))
}

impl Refused {
    /// Returns the time after which the call is sent again. All other delays are left to the limiter.
    fn delay(&self, earlier_refusals: u32) -> Duration {
        if self.refusal != Refusal::Capacity {
            return Duration::ZERO;
        }
        let delay = FIRST_DELAY.saturating_mul(1 << earlier_refusals.min(10));
        let delay = delay.min(MAX_DELAY).mul_f64(0.5 + fastrand::f64() / 2.0);
        delay.max(self.retry_after.unwrap_or_default())
    }

    /// Returns the provider's response unchanged.
    fn pass_on(self, settings: &Settings, tracker: &mut Tracker) -> Response<Body> {
        let (mut parts, body) = self.response.into_parts();
        headers::remove_hop_by_hop(&mut parts.headers);
        tracker.responds(parts.status);
        let body = match body {
            RefusedBody::Error(body) => {
                tracker.end(if self.refusal.is_retryable() {
                    Outcome::Refused
                } else {
                    Outcome::Completed
                });
                full(body)
            }
            RefusedBody::Stream(body) => {
                let refused = Answered::Refused(Box::new(tracker.hand_over()));
                AnswerBody::new(body, refused, settings.config.timeouts.idle).boxed_unsync()
            }
        };
        Response::from_parts(parts, body)
    }
}

/// The answer to a call that was admitted and not refused.
struct Answer<'a> {
    shared: &'a Arc<Shared>,
    settings: &'a Settings,
    plan: Plan,
    candidate: usize,
}

impl Answer<'_> {
    /// Returns the response, which settles the permit when its body has ended.
    async fn pass_on(
        self,
        response: Response<ProviderBody>,
        running: Running,
        tracker: &mut Tracker,
    ) -> Result<Response<Body>, Failure> {
        let (mut parts, body) = response.into_parts();
        headers::remove_hop_by_hop(&mut parts.headers);
        self.describe(&mut parts.headers);
        if self.plan.is_task {
            let body = self.submitted(body, running.permit.into_task()).await?;
            tracker.responds(parts.status);
            tracker.end(Outcome::Completed);
            return Ok(Response::from_parts(parts, full(body)));
        }
        let reader = self.reader(&mut parts.headers);
        tracker.responds(parts.status);
        let call = Call {
            running,
            format: self.plan.format,
            max_usage: self.plan.max_usage(self.candidate),
            reader,
            tracker: tracker.hand_over(),
        };
        let idle = self.settings.config.timeouts.idle;
        let is_stream = matches!(call.reader, Reader::Events(_));
        let body = AnswerBody::new(body, Answered::Call(Box::new(call)), idle);
        let body = if is_stream {
            JoinedBody::new(body).boxed_unsync()
        } else {
            body.boxed_unsync()
        };
        Ok(Response::from_parts(parts, body))
    }

    /// Reads the answer to the submission of a task, and keeps the permit until the task ends.
    async fn submitted(
        &self,
        body: ProviderBody,
        task: Option<TaskPermit>,
    ) -> Result<Bytes, Failure> {
        let body = timeout(self.settings.config.timeouts.idle, read_small(body)).await;
        // Without the ID, the task counts until the longest time that a task can take.
        let Some(body) = body.ok().flatten() else {
            return Err(Failure::incomplete());
        };
        if let (Some(task), Some(id)) = (task, submitted_task(&body)) {
            let quota = &self.plan.candidates[0].model.quota;
            self.shared.tasks.add(quota, id, task).await;
        }
        Ok(body)
    }

    /// Adds what the client should know about the model.
    fn describe(&self, headers: &mut HeaderMap) {
        let candidate = &self.plan.candidates[self.candidate];
        life_cycle::describe(&candidate.model.life_cycle, headers);
        if self.candidate > 0 {
            if let Ok(name) = HeaderValue::from_str(&candidate.name) {
                headers.insert(SERVED_BY, name);
            }
        }
    }

    fn reader(&self, headers: &mut HeaderMap) -> Reader {
        if is_compressed(headers) {
            return Reader::None;
        }
        if !is_readable_stream(headers) {
            return Reader::json(&self.settings.memory);
        }
        if self.plan.asks_for_usage {
            headers.remove(CONTENT_LENGTH);
        }
        let events = EventReader::new(self.plan.format, self.plan.asks_for_usage);
        Reader::Events(Box::new(events))
    }
}

/// Returns `true` if a body is a stream of events that the gateway can read.
fn is_readable_stream(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_stream = media_type.is_some_and(|value| value.starts_with(b"text/event-stream"));
    is_stream && !is_compressed(headers)
}

fn is_compressed(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_ENCODING)
}

/// Reads a body of at most [`MAX_SMALL_BODY`] bytes.
async fn read_small<B>(body: B) -> Option<Bytes>
where
    B: http_body::Body<Data = Bytes, Error = hyper::Error>,
{
    let body = Limited::new(body, MAX_SMALL_BODY).collect().await;
    body.ok().map(http_body_util::Collected::to_bytes)
}

/// Returns the delay of a `Retry-After` field, which has seconds or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    date.duration_since(SystemTime::now()).ok()
}
