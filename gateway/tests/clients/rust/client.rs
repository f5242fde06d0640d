//! Tests of the gateway with the package `async-openai`.
#![cfg(test)]

use std::env;
use std::time::{Duration, Instant};

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::{ApiError, OpenAIError};
use async_openai::types::chat::{
    ChatCompletionMessageToolCalls, CreateChatCompletionRequest, CreateChatCompletionResponse,
};
use async_openai::types::embeddings::CreateEmbeddingRequest;
use async_openai::types::responses::{CreateResponse, ResponseStreamEvent};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use serde_json::{Value, json};

// The tests in Python explain these.
const MODEL: &str = "qwen3.7-plus";
const FAST_MODEL: &str = "qwen3.6-flash";
const PROMPT: &str = "Say something. [output_tokens=6]";
const ANSWER: &str = "one two six ten one two ";

#[tokio::test]
async fn chat() {
    let answer = create(&request(MODEL, PROMPT)).await.unwrap();
    assert_eq!(text(&answer), ANSWER);
    assert_eq!(answer.usage.unwrap().completion_tokens, 6);
}

#[tokio::test]
async fn a_stream_has_usage_only_if_the_client_asks_for_it() {
    for asks in [false, true] {
        let mut request = json!(request(MODEL, PROMPT));
        request["stream"] = json!(true);
        if asks {
            request["stream_options"] = json!({ "include_usage": true });
        }
        let request = serde_json::from_value(request).unwrap();
        let mut stream = client().chat().create_stream(request).await.unwrap();
        let (mut words, mut output) = (String::new(), None);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.unwrap();
            assert!(asks || chunk.choices.len() == 1);
            output = chunk.usage.map(|usage| usage.completion_tokens);
            for choice in chunk.choices {
                words += &choice.delta.content.unwrap_or_default();
            }
        }
        assert_eq!(words, ANSWER);
        assert_eq!(output, asks.then_some(6));
    }
}

#[tokio::test]
async fn tools() {
    let mut request = json!(request(MODEL, PROMPT));
    let parameters = json!({ "type": "object", "properties": {} });
    let function = json!({ "name": "weather", "parameters": parameters });
    request["tools"] = json!([{ "type": "function", "function": function }]);
    let call = serde_json::from_value(request.clone()).unwrap();
    let message = create(&call).await.unwrap().choices[0].message.clone();
    let calls = message.tool_calls.as_ref().unwrap();
    let ChatCompletionMessageToolCalls::Function(call) = &calls[0] else {
        panic!("{calls:?}");
    };
    assert_eq!(call.function.name, "weather");

    let result = json!({ "role": "tool", "tool_call_id": call.id, "content": "Rain" });
    let messages = request["messages"].as_array_mut().unwrap();
    messages.extend([json!(message), result]);
    let call = serde_json::from_value(request).unwrap();
    assert_eq!(text(&create(&call).await.unwrap()), ANSWER);
}

#[tokio::test]
async fn embeddings() {
    let request: CreateEmbeddingRequest = serde_json::from_value(json!({
        "model": "text-embedding-v4",
        "input": ["a", "b"],
        "dimensions": 64,
    }))
    .unwrap();
    let answer = client().embeddings().create(request).await.unwrap();
    let lengths: Vec<_> = answer.data.iter().map(|it| it.embedding.len()).collect();
    assert_eq!(lengths, [64, 64]);
}

#[tokio::test]
async fn responses() {
    let mut request = json!({ "model": MODEL, "input": PROMPT });
    let call: CreateResponse = serde_json::from_value(request.clone()).unwrap();
    let answer = client().responses().create(call).await.unwrap();
    assert_eq!(answer.output_text().as_deref(), Some(ANSWER));

    request["stream"] = json!(true);
    let call = serde_json::from_value(request).unwrap();
    let mut stream = client().responses().create_stream(call).await.unwrap();
    let (mut words, mut is_complete) = (String::new(), false);
    while let Some(event) = stream.next().await {
        match event.unwrap() {
            ResponseStreamEvent::ResponseOutputTextDelta(event) => words += &event.delta,
            ResponseStreamEvent::ResponseCompleted(_) => is_complete = true,
            _ => {}
        }
    }
    assert_eq!(words, ANSWER);
    assert!(is_complete);
}

#[tokio::test]
async fn a_wrong_key() {
    let config = config().with_api_key("sk-wrong");
    let client = Client::with_config(config);
    let answer = client.chat().create(request(MODEL, PROMPT)).await;
    assert_eq!(code(&answer.unwrap_err()), "invalid_api_key");
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_stream() {
    // Nobody else leaves answers of this model.
    let model = "qwen-flash";
    let mut request = json!(request(model, "[output_tokens=100000]"));
    request["stream"] = json!(true);
    let request = serde_json::from_value(request).unwrap();
    let before = count(model, "cancelled").await;
    let mut stream = client().chat().create_stream(request).await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    let deadline = Instant::now() + Duration::from_secs(10);
    while count(model, "cancelled").await == before {
        assert!(Instant::now() < deadline, "the stream has not ended");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    create(&self::request(model, PROMPT)).await.unwrap();
}

#[tokio::test]
async fn a_retired_model() {
    let request = request("qwen-plus-2024-11-27", PROMPT);
    let error = create(&request).await.unwrap_err();
    assert_eq!(code(&error), "model_not_found");
    assert!(
        error.to_string().contains("qwen-plus-2025-12-01"),
        "{error}"
    );
}

#[tokio::test]
async fn more_calls_than_the_limit_wait() {
    let before = count(FAST_MODEL, "accepted").await;
    let start = Instant::now();
    let request = request(FAST_MODEL, PROMPT);
    let answers = join_all((0..100).map(|_| create(&request))).await;
    // 20 calls per second. Nobody else calls this model.
    assert!(start.elapsed() > Duration::from_secs(3));
    for answer in answers {
        assert_eq!(text(&answer.unwrap()), ANSWER);
    }
    assert_eq!(count(FAST_MODEL, "accepted").await, before + 100);
}

/// Returns a setting of `.ci/gateway-clients`, which starts the servers.
fn setting(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run .ci/gateway-clients"))
}

fn config() -> OpenAIConfig {
    OpenAIConfig::new()
        .with_api_base(setting("BASE_URL") + "/v1")
        .with_api_key(setting("API_KEY"))
}

fn client() -> Client<OpenAIConfig> {
    Client::with_config(config())
}

fn request(model: &str, prompt: &str) -> CreateChatCompletionRequest {
    let message = json!({ "role": "user", "content": prompt });
    serde_json::from_value(json!({ "model": model, "messages": [message] })).unwrap()
}

async fn create(
    request: &CreateChatCompletionRequest,
) -> Result<CreateChatCompletionResponse, OpenAIError> {
    client().chat().create(request.clone()).await
}

fn text(answer: &CreateChatCompletionResponse) -> &str {
    answer.choices[0].message.content.as_deref().unwrap()
}

fn code(error: &OpenAIError) -> &str {
    match error {
        OpenAIError::ApiError(response) => match &response.api_error {
            ApiError {
                code: Some(code), ..
            } => code,
            error => panic!("there is no code: {error}"),
        },
        error => panic!("not an error of the server: {error}"),
    }
}

/// Returns what the mock provider has counted for a model.
async fn count(model: &str, name: &str) -> u64 {
    let counts = reqwest::get(setting("MOCK_URL") + "/mock/counts")
        .await
        .unwrap();
    let counts: Value = counts.json().await.unwrap();
    counts[model][name].as_u64().unwrap_or(0)
}
