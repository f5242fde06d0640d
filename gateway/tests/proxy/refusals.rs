//! Calls that the provider refuses.

use std::time::{Duration, Instant};

use http::StatusCode;
use model_studio_gateway::config::Config;
use model_studio_limits::LimitKind;

use crate::common::{
    GENERATION, MODEL, Received, Step, TestGateway, TestUpstream, chat, config, limit, many_tokens,
    model, ok, response,
};

const RATE: &str = r#"{"error":{"message":"You exceeded your current requests list.","type":"limit_requests","param":null,"code":"limit_requests"},"request_id":"p-1"}"#;
const INVALID: &str = r#"{ "error" : {"message":"no \u20ac", "code":"invalid_parameter_error"}}"#;
const OVERLOADED: &str = r#"{"code":"ModelServingError","message":"Too many requests."}"#;
const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5}}"#;

/// Returns an upstream that refuses as many calls, and then answers.
async fn refusing(count: usize, refusal: Vec<u8>) -> TestUpstream {
    TestUpstream::start(move |_, number| {
        let answer = if number < count {
            refusal.clone()
        } else {
            ok(USAGE)
        };
        vec![Step::Send(answer)]
    })
    .await
}

fn settings(upstream: &TestUpstream) -> Config {
    config(&upstream.url(), vec![model(MODEL, &[many_tokens()])])
}

#[tokio::test]
async fn a_refused_call_is_sent_again() {
    let mut upstream = refusing(1, response("429 Too Many Requests", "", RATE)).await;
    let gateway = TestGateway::start(settings(&upstream)).await;
    let answer = gateway.client().chat(&chat()).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (StatusCode::OK, USAGE.as_bytes())
    );
    let sent = upstream.rest();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].body, sent[1].body);
    assert_eq!(sent[0].head, sent[1].head);
    // Both were admitted, and only one was refused.
    let usage = &gateway.handle.usage()[MODEL];
    assert_eq!((usage.admitted, usage.refused, usage.in_flight), (2, 1, 0));
}

#[tokio::test]
async fn the_last_refusal_is_passed_on_unchanged() {
    let fields = "Content-Type: application/json\r\nX-Custom: 1\r\n";
    let refusal = response("429 Too Many Requests", fields, RATE);
    let mut upstream = refusing(usize::MAX, refusal).await;
    for retries in [0, 2] {
        let config = Config {
            retries,
            ..settings(&upstream)
        };
        let gateway = TestGateway::start(config).await;
        let answer = gateway.client().chat(&chat()).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(&*answer.body, RATE.as_bytes());
        assert_eq!(answer.field("x-custom"), Some("1"));
        assert_eq!(upstream.rest().len(), 1 + usize::try_from(retries).unwrap());
        gateway.idle().await;
    }
}

#[tokio::test]
async fn what_is_not_retryable_is_passed_on_at_once() {
    for status in [
        "400 Bad Request",
        "401 Unauthorized",
        "403 Forbidden",
        "302 Found",
    ] {
        let fields = "Location: http://127.0.0.1:1/\r\n";
        let mut upstream = refusing(1, response(status, fields, INVALID)).await;
        let gateway = TestGateway::start(settings(&upstream)).await;
        let answer = gateway.client().chat(&chat()).await;
        assert_eq!(answer.status.as_str(), &status[..3]);
        assert_eq!(&*answer.body, INVALID.as_bytes());
        assert_eq!(upstream.rest().len(), 1, "{status}");
        gateway.idle().await;
    }
}

#[tokio::test]
async fn a_server_error_is_retried() {
    for status in ["500 Internal Server Error", "503 Service Unavailable"] {
        let mut upstream = refusing(1, response(status, "", OVERLOADED)).await;
        let gateway = TestGateway::start(settings(&upstream)).await;
        let answer = gateway.client().post(GENERATION, &[], &chat()).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(upstream.rest().len(), 2);
    }
}

#[tokio::test]
async fn the_delay_of_the_provider_is_kept() {
    let refusal = response("429 Too Many Requests", "Retry-After: 1\r\n", RATE);
    let mut upstream = refusing(1, refusal).await;
    let gateway = TestGateway::start(settings(&upstream)).await;
    let started = Instant::now();
    let answer = gateway.client().chat(&chat()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(started.elapsed() >= Duration::from_millis(950));
    assert_eq!(upstream.rest().len(), 2);
}

/// The client would be gone before the call can be sent again.
#[tokio::test]
async fn a_call_is_not_retried_beyond_its_deadline() {
    let fields = "Retry-After: 30\r\n";
    let rate = response("429 Too Many Requests", fields, RATE);
    let capacity = response("503 Service Unavailable", fields, OVERLOADED);
    for (refusal, status) in [(rate, 429), (capacity, 503)] {
        let mut upstream = refusing(usize::MAX, refusal).await;
        let gateway = TestGateway::start(settings(&upstream)).await;
        let started = Instant::now();
        let deadline = [("x-stainless-read-timeout", "2")];
        let client = gateway.client();
        let answer = client
            .post("/v1/chat/completions", &deadline, &chat())
            .await;
        assert_eq!(answer.status.as_u16(), status);
        assert!(started.elapsed() < Duration::from_secs(1));
        let delay: u64 = answer.field("retry-after").unwrap().parse().unwrap();
        assert!((29..=31).contains(&delay), "{delay}");
        assert_eq!(upstream.rest().len(), 1);
        gateway.idle().await;
    }
}

#[tokio::test]
async fn each_try_has_a_permit() {
    let limits = [limit(LimitKind::Requests, 1, 400)];
    let mut upstream = refusing(1, response("429 Too Many Requests", "", RATE)).await;
    let config = config(&upstream.url(), vec![model(MODEL, &limits)]);
    let gateway = TestGateway::start(config).await;
    let started = Instant::now();
    let answer = gateway.client().chat(&chat()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(started.elapsed() >= Duration::from_millis(400));
    let tries: Vec<Received> = upstream.rest();
    assert_eq!(tries.len(), 2);
}
