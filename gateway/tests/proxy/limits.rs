//! Limits of a provider that counts them strictly.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use http::StatusCode;
use model_studio_gateway::config::Class;
use model_studio_gateway::mock_provider::{Distribution, MockProvider};
use model_studio_limits::LimitKind;
use serde_json::json;
use tokio::task::JoinSet;

use crate::common::{
    CHAT, Client, MODEL, TestGateway, at_once, chat, chat_with, config_of, eventually, limit,
    many_tokens, model, one_at_a_time,
};

/// The milliseconds by which a call can reach the provider later than another one on a busy machine. The
/// windows of the gateway are longer by that, since these are far shorter than those of real limits.
const DELAY: u64 = 200;

/// Sends as many calls at the same time, and returns how many were answered with each status.
async fn load(client: &Client, count: usize) -> BTreeMap<u16, usize> {
    let mut calls = JoinSet::new();
    for _ in 0..count {
        let client = client.clone();
        calls.spawn(async move { client.chat(&chat()).await.status.as_u16() });
    }
    let mut statuses = BTreeMap::new();
    while let Some(status) = calls.join_next().await {
        *statuses.entry(status.unwrap()).or_default() += 1;
    }
    statuses
}

#[tokio::test]
async fn three_times_the_limit_is_answered_without_a_refusal() {
    let provider = MockProvider::builder().limits(MODEL, [limit(LimitKind::Requests, 20, 500)]);
    let provider = provider.start().await.unwrap();
    let limits = [limit(LimitKind::Requests, 20, 500 + DELAY)];
    let gateway = TestGateway::start(config_of(&provider, vec![model(MODEL, &limits)])).await;
    let started = Instant::now();
    let statuses = load(&gateway.client(), 60).await;
    assert_eq!(statuses, BTreeMap::from([(200, 60)]));
    let counts = provider.counts(MODEL);
    assert_eq!((counts.accepted, counts.refused), (60, 0));
    assert!(counts.limits[0].largest <= 20);
    assert!(started.elapsed() >= Duration::from_secs(1));
    gateway.idle().await;
}

#[tokio::test]
async fn tokens_are_learned_and_kept() {
    let provider = MockProvider::builder().limits(MODEL, [limit(LimitKind::Tokens, 3_000, 500)]);
    let limits = [limit(LimitKind::Tokens, 3_000, 500 + DELAY)];
    let provider = provider
        .output(Distribution::Fixed(100.0))
        .start()
        .await
        .unwrap();
    let gateway = TestGateway::start(config_of(&provider, vec![model(MODEL, &limits)])).await;
    let statuses = load(&gateway.client(), 60).await;
    assert_eq!(statuses, BTreeMap::from([(200, 60)]));
    let counts = provider.counts(MODEL);
    assert_eq!(counts.refused, 0);
    assert!(counts.limits[0].largest <= 3_000);
}

/// Most answers are short, so little is reserved for a call at first. While it runs for as long as the
/// long ones, as much as they have used is reserved.
#[tokio::test]
async fn more_is_reserved_for_a_call_that_runs_for_long() {
    let provider = MockProvider::builder().time_per_token(Duration::from_millis(5));
    let provider = provider.start().await.unwrap();
    let config = config_of(&provider, vec![model(MODEL, &[many_tokens()])]);
    let gateway = TestGateway::start(config).await;
    let client = gateway.client();
    let call = |output: u64, is_stream: bool| {
        let (client, prompt) = (client.clone(), format!("[output_tokens={output}]"));
        let messages = json!([{ "role": "user", "content": prompt }]);
        let body = json!({ "model": MODEL, "messages": messages, "stream": is_stream });
        async move { client.chat(&body).await }
    };
    let mut calls = JoinSet::new();
    for number in 0..30 {
        let output = if number < 27 { 5 } else { 400 };
        calls.spawn(call(output, false));
    }
    calls.join_all().await;
    gateway.idle().await;
    for is_stream in [false, true] {
        let before = gateway.used(MODEL);
        // Its answer does not end within this test.
        let running = tokio::spawn(call(1_000_000, is_stream));
        eventually("the call is admitted", || gateway.used(MODEL) > before).await;
        eventually("more is reserved", || gateway.used(MODEL) >= before + 400).await;
        running.abort();
    }
}

