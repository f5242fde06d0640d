//! The mock provider, as an HTTP client sees it.

use std::num::NonZeroU64;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use model_studio_gateway::config::{LifeCycle, Model};
use model_studio_gateway::mock_provider::{Builder, Distribution, MockProvider, TaskEnd};
use model_studio_limits::{Limit, LimitKind};
use serde_json::{Value, json};

const CHAT: &str = "/compatible-mode/v1/chat/completions";
const RESPONSES: &str = "/compatible-mode/v1/responses";
const MESSAGES: &str = "/apps/anthropic/v1/messages";
const GENERATION: &str = "/api/v1/services/aigc/text-generation/generation";
const IMAGES: &str = "/api/v1/services/aigc/text2image/image-synthesis";

/// What the mock provider answers to `[output_tokens=6]`.
const SIX_TOKENS: &str = "one two six ten one two ";

#[tokio::test]
async fn chat_completions() {
    let caller = Caller::start(MockProvider::builder()).await;
    let (status, answer) = caller.post(CHAT, &chat()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["choices"][0]["message"]["content"], SIX_TOKENS);
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(answer["usage"]["completion_tokens"], 6);
    let input = chat()["messages"].to_string().len().div_ceil(4);
    assert_eq!(answer["usage"]["prompt_tokens"], input);

    let short = with(chat(), "max_tokens", json!(2));
    let (_, answer) = caller.post(CHAT, &short).await;
    assert_eq!(answer["usage"]["completion_tokens"], 2);
    assert_eq!(answer["choices"][0]["finish_reason"], "length");

    let counts = caller.provider.counts("qwen-plus");
    assert_eq!((counts.accepted, counts.running), (2, 0));
    assert_eq!(counts.cancelled, 0);
    assert_eq!(counts.output_tokens, 8);
}

#[tokio::test]
async fn a_stream_has_the_usage_only_if_it_is_asked_for() {
    let caller = Caller::start(MockProvider::builder()).await;
    let call = with(chat(), "stream", json!(true));
    let events = caller.stream(CHAT, &[], &call).await;
    let text = |event: &Value| {
        let text = event["choices"][0]["delta"]["content"].as_str();
        text.map(str::to_owned)
    };
    let words: String = events.iter().filter_map(text).collect();
    assert_eq!(words, SIX_TOKENS);
    assert!(events.iter().all(|event| event["usage"].is_null()));

    let call = with(call, "stream_options", json!({ "include_usage": true }));
    let events = caller.stream(CHAT, &[], &call).await;
    let last = events.last().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"]["completion_tokens"], 6);
}

#[tokio::test]
async fn responses() {
    let caller = Caller::start(MockProvider::builder()).await;
    let call = json!({ "model": "qwen-plus", "input": "[output_tokens=6]" });
    let (_, answer) = caller.post(RESPONSES, &call).await;
    assert_eq!(answer["output"][0]["content"][0]["text"], SIX_TOKENS);
    assert_eq!(answer["usage"]["output_tokens"], 6);

    let call = with(call, "stream", json!(true));
    let events = caller.stream(RESPONSES, &[], &call).await;
    let deltas = events.iter().filter_map(|event| event["delta"].as_str());
    assert_eq!(deltas.collect::<String>(), SIX_TOKENS);
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    assert_eq!(last["response"]["usage"], answer["usage"]);
    assert_eq!(last["sequence_number"], events.len() - 1);
}

#[tokio::test]
async fn messages() {
    let caller = Caller::start(MockProvider::builder()).await;
    let call = with(chat(), "max_tokens", json!(100));
    let (_, answer) = caller.post(MESSAGES, &call).await;
    assert_eq!(answer["content"][0]["text"], SIX_TOKENS);
    assert_eq!(answer["usage"]["output_tokens"], 6);

    let call = with(call, "stream", json!(true));
    let events = caller.stream(MESSAGES, &[], &call).await;
    let deltas = events
        .iter()
        .filter_map(|event| event["delta"]["text"].as_str());
    assert_eq!(deltas.collect::<String>(), SIX_TOKENS);
    let types: Vec<_> = events.iter().map(|event| &event["type"]).collect();
    assert_eq!(types[0], "message_start");
    assert_eq!(types[types.len() - 2..], ["message_delta", "message_stop"]);
    let end = &events[events.len() - 2];
    assert_eq!(end["usage"]["output_tokens"], 6);
}

