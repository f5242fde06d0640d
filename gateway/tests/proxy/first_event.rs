//! Streams whose first event is an error, before anything has gone to the client.

use std::sync::Arc;

use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use model_studio_gateway::config::Config;
use tokio::sync::Notify;

use crate::common::{
    Answer, CHAT, Client, GENERATION, MESSAGES, MODEL, Step, TestGateway, TestUpstream, config,
    events, eventually, many_tokens, model, response, streamed,
};

const COMPLETIONS: &str = "/v1/completions";
const RESPONSES: &str = "/v1/responses";

const RATE: &str = "data: {\"error\":{\"message\":\"You exceeded your current requests list.\",\"code\":\"limit_requests\"}}\n\n";
const OVERLOADED: &str = "data: {\"error\":{\"message\":\"m\",\"code\":\"server_error\"}}\n\n";
const INVALID: &str =
    "data: {\"error\":{\"message\":\"no\",\"code\":\"invalid_parameter_error\"}}\n\n";
const GOOD: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\n";
const USAGE: &str =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5}}\n\n";
const DONE: &str = "data: [DONE]\n\n";
const SSE: (&str, &str) = ("X-DashScope-SSE", "enable");

/// The endpoints, each with a refusal in its format.
const REFUSALS: [(&str, &str); 7] = [
    (CHAT, RATE),
    (
        COMPLETIONS,
        "data: {\"error\":{\"message\":\"Too many requests\",\"code\":\"429\"}}\r\n\r\n",
    ),
    (
        RESPONSES,
        "event: error\ndata: {\"type\":\"error\",\"code\":\"rate_limit_exceeded\",\"message\":\"m\"}\n\n",
    ),
    (
        RESPONSES,
        "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"m\"}}}\n\n",
    ),
    (
        MESSAGES,
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"m\"}}\n\n",
    ),
    (
        GENERATION,
        "id:1\nevent:error\n:HTTP_STATUS/429\ndata:{\"code\":\"Throttling\",\"message\":\"m\",\"request_id\":\"1\"}\n\n",
    ),
    // The end of the stream ends the event.
    (CHAT, RATE.trim_ascii_end()),
];

fn settings(upstream: &TestUpstream) -> Config {
    config(&upstream.url(), vec![model(MODEL, &[many_tokens()])])
}

/// Starts a gateway in front of a provider that sends this first, and then a good stream.
async fn start(first: Vec<Vec<u8>>) -> (TestGateway, TestUpstream) {
    let upstream = TestUpstream::start(move |_, number| {
        let parts = match number {
            0 => first.clone(),
            _ => vec![events(&[GOOD, DONE].concat())],
        };
        let parts = parts.into_iter().map(Step::Send);
        parts.chain([Step::Close]).collect()
    });
    let upstream = upstream.await;
    (TestGateway::start(settings(&upstream)).await, upstream)
}

/// Returns a stream of which each part is a chunk of HTTP.
fn chunked<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
    let chunks = parts.map(chunk);
    [head.into()]
        .into_iter()
        .chain(chunks)
        .chain([b"0\r\n\r\n".into()])
        .collect()
}

/// Checks that a call was refused once and then answered.
async fn was_sent_again(gateway: &TestGateway, upstream: &mut TestUpstream, answer: &Answer) {
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body, [GOOD, DONE].concat());
    let sent = upstream.rest();
    assert_eq!(sent.len(), 2);
    assert_eq!(
        (&sent[0].head, &sent[0].body),
        (&sent[1].head, &sent[1].body)
    );
    gateway.idle().await;
    let usage = &gateway.handle.usage()[MODEL];
    assert_eq!((usage.admitted, usage.refused), (2, 1));
    assert!(metrics(gateway).await.contains(&refusals(1)));
}

/// Checks that this was passed on unchanged, and not sent again.
fn was_passed_on(upstream: &mut TestUpstream, answer: &Answer, text: &str) {
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body, text);
    assert_eq!(upstream.rest().len(), 1);
}

async fn metrics(gateway: &TestGateway) -> String {
    let answer = gateway.client().get("/metrics").await;
    String::from_utf8(answer.body.to_vec()).unwrap()
}

fn refusals(count: usize) -> String {
    format!("model_studio_gateway_refusals_total{{model=\"{MODEL}\",class=\"default\"}} {count}\n")
}

#[tokio::test]
async fn a_refusal_in_any_format_is_sent_again() {
    for (path, refusal) in REFUSALS {
        let (gateway, mut upstream) = start(vec![events(refusal)]).await;
        let answer = gateway.client().post(path, &[SSE], &streamed()).await;
        was_sent_again(&gateway, &mut upstream, &answer).await;
    }
}

#[tokio::test]
async fn a_refusal_in_several_parts_is_sent_again() {
    for length in [1, 7, 60] {
        let parts = chunked(RATE.as_bytes().chunks(length));
        let (gateway, mut upstream) = start(parts).await;
        let answer = gateway.client().chat(&streamed()).await;
        was_sent_again(&gateway, &mut upstream, &answer).await;
    }
}

