use bytes::Bytes;
use proptest::prelude::*;

use super::super::Format::{self, ChatCompletions, Completions, DashScope, Messages, Responses};
use super::super::oracle;
use super::super::usage::Usage;
use super::{EventReader, LONGEST_HELD, LONGEST_READ};

const CHAT: &str = concat!(
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}],\"usage\":null}\n\n",
    ": a comment\n\n",
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi, \\u4f60\"}}],\"usage\":null}\n\n",
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n",
);
const CHAT_USAGE: &str = "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3,\"total_tokens\":12}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

const MESSAGES: &str = concat!(
    "event: message_start\n",
    "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":25,\"cache_read_input_tokens\":5,\"output_tokens\":1}}}\n\n",
    "event: content_block_delta\n",
    "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n",
    "event: content_block_delta\n",
    "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\"}}\n\n",
    "event: message_delta\n",
    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":15}}\n\n",
    "event: message_stop\n",
    "data: {\"type\":\"message_stop\"}\n\n",
);

const RESPONSES: &str = concat!(
    "event: response.output_text.delta\n",
    "data: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\",\"output_index\":0}\n\n",
    "event: response.completed\n",
    "data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"error\":null,\"usage\":{\"input_tokens\":37,\"output_tokens\":11,\"total_tokens\":48}}}\n\n",
);

const DASHSCOPE: &str = concat!(
    "id:1\nevent:result\n:HTTP_STATUS/200\n",
    "data:{\"output\":{\"choices\":[{\"message\":{\"content\":\"Hi\",\"role\":\"assistant\"},\"finish_reason\":\"null\"}]},\"usage\":{\"total_tokens\":23,\"input_tokens\":22,\"output_tokens\":1},\"request_id\":\"r\"}\n\n",
    "id:2\nevent:result\n:HTTP_STATUS/200\n",
    "data:{\"output\":{\"choices\":[{\"message\":{\"content\":\"Hi!\",\"role\":\"assistant\"},\"finish_reason\":\"stop\"}]},\"usage\":{\"total_tokens\":26,\"input_tokens\":22,\"output_tokens\":4},\"request_id\":\"r\"}\n\n",
);

fn reader(format: Format, stream: &str) -> EventReader {
    let mut reader = EventReader::new(format, false);
    let stream = Bytes::copy_from_slice(stream.as_bytes());
    let passed = reader.push(&stream);
    assert_eq!(
        (passed.as_ptr(), passed.len()),
        (stream.as_ptr(), stream.len()),
        "a copy"
    );
    assert!(reader.finish().is_empty());
    reader
}

/// Returns what is passed on if usage is removed.
fn without_usage(stream: &str) -> String {
    let mut reader = EventReader::new(ChatCompletions, true);
    let mut passed = reader
        .push(&Bytes::copy_from_slice(stream.as_bytes()))
        .to_vec();
    passed.extend_from_slice(&reader.finish());
    String::from_utf8(passed).unwrap()
}

const fn used(input: u64, output: u64) -> Usage {
    Usage { input, output }
}

#[test]
fn a_stream_of_a_chat_is_read() {
    let interrupted = reader(ChatCompletions, CHAT);
    assert_eq!(interrupted.usage(), None);
    assert_eq!(interrupted.seen_output_bytes(), 7);
    assert!(!interrupted.is_complete());
    let complete = reader(ChatCompletions, &[CHAT, CHAT_USAGE, DONE].concat());
    assert_eq!(complete.usage(), Some(used(9, 3)));
    assert!(complete.is_complete());
    assert_eq!(complete.refusal(), None);
}

#[test]
fn a_stream_of_completions_is_read() {
    let stream = "data: {\"choices\":[{\"text\":\"abc\"}]}\n\ndata: {\"choices\":[{\"text\":\"d\"},{\"text\":\"e\"}],\
        \"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
    let reader = reader(Completions, stream);
    assert_eq!(
        (reader.usage(), reader.seen_output_bytes()),
        (Some(used(1, 2)), 5)
    );
    assert!(reader.is_complete());
}

#[test]
fn thoughts_and_calls_of_tools_are_output() {
    let delta = "{\"content\":null,\"reasoning_content\":\"Hm\",\"tool_calls\":[{\"function\":{\"arguments\":\"{}\"}}]}";
    let stream = format!("data: {{\"choices\":[{{\"delta\":{delta}}}]}}\n\n");
    assert_eq!(reader(ChatCompletions, &stream).seen_output_bytes(), 4);
}

#[test]
fn a_stream_of_messages_is_read() {
    let complete = reader(Messages, MESSAGES);
    assert_eq!(
        (complete.usage(), complete.seen_output_bytes()),
        (Some(used(30, 15)), 8)
    );
    assert!(complete.is_complete());
    let start = MESSAGES.find("event: message_delta").unwrap();
    let interrupted = reader(Messages, &MESSAGES[..start]);
    assert_eq!(interrupted.usage(), Some(used(30, 1)));
    assert!(!interrupted.is_complete());
}