#[tokio::test]
async fn the_format_of_the_provider() {
    let caller = Caller::start(MockProvider::builder()).await;
    let call = json!({ "model": "qwen-plus", "input": { "prompt": "[output_tokens=6]" } });
    let (_, answer) = caller.post(GENERATION, &call).await;
    assert_eq!(answer["output"]["text"], SIX_TOKENS);
    assert_eq!(answer["usage"]["output_tokens"], 6);

    let stream = [("X-DashScope-SSE", "enable")];
    let events = caller.stream(GENERATION, &stream, &call).await;
    let texts: Vec<_> = events.iter().map(|it| &it["output"]["text"]).collect();
    assert_eq!(texts, ["one two six ten ", SIX_TOKENS]);

    let parameters = json!({ "incremental_output": true, "result_format": "message" });
    let call = with(call, "parameters", parameters);
    let events = caller.stream(GENERATION, &stream, &call).await;
    let last = &events[1]["output"]["choices"][0];
    assert_eq!(last["message"]["content"], "one two ");
    assert_eq!(last["finish_reason"], "stop");
}

#[tokio::test]
async fn embeddings() {
    let caller = Caller::start(MockProvider::builder()).await;
    let call = json!({ "model": "text-embedding-v4", "input": ["a", "b"], "dimensions": 64 });
    let (_, answer) = caller.post("/v1/embeddings", &call).await;
    assert_eq!(answer["data"].as_array().unwrap().len(), 2);
    let vector = answer["data"][1]["embedding"].as_array().unwrap();
    assert_eq!(vector.len(), 64);

    let call = with(call, "encoding_format", json!("base64"));
    let (_, answer) = caller.post("/v1/embeddings", &call).await;
    // 64 numbers of four bytes.
    assert_eq!(answer["data"][0]["embedding"].as_str().unwrap().len(), 344);

    let native = json!({ "model": "text-embedding-v4", "input": { "texts": ["a", "b", "c"] } });
    let path = "/api/v1/services/embeddings/text-embedding/text-embedding";
    let (_, answer) = caller.post(path, &native).await;
    let embeddings = answer["output"]["embeddings"].as_array().unwrap();
    assert_eq!(embeddings.len(), 3);
}

#[tokio::test]
async fn a_tool_is_called_once() {
    let caller = Caller::start(MockProvider::builder()).await;
    let tool = json!([{ "type": "function", "function": { "name": "weather" } }]);
    let call = with(chat(), "tools", tool);
    let (_, answer) = caller.post(CHAT, &call).await;
    let choice = &answer["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    let function = &choice["message"]["tool_calls"][0]["function"];
    assert_eq!(function["name"], "weather");

    let result =
        json!({ "role": "tool", "tool_call_id": "call_1", "content": "[output_tokens=6]" });
    let call = with(call, "messages", json!([result]));
    let (_, answer) = caller.post(CHAT, &call).await;
    assert_eq!(answer["choices"][0]["message"]["content"], SIX_TOKENS);
}

#[tokio::test(start_paused = true)]
async fn a_window_allows_no_more_requests_than_the_limit() {
    let caller = Caller::start(MockProvider::builder().per_minute("qwen-plus", 2, 0)).await;
    for _ in 0..2 {
        assert_eq!(caller.post(CHAT, &chat()).await.0, StatusCode::OK);
    }
    let (status, answer) = caller.post(CHAT, &chat()).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer["error"]["code"], "limit_requests");
    let other = with(chat(), "model", json!("qwen-max"));
    assert_eq!(caller.post(CHAT, &other).await.0, StatusCode::OK);

    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(caller.post(CHAT, &chat()).await.0, StatusCode::OK);
    let counts = caller.provider.counts("qwen-plus");
    assert_eq!((counts.accepted, counts.refused), (3, 1));
    assert_eq!(counts.limits[0].largest, 2);
}

