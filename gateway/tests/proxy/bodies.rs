//! Bodies and connections that are large or slow.

use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use model_studio_gateway::config::Config;
use serde_json::json;

use crate::common::{
    CHAT, Client, MODEL, Step, TestGateway, TestUpstream, chat, config, eventually, model, ok,
    one_at_a_time, streamed,
};

const SHORT: Duration = Duration::from_millis(200);

fn settings(upstream: &TestUpstream) -> Config {
    let mut config = config(&upstream.url(), vec![model(MODEL, &[one_at_a_time()])]);
    config.timeouts.header = SHORT;
    config.timeouts.body = SHORT;
    config
}

async fn start() -> (TestGateway, TestUpstream) {
    let upstream = TestUpstream::answering(ok("{}")).await;
    (TestGateway::start(settings(&upstream)).await, upstream)
}

/// Returns a call with a picture of this size.
fn with_picture(bytes: usize) -> String {
    let url = format!("data:image/png;base64,{}", "A".repeat(bytes));
    let picture = json!([{ "type": "image_url", "image_url": { "url": url } }]);
    let mut call = chat();
    call["messages"][0]["content"] = picture;
    call.to_string()
}

#[tokio::test]
async fn twenty_megabytes_pass() {
    let (gateway, mut upstream) = start().await;
    let body = with_picture(20 << 20);
    for client in [gateway.client(), Client::http2(gateway.address)] {
        let response = client.send(Method::POST, CHAT, &[], body.clone()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(
            upstream.next().await.body == body.as_bytes(),
            "the body was changed"
        );
    }
}

/// The client writes its whole body before it reads, as most do.
#[tokio::test]
async fn more_than_the_bound_is_refused() {
    let (gateway, mut upstream) = start().await;
    let body = with_picture(33 << 20);
    let mut client = gateway.raw_client().await;
    client.post(CHAT, "", &body).await;
    let response = client.response().await.unwrap();
    assert_eq!(response.status(), 413);
    assert!(
        response.text().contains("body_too_large"),
        "{}",
        response.text()
    );

    let mut client = gateway.raw_client().await;
    client
        .send(format!(
            "POST {CHAT} HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n"
        ))
        .await;
    for part in body.as_bytes().chunks(1 << 20) {
        client.send(format!("{:x}\r\n", part.len())).await;
        client.send([part, b"\r\n"].concat()).await;
    }
    client.send("0\r\n\r\n").await;
    assert_eq!(client.response().await.unwrap().status(), 413);
    assert!(upstream.rest().is_empty());
}

/// An error that is known before the body was read must also reach a client that is still writing.
#[tokio::test]
async fn an_early_error_reaches_the_client() {
    let (gateway, _upstream) = start().await;
    let mut client = gateway.raw_client().await;
    client
        .post("//v1/chat/completions", "", with_picture(8 << 20))
        .await;
    assert_eq!(client.response().await.unwrap().status(), 400);
    client.post(CHAT, "", chat().to_string()).await;
    assert_eq!(client.response().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_client_that_waits_for_the_end_of_an_expectation() {
    let (gateway, mut upstream) = start().await;
    let mut client = gateway.raw_client().await;
    let body = chat().to_string();
    let head = format!("POST {CHAT} HTTP/1.1\r\nHost: gateway\r\nExpect: 100-continue\r\n");
    client
        .send(format!("{head}Content-Length: {}\r\n\r\n", body.len()))
        .await;
    client.read_until("HTTP/1.1 100 Continue\r\n\r\n").await;
    client.send(&body).await;
    assert_eq!(client.response().await.unwrap().status(), 200);
    assert_eq!(upstream.next().await.field("expect"), None);
}

/// It is not necessary to send a body that will be refused.
#[tokio::test]
async fn a_body_that_is_too_large_is_not_expected() {
    let (gateway, _upstream) = start().await;
    let mut client = gateway.raw_client().await;
    let head = format!("POST {CHAT} HTTP/1.1\r\nHost: gateway\r\nExpect: 100-continue\r\n");
    client
        .send(format!("{head}Content-Length: 100000000\r\n\r\n"))
        .await;
    assert_eq!(client.response().await.unwrap().status(), 413);
}

#[tokio::test]
async fn a_body_that_does_not_arrive() {
    let (gateway, mut upstream) = start().await;
    let mut client = gateway.raw_client().await;
    let head = format!("POST {CHAT} HTTP/1.1\r\nHost: gateway\r\nContent-Length: 100\r\n\r\n{{");
    client.send(head).await;
    let started = Instant::now();
    assert_eq!(client.response().await.unwrap().status(), 408);
    assert!(started.elapsed() >= SHORT / 2);
    assert!(upstream.rest().is_empty());
}

#[tokio::test]
async fn a_body_that_is_broken_off() {
    let (gateway, mut upstream) = start().await;
    let mut client = gateway.raw_client().await;
    let head = format!("POST {CHAT} HTTP/1.1\r\nHost: gateway\r\nContent-Length: 100\r\n\r\n{{");
    client.send(head).await;
    drop(client);
    assert_eq!(gateway.client().chat(&chat()).await.status, StatusCode::OK);
    assert_eq!(upstream.rest().len(), 1);
}

/// A client that announces large bodies and does not send them must not take the memory of others.
#[tokio::test]
async fn announced_bytes_take_no_memory() {
    let upstream = TestUpstream::answering(ok("{}")).await;
    let mut config = settings(&upstream);
    config.bounds.waiting_bytes = 1_000;
    config.timeouts.body = Duration::from_secs(60);
    let gateway = TestGateway::start(config).await;
    let mut silent = gateway.raw_client().await;
    silent.send(format!("POST {CHAT} HTTP/1.1\r\nHost: gateway\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n")).await;
    silent.read_until("100 Continue\r\n\r\n").await;
    assert_eq!(gateway.client().chat(&chat()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_that_sends_no_header_is_dropped() {
    let (gateway, _upstream) = start().await;
    for beginning in ["", "P", "PRI * HTTP/2.0\r\n", "POST / HTTP/1.1\r\nHost: x"] {
        let mut client = gateway.raw_client().await;
        client.send(beginning).await;
        let started = Instant::now();
        let answer = client.read_to_end().await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
            "{answer}"
        );
        assert!(started.elapsed() >= SHORT / 2, "{beginning:?}");
    }
}

#[tokio::test]
async fn a_header_that_is_too_large() {
    let (gateway, mut upstream) = start().await;
    let mut client = gateway.raw_client().await;
    let fields = format!("X: {}\r\n", "x".repeat(100 << 10));
    client.post(CHAT, &fields, chat().to_string()).await;
    assert_eq!(client.response().await.unwrap().status(), 431);
    assert!(upstream.rest().is_empty());
}

/// A connection that has answered is not bound by the time for the first header.
#[tokio::test]
async fn a_connection_lives_longer_than_its_first_header_may_take() {
    let event = std::sync::Arc::new(tokio::sync::Notify::new());
    let wait = event.clone();
    let upstream =
        TestUpstream::start(move |_, _| vec![Step::Wait(wait.clone()), Step::Send(ok("{}"))]);
    let upstream = upstream.await;
    let gateway = TestGateway::start(settings(&upstream)).await;
    let mut client = gateway.raw_client().await;
    client.post(CHAT, "", chat().to_string()).await;
    tokio::time::sleep(SHORT * 2).await;
    event.notify_one();
    assert_eq!(client.response().await.unwrap().status(), 200);
}

/// With HTTP/2, the connection can be written to although the client does not read a stream.
#[tokio::test]
async fn a_stream_of_http2_that_is_not_read_ends() {
    let part = vec![b'x'; 1 << 20];
    let upstream = TestUpstream::start(move |_, _| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n".to_vec();
        let parts = (0..64).map(|_| part.clone());
        [head].into_iter().chain(parts).map(Step::Send).collect()
    });
    let upstream = upstream.await;
    let gateway = TestGateway::start(settings(&upstream)).await;
    let client = Client::http2(gateway.address);
    let body = streamed().to_string();
    let response = client.send(Method::POST, CHAT, &[], body).await;
    assert_eq!(response.status(), StatusCode::OK);
    eventually("the call has ended", || upstream.abandoned() == 1).await;
    gateway.idle().await;
    drop(response);
}
