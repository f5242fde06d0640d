//! Asynchronous tasks, whose permits end when a poll shows that they have ended.

use std::time::Duration;

use http::{Method, StatusCode};
use model_studio_gateway::config::Config;
use model_studio_gateway::mock_provider::{MockProvider, TaskEnd};
use model_studio_limits::LimitKind;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::common::{
    Answer, Client, TestGateway, TestUpstream, at_once, config, config_of, model, ok, response,
};

const IMAGES: &str = "/api/v1/services/aigc/text2image/image-synthesis";
const PAINTER: &str = "wan2.2-t2i-flash";

fn task() -> Value {
    json!({ "model": PAINTER, "input": { "prompt": "a cat" } })
}

async fn start() -> (TestGateway, MockProvider) {
    let limits = [at_once(LimitKind::ConcurrentTasks, 2)];
    let provider = MockProvider::builder().limits(PAINTER, limits);
    let provider = provider.task_end(TaskEnd::AtPoll(2)).start().await.unwrap();
    let config = config_of(&provider, vec![model(PAINTER, &limits)]);
    (TestGateway::start(config).await, provider)
}

fn settings(upstream: &TestUpstream) -> Config {
    let limits = [at_once(LimitKind::ConcurrentTasks, 2)];
    config(&upstream.url(), vec![model(PAINTER, &limits)])
}

async fn submit(client: &Client) -> Answer {
    client
        .post(IMAGES, &[("X-DashScope-Async", "enable")], &task())
        .await
}

fn task_id(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()["output"]["task_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn poll(client: &Client, id: &str) -> String {
    let answer = client.get(&format!("/api/v1/tasks/{id}")).await.json();
    answer["output"]["task_status"].as_str().unwrap().to_owned()
}

async fn is_waiting(gateway: &TestGateway, third: &mut JoinHandle<Answer>) {
    crate::common::eventually("the third task waits", || gateway.calls(PAINTER).0 == 1).await;
    let early = timeout(Duration::from_millis(50), third).await;
    assert!(early.is_err(), "three tasks run");
}

#[tokio::test]
async fn a_task_counts_until_a_poll_shows_its_end() {
    let (gateway, provider) = start().await;
    let client = gateway.client();
    let first = task_id(&submit(&client).await);
    let second = task_id(&submit(&client).await);
    let mut third = tokio::spawn({
        let client = client.clone();
        async move { submit(&client).await }
    });
    is_waiting(&gateway, &mut third).await;
    assert_eq!(poll(&client, &first).await, "RUNNING");
    is_waiting(&gateway, &mut third).await;
    assert_eq!(poll(&client, &first).await, "SUCCEEDED");
    let third = task_id(&third.await.unwrap());
    // Another poll of the same task ends nothing.
    assert_eq!(poll(&client, &first).await, "SUCCEEDED");
    assert_eq!(gateway.calls(PAINTER), (0, 2));
    for id in [second, third] {
        while poll(&client, &id).await != "SUCCEEDED" {}
    }
    gateway.idle().await;
    let counts = provider.counts(PAINTER);
    assert_eq!((counts.accepted, counts.refused), (3, 0));
    assert_eq!(counts.limits[0].largest, 2);
}

/// Without the ID, nobody can see when the task ends.
#[tokio::test]
async fn an_answer_without_an_id_counts_as_a_task() {
    let upstream = TestUpstream::answering(ok(r#"{"output":{"task_status":"PENDING"}}"#)).await;
    let gateway = TestGateway::start(settings(&upstream)).await;
    assert_eq!(submit(&gateway.client()).await.status, StatusCode::OK);
    assert_eq!(gateway.calls(PAINTER), (0, 1));
}

#[tokio::test]
async fn a_task_that_is_refused_does_not_run() {
    let body = r#"{"code":"InvalidParameter","message":"no"}"#;
    let upstream = TestUpstream::answering(response("400 Bad Request", "", body)).await;
    let gateway = TestGateway::start(settings(&upstream)).await;
    for _ in 0..5 {
        let answer = submit(&gateway.client()).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (StatusCode::BAD_REQUEST, body.as_bytes())
        );
    }
    gateway.idle().await;
}

/// A poll that fails says nothing about the task.
#[tokio::test]
async fn a_poll_that_fails_ends_nothing() {
    let upstream = TestUpstream::start(|request, _| {
        let ended = r#"{"output":{"task_id":"t","task_status":"SUCCEEDED"}}"#;
        let submitted = r#"{"output":{"task_id":"t","task_status":"PENDING"}}"#;
        let answer = if request.line().starts_with("POST") {
            ok(submitted)
        } else if request.field("x-fail").is_some() {
            response("500 Internal Server Error", "", ended)
        } else {
            ok(ended)
        };
        vec![crate::common::Step::Send(answer)]
    });
    let upstream = upstream.await;
    let gateway = TestGateway::start(settings(&upstream)).await;
    let client = gateway.client();
    assert_eq!(task_id(&submit(&client).await), "t");
    let path = "/api/v1/tasks/t";
    let failed = client.send(Method::GET, path, &[("x-fail", "1")], "").await;
    assert_eq!(failed.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(gateway.calls(PAINTER), (0, 1));
    assert_eq!(poll(&client, "t").await, "SUCCEEDED");
    gateway.idle().await;
}