#[tokio::test]
async fn models_of_a_pool_share_their_limits() {
    let model = |name: &str, aliases: &[&str]| Model {
        name: name.to_owned(),
        aliases: aliases.iter().copied().map(str::to_owned).collect(),
        life_cycle: LifeCycle::Active,
        quota: "pool".to_owned(),
        limits: vec![Limit {
            kind: LimitKind::Requests,
            count: NonZeroU64::new(2).unwrap(),
            per: Some(Duration::from_secs(60)),
        }],
        has_own_limits: false,
        context_window: None,
    };
    let models = [
        model("qwen-plus", &["qwen-plus-0125"]),
        model("qwen-max", &[]),
    ];
    let caller = Caller::start(MockProvider::builder().models(&models)).await;
    for (name, status) in [
        ("qwen-plus", StatusCode::OK),
        ("qwen-max", StatusCode::OK),
        ("qwen-plus-0125", StatusCode::TOO_MANY_REQUESTS),
    ] {
        let call = with(chat(), "model", json!(name));
        assert_eq!(caller.post(CHAT, &call).await.0, status, "{name}");
    }
    assert_eq!(caller.provider.counts("qwen-max").refused, 1);
}

/// The output counts when the call arrives, and again when the answer ends.
#[tokio::test(start_paused = true)]
async fn tokens_count_from_the_beginning_and_from_the_end() {
    let builder = MockProvider::builder()
        .per_minute("qwen-plus", 0, 1_000)
        .time_per_token(Duration::from_secs(1));
    let caller = Caller::start(builder).await;
    let call = with(chat(), "messages", json!("[output_tokens=600]"));
    let large = caller.post(CHAT, &call);
    let meanwhile = async {
        // The answer takes ten minutes.
        tokio::time::sleep(Duration::from_secs(10)).await;
        let (status, answer) = caller.post(CHAT, &call).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer["error"]["code"], "insufficient_quota");
    };
    let ((status, _), ()) = tokio::join!(large, meanwhile);
    assert_eq!(status, StatusCode::OK);
    // The first sum has expired, and the second has just begun.
    let (status, _) = caller.post(CHAT, &call).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_task_ends_when_its_state_is_read_for_the_second_time() {
    let limit = Limit {
        kind: LimitKind::ConcurrentTasks,
        count: NonZeroU64::new(1).unwrap(),
        per: None,
    };
    let builder = MockProvider::builder().limits("wanx", [limit]);
    let caller = Caller::start(builder.task_end(TaskEnd::AtPoll(2))).await;
    let submission = json!({ "model": "wanx", "input": { "prompt": "A cat" } });
    let headers = [("X-DashScope-Async", "enable")];
    let (_, task) = caller.post_with(IMAGES, &headers, &submission).await;
    assert_eq!(task["output"]["task_status"], "PENDING");
    let id = task["output"]["task_id"].as_str().unwrap();
    let path = format!("/api/v1/tasks/{id}");

    let (status, refusal) = caller.post_with(IMAGES, &headers, &submission).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refusal["code"], "Throttling.Concurrency");

    for status in ["RUNNING", "SUCCEEDED", "SUCCEEDED"] {
        let task = caller.get(&path).await;
        assert_eq!(task["output"]["task_status"], status);
    }
    let (status, _) = caller.post_with(IMAGES, &headers, &submission).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(caller.provider.counts("wanx").limits[0].largest, 1);
    let unknown = caller.get("/api/v1/tasks/none").await;
    assert_eq!(unknown["output"]["task_status"], "UNKNOWN");
}

