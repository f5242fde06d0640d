//! Streams of events, and what the provider reports in them.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use model_studio_gateway::config::Config;
use model_studio_gateway::mock_provider::MockProvider;
use serde_json::json;
use tokio::sync::Notify;

use crate::common::{
    CHAT, MESSAGES, MODEL, Received, Step, TestGateway, TestUpstream, chat, config, config_of,
    events, eventually, many_tokens, model, ok, streamed, with,
};

const FIRST: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\n";
const SECOND: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"two\"}}]}\r\n\r\n";
const USAGE: &str =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// What a call is expected to use, if nothing is known: 100 output tokens and some input.
const ESTIMATE: std::ops::Range<u64> = 100..200;

fn settings(upstream: &TestUpstream) -> Config {
    config(&upstream.url(), vec![model(MODEL, &[many_tokens()])])
}

async fn start(upstream: &TestUpstream) -> TestGateway {
    TestGateway::start(settings(upstream)).await
}

#[tokio::test]
async fn each_event_is_passed_on_as_it_arrives() {
    let event = Arc::new(Notify::new());
    let next = Arc::clone(&event);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    let upstream = TestUpstream::start(move |_, _| {
        vec![
            Step::Send(head.into()),
            Step::Wait(Arc::clone(&next)),
            Step::Send(FIRST.into()),
            Step::Wait(Arc::clone(&next)),
            Step::Send(SECOND.into()),
            Step::Wait(Arc::clone(&next)),
            Step::Send(DONE.into()),
            Step::Close,
        ]
    })
    .await;
    let gateway = start(&upstream).await;
    for asks_for_usage in [false, true] {
        let options = json!({ "include_usage": asks_for_usage });
        let call = with(streamed(), "stream_options", options);
        let mut client = gateway.raw_client().await;
        client.post(CHAT, "", call.to_string()).await;
        for part in [FIRST, SECOND, DONE] {
            event.notify_one();
            client.read_until(part).await;
        }
        client.read_until("0\r\n\r\n").await;
    }
    gateway.idle().await;
}

/// Returns a part of a body with the framing of HTTP.
fn chunk(part: &str) -> String {
    format!("{:x}\r\n{part}\r\n", part.len())
}

/// A write for each event takes more time than everything else that the gateway does for it.
#[tokio::test]
async fn events_that_arrive_together_are_written_together() {
    const EVENTS: usize = 100;
    let next = Arc::new(Notify::new());
    let (waits, head) = (Arc::clone(&next), CHUNKED.to_owned());
    let upstream = TestUpstream::start(move |_, _| {
        let events = chunk(FIRST).repeat(EVENTS) + &chunk("");
        vec![
            Step::Send((head.clone() + &chunk(FIRST)).into()),
            Step::Wait(Arc::clone(&waits)),
            Step::Send(events.into()),
        ]
    })
    .await;
    let gateway = start(&upstream).await;
    let mut client = gateway.raw_client().await;
    client.post(CHAT, "", streamed().to_string()).await;
    client.read_until(FIRST).await;
    next.notify_one();
    let rest = client.read_until("\r\n0\r\n\r\n").await;
    let rest = String::from_utf8(rest).unwrap();
    assert_eq!(rest.matches(FIRST).count(), EVENTS);
    let chunks = rest.matches("\r\ndata").count();
    assert!(chunks < EVENTS / 2, "{chunks} writes");
}

