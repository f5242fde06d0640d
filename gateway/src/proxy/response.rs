//! The responses of the gateway itself.

use std::error::Error;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};

use crate::failure::Failure;
use crate::formats::errors::ErrorFormat;

/// The error of a body, which ends the connection to the client.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// The body of a response.
pub(crate) type Body = UnsyncBoxBody<Bytes, BoxError>;

/// Returns a body with these bytes.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// Returns a response with JSON.
pub(crate) fn json(status: StatusCode, bytes: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(full(bytes));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// Returns an error in the format of the endpoint.
pub(crate) fn error(
    failure: &Failure,
    format: ErrorFormat,
    request_id: &HeaderValue,
) -> Response<Body> {
    let id = request_id.to_str().unwrap_or_default();
    let body = format.body(failure.status.as_u16(), failure.code, &failure.message, id);
    let mut response = json(failure.status, body);
    let headers = response.headers_mut();
    if let Some(delay) = failure.retry_after {
        // Whole seconds, rounded up.
        let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
        headers.insert(RETRY_AFTER, seconds.into());
    }
    response
}