#[test]
fn a_stream_of_responses_is_read() {
    let complete = reader(Responses, RESPONSES);
    assert_eq!(
        (complete.usage(), complete.seen_output_bytes()),
        (Some(used(37, 11)), 2)
    );
    assert!(complete.is_complete());
}

#[test]
fn a_stream_in_the_format_of_the_provider_is_read() {
    let complete = reader(DashScope, DASHSCOPE);
    assert_eq!(complete.usage(), Some(used(22, 4)));
    assert!(complete.is_complete());
    let start = DASHSCOPE.find("id:2").unwrap();
    let interrupted = reader(DashScope, &DASHSCOPE[..start]);
    assert_eq!(interrupted.usage(), Some(used(22, 1)));
    assert!(!interrupted.is_complete());
    let text = "data:{\"output\":{\"finish_reason\":\"length\",\"text\":\"a\"}}\n\n";
    assert!(reader(DashScope, text).is_complete());
}

#[test]
fn an_error_in_a_stream_is_a_refusal() {
    for (format, data, code) in [
        (
            ChatCompletions,
            r#"{"error":{"message":"M","code":"limit_requests"}}"#,
            "limit_requests",
        ),
        (
            Messages,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"M"}}"#,
            "overloaded_error",
        ),
        (
            Responses,
            r#"{"type":"error","code":"server_error","message":"M"}"#,
            "server_error",
        ),
        (
            Responses,
            r#"{"type":"response.failed","response":{"error":{"code":"server_error","message":"M"}}}"#,
            "server_error",
        ),
        (
            DashScope,
            r#"{"code":"Throttling","message":"M","request_id":"r"}"#,
            "Throttling",
        ),
    ] {
        let stream =
            format!("event:error\n:HTTP_STATUS/429\ndata: {data}\n\ndata: {{\"error\":1}}\n\n");
        let reader = reader(format, &stream);
        let refusal = reader.refusal().unwrap();
        assert_eq!((&*refusal.code, &*refusal.message), (code, "M"), "{data}");
    }
}

#[test]
fn only_the_event_with_the_usage_is_removed() {
    let rest = [CHAT, DONE].concat();
    assert_eq!(without_usage(&[CHAT, CHAT_USAGE, DONE].concat()), rest);
    assert_eq!(without_usage(&[CHAT_USAGE, CHAT, DONE].concat()), rest);
    assert_eq!(without_usage(&[CHAT, DONE, CHAT_USAGE].concat()), rest);
    assert_eq!(without_usage(CHAT_USAGE), "");
    assert_eq!(without_usage(&rest), rest);
    assert_eq!(
        without_usage(CHAT_USAGE.trim_end()),
        "",
        "the end of the stream ends the event"
    );
    for kept in [
        "data: {\"choices\":[],\"usage\":null}\n\n",
        "data: {\"choices\":[]}\n\n",
        "data: {\"choices\":[{}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n",
        "data: {\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n",
        "event: x\n\n",
        "data\n\n",
        "\n\n\n",
        "data: {\"choices\":",
        "no events",
    ] {
        assert_eq!(without_usage(kept), kept);
    }
    let absurd = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":-1}}\n\n";
    assert_eq!(without_usage(absurd), "", "the client did not ask for it");
}

#[test]
fn lines_end_in_three_ways() {
    for end in ["\n", "\r\n", "\r"] {
        let with = |stream: &str| stream.replace('\n', end);
        let stream = with(&[CHAT, CHAT_USAGE, DONE].concat());
        assert_eq!(
            reader(ChatCompletions, &stream).usage(),
            Some(used(9, 3)),
            "{end:?}"
        );
        assert_eq!(
            without_usage(&stream),
            with(&[CHAT, DONE].concat()),
            "{end:?}"
        );
    }
}

#[test]
fn several_lines_of_data_are_one_value() {
    let stream = "data:{\"choices\":[],\nid: 1\ndata: \"usage\":{\ndata:\"prompt_tokens\":1,\"completion_tokens\":2}\ndata:}\n\n";
    assert_eq!(reader(ChatCompletions, stream).usage(), Some(used(1, 2)));
    assert_eq!(without_usage(stream), "");
}

#[test]
fn the_beginning_of_an_event_is_held_back_up_to_a_bound() {
    let mut reader = EventReader::new(ChatCompletions, true);
    let chunk = |len: usize| Bytes::from(vec![b'x'; len]);
    assert_eq!(reader.push(&chunk(LONGEST_HELD)), "");
    assert_eq!(reader.push(&chunk(1)).len(), LONGEST_HELD + 1);
    let next = chunk(10);
    assert_eq!(reader.push(&next).as_ptr(), next.as_ptr());
    assert_eq!(reader.finish(), "");
    assert_eq!(reader.push(&Bytes::from("\n\ndata: {")), "\n\n");
    assert_eq!(reader.finish(), "data: {");
}

