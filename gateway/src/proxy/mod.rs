//! Answers requests.

mod answer;
mod call;
pub(crate) mod headers;
mod life_cycle;
mod pass;
mod plan;
pub(crate) mod read_body;
pub(crate) mod response;

use std::convert::Infallible;
use std::sync::Arc;

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use crate::caller::Caller;
use crate::failure::Failure;
use crate::formats::Format;
use crate::formats::errors::ErrorFormat;
use crate::formats::route::{Route, route};
use crate::shared::{Settings, Shared};
use crate::tracker::Tracker;
use headers::REQUEST_ID;
use response::Body;

/// Answers a request.
pub(crate) async fn respond(
    shared: Arc<Shared>,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let settings = shared.settings();
    let request_id = headers::request_id(request.headers());
    request.headers_mut().insert(REQUEST_ID, request_id.clone());
    let path = request.uri().path().to_owned();
    let route = route(request.method(), &path, request.headers());
    let mut tracker = Tracker::new(&shared.metrics, request_id.clone(), operation(route));
    let response = answer(&shared, &settings, route, request, &mut tracker).await;
    let mut response = response.unwrap_or_else(|failure| {
        tracker.responds(failure.status);
        tracker.end(failure.outcome);
        response::error(&failure, ErrorFormat::of_path(&path), &request_id)
    });
    response.headers_mut().insert(REQUEST_ID, request_id);
    Ok(response)
}

async fn answer(
    shared: &Arc<Shared>,
    settings: &Settings,
    route: Route<'_>,
    request: Request<Incoming>,
    tracker: &mut Tracker,
) -> Result<Response<Body>, Failure> {
    if headers::asks_for_websocket(request.headers()) || request.method() == Method::CONNECT {
        let status = StatusCode::NOT_IMPLEMENTED;
        let message = "the gateway does not support WebSocket: connect to the provider directly";
        return Err(Failure::invalid(status, "websocket_not_supported", message));
    }
    let caller = Caller::new(shared, settings, request.headers())?;
    let call = match route {
        Route::Call(format) => (format, false),
        Route::TaskSubmission => (Format::DashScope, true),
        Route::TaskPoll { id } => return pass::poll(shared, settings, id, request, tracker).await,
        Route::Models => return Ok(pass::models(settings, &caller, tracker)),
        Route::Other => return pass::pass(settings, request, tracker).await,
        Route::Malformed => {
            let message = "the path is not in normal form: remove empty segments, `.`, `..` and \
                           percent-encoding";
            let status = StatusCode::BAD_REQUEST;
            return Err(Failure::invalid(status, "invalid_path", message));
        }
    };
    let plan = plan::plan(shared, settings, caller, call, request, tracker).await?;
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
