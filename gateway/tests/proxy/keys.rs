//! Clients with a key of the gateway.

use std::time::Duration;

use http::StatusCode;
use model_studio_gateway::config::{Access, Client, Config, Secret};
use model_studio_gateway::key;
use model_studio_limits::LimitKind;
use serde_json::json;
use tokio::time::timeout;

use crate::common::{
    CHAT, GENERATION, MESSAGES, MODEL, Step, TestGateway, TestUpstream, chat, chat_with, config,
    eventually, limit, model, ok, with,
};

const KEY: &str = "msg-0123456789012345678901234567890123456789012";
const OTHER_KEY: &str = "msg-other";
const PROVIDER_KEY: &str = "sk-of-the-provider";

fn client(name: &str, key: &str) -> Client {
    Client {
        name: name.to_owned(),
        key_hash: key::hash(key.as_bytes()),
        class: name.to_owned(),
        models: None,
        max_concurrent: None,
        tokens_per_minute: None,
        other_requests: false,
    }
}

fn settings(upstream: &TestUpstream, clients: Vec<Client>) -> Config {
    let models = vec![model(MODEL, &[]), model("other", &[])];
    Config {
        access: Access::GatewayKeys {
            provider_key: Secret::new(PROVIDER_KEY),
            clients,
        },
        ..config(&upstream.url(), models)
    }
}

fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

#[tokio::test]
async fn requests_that_are_not_limited_need_permission() {
    let upstream = TestUpstream::answering(ok("{}")).await;
    let gateway = TestGateway::start(settings(&upstream, vec![client("a", KEY)])).await;
    let key = bearer(KEY);
    let answer = gateway.client();
    let answer = answer
        .post("/v1/batches", &[("authorization", &key)], &json!({}))
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.code(), "request_not_allowed");
}

#[tokio::test]
async fn the_key_of_the_provider_replaces_that_of_the_client() {
    let mut upstream = TestUpstream::answering(ok("{}")).await;
    let client = Client {
        other_requests: true,
        ..client("a", KEY)
    };
    let gateway = TestGateway::start(settings(&upstream, vec![client])).await;
    let sender = gateway.client();
    for path in [CHAT, MESSAGES, GENERATION, "/v1/files"] {
        for field in [("authorization", &*bearer(KEY)), ("x-api-key", KEY)] {
            let answer = sender.post(path, &[field], &chat()).await;
            assert_eq!(answer.status, StatusCode::OK);
            let request = upstream.next().await;
            assert_eq!(request.field("authorization"), Some(&*bearer(PROVIDER_KEY)));
            assert!(!request.head.contains(KEY), "{}", request.head);
        }
    }
}

#[tokio::test]
async fn without_a_valid_key_nothing_is_sent() {
    let mut upstream = TestUpstream::answering(ok("{}")).await;
    let gateway = TestGateway::start(settings(&upstream, vec![client("a", KEY)])).await;
    let sender = gateway.client();
    let wrong = bearer("msg-wrong");
    for fields in [
        vec![],
        vec![("authorization", &*wrong)],
        vec![("x-api-key", "sk-x")],
    ] {
        for path in [CHAT, "/v1/files", "/v1/models"] {
            let method = if path == CHAT {
                http::Method::POST
            } else {
                http::Method::GET
            };
            let response = sender.send(method, path, &fields, chat().to_string()).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        }
        let answer = sender.post(CHAT, &fields, &chat()).await;
        assert_eq!(answer.code(), "invalid_api_key");
        assert!(!answer.json().to_string().contains("msg-wrong"));
    }
    assert!(upstream.rest().is_empty());
}

