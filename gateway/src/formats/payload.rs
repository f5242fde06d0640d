//! What the data of a server-sent event says.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Format;
use super::errors::{ProviderError, provider_error};
use super::text::TextBytes;
use super::usage::Counts;

/// What the data of an event says.
#[derive(Debug, Default)]
pub(super) struct Payload {
    /// The number of bytes of text that the model has written since the event before.
    pub(super) text_bytes: u64,
    pub(super) usage: Option<Counts>,
    /// Whether the event only reports the usage, so that it would not exist if nobody had asked.
    pub(super) is_only_usage: bool,
    /// Whether the answer has ended.
    pub(super) is_last: bool,
    pub(super) error: Option<ProviderError>,
}

/// Reads the data of an event. Data that is not in the format says nothing.
pub(super) fn read(format: Format, data: &[u8]) -> Payload {
    let payload = match format {
        Format::ChatCompletions | Format::Completions | Format::Embeddings => openai(data),
        Format::Responses => responses(data),
        Format::Messages => messages(data),
        Format::DashScope => dashscope(data),
    };
    payload.unwrap_or_default()
}

fn openai(data: &[u8]) -> Option<Payload> {
    #[derive(Deserialize)]
    struct Event<'a> {
        #[serde(default)]
        choices: Option<Choices>,
        #[serde(default, borrow)]
        usage: Option<&'a RawValue>,
        #[serde(default, borrow)]
        error: Option<&'a RawValue>,
    }

    /// What matters of all choices. A list of them would need memory for each event.
    struct Choices {
        is_empty: bool,
        text_bytes: u64,
    }

    impl<'de> Deserialize<'de> for Choices {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_seq(ChoicesVisitor)
        }
    }

    struct ChoicesVisitor;

    impl<'de> Visitor<'de> for ChoicesVisitor {
        type Value = Choices;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Choices, A::Error> {
            let mut choices = Choices {
                is_empty: true,
                text_bytes: 0,
            };
            while let Some(choice) = list.next_element::<Choice>()? {
                choices.is_empty = false;
                choices.text_bytes += choice.text_bytes();
            }
            Ok(choices)
        }
    }

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Choice {
        delta: Option<Delta>,
        text: TextBytes,
    }

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Delta {
        content: TextBytes,
        reasoning_content: TextBytes,
        refusal: TextBytes,
        tool_calls: TextBytes,
        function_call: TextBytes,
    }

    impl Choice {
        fn text_bytes(&self) -> u64 {
            let Some(delta) = &self.delta else {
                return self.text.0;
            };
            let TextBytes(content) = delta.content;
            let TextBytes(thoughts) = delta.reasoning_content;
            let TextBytes(refusal) = delta.refusal;
            let TextBytes(tool_calls) = delta.tool_calls;
            let TextBytes(function_call) = delta.function_call;
            content + thoughts + refusal + tool_calls + function_call
        }
    }

    if data.trim_ascii() == b"[DONE]" {
        return Some(Payload {
            is_last: true,
            ..Payload::default()
        });
    }
    // Faster than to check each string of the event.
    let event: Event<'_> = serde_json::from_str(std::str::from_utf8(data).ok()?).ok()?;
    let usage = event.usage.filter(|usage| usage.get().starts_with('{'));
    let choices = event.choices;
    Some(Payload {
        text_bytes: choices.as_ref().map_or(0, |choices| choices.text_bytes),
        is_only_usage: usage.is_some() && choices.is_some_and(|choices| choices.is_empty),
        usage: usage.and_then(Counts::parse),
        is_last: false,
        error: event.error.map(|_| provider_error(data)),
    })
}

fn responses(data: &[u8]) -> Option<Payload> {
    #[derive(Deserialize)]
    struct Event<'a> {
        #[serde(default, borrow, rename = "type")]
        kind: Cow<'a, str>,
        #[serde(default)]
        delta: TextBytes,
        #[serde(default, borrow)]
        response: Option<Response<'a>>,
        #[serde(default, borrow)]
        error: Option<&'a RawValue>,
    }

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response<'a> {
        #[serde(borrow)]
        usage: Option<&'a RawValue>,
        #[serde(borrow)]
        error: Option<&'a RawValue>,
    }

    let event: Event<'_> = serde_json::from_slice(data).ok()?;
    let response = event.response.unwrap_or_default();
    let kind = &*event.kind;
    Some(Payload {
        text_bytes: event.delta.0,
        usage: response.usage.and_then(Counts::parse),
        is_only_usage: false,
        is_last: matches!(
            kind,
            "response.completed" | "response.incomplete" | "response.failed"
        ),
        error: match response.error {
            Some(error) => Some(provider_error(error.get().as_bytes())),
            None => (kind == "error" || event.error.is_some()).then(|| provider_error(data)),
        },
    })
}

fn messages(data: &[u8]) -> Option<Payload> {
    #[derive(Deserialize)]
    struct Event<'a> {
        #[serde(default, borrow, rename = "type")]
        kind: Cow<'a, str>,
        #[serde(default)]
        delta: Delta,
        #[serde(default, borrow)]
        usage: Option<&'a RawValue>,
        #[serde(default, borrow)]
        message: Option<&'a RawValue>,
        #[serde(default, borrow)]
        error: Option<&'a RawValue>,
    }

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Delta {
        text: TextBytes,
        thinking: TextBytes,
        partial_json: TextBytes,
    }

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Message<'a> {
        #[serde(borrow)]
        usage: Option<&'a RawValue>,
    }

    let event: Event<'_> = serde_json::from_slice(data).ok()?;
    let message = event
        .message
        .and_then(|message| serde_json::from_str(message.get()).ok());
    let message: Message<'_> = message.unwrap_or_default();
    Some(Payload {
        text_bytes: event.delta.text.0 + event.delta.thinking.0 + event.delta.partial_json.0,
        usage: message.usage.or(event.usage).and_then(Counts::parse),
        is_only_usage: false,
        is_last: event.kind == "message_stop",
        error: (event.kind == "error" || event.error.is_some()).then(|| provider_error(data)),
    })
}

/// The text is not counted: it can be that of the whole answer so far, and each event has the usage so
/// far.
fn dashscope(data: &[u8]) -> Option<Payload> {
    #[derive(Deserialize)]
    struct Event<'a> {
        #[serde(default, borrow)]
        output: Option<Output<'a>>,
        #[serde(default, borrow)]
        usage: Option<&'a RawValue>,
        #[serde(default, borrow)]
        code: Option<&'a RawValue>,
    }

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Output<'a> {
        #[serde(borrow)]
        finish_reason: Option<Cow<'a, str>>,
        #[serde(borrow)]
        choices: Option<Vec<Choice<'a>>>,
    }

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Choice<'a> {
        #[serde(borrow)]
        finish_reason: Option<Cow<'a, str>>,
    }

    let event: Event<'_> = serde_json::from_slice(data).ok()?;
    let output = event.output.unwrap_or_default();
    let mut reasons = output
        .choices
        .iter()
        .flatten()
        .map(|choice| &choice.finish_reason);
    // While the model writes, the reason is the word "null".
    let is_reason = |reason: &Option<Cow<'_, str>>| {
        reason
            .as_deref()
            .is_some_and(|reason| !matches!(reason, "" | "null"))
    };
    Some(Payload {
        text_bytes: 0,
        usage: event.usage.and_then(Counts::parse),
        is_only_usage: false,
        is_last: is_reason(&output.finish_reason) || reasons.any(is_reason),
        error: event
            .code
            .is_some_and(|code| code.get() != "\"\"")
            .then(|| provider_error(data)),
    })
}
