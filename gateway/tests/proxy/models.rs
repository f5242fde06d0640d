//! Models that are unknown, retired or deprecated.

use http::StatusCode;
use model_studio_gateway::config::{Config, LifeCycle, UnknownModels};
use serde_json::{Value, json};

use crate::common::{
    CHAT, GENERATION, MESSAGES, MODEL, TestGateway, TestUpstream, chat_with, config, model, ok,
};

const OPENAI: [&str; 4] = [CHAT, "/v1/completions", "/v1/embeddings", "/v1/responses"];

async fn start(change: impl FnOnce(&mut Config)) -> (TestGateway, TestUpstream) {
    let upstream = TestUpstream::answering(ok("{}")).await;
    let mut retired = model("qwen-old", &[]);
    retired.life_cycle = LifeCycle::Retired {
        on: "2026-01-31".parse().unwrap(),
        replacement: Some(MODEL.to_owned()),
    };
    let mut deprecated = model("qwen-late", &[]);
    deprecated.life_cycle = LifeCycle::Deprecated {
        since: "2026-10-09".parse().ok(),
        retires: "2026-12-31".parse().ok(),
        replacement: None,
    };
    let models = vec![model(MODEL, &[]), retired, deprecated];
    let mut config = config(&upstream.url(), models);
    change(&mut config);
    (TestGateway::start(config).await, upstream)
}

/// Returns the code and the message of an error in the format of an endpoint.
fn error<'a>(path: &str, body: &'a Value) -> (Option<&'a str>, &'a str) {
    if path == GENERATION {
        return (body["code"].as_str(), body["message"].as_str().unwrap());
    }
    let error = &body["error"];
    let code = if path == MESSAGES { "type" } else { "code" };
    (error[code].as_str(), error["message"].as_str().unwrap())
}

#[tokio::test]
async fn unknown_and_retired_models_are_refused_in_the_format_of_the_endpoint() {
    let (gateway, mut upstream) = start(|_| ()).await;
    for path in OPENAI.into_iter().chain([MESSAGES, GENERATION]) {
        for (name, part) in [
            ("qwen-pluss", "did you mean `qwen-plus`?"),
            (
                "qwen-old",
                "retired the model `qwen-old` on 2026-01-31, use `qwen-plus`",
            ),
        ] {
            let answer = gateway.client().post(path, &[], &chat_with(name)).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(answer.field("content-type"), Some("application/json"));
            let body = answer.json();
            let (code, message) = error(path, &body);
            let expected = if path == MESSAGES {
                "not_found_error"
            } else {
                "model_not_found"
            };
            assert_eq!(code, Some(expected), "{path}");
            assert!(message.contains(part), "{message}");
            assert_eq!(body["request_id"].as_str(), answer.field("x-request-id"));
        }
    }
    assert!(upstream.rest().is_empty());
}

#[tokio::test]
async fn a_deprecated_model_is_served_with_a_note() {
    let (gateway, _upstream) = start(|_| ()).await;
    let client = gateway.client();
    for path in [CHAT, MESSAGES, GENERATION] {
        let answer = client.post(path, &[], &chat_with("qwen-late")).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.field("deprecation"), Some("@1791504000"));
        assert_eq!(
            answer.field("sunset"),
            Some("Thu, 31 Dec 2026 00:00:00 GMT")
        );
        let answer = client.post(path, &[], &chat_with(MODEL)).await;
        assert_eq!(answer.field("deprecation"), None);
    }
}

#[tokio::test]
async fn unknown_models_can_pass() {
    let (gateway, mut upstream) = start(|config| config.unknown_models = UnknownModels::Pass).await;
    let client = gateway.client();
    let answer = client.chat(&chat_with("brand-new")).await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::OK, &b"{}"[..]));
    assert_eq!(upstream.rest().len(), 1);
    let answer = client.chat(&chat_with("qwen-old")).await;
    assert_eq!(answer.code(), "model_not_found");
    assert!(upstream.rest().is_empty());
}

#[tokio::test]
async fn a_body_without_a_model_is_refused() {
    let (gateway, mut upstream) = start(|_| ()).await;
    for body in [
        json!({}),
        json!([]),
        json!({ "model": 1 }),
        json!({ "model": null }),
        json!("x"),
    ] {
        let answer = gateway.client().chat(&body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.code(), "invalid_body");
    }
    let twice = r#"{"model":"qwen-plus","messages":[],"model":"qwen-late"}"#;
    let post = http::Method::POST;
    for body in ["", "{", twice, "\u{feff}{}"] {
        let response = gateway.client().send(post.clone(), CHAT, &[], body).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body:?}");
    }
    assert!(upstream.rest().is_empty());
}

#[tokio::test]
async fn the_list_has_what_is_served() {
    let (gateway, mut upstream) = start(|_| ()).await;
    for path in ["/v1/models", "/compatible-mode/v1/models"] {
        let list = gateway.client().get(path).await.json();
        assert_eq!(list["object"], "list");
        let models = list["data"].as_array().unwrap();
        let names: Vec<_> = models
            .iter()
            .map(|model| model["id"].as_str().unwrap())
            .collect();
        assert_eq!(names, [MODEL, "qwen-late"]);
    }
    assert!(upstream.rest().is_empty());
}