#[tokio::test]
async fn a_client_uses_its_models_only() {
    let mut upstream = TestUpstream::answering(ok("{}")).await;
    let mut bounded = client("a", KEY);
    bounded.models = Some(vec![MODEL.to_owned()]);
    let mut config = settings(&upstream, vec![bounded]);
    // A fallback must not be a way around.
    config.models[0].limits = vec![limit(LimitKind::Requests, 1, 60_000)];
    config
        .fallbacks
        .insert(MODEL.to_owned(), vec!["other".to_owned()]);
    let gateway = TestGateway::start(config).await;
    let key = bearer(KEY);
    let fields = [("authorization", &*key)];
    let sender = gateway.client();
    let answer = sender.post(CHAT, &fields, &chat_with("other")).await;
    assert_eq!(
        (answer.status, &*answer.code()),
        (StatusCode::FORBIDDEN, "model_not_allowed")
    );
    assert!(upstream.rest().is_empty());
    assert_eq!(
        sender.post(CHAT, &fields, &chat()).await.status,
        StatusCode::OK
    );
    let hurried = [fields[0], ("x-request-timeout", "1")];
    let answer = sender.post(CHAT, &hurried, &chat()).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(upstream.rest().len(), 1);
    let list = sender
        .send(http::Method::GET, "/v1/models", &fields, "")
        .await;
    let list = crate::common::Answer::of(list).await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_client_runs_at_the_same_time_is_bounded() {
    let event = std::sync::Arc::new(tokio::sync::Notify::new());
    let wait = event.clone();
    let upstream = TestUpstream::start(move |_, number| match number {
        0 => vec![Step::Wait(wait.clone()), Step::Send(ok("{}"))],
        _ => vec![Step::Send(ok("{}"))],
    });
    let mut upstream = upstream.await;
    let mut bounded = client("a", KEY);
    bounded.max_concurrent = Some(1);
    let clients = vec![bounded, client("b", OTHER_KEY)];
    let gateway = TestGateway::start(settings(&upstream, clients)).await;
    let sender = gateway.client();
    let send = |key: &str| {
        let (sender, key) = (sender.clone(), bearer(key));
        tokio::spawn(async move { sender.post(CHAT, &[("authorization", &key)], &chat()).await })
    };
    let first = send(KEY);
    upstream.next().await;
    let mut second = send(KEY);
    assert_eq!(send(OTHER_KEY).await.unwrap().status, StatusCode::OK);
    assert_eq!(upstream.rest().len(), 1);
    let early = timeout(Duration::from_millis(100), &mut second).await;
    assert!(early.is_err(), "the bound was exceeded");
    event.notify_one();
    assert_eq!(first.await.unwrap().status, StatusCode::OK);
    assert_eq!(second.await.unwrap().status, StatusCode::OK);
    gateway.idle().await;
}

#[tokio::test]
async fn the_tokens_of_a_client_are_bounded() {
    let answer = ok(r#"{"usage":{"prompt_tokens":10,"completion_tokens":990}}"#);
    let mut upstream = TestUpstream::answering(answer).await;
    let mut bounded = client("a", KEY);
    bounded.tokens_per_minute = Some(1_500);
    let clients = vec![bounded, client("b", OTHER_KEY)];
    let gateway = TestGateway::start(settings(&upstream, clients)).await;
    let sender = gateway.client();
    let call = with(chat(), "max_tokens", json!(990));
    let send = async |key: &str| {
        let fields = [
            ("authorization", &*bearer(key)),
            ("x-request-timeout", "0.5"),
        ];
        sender.post(CHAT, &fields, &call).await
    };
    assert_eq!(send(KEY).await.status, StatusCode::OK);
    eventually("the call is settled", || gateway.calls(MODEL).1 == 0).await;
    // The client would have to wait for most of a minute.
    let second = send(KEY).await;
    assert_eq!(second.status, StatusCode::TOO_MANY_REQUESTS);
    let delay: u64 = second.field("retry-after").unwrap().parse().unwrap();
    assert!((20..=70).contains(&delay), "{delay}");
    assert_eq!(send(OTHER_KEY).await.status, StatusCode::OK);
    assert_eq!(upstream.rest().len(), 2);
}