#[tokio::test]
async fn a_client_of_http_2_does_not_see_a_refusal_either() {
    let (gateway, mut upstream) = start(vec![events(RATE)]).await;
    let answer = Client::http2(gateway.address).chat(&streamed()).await;
    was_sent_again(&gateway, &mut upstream, &answer).await;
}

/// The provider need not end the stream itself while the call waits to be sent again.
#[tokio::test]
async fn the_stream_of_a_refusal_is_closed() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nRetry-After: 30\r\n\r\n";
    let upstream = TestUpstream::start(move |_, _| {
        let refusal = [head, OVERLOADED].concat();
        vec![Step::Send(refusal.into()), Step::Hang]
    });
    let mut upstream = upstream.await;
    let gateway = TestGateway::start(settings(&upstream)).await;
    let client = gateway.client();
    let call = tokio::spawn(async move { client.chat(&streamed()).await });
    upstream.next().await;
    eventually("the stream has ended", || upstream.abandoned() == 1).await;
    assert!(upstream.rest().is_empty());
    call.abort();
    gateway.idle().await;
}

#[tokio::test]
async fn the_last_refusal_is_passed_on_unchanged() {
    let text = [RATE, ": more\n\n", GOOD, "data: {"].concat();
    let body = text.clone();
    let mut upstream = TestUpstream::start(move |_, _| {
        let fields = "Content-Type: text/event-stream\r\nX-Custom: 1\r\nRetry-After: 0\r\n";
        vec![Step::Send(response("200 OK", fields, &body))]
    })
    .await;
    for retries in [0, 2] {
        let config = Config {
            retries,
            ..settings(&upstream)
        };
        let gateway = TestGateway::start(config).await;
        let answer = gateway.client().chat(&streamed()).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (StatusCode::OK, text.as_bytes())
        );
        assert_eq!(answer.field("x-custom"), Some("1"));
        assert_eq!(
            answer.field("content-length"),
            Some(&*text.len().to_string())
        );
        let tries = 1 + usize::try_from(retries).unwrap();
        assert_eq!(upstream.rest().len(), tries);
        gateway.idle().await;
        assert_eq!(gateway.handle.usage()[MODEL].refused, tries as u64);
        let metrics = metrics(&gateway).await;
        assert!(metrics.contains(&refusals(tries)), "{metrics}");
        assert!(
            metrics.contains("status=\"200\",outcome=\"refused\"} 1\n"),
            "{metrics}"
        );
    }
}

/// The client would be gone before the call can be sent again.
#[tokio::test]
async fn a_refusal_is_not_sent_again_beyond_the_deadline() {
    let fields = "Content-Type: text/event-stream\r\nRetry-After: 30\r\n";
    let deadline = [("x-stainless-read-timeout", "2")];
    let (gateway, mut upstream) = start(vec![response("200 OK", fields, OVERLOADED)]).await;
    let client = gateway.client();
    let answer = client.post(CHAT, &deadline, &streamed()).await;
    was_passed_on(&mut upstream, &answer, OVERLOADED);

    // The limiter pauses, so the next permit would come too late.
    let (gateway, mut upstream) = start(vec![response("200 OK", fields, RATE)]).await;
    let client = gateway.client();
    let answer = client.post(CHAT, &deadline, &streamed()).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.code(), "deadline_exceeded");
    assert_eq!(upstream.rest().len(), 1);
}

#[tokio::test]
async fn other_errors_are_passed_on_at_once() {
    for text in [INVALID, &[INVALID, RATE].concat()] {
        let (gateway, mut upstream) = start(vec![events(text)]).await;
        let answer = gateway.client().chat(&streamed()).await;
        was_passed_on(&mut upstream, &answer, text);
        gateway.idle().await;
    }
}

/// What follows an error is read like any other answer.
#[tokio::test]
async fn the_usage_after_another_error_is_not_shown() {
    let text = [INVALID, USAGE, DONE].concat();
    let (gateway, mut upstream) = start(vec![events(&text)]).await;
    let answer = gateway.client().chat(&streamed()).await;
    was_passed_on(&mut upstream, &answer, &[INVALID, DONE].concat());
}

#[tokio::test]
async fn a_later_refusal_is_passed_on() {
    for first in [
        GOOD,
        ": keep-alive\n\n",
        "event: ping\n\n",
        "\n",
        "retry: 1\n\n",
    ] {
        let text = [first, RATE].concat();
        let (gateway, mut upstream) = start(vec![events(&text)]).await;
        let answer = gateway.client().chat(&streamed()).await;
        was_passed_on(&mut upstream, &answer, &text);
        gateway.idle().await;
        assert_eq!(gateway.handle.usage()[MODEL].refused, 1);
        assert!(metrics(&gateway).await.contains(&refusals(1)));
    }
}

