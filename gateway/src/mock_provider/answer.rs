//! Whole answers in JSON.

use serde_json::{Value, json};

use super::request::{Call, Format};
use super::text::words;

/// When answers were created, in seconds since 1970: at the time of an example in the provider's
/// documentation.
pub(super) const CREATED: u64 = 1_735_113_344;

/// What an answer contains.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) format: Format,
    pub(super) model: String,
    /// The ID of the request, from which those of the answer's parts are derived.
    pub(super) id: String,
    pub(super) input: u64,
    pub(super) output: u64,
    /// Whether the output ends because of a limit that the client has set.
    pub(super) is_cut: bool,
    /// The tool that the model calls instead of an answer in words.
    pub(super) tool: Option<String>,
}

impl Answer {
    /// Returns the body of a response that is not a stream.
    pub(super) fn body(&self, call: &Call<'_>) -> String {
        let body = match self.format {
            Format::Chat if self.tool.is_none() => return self.chat_without_tool(),
            Format::Chat => self.chat(),
            Format::Completion => self.completion(),
            Format::Embedding | Format::NativeEmbedding => self.embedding(call),
            Format::Response => self.response("completed", &[self.response_item("completed")]),
            Format::Message => self.message(),
            Format::Generation | Format::MultimodalGeneration | Format::Submission => {
                let reason = self.finish_reason();
                let wants_message = call.wants_message();
                self.generation(&words(self.output), self.output, reason, wants_message)
            }
        };
        body.to_string()
    }

    /// Returns the same as [`chat`](Self::chat), a few times as fast, because benchmarks need it.
    fn chat_without_tool(&self) -> String {
        let Self {
            id, input, output, ..
        } = self;
        let model = Value::from(self.model.as_str());
        let (text, reason, total) = (self.text(), self.finish_reason(), input + output);
        format!(
            concat!(
                r#"{{"choices":[{{"finish_reason":"{reason}","index":0,"logprobs":null,"#,
                r#""message":{{"content":"{text}","role":"assistant"}}}}],"created":{created},"#,
                r#""id":"chatcmpl-{id}","model":{model},"object":"chat.completion","#,
                r#""system_fingerprint":null,"usage":{{"completion_tokens":{output},"#,
                r#""prompt_tokens":{input},"prompt_tokens_details":{{"cached_tokens":0}},"#,
                r#""total_tokens":{total}}}}}"#,
            ),
            reason = reason,
            text = text,
            created = CREATED,
            id = id,
            model = model,
            output = output,
            input = input,
            total = total,
        )
    }

    fn chat(&self) -> Value {
        let mut message = json!({ "role": "assistant", "content": self.text() });
        if let Some(tool) = &self.tool {
            message["tool_calls"] = json!([tool_call(tool)]);
        }
        json!({
            "id": format!("chatcmpl-{}", self.id),
            "object": "chat.completion",
            "created": CREATED,
            "model": self.model,
            "system_fingerprint": null,
            "choices": [{
                "index": 0,
                "message": message,
                "finish_reason": self.finish_reason(),
                "logprobs": null,
            }],
            "usage": self.usage(),
        })
    }

    fn completion(&self) -> Value {
        json!({
            "id": format!("cmpl-{}", self.id),
            "object": "text_completion",
            "created": CREATED,
            "model": self.model,
            "choices": [{
                "index": 0,
                "text": words(self.output),
                "finish_reason": self.finish_reason(),
                "logprobs": null,
            }],
            "usage": self.usage(),
        })
    }

    fn embedding(&self, call: &Call<'_>) -> Value {
        let vector = vector(call.dimensions(), call.wants_base64());
        let usage = json!({ "prompt_tokens": self.input, "total_tokens": self.input });
        if self.format == Format::NativeEmbedding {
            let embedding = |index| json!({ "text_index": index, "embedding": vector });
            let embeddings: Vec<_> = (0..call.texts()).map(embedding).collect();
            return json!({
                "output": { "embeddings": embeddings },
                "usage": { "total_tokens": self.input },
                "request_id": self.id,
            });
        }
        let embedding =
            |index| json!({ "object": "embedding", "index": index, "embedding": vector });
        let data: Vec<_> = (0..call.texts()).map(embedding).collect();
        json!({ "object": "list", "data": data, "model": self.model, "usage": usage, "id": self.id })
    }

    /// Returns a response in the Responses format.
    pub(super) fn response(&self, status: &str, output: &[Value]) -> Value {
        let usage = json!({
            "input_tokens": self.input,
            "input_tokens_details": { "cached_tokens": 0 },
            "output_tokens": self.output,
            "output_tokens_details": { "reasoning_tokens": 0 },
            "total_tokens": self.input + self.output,
        });
        json!({
            "id": format!("resp_{}", self.id),
            "object": "response",
            "created_at": CREATED,
            "status": status,
            "error": null,
            "incomplete_details": null,
            "instructions": null,
            "metadata": {},
            "model": self.model,
            "output": output,
            "parallel_tool_calls": true,
            "temperature": 1.0,
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1.0,
            "usage": if status == "completed" { usage } else { Value::Null },
        })
    }

