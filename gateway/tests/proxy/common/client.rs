//! A client that sends requests as a program does.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::timeout;

use super::{CHAT, LONG};

/// A client of a gateway, with connections that are used again.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    inner: HyperClient<HttpConnector, Full<Bytes>>,
}

/// A complete response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let inner = HyperClient::builder(TokioExecutor::new()).build_http();
        Self { address, inner }
    }

    /// Returns a client that begins with HTTP/2.
    pub(crate) fn http2(address: SocketAddr) -> Self {
        let mut builder = HyperClient::builder(TokioExecutor::new());
        let inner = builder.http2_only(true).build_http();
        Self { address, inner }
    }

    /// Sends a request, and returns the response when its header has arrived.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Response<Incoming> {
        let url = format!("http://{}{path}", self.address);
        let mut request = Request::builder().method(method).uri(url);
        for &(name, value) in fields {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let response = timeout(LONG, self.inner.request(request)).await;
        response.expect("a response arrives in time").unwrap()
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)], body: &Value) -> Answer {
        let response = self.send(Method::POST, path, fields, body.to_string());
        Answer::of(response.await).await
    }

    pub(crate) async fn chat(&self, body: &Value) -> Answer {
        self.post(CHAT, &[], body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.send(Method::GET, path, &[], "").await).await
    }
}

impl Answer {
    /// Reads the body of a response. Panics if it is broken off.
    pub(crate) async fn of(response: Response<Incoming>) -> Self {
        let (parts, body) = response.into_parts();
        let body = timeout(LONG, body.collect()).await;
        let body = body.expect("the body arrives in time").unwrap();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: body.to_bytes(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Returns the code of an error in the format of `OpenAI`.
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}
