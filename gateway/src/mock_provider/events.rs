//! Answers as streams of server-sent events.

use std::iter::once;

use bytes::Bytes;
use serde_json::{Value, json};

use super::answer::{ARGUMENTS, Answer, CREATED, tool_call};
use super::request::{Call, Format};
use super::text::words_between;

/// An event, and the output tokens of which it is the first to tell.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) bytes: Bytes,
    pub(super) tokens: u64,
}

/// The events of an answer.
pub(super) type Events = Box<dyn Iterator<Item = Event> + Send>;

/// Returns the events of an answer, each with this many tokens.
pub(super) fn events(answer: Answer, call: &Call<'_>, tokens_per_event: u64) -> Events {
    let wants_usage = call.stream_options.as_ref();
    let wants_usage = wants_usage.is_some_and(|options| options.include_usage);
    let parts = parts(answer.output, tokens_per_event);
    match answer.format {
        Format::Response => response(&answer, parts),
        Format::Message => message(&answer, parts),
        Format::Generation | Format::MultimodalGeneration => {
            generation(answer, call.wants_message(), call.is_incremental(), parts)
        }
        _ => completion(&answer, wants_usage, parts),
    }
}

/// A part of an answer, from one token to another.
type Part = (u64, u64);

/// Divides an answer into parts.
fn parts(tokens: u64, size: u64) -> impl Iterator<Item = Part> + Send + 'static {
    let size = size.max(1);
    let part = move |number| {
        let start = number * size;
        (start, tokens.min(start + size))
    };
    (0..tokens.div_ceil(size)).map(part)
}

/// Returns the events of `OpenAI`'s chat completions and completions.
fn completion(
    answer: &Answer,
    wants_usage: bool,
    parts: impl Iterator<Item = Part> + Send + 'static,
) -> Events {
    let (prefix, object) = match answer.format {
        Format::Chat => ("chatcmpl", "chat.completion.chunk"),
        _ => ("cmpl", "text_completion"),
    };
    let event = |choices: Value, usage: Value| {
        let event = json!({
            "id": format!("{prefix}-{}", answer.id),
            "object": object,
            "created": CREATED,
            "model": answer.model,
            "system_fingerprint": null,
            "choices": choices,
            "usage": usage,
        });
        format!("data: {event}\n\n")
    };
    let is_chat = answer.format == Format::Chat;
    let choice = |delta: Value, finish_reason: Value| {
        let mut choice = json!({ "index": 0, "finish_reason": finish_reason, "logprobs": null });
        choice[if is_chat { "delta" } else { "text" }] = delta;
        event(json!([choice]), Value::Null)
    };
    let first = match &answer.tool {
        _ if !is_chat => None,
        None => Some(choice(
            json!({ "role": "assistant", "content": "" }),
            Value::Null,
        )),
        Some(tool) => {
            let calls = json!([tool_call(tool)]);
            let delta = json!({ "role": "assistant", "content": null, "tool_calls": calls });
            Some(choice(delta, Value::Null))
        }
    };
    let end = if is_chat { json!({}) } else { json!("") };
    let mut last = choice(end, json!(answer.finish_reason()));
    if wants_usage {
        last += &event(json!([]), answer.usage());
    }
    // Usage, like the end of the stream, is sent with the event before it: clients have to divide them.
    last += "data: [DONE]\n\n";
    let tool_tokens = if answer.tool.is_some() {
        answer.output
    } else {
        0
    };
    // Every event is the same but for the words, so one of them serves as the form of all.
    let (before, after) = form(&choice(
        if is_chat {
            json!({ "content": WORDS })
        } else {
            json!(WORDS)
        },
        Value::Null,
    ));
    let parts = parts
        .filter(move |_| tool_tokens == 0)
        .map(move |(start, end)| Event {
            bytes: Bytes::from(
                [&before, &words_between(start, end), &after]
                    .map(String::as_str)
                    .concat(),
            ),
            tokens: end - start,
        });
    let first = first.map(|text| plain(text, tool_tokens));
    Box::new(first.into_iter().chain(parts).chain(once(plain(last, 0))))
}

