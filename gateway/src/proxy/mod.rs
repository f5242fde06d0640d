//! Answers requests.

mod answer;
mod call;
pub(crate) mod headers;
mod joined;
mod life_cycle;
mod pass;
mod plan;
mod provider_body;
pub(crate) mod read_body;
mod reading;
pub(crate) mod response;
mod running;

use std::convert::Infallible;
use std::sync::Arc;

use http::header::EXPECT;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;

use crate::caller::Caller;
use crate::failure::Failure;
use crate::formats::Format;
use crate::formats::errors::ErrorFormat;
use crate::formats::route::{Route, route};
use crate::shared::{Settings, Shared};
use crate::tracker::Tracker;
use headers::REQUEST_ID;
use read_body::drain;
use response::Body;

/// Answers a request.
pub(crate) async fn respond(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let settings = shared.settings();
    let (mut parts, body) = request.into_parts();
    let request_id = headers::request_id(&parts.headers);
    parts.headers.insert(REQUEST_ID, request_id.clone());
    headers::protect_keys(&mut parts.headers);
    let is_websocket = headers::asks_for_websocket(&parts.headers);
    // The provider does not receive these fields, so they must not decide what the request is.
    headers::remove_hop_by_hop(&mut parts.headers);
    let path = parts.uri.path().to_owned();
    let route = route(&parts.method, &path, &parts.headers);
    let (is_http2, expects) = (
        parts.version == Version::HTTP_2,
        parts.headers.contains_key(EXPECT),
    );
    let mut tracker = Tracker::new(&shared.metrics, request_id.clone(), operation(route));
    // `None` when it was passed on.
    let mut body = Some(body);
    let response = if is_websocket || parts.method == Method::CONNECT {
        let status = StatusCode::NOT_IMPLEMENTED;
        let message = "the gateway does not support WebSocket: connect to the provider directly";
        Err(Failure::invalid(status, "websocket_not_supported", message))
    } else {
        answer(&shared, &settings, route, parts, &mut body, &mut tracker).await
    };
    let mut response = match response {
        Ok(response) => response,
        Err(failure) => {
            tracker.responds(failure.status);
            tracker.end(failure.outcome);
            // A client that expects to be asked for its body has not sent it.
            if let Some(body) = body.as_mut().filter(|_| !expects) {
                drain(body, &settings.config).await;
            }
            response::error(&failure, ErrorFormat::of_path(&path), &request_id)
        }
    };
    headers::add_request_id(response.headers_mut(), &request_id);
    if is_http2 {
        let longest = settings.config.timeouts.body;
        response = response.map(|body| reading::with_timeout(body, longest));
    }
    Ok(response)
}

async fn answer(
    shared: &Arc<Shared>,
    settings: &Settings,
    route: Route<'_>,
    parts: Parts,
    body: &mut Option<Incoming>,
    tracker: &mut Tracker,
) -> Result<Response<Body>, Failure> {
    let caller = Caller::new(shared, settings, &parts.headers)?;
    let call = match route {
        Route::Call(format) => (format, false),
        Route::TaskSubmission => (Format::DashScope, true),
        Route::TaskPoll { id } => {
            let request = (parts, body.take());
            return pass::poll(shared, settings, id, request, tracker).await;
        }
        Route::Models => return Ok(pass::models(settings, &caller, tracker)),
        Route::Other => {
            caller.check_other_requests()?;
            return pass::pass(settings, (parts, body.take()), tracker).await;
        }
        Route::Malformed => {
            let message = "the path is not in normal form: remove empty segments, `.`, `..` and \
                           percent-encoding";
            let status = StatusCode::BAD_REQUEST;
            return Err(Failure::invalid(status, "invalid_path", message));
        }
    };
    let plan = plan::plan(shared, settings, caller, call, (parts, body), tracker).await?;
    call::send(shared, settings, plan, tracker).await
}

/// Returns the name of a route in metrics and logs.
fn operation(route: Route<'_>) -> &'static str {
    match route {
        Route::Call(format) => format.name(),
        Route::TaskSubmission => "task_submission",
        Route::TaskPoll { .. } => "task_poll",
        Route::Models => "models",
        Route::Other | Route::Malformed => "other",
    }
}
