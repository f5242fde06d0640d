//! Calls that wait for their limits.

use std::time::{Duration, Instant};

use http::StatusCode;
use model_studio_gateway::config::Config;
use model_studio_limits::LimitKind;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::common::{
    CHAT, Client, LONG, MODEL, Received, Step, TestGateway, TestUpstream, at_once, chat, chat_with,
    config, eventually, limit, model, ok, one_at_a_time,
};

/// Starts a provider that answers the first call when the test notifies it, and the others at once.
async fn start(change: impl FnOnce(&mut Config)) -> (TestGateway, TestUpstream, Held) {
    let held = Held::default();
    let first = std::sync::Arc::clone(&held);
    let upstream = TestUpstream::start(move |request: &Received, number| {
        let answer = Step::Send(ok("{}"));
        match number {
            0 if request.line().starts_with("POST") => vec![Step::Wait(first.clone()), answer],
            _ => vec![answer],
        }
    });
    let upstream = upstream.await;
    let models = vec![
        model(MODEL, &[one_at_a_time()]),
        model("other", &[one_at_a_time()]),
    ];
    let mut config = config(&upstream.url(), models);
    change(&mut config);
    (TestGateway::start(config).await, upstream, held)
}

type Held = std::sync::Arc<tokio::sync::Notify>;

/// Sends calls that wait behind a running one.
async fn fill(gateway: &TestGateway, client: &Client, waiting: usize) -> JoinSet<StatusCode> {
    let mut calls = JoinSet::new();
    let send = |calls: &mut JoinSet<StatusCode>| {
        let client = client.clone();
        calls.spawn(async move { client.chat(&chat()).await.status });
    };
    send(&mut calls);
    eventually("the first call runs", || gateway.calls(MODEL).1 == 1).await;
    for _ in 0..waiting {
        send(&mut calls);
    }
    gateway.waiting(waiting).await;
    calls
}