/// Returns the events of `OpenAI`'s Responses format.
fn response(answer: &Answer, parts: impl Iterator<Item = Part> + Send + 'static) -> Events {
    let item_id = answer.response_item("in_progress")["id"].clone();
    let item = json!({ "output_index": 0, "item_id": item_id, "content_index": 0 });
    let with = move |name: &str, value: Value| {
        let mut fields = item.clone();
        fields[name] = value;
        fields
    };
    let mut first = vec![
        (
            "created",
            json!({ "response": answer.response("in_progress", &[]) }),
        ),
        (
            "in_progress",
            json!({ "response": answer.response("in_progress", &[]) }),
        ),
        (
            "output_item.added",
            with("item", answer.response_item("in_progress")),
        ),
    ];
    let mut last = Vec::new();
    let delta;
    if answer.tool.is_some() {
        delta = "function_call_arguments.delta";
        last.push((
            "function_call_arguments.done",
            with("arguments", json!(ARGUMENTS)),
        ));
    } else {
        delta = "output_text.delta";
        let part = |text| json!({ "type": "output_text", "text": text, "annotations": [] });
        first.push(("content_part.added", with("part", part(String::new()))));
        last.push(("output_text.done", with("text", json!(answer.text()))));
        last.push(("content_part.done", with("part", part(answer.text()))));
    }
    let done = answer.response_item("completed");
    last.push(("output_item.done", with("item", done.clone())));
    last.push((
        "completed",
        json!({ "response": answer.response("completed", &[done]) }),
    ));

    let calls_tool = answer.tool.is_some();
    let output = answer.output;
    let parts: Box<dyn Iterator<Item = Part> + Send> = if calls_tool {
        Box::new(once((0, output)))
    } else {
        Box::new(parts)
    };
    let deltas = parts.map(move |(start, end)| {
        let text = if calls_tool {
            ARGUMENTS.to_owned()
        } else {
            words_between(start, end)
        };
        (delta, with("delta", json!(text)), end - start)
    });
    let without_tokens = |(name, fields)| (name, fields, 0);
    let first = first.into_iter().map(without_tokens);
    let last = last.into_iter().map(without_tokens);
    let all = first.chain(deltas).chain(last).enumerate();
    Box::new(all.map(|(number, (name, mut fields, tokens))| {
        fields["type"] = json!(format!("response.{name}"));
        fields["sequence_number"] = json!(number);
        plain(
            format!("event: response.{name}\ndata: {fields}\n\n"),
            tokens,
        )
    }))
}

/// Returns the events of Anthropic's format.
fn message(answer: &Answer, parts: impl Iterator<Item = Part> + Send + 'static) -> Events {
    let event = |name: &str, mut fields: Value| {
        fields["type"] = json!(name);
        format!("event: {name}\ndata: {fields}\n\n")
    };
    let message = json!({
        "id": format!("msg_{}", answer.id),
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
        "usage": { "input_tokens": answer.input, "output_tokens": 0 },
    });
    let block = match &answer.tool {
        None => json!({ "type": "text", "text": "" }),
        Some(tool) => json!({
            "type": "tool_use", "id": super::answer::CALL_ID, "name": tool, "input": {},
        }),
    };
    let start = event("message_start", json!({ "message": message }))
        + &event(
            "content_block_start",
            json!({ "index": 0, "content_block": block }),
        )
        + &event("ping", json!({}));
    let end = json!({
        "delta": { "stop_reason": answer.stop_reason(), "stop_sequence": null },
        "usage": { "output_tokens": answer.output },
    });
    let last = event("content_block_stop", json!({ "index": 0 }))
        + &event("message_delta", end)
        + &event("message_stop", json!({}));
    let delta = |delta: Value| event("content_block_delta", json!({ "index": 0, "delta": delta }));
    let deltas: Events = if answer.tool.is_some() {
        let delta = delta(json!({ "type": "input_json_delta", "partial_json": ARGUMENTS }));
        Box::new(once(plain(delta, answer.output)))
    } else {
        let (before, after) = form(&delta(json!({ "type": "text_delta", "text": WORDS })));
        Box::new(parts.map(move |(start, end)| {
            let words = words_between(start, end);
            plain([before.as_str(), &words, &after].concat(), end - start)
        }))
    };
    Box::new(
        once(plain(start, 0))
            .chain(deltas)
            .chain(once(plain(last, 0))),
    )
}

/// Returns the events of the provider's own format. Each has the usage so far.
fn generation(
    answer: Answer,
    wants_message: bool,
    is_incremental: bool,
    parts: impl Iterator<Item = Part> + Send + 'static,
) -> Events {
    let event = move |(number, (start, end)): (usize, Part)| {
        let reason = if end == answer.output {
            answer.finish_reason()
        } else {
            "null"
        };
        let text = words_between(if is_incremental { start } else { 0 }, end);
        let data = answer.generation(&text, end, reason, wants_message);
        let id = number + 1;
        let text = format!("id:{id}\nevent:result\n:HTTP_STATUS/200\ndata:{data}\n\n");
        plain(text, end - start)
    };
    Box::new(parts.enumerate().map(event))
}

fn plain(text: String, tokens: u64) -> Event {
    Event {
        bytes: Bytes::from(text),
        tokens,
    }
}

/// A text that stands for the words of an event.
const WORDS: &str = "WORDS OF THE EVENT";

/// Returns what precedes and what follows the words of an event.
fn form(event: &str) -> (String, String) {
    let (before, after) = event.split_once(WORDS).unwrap_or((event, ""));
    (before.to_owned(), after.to_owned())
}