/// The gateway cannot read it.
#[tokio::test]
async fn a_compressed_stream_is_passed_on() {
    let fields = "Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\n";
    let (gateway, mut upstream) = start(vec![response("200 OK", fields, RATE)]).await;
    let answer = gateway.client().chat(&streamed()).await;
    was_passed_on(&mut upstream, &answer, RATE);
    gateway.idle().await;
    assert_eq!(gateway.handle.usage()[MODEL].refused, 0);
}

/// The content looks like events, but its type says that it is no stream.
#[tokio::test]
async fn a_body_that_is_no_stream_is_passed_on() {
    let fields = "Content-Type: application/json\r\n";
    let (gateway, mut upstream) = start(vec![response("200 OK", fields, RATE)]).await;
    let answer = gateway.client().chat(&streamed()).await;
    was_passed_on(&mut upstream, &answer, RATE);
    gateway.idle().await;
}

/// The client receives these parts before the provider sends anything else.
#[tokio::test]
async fn nothing_is_waited_for_after_what_is_no_error() {
    let long = format!("data: {}", "x".repeat(64 << 10));
    for first in [GOOD, ":\n", ": keep", "\r\n", "event: ping\n\n", &long] {
        let rest = Arc::new(Notify::new());
        let next = Arc::clone(&rest);
        let begin = events(first);
        let upstream = TestUpstream::start(move |_, _| {
            vec![
                Step::Send(begin.clone()),
                Step::Wait(Arc::clone(&next)),
                Step::Send(RATE.into()),
                Step::Close,
            ]
        });
        let upstream = upstream.await;
        let gateway = TestGateway::start(settings(&upstream)).await;
        let mut client = gateway.raw_client().await;
        let call = crate::common::with(
            streamed(),
            "stream_options",
            serde_json::json!({ "include_usage": true }),
        );
        client.post(CHAT, "", call.to_string()).await;
        client.read_until("\r\n\r\n").await;
        client.read_until(&first[..first.len().min(100)]).await;
        rest.notify_one();
        client.read_until(RATE).await;
        gateway.idle().await;
    }
}

/// The provider may have counted the call, so its estimate stays.
#[tokio::test]
async fn a_client_that_leaves_before_the_first_event() {
    for first in ["", "data: {\"choices\""] {
        let begin = events(first);
        let upstream = TestUpstream::start(move |_, _| vec![Step::Send(begin.clone()), Step::Hang]);
        let mut upstream = upstream.await;
        let gateway = TestGateway::start(settings(&upstream)).await;
        for is_http2 in [false, true] {
            let client = if is_http2 {
                Client::http2(gateway.address)
            } else {
                gateway.client()
            };
            let call = tokio::spawn(async move {
                let body = streamed().to_string();
                client.send(Method::POST, CHAT, &[], body).await
            });
            upstream.next().await;
            eventually("the stream has begun", || upstream.sent() > 0).await;
            call.abort();
            let left = 1 + usize::from(is_http2);
            eventually("the gateway has left", || upstream.abandoned() == left).await;
            gateway.idle().await;
            assert_eq!(gateway.handle.usage()[MODEL].unsettled, left as u64);
        }
    }
}

/// Nothing has gone to the client, so it gets an error instead of a stream that is broken off.
#[tokio::test]
async fn a_stream_that_breaks_off_before_its_first_event() {
    for ends in [|| Step::Hang, || Step::Reset] {
        let upstream = TestUpstream::start(move |_, _| {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n\r\ndata: {";
            vec![Step::Send(head.into()), ends()]
        });
        let upstream = upstream.await;
        let mut config = settings(&upstream);
        config.timeouts.idle = std::time::Duration::from_millis(100);
        let gateway = TestGateway::start(config).await;
        let answer = gateway.client().chat(&streamed()).await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
        assert_eq!(answer.code(), "provider_unreachable");
        gateway.idle().await;
        assert_eq!(gateway.handle.usage()[MODEL].unsettled, 1);
    }
}

/// The rest of the stream is still bounded by the timeout for its next part.
#[tokio::test]
async fn a_provider_that_hangs_after_the_last_refusal() {
    let upstream = TestUpstream::start(|_, _| vec![Step::Send(events(RATE)), Step::Hang]);
    let upstream = upstream.await;
    let mut config = Config {
        retries: 0,
        ..settings(&upstream)
    };
    config.timeouts.idle = std::time::Duration::from_millis(100);
    let gateway = TestGateway::start(config).await;
    let client = gateway.client();
    let body = streamed().to_string();
    let response = client.send(Method::POST, CHAT, &[], body).await;
    let mut body = response.into_body();
    let frame = body.frame().await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), RATE);
    assert!(body.frame().await.unwrap().is_err());
    eventually("the stream has ended", || upstream.abandoned() == 1).await;
}