#[tokio::test]
async fn what_runs_at_the_same_time_is_bounded() {
    let limits = [at_once(LimitKind::ConcurrentRequests, 3)];
    let provider = MockProvider::builder().limits(MODEL, limits);
    let provider = provider
        .latency(Distribution::Fixed(20.0))
        .start()
        .await
        .unwrap();
    let gateway = TestGateway::start(config_of(&provider, vec![model(MODEL, &limits)])).await;
    let statuses = load(&gateway.client(), 30).await;
    assert_eq!(statuses, BTreeMap::from([(200, 30)]));
    let counts = provider.counts(MODEL);
    assert_eq!(counts.refused, 0);
    assert_eq!(counts.limits[0].largest, 3);
}

/// While both wait, a class with three times the weight gets three times as much.
#[tokio::test]
async fn classes_share_a_limit_by_their_weights() {
    let limits = [limit(LimitKind::Requests, 10, 100)];
    let provider = MockProvider::builder().start().await.unwrap();
    let mut config = config_of(&provider, vec![model(MODEL, &limits)]);
    for (name, weight) in [("heavy", 3), ("light", 1)] {
        let class = Class {
            weight,
            headroom: 0.0,
        };
        config.classes.insert(name.to_owned(), class);
    }
    let gateway = TestGateway::start(config).await;
    let client = gateway.client();
    let mut calls = JoinSet::new();
    for number in 0..80 {
        let client = client.clone();
        calls.spawn(async move {
            let class = if number % 2 == 0 { "heavy" } else { "light" };
            let answer = client
                .post(CHAT, &[("X-Gateway-Class", class)], &chat())
                .await;
            assert_eq!(answer.status, StatusCode::OK);
            class
        });
    }
    let mut order = Vec::new();
    while let Some(class) = calls.join_next().await {
        order.push(class.unwrap());
    }
    // The first 10 found room at once. Of the next 40, a quarter is light.
    let light = order[10..50]
        .iter()
        .filter(|class| **class == "light")
        .count();
    assert!((6..=14).contains(&light), "{light}");
}

#[tokio::test]
async fn a_fallback_serves_what_cannot_start() {
    let provider = MockProvider::builder().start().await.unwrap();
    let minute = limit(LimitKind::Requests, 1, 60_000);
    let models = vec![model("best", &[minute]), model("other", &[])];
    let mut config = config_of(&provider, models);
    let fallbacks = &mut config.fallbacks;
    fallbacks.insert("best".to_owned(), vec!["other".to_owned()]);
    let gateway = TestGateway::start(config).await;
    let client = gateway.client();
    let first = client.chat(&chat_with("best")).await;
    assert_eq!(first.field("x-gateway-model"), None);
    assert_eq!(first.json()["model"], "best");
    let second = client.chat(&chat_with("best")).await;
    assert_eq!(second.status, StatusCode::OK);
    assert_eq!(second.field("x-gateway-model"), Some("other"));
    // The provider answers with the name that it has received.
    assert_eq!(second.json()["model"], "other");
    assert_eq!(provider.counts("best").accepted, 1);
    assert_eq!(provider.counts("other").accepted, 1);
    // Calls of the other model itself have no fallback.
    let third = client.chat(&chat_with("other")).await;
    assert_eq!(third.field("x-gateway-model"), None);
    gateway.idle().await;
}

/// An alias is sent as it came, and uses the limits of its model.
#[tokio::test]
async fn an_alias_uses_the_limits_of_its_model() {
    let provider = MockProvider::builder().start().await.unwrap();
    let mut named = model(MODEL, &[one_at_a_time()]);
    named.aliases = vec!["qwen-plus-latest".to_owned()];
    let gateway = TestGateway::start(config_of(&provider, vec![named])).await;
    let answer = gateway.client().chat(&chat_with("qwen-plus-latest")).await;
    assert_eq!(answer.json()["model"], "qwen-plus-latest");
    assert_eq!(answer.field("x-gateway-model"), None);
    gateway.idle().await;
    assert_eq!(gateway.handle.usage()[MODEL].admitted, 1);
}