#[tokio::test]
async fn events_before_the_end_of_a_connection_are_passed_on() {
    let next = Arc::new(Notify::new());
    let (waits, head) = (Arc::clone(&next), CHUNKED.to_owned());
    let upstream = TestUpstream::start(move |_, number| {
        let last = chunk(FIRST).repeat(2);
        match number {
            // The first events are also the last ones.
            0 => vec![Step::Send((head.clone() + &last).into()), Step::Close],
            _ => vec![
                Step::Send((head.clone() + &chunk(FIRST)).into()),
                Step::Wait(Arc::clone(&waits)),
                Step::Send(last.into()),
                Step::Close,
            ],
        }
    })
    .await;
    let gateway = start(&upstream).await;
    for events in [2, 3] {
        let mut client = gateway.raw_client().await;
        client.post(CHAT, "", streamed().to_string()).await;
        let mut answer = client.read_until(FIRST).await;
        next.notify_one();
        answer.extend(client.read_to_end().await);
        let answer = String::from_utf8(answer).unwrap();
        assert_eq!(answer.matches(FIRST).count(), events, "{answer}");
        assert!(!answer.ends_with("0\r\n\r\n"), "the answer is not complete");
    }
    gateway.idle().await;
}

#[tokio::test]
async fn the_usage_is_asked_for_and_not_shown() {
    let text = [FIRST, SECOND, USAGE, DONE].concat();
    let answer = events(&text);
    let mut upstream =
        TestUpstream::start(move |_, _| vec![Step::Send(answer.clone()), Step::Close]).await;
    let gateway = start(&upstream).await;
    let client = gateway.client();
    let answer = client.chat(&streamed()).await;
    let shown = [FIRST, SECOND, DONE].concat();
    assert_eq!(answer.body, shown);
    assert!(
        upstream
            .next()
            .await
            .text()
            .contains(r#""include_usage":true"#)
    );
    gateway.idle().await;
    assert_eq!(gateway.used(MODEL), 12);

    let call = with(
        streamed(),
        "stream_options",
        json!({ "include_usage": true }),
    );
    let answer = client.chat(&call).await;
    assert_eq!(answer.body, text);
    // The body is not touched.
    assert_eq!(upstream.next().await.text(), call.to_string());
    gateway.idle().await;
    assert_eq!(gateway.used(MODEL), 24);
}

#[tokio::test]
async fn the_gateway_shows_what_the_provider_sends() {
    let provider = MockProvider::builder().start().await.unwrap();
    let models = vec![model(MODEL, &[many_tokens()])];
    let gateway = TestGateway::start(config_of(&provider, models)).await;
    let direct = crate::common::Client::new(provider.url()["http://".len()..].parse().unwrap());
    let without_ids = |body: &[u8]| {
        let text = String::from_utf8(body.to_vec()).unwrap();
        let parts = text.split(['"', ',', '}']).map(|part| {
            let is_id = part.contains("chatcmpl") || part.contains("msg_");
            let is_time = part.starts_with(':') && part.len() > 10;
            if is_id || is_time { "" } else { part }
        });
        parts.collect::<Vec<_>>().join("|")
    };
    for path in [CHAT, MESSAGES] {
        let seen = gateway.client().post(path, &[], &streamed()).await;
        let sent = direct.post(path, &[], &streamed()).await;
        assert_eq!(without_ids(&seen.body), without_ids(&sent.body));
        assert_eq!(seen.field("content-type"), sent.field("content-type"));
    }
    gateway.idle().await;
    let counts = provider.counts(MODEL);
    // The gateway has counted exactly what the provider has.
    let total = counts.input_tokens + counts.output_tokens;
    assert_eq!(2 * gateway.used(MODEL), total);
}

#[tokio::test]
async fn garbage_is_passed_on_byte_for_byte() {
    let all: Vec<u8> = (0..=255).collect();
    let garbage = [
        b"\n\ndata: {\"usage\":",
        &*all,
        b"\r\r\n",
        &all,
        b"data: [DONE]",
    ]
    .concat();
    let bytes = [events(""), garbage.clone()].concat();
    let upstream = TestUpstream::start(move |_, _| {
        let mut steps: Vec<_> = bytes
            .chunks(7)
            .map(|part| Step::Send(part.to_vec()))
            .collect();
        steps.push(Step::Close);
        steps
    });
    let upstream = upstream.await;
    let gateway = start(&upstream).await;
    let answer = gateway.client().chat(&streamed()).await;
    assert_eq!(answer.body, garbage);
    gateway.idle().await;
    assert!(ESTIMATE.contains(&gateway.used(MODEL)));
}

#[tokio::test]
async fn an_event_of_ten_megabytes() {
    let text = "x".repeat(10 << 20);
    let event = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n");
    let sent = [&*event, USAGE, DONE].concat();
    let bytes = events(&sent);
    let upstream =
        TestUpstream::start(move |_, _| vec![Step::Send(bytes.clone()), Step::Close]).await;
    let gateway = start(&upstream).await;
    let answer = gateway.client().chat(&streamed()).await;
    assert!(
        answer.body == [&*event, DONE].concat(),
        "the event was changed"
    );
    gateway.idle().await;
    assert_eq!(gateway.used(MODEL), 12);
}

#[tokio::test]
async fn a_usage_that_is_missing_or_absurd_does_not_replace_the_estimate() {
    for usage in [
        "",
        r#","usage":null"#,
        r#","usage":{}"#,
        r#","usage":{"prompt_tokens":1000000000000000000,"completion_tokens":5}"#,
        r#","usage":{"prompt_tokens":7,"completion_tokens":1e18}"#,
        r#","usage":{"prompt_tokens":-7,"completion_tokens":5}"#,
        r#","usage":{"prompt_tokens":18446744073709551615,"completion_tokens":18446744073709551615}"#,
        r#","usage":[7,5]"#,
    ] {
        let json = format!("{{\"choices\":[]{usage}}}");
        let event = format!("data: {json}\n\n{DONE}");
        let upstream = TestUpstream::start(move |request: &Received, _| {
            let answer = if request.text().contains("stream") {
                events(&event)
            } else {
                ok(&json)
            };
            vec![Step::Send(answer), Step::Close]
        });
        let upstream = upstream.await;
        for call in [chat(), streamed()] {
            let gateway = start(&upstream).await;
            let answer = gateway.client().chat(&call).await;
            assert_eq!(answer.status, StatusCode::OK);
            gateway.idle().await;
            assert!(ESTIMATE.contains(&gateway.used(MODEL)), "{usage}");
            assert_eq!(gateway.handle.usage()[MODEL].unsettled, 1, "{usage}");
        }
    }
}

/// The last event has arrived, so the usage is known although the connection stays open.
#[tokio::test]
async fn a_client_that_leaves_after_the_last_event_has_received_everything() {
    let text = [FIRST, USAGE, DONE].concat();
    let upstream = TestUpstream::start(move |_, _| vec![Step::Send(events(&text)), Step::Hang]);
    let upstream = upstream.await;
    let gateway = start(&upstream).await;
    let mut client = gateway.raw_client().await;
    client.post(CHAT, "", streamed().to_string()).await;
    client.read_until(DONE).await;
    drop(client);
    gateway.idle().await;
    assert_eq!(gateway.used(MODEL), 12);
    assert_eq!(gateway.handle.usage()[MODEL].unsettled, 0);
}

/// The gateway reads from the provider only what the client takes.
#[tokio::test]
async fn a_slow_client_slows_the_provider() {
    const TOTAL: usize = 64 << 20;
    let upstream = TestUpstream::start(|_, _| {
        let part = vec![b'x'; 1 << 20];
        let parts = (0..TOTAL >> 20).map(|_| Step::Send(part.clone()));
        [Step::Send(events(""))].into_iter().chain(parts).collect()
    });
    let upstream = upstream.await;
    let mut config = settings(&upstream);
    config.timeouts.body = Duration::from_millis(400);
    let gateway = TestGateway::start(config).await;
    let mut client = gateway.raw_client().await;
    client.post(CHAT, "", streamed().to_string()).await;
    client.read_until("\r\n\r\n").await;
    // The client stops to read, and is dropped after the timeout.
    eventually("the client was dropped", || upstream.abandoned() == 1).await;
    assert!(upstream.sent() < TOTAL / 2, "{}", upstream.sent());
    gateway.idle().await;
}
