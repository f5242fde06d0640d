//! A provider that hangs, breaks off its answer, or is not there.

use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use model_studio_gateway::config::Config;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::common::{
    Answer, CHAT, LONG, MODEL, Step, TestGateway, TestUpstream, chat, config, eventually,
    many_tokens, model, ok, streamed,
};

const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5}}"#;

/// The timeouts for the header and for the next part.
const SHORT: Duration = Duration::from_millis(100);

fn settings(url: &str) -> Config {
    let mut config = config(url, vec![model(MODEL, &[many_tokens()])]);
    config.timeouts.response = SHORT;
    config.timeouts.idle = SHORT;
    config.timeouts.wait = Duration::ZERO;
    config
}

/// Starts a gateway in front of a provider that does this first, and then answers.
async fn start(first: fn() -> Vec<Step>) -> (TestGateway, TestUpstream) {
    let upstream = TestUpstream::start(move |_, number| match number {
        0 => first(),
        _ => vec![Step::Send(ok(USAGE))],
    });
    let upstream = upstream.await;
    (
        TestGateway::start(settings(&upstream.url())).await,
        upstream,
    )
}

/// Checks that the provider may have counted the first call, and that the next call is answered.
async fn is_as_before(gateway: &TestGateway) {
    gateway.idle().await;
    let usage = &gateway.handle.usage()[MODEL];
    assert_eq!(usage.unsettled, 1);
    let estimate = gateway.used(MODEL);
    assert!(estimate >= 100, "{estimate}");
    let answer = gateway.client().chat(&chat()).await;
    assert_eq!(answer.status, StatusCode::OK);
    gateway.idle().await;
    assert_eq!(gateway.used(MODEL), estimate + 12);
}

#[tokio::test]
async fn hangs_before_the_header() {
    let (gateway, upstream) = start(|| vec![Step::Hang]).await;
    let answer = gateway.client().chat(&chat()).await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(answer.code(), "provider_timeout");
    is_as_before(&gateway).await;
    assert_eq!(upstream.abandoned(), 1);
}

#[tokio::test]
async fn hangs_in_the_body() {
    let begin = || {
        let text = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n";
        vec![Step::Send(text.into()), Step::Hang]
    };
    let (gateway, upstream) = start(begin).await;
    let client = gateway.client();
    let body = streamed().to_string();
    let response = client.send(Method::POST, CHAT, &[], body).await;
    assert_eq!(response.status(), StatusCode::OK);
    let started = Instant::now();
    let read = timeout(LONG, response.into_body().collect()).await;
    assert!(read.unwrap().is_err());
    assert!(started.elapsed() >= SHORT / 2);
    is_as_before(&gateway).await;
    assert_eq!(upstream.abandoned(), 1);
}

#[tokio::test]
async fn hangs_in_the_body_of_an_error() {
    let begin = || {
        let head = "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 9\r\n\r\n{";
        vec![Step::Send(head.into()), Step::Hang]
    };
    let (gateway, _upstream) = start(begin).await;
    let answer = gateway.client().chat(&chat()).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    is_as_before(&gateway).await;
}

#[tokio::test]
async fn resets_before_the_header() {
    let (gateway, _upstream) = start(|| vec![Step::Reset]).await;
    let answer = gateway.client().chat(&chat()).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert_eq!(answer.code(), "provider_unreachable");
    is_as_before(&gateway).await;
}

#[tokio::test]
async fn resets_in_the_body() {
    let begin = || {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{";
        vec![Step::Send(text.into()), Step::Reset]
    };
    let (gateway, _upstream) = start(begin).await;
    let mut client = gateway.raw_client().await;
    client.post(CHAT, "", chat().to_string()).await;
    // What the client gets is visibly incomplete.
    assert!(client.response().await.is_none());
    is_as_before(&gateway).await;
}

#[tokio::test]
async fn ends_in_the_middle_of_a_chunked_body() {
    let begin = || {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n";
        vec![Step::Send(text.into()), Step::Close]
    };
    let (gateway, _upstream) = start(begin).await;
    let mut client = gateway.raw_client().await;
    client.post(CHAT, "", chat().to_string()).await;
    assert!(client.response().await.is_none());
    is_as_before(&gateway).await;
}

#[tokio::test]
async fn is_not_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let gateway = TestGateway::start(settings(&url)).await;
    let answer = gateway.client().chat(&chat()).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert_eq!(answer.code(), "provider_unreachable");
    gateway.idle().await;
    // It was not sent, so it does not count.
    assert_eq!(gateway.used(MODEL), 0);
    assert_eq!(gateway.handle.usage()[MODEL].admitted, 0);
}

#[tokio::test]
async fn does_not_speak_http() {
    for garbage in [
        "SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP/1.1 999999 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ] {
        let upstream = TestUpstream::answering(garbage.into()).await;
        let gateway = TestGateway::start(settings(&upstream.url())).await;
        let answer = gateway.client().chat(&chat()).await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{garbage:?}");
        gateway.idle().await;
        let answer = gateway.client().get("/v1/files").await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{garbage:?}");
    }
}

/// Clients of HTTP/1.1 must not lose their connection to an old server behind the gateway.
#[tokio::test]
async fn speaks_an_older_version() {
    let old = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}".to_vec();
    let upstream = TestUpstream::start(move |_, _| vec![Step::Send(old.clone()), Step::Close]);
    let upstream = upstream.await;
    let gateway = TestGateway::start(settings(&upstream.url())).await;
    let mut client = gateway.raw_client().await;
    for _ in 0..2 {
        client.post(CHAT, "", chat().to_string()).await;
        let answer = client.response().await.unwrap();
        assert!(
            answer.head.starts_with("HTTP/1.1 200 OK\r\n"),
            "{}",
            answer.head
        );
        client
            .send("GET /v1/files HTTP/1.1\r\nHost: gateway\r\n\r\n")
            .await;
        let answer = client.response().await.unwrap();
        assert!(
            answer.head.starts_with("HTTP/1.1 200 OK\r\n"),
            "{}",
            answer.head
        );
    }
}

#[tokio::test]
async fn a_request_that_is_not_limited() {
    let (gateway, upstream) = start(|| vec![Step::Hang]).await;
    let answer = gateway.client().get("/v1/files").await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    eventually("the request has ended", || upstream.abandoned() == 1).await;
    let head = Answer::of(
        gateway
            .client()
            .send(Method::HEAD, "/v1/files", &[], "")
            .await,
    );
    assert_eq!(
        head.await.field("content-length"),
        Some(&*USAGE.len().to_string())
    );
}
