//! The event stream of a chat completion, in the format of the API.

use serde_json::{Value, json};

/// The last event.
pub const DONE: &str = "data: [DONE]\n\n";

/// Returns the event of a part of the answer.
#[must_use]
pub fn event(content: &str, finish_reason: Option<&str>) -> String {
    let choice = json!({
        "delta": { "content": content, "role": "assistant" },
        "finish_reason": finish_reason,
        "index": 0,
        "logprobs": null,
    });
    completion(&json!([choice]), &Value::Null)
}

/// Returns the event with the token usage.
#[must_use]
pub fn usage_event(input: u32, output: u32) -> String {
    let usage = json!({
        "prompt_tokens": input,
        "completion_tokens": output,
        "total_tokens": input + output,
        "prompt_tokens_details": { "cached_tokens": 0 },
    });
    completion(&json!([]), &usage)
}

fn completion(choices: &Value, usage: &Value) -> String {
    let event = json!({
        "choices": choices,
        "created": 1_735_113_344,
        "id": "chatcmpl-1",
        "model": "qwen-plus",
        "object": "chat.completion.chunk",
        "system_fingerprint": null,
        "usage": usage,
    });
    format!("data: {event}\n\n")
}