    /// Returns the only item of the output in the Responses format.
    pub(super) fn response_item(&self, status: &str) -> Value {
        let is_complete = status == "completed";
        if let Some(tool) = &self.tool {
            return json!({
                "type": "function_call",
                "id": format!("fc_{}", self.id),
                "call_id": CALL_ID,
                "status": status,
                "name": tool,
                "arguments": if is_complete { ARGUMENTS } else { "" },
            });
        }
        let text = json!({ "type": "output_text", "text": self.text(), "annotations": [] });
        json!({
            "type": "message",
            "id": format!("msg_{}", self.id),
            "status": status,
            "role": "assistant",
            "content": if is_complete { json!([text]) } else { json!([]) },
        })
    }

    fn message(&self) -> Value {
        let content = match &self.tool {
            None => json!({ "type": "text", "text": self.text() }),
            Some(tool) => {
                json!({ "type": "tool_use", "id": CALL_ID, "name": tool, "input": {} })
            }
        };
        json!({
            "id": format!("msg_{}", self.id),
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [content],
            "stop_reason": self.stop_reason(),
            "stop_sequence": null,
            "usage": { "input_tokens": self.input, "output_tokens": self.output },
        })
    }

    /// Returns an answer in the provider's own format, or an event of its stream: the text, the
    /// output tokens so far, and the reason for the end.
    pub(super) fn generation(
        &self,
        text: &str,
        tokens: u64,
        finish_reason: &str,
        wants_message: bool,
    ) -> Value {
        let is_multimodal = self.format == Format::MultimodalGeneration;
        let output = if is_multimodal || wants_message || self.tool.is_some() {
            let content = if is_multimodal {
                json!([{ "text": text }])
            } else {
                json!(text)
            };
            let mut message = json!({ "role": "assistant", "content": content });
            if let Some(tool) = &self.tool {
                message["content"] = json!("");
                message["tool_calls"] = json!([tool_call(tool)]);
            }
            json!({ "choices": [{ "finish_reason": finish_reason, "message": message }] })
        } else {
            json!({ "text": text, "finish_reason": finish_reason })
        };
        json!({
            "output": output,
            "usage": {
                "input_tokens": self.input,
                "output_tokens": tokens,
                "total_tokens": self.input + tokens,
            },
            "request_id": self.id,
        })
    }

    /// Returns the words of the answer. There are none if the model calls a tool.
    pub(super) fn text(&self) -> String {
        words(if self.tool.is_none() { self.output } else { 0 })
    }

    /// Returns the usage in `OpenAI`'s format.
    pub(super) fn usage(&self) -> Value {
        json!({
            "prompt_tokens": self.input,
            "completion_tokens": self.output,
            "total_tokens": self.input + self.output,
            "prompt_tokens_details": { "cached_tokens": 0 },
        })
    }

    /// Returns why the answer ends, in the format of `OpenAI` and of the provider.
    pub(super) const fn finish_reason(&self) -> &'static str {
        match (&self.tool, self.is_cut) {
            (Some(_), _) => "tool_calls",
            (None, true) => "length",
            (None, false) => "stop",
        }
    }

    /// Returns why the answer ends, in Anthropic's format.
    pub(super) const fn stop_reason(&self) -> &'static str {
        match (&self.tool, self.is_cut) {
            (Some(_), _) => "tool_use",
            (None, true) => "max_tokens",
            (None, false) => "end_turn",
        }
    }
}

/// The ID of the call of a tool.
pub(super) const CALL_ID: &str = "call_1";
/// The arguments of the call of a tool.
pub(super) const ARGUMENTS: &str = "{}";

/// Returns the call of a tool in the format of `OpenAI` and of the provider.
pub(super) fn tool_call(name: &str) -> Value {
    json!({
        "index": 0,
        "id": CALL_ID,
        "type": "function",
        "function": { "name": name, "arguments": ARGUMENTS },
    })
}

/// Returns a vector in which all numbers are 1/32, as a list or in Base64.
fn vector(dimensions: usize, wants_base64: bool) -> Value {
    if !wants_base64 {
        return json!(vec![0.031_25; dimensions]);
    }
    // 1/32 is the bytes 00 00 00 3D, so three numbers are 16 digits.
    let rest = ["", "AAAAPQ==", "AAAAPQAAAD0="][dimensions % 3];
    Value::from("AAAAPQAAAD0AAAA9".repeat(dimensions / 3) + rest)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_str};

    use super::{Answer, Format};

    #[test]
    fn both_ways_to_write_a_chat_completion_have_the_same_result() {
        let answer = Answer {
            format: Format::Chat,
            model: r#"qwen "plus""#.to_owned(),
            id: "1".to_owned(),
            input: 10,
            output: 6,
            is_cut: true,
            tool: None,
        };
        let fast: Value = from_str(&answer.chat_without_tool()).unwrap();
        assert_eq!(fast, answer.chat());
    }
}
