//! Streams that end before their answer is complete.

use http::Method;
use http_body_util::BodyExt as _;
use model_studio_gateway::config::Config;
use serde_json::Value;

use crate::common::{
    CHAT, MESSAGES, MODEL, Step, TestGateway, TestUpstream, config, events, eventually,
    many_tokens, model, streamed,
};

const START: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n";
const END: &str = "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":15}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const ERROR: &str = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}\n\n";
const USAGE: &str =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5}}\n\n";
const INVALID: &str =
    "data: {\"error\":{\"message\":\"no\",\"code\":\"invalid_parameter_error\"}}\n\n";

/// The tokens that are counted for the text at least.
const SEEN: u64 = 1_000;

/// Returns an event with a text of four bytes for each of the tokens.
fn delta() -> String {
    let text = "one ".repeat(usize::try_from(SEEN).unwrap());
    format!(
        "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"delta\":{{\"text\":\"{text}\"}}}}\n\n"
    )
}

fn settings(upstream: &TestUpstream) -> Config {
    config(&upstream.url(), vec![model(MODEL, &[many_tokens()])])
}

/// Starts a gateway in front of a provider that sends a stream and then does this.
async fn start(stream: &str, end: fn() -> Step) -> (TestGateway, TestUpstream) {
    let stream = events(stream);
    let upstream = TestUpstream::start(move |_, _| vec![Step::Send(stream.clone()), end()]);
    let upstream = upstream.await;
    (TestGateway::start(settings(&upstream)).await, upstream)
}

/// Sends a call, and leaves when this much of the answer has arrived.
async fn leave_after(gateway: &TestGateway, path: &str, call: &Value, bytes: usize) {
    let body = call.to_string();
    let response = gateway.client().send(Method::POST, path, &[], body).await;
    let mut body = response.into_body();
    let mut arrived = 0;
    while arrived < bytes {
        let frame = body.frame().await.unwrap().unwrap();
        arrived += frame.into_data().unwrap().len();
    }
    drop(body);
    gateway.idle().await;
}

/// Checks that a call has ended in this way, and that its usage is not known.
async fn has_no_usage(gateway: &TestGateway, outcome: &str) {
    let answer = gateway.client().get("/metrics").await;
    let metrics = String::from_utf8(answer.body.to_vec()).unwrap();
    let unsettled = format!(
        "model_studio_gateway_unsettled_calls_total{{model=\"{MODEL}\",outcome=\"{outcome}\"}} 1\n"
    );
    // The estimate of a refused call is not waiting for a usage.
    let is_refused = outcome == "refused";
    assert_eq!(!metrics.contains(&unsettled), is_refused, "{metrics}");
    assert!(
        !metrics.contains("gen_ai_client_token_usage_count{"),
        "{metrics}"
    );
}

/// The rest of the estimate stays, because the provider may go on.
#[tokio::test]
async fn what_was_seen_is_counted() {
    let delta = format!(
        "data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n",
        "one ".repeat(1_000)
    );
    let (gateway, upstream) = start(&delta, || Step::Hang).await;
    leave_after(&gateway, CHAT, &streamed(), delta.len()).await;
    eventually("the request to the provider has ended", || {
        upstream.abandoned() == 1
    })
    .await;
    // That is more than the estimate.
    let used = gateway.used(MODEL);
    assert!((SEEN..SEEN + 50).contains(&used), "{used}");
    assert_eq!(gateway.handle.usage()[MODEL].unsettled, 1);
    has_no_usage(&gateway, "client_left").await;
}

#[tokio::test]
async fn what_was_seen_is_counted_although_less_was_reported() {
    let stream = [START, &delta()].concat();
    let (gateway, _upstream) = start(&stream, || Step::Hang).await;
    leave_after(&gateway, MESSAGES, &streamed(), stream.len()).await;
    assert_eq!(gateway.used(MODEL), 25 + SEEN);
    assert_eq!(gateway.handle.usage()[MODEL].unsettled, 1);
    has_no_usage(&gateway, "client_left").await;
}

/// The provider may end a stream without its last events.
#[tokio::test]
async fn a_stream_of_messages_without_its_end_is_interrupted() {
    let stream = [START, &delta()].concat();
    let (gateway, _upstream) = start(&stream, || Step::Close).await;
    let answer = gateway.client().post(MESSAGES, &[], &streamed()).await;
    assert_eq!(answer.body, stream);
    gateway.idle().await;
    assert_eq!(gateway.used(MODEL), 25 + SEEN);
    has_no_usage(&gateway, "provider_failed").await;
}

#[tokio::test]
async fn what_was_seen_before_an_error_is_counted() {
    let stream = [START, &delta(), ERROR].concat();
    let (gateway, _upstream) = start(&stream, || Step::Close).await;
    let answer = gateway.client().post(MESSAGES, &[], &streamed()).await;
    assert_eq!(answer.body, stream);
    gateway.idle().await;
    assert_eq!(gateway.used(MODEL), 25 + SEEN);
    assert_eq!(gateway.handle.usage()[MODEL].refused, 1);
    has_no_usage(&gateway, "refused").await;
}

/// The provider knows better what the whole answer has used.
#[tokio::test]
async fn the_usage_of_a_complete_stream_is_not_raised() {
    let stream = [START, &delta(), END].concat();
    let (gateway, _upstream) = start(&stream, || Step::Hang).await;
    leave_after(&gateway, MESSAGES, &streamed(), stream.len()).await;
    assert_eq!(gateway.used(MODEL), 25 + 15);
    assert_eq!(gateway.handle.usage()[MODEL].unsettled, 0);
}

#[tokio::test]
async fn nothing_is_learned_from_a_part_of_an_answer() {
    let failed = [USAGE, INVALID].concat();
    for (path, stream) in [(MESSAGES, START), (CHAT, &failed)] {
        let (gateway, _upstream) = start(stream, || Step::Close).await;
        let mut call = streamed();
        call.as_object_mut().unwrap().remove("max_tokens");
        let mut used = vec![0];
        for _ in 0..20 {
            gateway.client().post(path, &[], &call).await;
            gateway.idle().await;
            used.push(gateway.used(MODEL));
        }
        let costs: Vec<u64> = used.windows(2).map(|used| used[1] - used[0]).collect();
        // All are the first estimate.
        assert!(costs[0] > 100, "{costs:?}");
        assert_eq!(costs, [costs[0]; 20]);
    }
}