#[test]
fn an_event_without_an_end_takes_a_bounded_memory() {
    for removes_usage in [false, true] {
        let mut reader = EventReader::new(ChatCompletions, removes_usage);
        let chunk = Bytes::from(vec![b'x'; 100_000]);
        let mut passed = 0;
        for _ in 0..200 {
            passed += reader.push(&chunk).len();
            assert!(reader.begun.bytes.capacity() <= 2 * LONGEST_READ);
        }
        assert_eq!(passed, 20_000_000);
        assert_eq!(reader.begun.bytes.capacity(), 0);
        let rest = Bytes::from(["\n\n", CHAT_USAGE].concat());
        reader.push(&rest);
        assert_eq!(reader.usage(), Some(used(9, 3)), "the next event is read");
    }
}

#[test]
fn a_long_event_is_read_up_to_a_bound() {
    let event = |len: usize| {
        let event = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3},\"x\":\"\"}\n\n";
        event.replace("\"\"}", &format!("\"{}\"}}", "x".repeat(len - event.len())))
    };
    for lengths in [&[][..], &[255], &[0, 99]] {
        let held = event(LONGEST_HELD);
        let longer = event(LONGEST_HELD + 1);
        assert!(oracle::cut(ChatCompletions, true, lengths, held.as_bytes()).is_empty());
        assert_eq!(
            oracle::cut(ChatCompletions, true, lengths, longer.as_bytes()),
            longer.as_bytes()
        );
    }
    assert_eq!(
        reader(ChatCompletions, &event(LONGEST_READ)).usage(),
        Some(used(9, 3))
    );
    assert_eq!(
        reader(ChatCompletions, &event(LONGEST_READ + 1)).usage(),
        None
    );
}

#[test]
fn garbage_says_nothing() {
    for format in [ChatCompletions, Messages, Responses, DashScope] {
        for stream in [
            "<html>\n\n",
            "data: <\n\n",
            "data: []\n\n",
            "data: 1\n\n",
            "data: null\n\n",
            "data: {\n\n",
        ] {
            let reader = reader(format, stream);
            let read = (
                reader.usage(),
                reader.is_complete(),
                reader.seen_output_bytes(),
            );
            assert_eq!(read, (None, false, 0), "{stream}");
            assert_eq!(reader.refusal(), None, "{stream}");
        }
    }
}

/// A format, and a stream that need not be in this format.
fn any_stream() -> impl Strategy<Value = (Format, String)> {
    let event = prop_oneof![
        prop::sample::select(vec![
            CHAT,
            CHAT_USAGE,
            DONE,
            MESSAGES,
            RESPONSES,
            DASHSCOPE,
            "\n",
            "\r",
            "\r\n\r\n",
            ": x\n\n",
            "data: {\"choices\":[],\ndata: \"usage\":{}}\n\n",
            "data: {\"error\":{\"code\":\"c\",\"message\":\"m\"}}\n\n",
        ])
        .prop_map(str::to_owned),
        "[a-d:\\n\\r {}\"]{0,12}",
    ];
    let stream = prop::collection::vec(event, 0..8).prop_map(|events| events.concat());
    let formats = vec![ChatCompletions, Completions, Responses, Messages, DashScope];
    let end = prop::sample::select(vec!["\n", "\r\n", "\r"]);
    (prop::sample::select(formats), stream, end)
        .prop_map(|(format, stream, end)| (format, stream.replace('\n', end)))
}

proptest! {
    /// What is passed on and what is read do not depend on the chunks.
    #[test]
    fn a_stream_can_be_cut_anywhere(
        (format, stream) in any_stream(),
        removes_usage in any::<bool>(),
        lengths in prop::collection::vec(prop_oneof![0..4_u8, any::<u8>()], 1..20),
    ) {
        oracle::cut(format, removes_usage, &lengths, stream.as_bytes());
    }

    /// The events with the usage are removed, wherever they are and however they are cut.
    #[test]
    fn exactly_the_events_with_the_usage_are_removed(
        events in prop::collection::vec(prop::sample::select(vec![CHAT, CHAT_USAGE, DONE]), 0..6),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        lengths in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        let stream = events.concat().replace('\n', end);
        let rest: Vec<_> = events.into_iter().filter(|event| *event != CHAT_USAGE).collect();
        let rest = rest.concat().replace('\n', end);
        let passed = oracle::cut(ChatCompletions, true, &lengths, stream.as_bytes());
        prop_assert_eq!(String::from_utf8(passed).unwrap(), rest);
    }

    #[test]
    fn arbitrary_bytes_are_passed_on(bytes in any::<Vec<u8>>()) {
        oracle::events(&bytes);
    }
}
