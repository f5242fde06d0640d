//! Answers requests about the gateway itself: its health, metrics and status page.

use std::net::{IpAddr, SocketAddr};

use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderMap, HeaderName,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::uri::Authority;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;

use crate::metrics::exposition;
use crate::proxy::response::{Body, full};
use crate::shared::Shared;
use crate::status::Status;

/// Where a request has arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The address on which the gateway listens.
    pub(crate) address: SocketAddr,
    /// Whether it is for operators only, so that nothing is sent to the provider.
    pub(crate) is_admin: bool,
}

/// What a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Alive,
    Ready,
    Metrics,
    Status,
    StatusJson,
    File(&'static str, &'static str),
}

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";

const PAGE: &str = include_str!("status/page.html");
const STYLE: Route = Route::File("text/css; charset=utf-8", include_str!("status/page.css"));
const SCRIPT: Route = Route::File(
    "text/javascript; charset=utf-8",
    include_str!("status/page.js"),
);

/// The page runs only its own script, and reads only from the gateway.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// Keeps pages of other sites from loading a response, from Fetch.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Answers a request about the gateway itself. Returns `None` for a request that is to be passed on.
pub(crate) async fn respond(
    shared: &Shared,
    place: Place,
    request: &Request<Incoming>,
) -> Option<Response<Body>> {
    let Some(route) = route(request.uri().path()) else {
        let message = "not found: see /status, /status.json, /metrics, /healthz and /readyz\n";
        return place
            .is_admin
            .then(|| error(StatusCode::NOT_FOUND, message));
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = error(StatusCode::METHOD_NOT_ALLOWED, "use GET\n");
        let allowed = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(ALLOW, allowed);
        return Some(response);
    }
    if !matches!(route, Route::Alive | Route::Ready) {
        if let Some(refusal) = refusal(place, request.uri(), request.headers()) {
            return Some(refusal);
        }
    }
    Some(match route {
        Route::Alive => response(TEXT, "ok\n"),
        Route::Ready => ready(shared).await,
        Route::Metrics => metrics(shared).await,
        Route::Status => page(),
        Route::StatusJson => response(JSON, Status::of(shared).await.into_json()),
        Route::File(media_type, text) => response(media_type, text),
    })
}

fn route(path: &str) -> Option<Route> {
    Some(match path {
        "/healthz" => Route::Alive,
        "/readyz" => Route::Ready,
        "/metrics" => Route::Metrics,
        "/status" => Route::Status,
        "/status.json" => Route::StatusJson,
        "/status.css" => STYLE,
        "/status.js" => SCRIPT,
        _ => return None,
    })
}

/// Returns the response to a request that may not see what the gateway does.
fn refusal(place: Place, uri: &Uri, headers: &HeaderMap) -> Option<Response<Body>> {
    let is_loopback = place.address.ip().to_canonical().is_loopback();
    if !is_loopback {
        let message = "this is only served on loopback addresses and at `admin_listen`\n";
        return (!place.is_admin).then(|| error(StatusCode::NOT_FOUND, message));
    }
    // A page in a browser on this machine could give its own host name the address of the gateway, and
    // then read the response.
    if has_local_host(uri, headers) {
        return None;
    }
    let message = "the host in the URL must be `localhost` or a loopback address\n";
    Some(error(StatusCode::MISDIRECTED_REQUEST, message))
}

/// Returns `true` if a request is for a loopback address. Clients that are not browsers may leave the
/// host out.
fn has_local_host(uri: &Uri, headers: &HeaderMap) -> bool {
    // HTTP/2 has the host in the URI.
    let field = headers.get(HOST);
    let authority = match (uri.authority(), field) {
        (Some(authority), _) => authority.clone(),
        (None, None) => return true,
        (None, Some(field)) => match Authority::try_from(field.as_bytes()) {
            Ok(authority) => authority,
            Err(_) => return false,
        },
    };
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
}

async fn ready(shared: &Shared) -> Response<Body> {
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    if shared.is_stopping() {
        error(unavailable, "the gateway is stopping\n")
    } else if !shared.store_check.is_reachable(&shared.tasks).await {
        error(unavailable, "the store cannot be reached\n")
    } else {
        response(TEXT, "ready\n")
    }
}

async fn metrics(shared: &Shared) -> Response<Body> {
    let status = Status::of(shared).await;
    match exposition::text(&shared.metrics, &status) {
        Ok(text) => response(exposition::MEDIA_TYPE, text),
        Err(_) => error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the metrics cannot be written\n",
        ),
    }
}

fn page() -> Response<Body> {
    let mut response = response(HTML, PAGE);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn error(status: StatusCode, message: &'static str) -> Response<Body> {
    let mut response = response(TEXT, message);
    *response.status_mut() = status;
    response
}

fn response(media_type: &'static str, body: impl Into<bytes::Bytes>) -> Response<Body> {
    let mut response = Response::new(full(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    response
}
