//! The connections to the provider.

use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, StatusCode, Uri, Version};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;

use crate::config::Config;
use crate::failure::Failure;
use crate::formats::Format;

/// The body of a request to the provider: one that was read, or one that is passed on as it arrives.
pub(crate) type RequestBody = Either<Full<Bytes>, Incoming>;

/// How long a connection is kept without a request, which is also hyper's default.
const KEEP_IDLE: Duration = Duration::from_secs(90);

/// The time without data after which a connection is checked.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// The bytes of an answer that the provider may send before they are read.
const STREAM_WINDOW: u32 = 256 << 10;

/// The most that HTTP/2 allows.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;

/// A request to which the provider has not answered.
#[derive(Debug)]
pub(crate) struct NoResponse {
    /// Whether the provider may have received the request.
    pub(crate) may_be_sent: bool,
    pub(crate) failure: Failure,
}

/// The provider's server.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    client: Client<HttpsConnector<HttpConnector>, RequestBody>,
    scheme: Scheme,
    authority: Authority,
    /// The path that precedes that of each request, without a slash at its end.
    path: String,
    completes_paths: bool,
}

impl Provider {
    /// Returns `None` if the URL has no scheme or no host.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        let Config {
            upstream, timeouts, ..
        } = config;
        let mut connector_of_tcp = HttpConnector::new();
        connector_of_tcp.enforce_http(false);
        connector_of_tcp.set_nodelay(true);
        connector_of_tcp.set_keepalive(Some(KEEP_ALIVE));
        connector_of_tcp.set_connect_timeout(Some(timeouts.connect));
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http();
        let connector = if config.upstream_http2 {
            connector
                .enable_all_versions()
                .wrap_connector(connector_of_tcp)
        } else {
            connector.enable_http1().wrap_connector(connector_of_tcp)
        };
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(KEEP_IDLE)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            // A connection that was lost without a word would otherwise take all calls.
            .http2_keep_alive_interval(KEEP_ALIVE)
            .http2_keep_alive_while_idle(true)
            // Clients that do not read their answers must not stop the others on the connection.
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .build(connector);
        let base = &upstream.base;
        Some(Self {
            client,
            scheme: base.scheme()?.clone(),
            authority: base.authority()?.clone(),
            path: base.path().trim_end_matches('/').to_owned(),
            completes_paths: upstream.completes_paths,
        })
    }

    /// Returns the URL on the provider's server for a request to this path. Nothing else of the
    /// request has an influence on the host.
    pub(crate) fn url(&self, uri: &Uri, format: Option<Format>) -> Result<Uri, Failure> {
        self.join(uri, format).ok_or_else(|| {
            let message = "the path of the request is not valid";
            Failure::invalid(StatusCode::BAD_REQUEST, "invalid_path", message)
        })
    }

    fn join(&self, uri: &Uri, format: Option<Format>) -> Option<Uri> {
        let path = uri.path_and_query().cloned();
        let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
        let prefix = if self.completes_paths && path.as_str().starts_with("/v1/") {
            match format {
                Some(Format::Messages) => "/apps/anthropic",
                _ => "/compatible-mode",
            }
        } else {
            ""
        };
        let path = if self.path.is_empty() && prefix.is_empty() {
            path.clone()
        } else {
            format!("{}{prefix}{path}", self.path).parse().ok()?
        };
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
            .ok()
    }

    /// Sends a request and returns the response when its header has arrived.
    pub(crate) async fn send(
        &self,
        request: Request<RequestBody>,
        longest: Duration,
    ) -> Result<Response<Incoming>, NoResponse> {
        let response = timeout(longest, self.client.request(request)).await;
        let response = response.map_err(|_| {
            let message = "the provider has not answered in time";
            NoResponse::to_sent(Failure::provider(StatusCode::GATEWAY_TIMEOUT, message))
        })?;
        let mut response = response.map_err(|error| NoResponse {
            may_be_sent: !error.is_connect(),
            failure: Failure::unreachable(&error),
        })?;
        if response.status().is_informational() {
            let message = "the provider has switched to another protocol";
            let failure = Failure::provider(StatusCode::BAD_GATEWAY, message);
            return Err(NoResponse::to_sent(failure));
        }
        // The connection to the provider says nothing about that to the client.
        *response.version_mut() = Version::HTTP_11;
        Ok(response)
    }
}

impl NoResponse {
    fn to_sent(failure: Failure) -> Self {
        Self {
            may_be_sent: true,
            failure,
        }
    }
}
