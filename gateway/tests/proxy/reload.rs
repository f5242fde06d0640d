//! New settings while requests run and wait.

use std::sync::Arc;

use http::StatusCode;
use model_studio_gateway::config::Config;
use tokio::sync::Notify;

use crate::common::{
    CHAT, Client, MODEL, Step, TestGateway, TestUpstream, chat, config, events, model, ok,
    one_at_a_time, streamed,
};

fn settings(upstream: &TestUpstream) -> Config {
    config(&upstream.url(), vec![model(MODEL, &[one_at_a_time()])])
}

/// Starts a provider that begins a stream, and ends it when the test notifies it.
async fn start() -> (TestGateway, TestUpstream, Arc<Notify>) {
    let event = Arc::new(Notify::new());
    let wait = Arc::clone(&event);
    let upstream = TestUpstream::start(move |request, _| {
        if !request.text().contains("stream") {
            return vec![Step::Send(ok("{}"))];
        }
        vec![
            Step::Send(events("data: 1\n\n")),
            Step::Wait(Arc::clone(&wait)),
            Step::Send(b"data: [DONE]\n\n".to_vec()),
            Step::Close,
        ]
    });
    let upstream = upstream.await;
    (
        TestGateway::start(settings(&upstream)).await,
        upstream,
        event,
    )
}

fn call(client: &Client) -> tokio::task::JoinHandle<StatusCode> {
    let client = client.clone();
    tokio::spawn(async move { client.chat(&chat()).await.status })
}

#[tokio::test]
async fn a_stream_survives_and_new_limits_apply_to_what_waits() {
    let (gateway, upstream, event) = start().await;
    let mut stream = gateway.raw_client().await;
    stream.post(CHAT, "", streamed().to_string()).await;
    stream.read_until("data: 1\n\n").await;
    let waiting = call(&gateway.client());
    gateway.waiting(1).await;
    let mut config = settings(&upstream);
    config.models[0].limits.clear();
    gateway.handle.reload(config).unwrap();
    assert_eq!(waiting.await.unwrap(), StatusCode::OK);
    event.notify_one();
    stream.read_until("data: [DONE]\n\n").await;
    stream.read_until("0\r\n\r\n").await;
    gateway.idle().await;
}

/// Calls that wait for the old provider's limits are sent to the old provider.
#[tokio::test]
async fn another_upstream_serves_what_arrives_later() {
    let (gateway, mut upstream, event) = start().await;
    let mut other = TestUpstream::answering(ok("[]")).await;
    let mut stream = gateway.raw_client().await;
    stream.post(CHAT, "", streamed().to_string()).await;
    stream.read_until("data: 1\n\n").await;
    upstream.next().await;
    gateway.handle.reload(settings(&other)).unwrap();
    assert_eq!(gateway.client().get("/v1/files").await.body, "[]");
    other.next().await;
    event.notify_one();
    stream.read_until("0\r\n\r\n").await;
    assert!(upstream.rest().is_empty());
}

#[tokio::test]
async fn bad_settings_change_nothing() {
    let (gateway, mut upstream, _event) = start().await;
    let mut bad = settings(&upstream);
    bad.models.clear();
    bad.upstream.base = "/path".parse().unwrap();
    assert!(gateway.handle.reload(bad).is_err());
    assert_eq!(gateway.client().chat(&chat()).await.status, StatusCode::OK);
    upstream.next().await;
}

#[tokio::test]
async fn a_model_that_was_removed_is_refused() {
    let (gateway, upstream, _event) = start().await;
    let client = gateway.client();
    assert_eq!(client.chat(&chat()).await.status, StatusCode::OK);
    gateway
        .handle
        .reload(config(&upstream.url(), vec![model("other", &[])]))
        .unwrap();
    assert_eq!(client.chat(&chat()).await.status, StatusCode::NOT_FOUND);
    gateway.handle.reload(settings(&upstream)).unwrap();
    assert_eq!(client.chat(&chat()).await.status, StatusCode::OK);
}