async fn all_are_answered(calls: JoinSet<StatusCode>) {
    let statuses = timeout(LONG, calls.join_all()).await.unwrap();
    assert!(
        statuses.iter().all(|status| *status == StatusCode::OK),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn a_full_queue_refuses_calls_that_would_wait() {
    let (gateway, _upstream, held) = start(|config| config.bounds.waiting = 2).await;
    let client = gateway.client();
    let calls = fill(&gateway, &client, 2).await;
    let refused = client.chat(&chat()).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.code(), "queue_full");
    assert_eq!(refused.field("retry-after"), Some("1"));
    // A call that need not wait is not affected by those of another model.
    let other = client.chat(&chat_with("other")).await;
    assert_eq!(other.status, StatusCode::OK);
    held.notify_one();
    all_are_answered(calls).await;
    gateway.idle().await;
}

#[tokio::test]
async fn bodies_that_wait_are_bounded_together() {
    let (gateway, _upstream, held) = start(|config| config.bounds.waiting_bytes = 1_000).await;
    let client = gateway.client();
    // Each body has less than 150 bytes.
    let calls = fill(&gateway, &client, 4).await;
    let mut large = chat();
    large["messages"][0]["content"] = "x".repeat(700).into();
    let refused = client.chat(&large).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.code(), "queue_full");
    assert_eq!(refused.field("retry-after"), Some("1"));
    held.notify_one();
    all_are_answered(calls).await;
    gateway.idle().await;
    // Their memory is free again.
    assert_eq!(client.chat(&large).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_that_leaves_while_it_waits_gives_its_place_back() {
    let (gateway, mut upstream, held) = start(|config| config.bounds.waiting = 1).await;
    let calls = fill(&gateway, &gateway.client(), 0).await;
    for _ in 0..3 {
        let mut leaving = gateway.raw_client().await;
        leaving.post(CHAT, "", chat().to_string()).await;
        gateway.waiting(1).await;
        drop(leaving);
        gateway.waiting(0).await;
    }
    held.notify_one();
    all_are_answered(calls).await;
    gateway.idle().await;
    assert_eq!(upstream.rest().len(), 1);
    assert_eq!(gateway.client().chat(&chat()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_that_leaves_before_the_header_ends_the_call() {
    let (gateway, mut upstream, _held) = start(|_| ()).await;
    let mut leaving = gateway.raw_client().await;
    leaving.post(CHAT, "", chat().to_string()).await;
    upstream.next().await;
    drop(leaving);
    eventually("the request to the provider has ended", || {
        upstream.abandoned() == 1
    })
    .await;
    gateway.idle().await;
    assert_eq!(gateway.client().chat(&chat()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_stream_of_http2_that_is_reset_ends_the_call() {
    let (gateway, mut upstream, _held) = start(|_| ()).await;
    let client = Client::http2(gateway.address);
    let leaving = tokio::spawn({
        let client = client.clone();
        async move { client.chat(&chat()).await }
    });
    upstream.next().await;
    leaving.abort();
    eventually("the request to the provider has ended", || {
        upstream.abandoned() == 1
    })
    .await;
    gateway.idle().await;
    // The connection goes on.
    assert_eq!(client.chat(&chat()).await.status, StatusCode::OK);
}

/// A call that certainly cannot start in time need not wait until its deadline.
#[tokio::test]
async fn a_deadline_that_cannot_be_kept_is_answered_at_once() {
    let upstream = TestUpstream::answering(ok("{}")).await;
    let models = vec![model(MODEL, &[limit(LimitKind::Requests, 1, 20_000)])];
    let gateway = TestGateway::start(config(&upstream.url(), models)).await;
    let client = gateway.client();
    assert_eq!(client.chat(&chat()).await.status, StatusCode::OK);
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.chat(&chat()).await }
    });
    gateway.waiting(1).await;
    for name in [
        "x-stainless-read-timeout",
        "x-stainless-timeout",
        "x-request-timeout",
    ] {
        let started = Instant::now();
        let answer = client.post(CHAT, &[(name, "1")], &chat()).await;
        assert!(started.elapsed() < Duration::from_millis(300));
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.code(), "deadline_exceeded");
        // Behind the call that waits for 20 seconds, and another 20 seconds.
        let delay: u64 = answer.field("retry-after").unwrap().parse().unwrap();
        assert!((38..=40).contains(&delay), "{delay}");
    }
    waiting.abort();
    gateway.idle().await;
}

/// How long another call runs cannot be known, so this one waits, but not until the client gives up.
#[tokio::test]
async fn a_deadline_in_the_queue_is_answered_before_the_client_gives_up() {
    let (gateway, _upstream, held) = start(|_| ()).await;
    let calls = fill(&gateway, &gateway.client(), 0).await;
    let started = Instant::now();
    let answer = gateway
        .client()
        .post(CHAT, &[("x-request-timeout", "0.5")], &chat())
        .await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let waited = started.elapsed();
    assert!(waited >= Duration::from_millis(400), "{waited:?}");
    assert!(waited < Duration::from_millis(500), "{waited:?}");
    held.notify_one();
    all_are_answered(calls).await;
    gateway.idle().await;
}

#[tokio::test]
async fn the_longest_time_in_the_queue_bounds_all_calls() {
    let (gateway, _upstream, held) =
        start(|config| config.timeouts.queue = Duration::from_millis(100)).await;
    let calls = fill(&gateway, &gateway.client(), 0).await;
    let answer = gateway.client().chat(&chat()).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.field("retry-after").is_some());
    held.notify_one();
    all_are_answered(calls).await;
}

#[tokio::test]
async fn a_call_that_exceeds_a_limit_by_itself_is_refused() {
    let upstream = TestUpstream::answering(ok("{}")).await;
    let models = vec![model(MODEL, &[limit(LimitKind::Tokens, 1_000, 60_000)])];
    let gateway = TestGateway::start(config(&upstream.url(), models)).await;
    let mut large = chat();
    large["messages"][0]["content"] = "word ".repeat(20_000).into();
    let answer = gateway.client().chat(&large).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.code(), "request_too_large");
    // The output of this one is estimated, so it may fit.
    large["messages"][0]["content"] = "hello".into();
    large["max_tokens"] = 100_000.into();
    let answer = gateway.client().chat(&large).await;
    assert_eq!(answer.status, StatusCode::OK);
    gateway.idle().await;
    assert!(gateway.used(MODEL) <= 1_000);
}

/// The calls are sent with HTTP/2, so that they need few connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_wait_are_refused_leave_or_are_served() {
    const PART: usize = 1_000;
    let (gateway, mut upstream, held) = start(|config| config.bounds.waiting = 9 * PART).await;
    let first = fill(&gateway, &gateway.client(), 0).await;
    let send = || {
        let client = Client::http2(gateway.address);
        let mut calls = JoinSet::new();
        for _ in 0..PART {
            let client = client.clone();
            calls.spawn(async move { client.chat(&chat()).await.status });
        }
        calls
    };
    let mut waiting: Vec<_> = (0..9).map(|_| send()).collect();
    gateway.waiting(9 * PART).await;
    let refused = timeout(LONG, send().join_all()).await.unwrap();
    let is_refused = |status: &StatusCode| *status == StatusCode::SERVICE_UNAVAILABLE;
    assert!(refused.iter().all(is_refused));

    waiting.truncate(1);
    gateway.waiting(PART).await;
    let mut more = config(&upstream.url(), vec![model(MODEL, &[])]);
    more.models[0].limits = vec![at_once(LimitKind::ConcurrentRequests, 100)];
    gateway.handle.reload(more).unwrap();
    held.notify_one();
    all_are_answered(first).await;
    all_are_answered(waiting.remove(0)).await;
    gateway.idle().await;
    assert_eq!(upstream.rest().len(), 1 + PART);
}
