//! Requests that are not limited.

use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Either, Full, Limited};
use hyper::body::Incoming;
use serde::Serialize;
use tokio::time::timeout;

use super::answer::{AnswerBody, Answered};
use super::headers;
use super::response::{Body, full, json};
use crate::caller::Caller;
use crate::failure::Failure;
use crate::formats::tasks::task_has_ended;
use crate::record::Outcome;
use crate::shared::{Settings, Shared};
use crate::tracker::Tracker;

/// The most bytes of the status of a task that are read.
const MAX_STATUS: usize = 4 << 20;

/// Passes a request on, and the response as it arrives.
pub(crate) async fn pass(
    settings: &Settings,
    (parts, body): (Parts, Option<Incoming>),
    tracker: &mut Tracker,
) -> Result<Response<Body>, Failure> {
    let response = send(settings, parts, body).await?;
    tracker.responds(response.status());
    let idle = settings.config.timeouts.idle;
    let tracker = tracker.hand_over();
    let answered = Answered::Other(Box::new(tracker));
    Ok(response.map(|body| AnswerBody::new(body.into(), answered, idle).boxed_unsync()))
}

/// Passes a request for the status of a task on, and ends the task's permit if the task has ended.
pub(crate) async fn poll(
    shared: &Shared,
    settings: &Settings,
    id: &str,
    (mut parts, body): (Parts, Option<Incoming>),
    tracker: &mut Tracker,
) -> Result<Response<Body>, Failure> {
    headers::refuse_compression(&mut parts.headers);
    let (parts, body) = send(settings, parts, body).await?.into_parts();
    let body = Limited::new(body, MAX_STATUS).collect();
    let body = timeout(settings.config.timeouts.idle, body).await;
    let Some(body) = body.ok().and_then(Result::ok) else {
        return Err(Failure::incomplete());
    };
    let body = body.to_bytes();
    if parts.status.is_success() && task_has_ended(&body) == Some(true) {
        shared.tasks.end(&shared.account, id).await;
    }
    tracker.responds(parts.status);
    tracker.end(Outcome::Completed);
    Ok(Response::from_parts(parts, full(body)))
}

/// Returns the list of the models that the caller may use, in `OpenAI`'s format.
pub(crate) fn models(
    settings: &Settings,
    caller: &Caller,
    tracker: &mut Tracker,
) -> Response<Body> {
    #[derive(Serialize)]
    struct List<'a> {
        object: &'static str,
        data: Vec<Entry<'a>>,
    }
    #[derive(Serialize)]
    struct Entry<'a> {
        id: &'a str,
        object: &'static str,
        created: u64,
        owned_by: &'static str,
    }
    let models = settings.models.served();
    let allowed = models.filter(|model| caller.check_model(&model.name).is_ok());
    let list = List {
        object: "list",
        data: allowed
            .map(|model| Entry {
                id: &model.name,
                object: "model",
                // The table does not have it.
                created: 0,
                owned_by: "model-studio",
            })
            .collect(),
    };
    tracker.responds(StatusCode::OK);
    tracker.end(Outcome::Completed);
    let list = serde_json::to_vec(&list).expect("a list of strings can be written as JSON");
    json(StatusCode::OK, list)
}

/// Sends a request, and waits for the header of the response.
async fn send(
    settings: &Settings,
    mut parts: Parts,
    body: Option<Incoming>,
) -> Result<Response<Incoming>, Failure> {
    let url = settings.provider.url(&parts.uri, None)?;
    headers::remove_from_request(&mut parts.headers);
    settings.set_key(&mut parts.headers);
    let body = body.map_or_else(|| Either::Left(Full::default()), Either::Right);
    let mut request = Request::new(body);
    *request.method_mut() = parts.method;
    *request.uri_mut() = url;
    *request.headers_mut() = parts.headers;
    let longest = settings.config.timeouts.response;
    let response = settings.provider.send(request, longest).await;
    let mut response = response.map_err(|error| error.failure)?;
    headers::remove_hop_by_hop(response.headers_mut());
    Ok(response)
}