#[tokio::test]
async fn other_keys_than_the_accepted_ones_are_refused() {
    let caller = Caller::start(MockProvider::builder().key("sk-1")).await;
    for header in [("Authorization", "Bearer sk-1"), ("X-API-Key", "sk-1")] {
        let (status, _) = caller.post_with(CHAT, &[header], &chat()).await;
        assert_eq!(status, StatusCode::OK);
    }
    let header = ("Authorization", "Bearer sk-2");
    let (status, answer) = caller.post_with(CHAT, &[header], &chat()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer["error"]["code"], "invalid_api_key");
}

#[tokio::test]
async fn a_client_that_disconnects_is_counted() {
    let builder = MockProvider::builder().time_per_token(Duration::from_millis(1));
    let caller = Caller::start(builder).await;
    let call = with(chat(), "messages", json!("[output_tokens=1000000]"));
    let call = with(call, "stream", json!(true));
    let mut response = caller.send(CHAT, &[], &call).await;
    response.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(caller.provider.counts("qwen-plus").running, 1);
    drop(response);
    while caller.provider.counts("qwen-plus").running > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let counts = caller.provider.counts("qwen-plus");
    assert_eq!(counts.cancelled, 1);
    assert!(counts.output_tokens < 1_000_000);
}

#[tokio::test]
async fn clients_can_use_http_2() {
    let mut caller = Caller::start(MockProvider::builder()).await;
    let mut builder = Client::builder(TokioExecutor::new());
    caller.client = builder.http2_only(true).build_http();
    assert_eq!(caller.post(CHAT, &chat()).await.0, StatusCode::OK);
    let counts = caller.get("/mock/counts").await;
    assert_eq!(counts["qwen-plus"]["accepted"], 1);
}

#[tokio::test(start_paused = true)]
async fn answers_take_their_time() {
    let builder = MockProvider::builder()
        .output(Distribution::Fixed(10.0))
        .latency(Distribution::Fixed(250.0))
        .time_per_token(Duration::from_millis(20));
    let caller = Caller::start(builder).await;
    let start = tokio::time::Instant::now();
    let call = with(chat(), "messages", json!("Hello"));
    caller.post(CHAT, &call).await;
    let elapsed = start.elapsed().as_millis();
    assert!((450..460).contains(&elapsed), "{elapsed} ms");
}

#[tokio::test]
async fn errors_of_the_client() {
    let caller = Caller::start(MockProvider::builder()).await;
    let (status, _) = caller.post(CHAT, &json!({})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = caller.post("/v1/unknown", &chat()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

/// A client of a mock provider.
struct Caller {
    provider: MockProvider,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Caller {
    async fn start(builder: Builder) -> Self {
        let provider = builder.start().await.unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { provider, client }
    }

    async fn send(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Response<Incoming> {
        let mut request = Request::post(format!("{}{path}", self.provider.url()));
        for &(name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_string())));
        self.client.request(request.unwrap()).await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.post_with(path, &[], body).await
    }

    async fn post_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> (StatusCode, Value) {
        let response = self.send(path, headers, body).await;
        (response.status(), json_of(response).await)
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.provider.url());
        json_of(self.client.get(url.parse().unwrap()).await.unwrap()).await
    }

    /// Returns the data of the events of a stream.
    async fn stream(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Vec<Value> {
        let response = self.send(path, headers, body).await;
        assert_eq!(response.status(), StatusCode::OK);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let lines = std::str::from_utf8(&body).unwrap().lines();
        let data = lines.filter_map(|line| line.strip_prefix("data:"));
        data.filter(|data| data.trim() != "[DONE]")
            .map(|data| serde_json::from_str(data).unwrap())
            .collect()
    }
}

async fn json_of(response: Response<Incoming>) -> Value {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

fn chat() -> Value {
    json!({ "model": "qwen-plus", "messages": [{ "role": "user", "content": "[output_tokens=6]" }] })
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}
