use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::Format::{
    self, ChatCompletions, Completions, DashScope, Embeddings, Messages, Responses,
};
use super::super::oracle;
use super::CallBody;

const FORMATS: [Format; 6] = [
    ChatCompletions,
    Completions,
    Embeddings,
    Responses,
    Messages,
    DashScope,
];

#[track_caller]
fn parse(format: Format, body: &str) -> CallBody {
    CallBody::parse(format, body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"))
}

#[track_caller]
fn assert_error(format: Format, body: &str, expected: &str) {
    let error = CallBody::parse(format, body.as_bytes())
        .unwrap_err()
        .to_string();
    assert_eq!(error, format!("invalid request body: {expected}"), "{body}");
}

#[test]
fn a_chat_is_read() {
    let body = parse(
        ChatCompletions,
        r#"{
            "model": "qwen-plus",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
            "stream": true,
            "stream_options": {"include_usage": true},
            "max_tokens": 100,
            "n": 3,
            "temperature": 0.7
        }"#,
    );
    assert_eq!(body.model, "qwen-plus");
    assert!(body.streams && body.reports_usage);
    assert_eq!(body.max_output_tokens, Some(100));
    assert_eq!(body.answers, 3);
    // Two times "role" and "content", and the values.
    assert_eq!(body.text_bytes, 22 + 6 + 9 + 4 + 2);
}

#[test]
fn a_short_body_has_defaults() {
    for format in FORMATS {
        let body = parse(
            format,
            r#"{"model":"\u0071wen","stream":null,"max_tokens":null,"n":null}"#,
        );
        assert_eq!(body.model, "qwen");
        assert!(!body.streams);
        assert_eq!(body.max_output_tokens, None);
        assert_eq!((body.answers, body.text_bytes), (1, 0));
        let reports_usage = !matches!(format, ChatCompletions | Completions);
        assert_eq!(body.reports_usage, reports_usage, "{format:?}");
    }
}

#[test]
fn each_format_has_its_bound_of_the_output() {
    let body = r#"{"model":"m","max_tokens":1,"max_completion_tokens":20,"max_output_tokens":300,
        "parameters":{"max_tokens":4000}}"#;
    for (format, limit) in [
        (ChatCompletions, Some(20)),
        (Completions, Some(1)),
        (Embeddings, None),
        (Responses, Some(300)),
        (Messages, Some(1)),
        (DashScope, Some(4000)),
    ] {
        assert_eq!(parse(format, body).max_output_tokens, limit, "{format:?}");
    }
}

#[test]
fn thoughts_are_output() {
    let limit = |format, body: &str| parse(format, body).max_output_tokens;
    let body = r#"{"model":"m","thinking_budget":50,"max_tokens":7}"#;
    assert_eq!(limit(ChatCompletions, body), Some(57));
    let body = r#"{"model":"m","parameters":{"max_tokens":7,"thinking_budget":50}}"#;
    assert_eq!(limit(DashScope, body), Some(57));
    assert_eq!(
        limit(ChatCompletions, r#"{"model":"m","thinking_budget":50}"#),
        None
    );
    let body = r#"{"model":"m","max_tokens":80,"thinking":{"type":"enabled","budget_tokens":50}}"#;
    assert_eq!(limit(Messages, body), Some(80));
    let body = r#"{"model":"m","max_tokens":18446744073709551615,"thinking_budget":50}"#;
    assert_eq!(limit(ChatCompletions, body), Some(u64::MAX));
}

#[test]
fn a_number_that_cannot_be_read_is_no_bound() {
    for number in ["-1", "1.5", "\"7\"", "{}", "1e400", "18446744073709551616"] {
        let body = format!(r#"{{"model":"m","max_tokens":{number},"n":{number}}}"#);
        let body = parse(ChatCompletions, &body);
        assert_eq!(
            (body.max_output_tokens, body.answers),
            (None, 1),
            "{number}"
        );
    }
}

#[test]
fn the_highest_of_several_bounds_is_used() {
    let body = parse(
        ChatCompletions,
        r#"{"n":9,"max_tokens":9,"model":"m","max_tokens":2,"n":2}"#,
    );
    assert_eq!((body.max_output_tokens, body.answers), (Some(9), 9));
    let body = parse(Completions, r#"{"model":"m","n":2,"best_of":5}"#);
    assert_eq!(body.answers, 5);
}

#[test]
fn the_number_of_images_is_the_number_of_answers() {
    let body =
        r#"{"model":"wan","input":{"prompt":"A cat"},"parameters":{"size":"1024*1024","n":4}}"#;
    let body = parse(DashScope, body);
    assert_eq!((body.answers, body.text_bytes), (4, 11));
}

#[test]
fn the_text_of_each_format_counts() {
    let text = |format, fields: &str| {
        parse(
            format,
            &format!(r#"{{"model":"m","user":"someone",{fields}}}"#),
        )
        .text_bytes
    };
    assert_eq!(
        text(Completions, r#""prompt":["abc","de"],"suffix":"f""#),
        6
    );
    assert_eq!(text(Completions, r#""prompt":[1,22,333]"#), 12);
    assert_eq!(text(Embeddings, r#""input":"abc""#), 3);
    assert_eq!(
        text(Responses, r#""input":[{"a":"b"}],"instructions":"cd""#),
        4
    );
    assert_eq!(
        text(
            Messages,
            r#""system":"abc","messages":[],"tools":[{"name":"d"}]"#
        ),
        8
    );
    assert_eq!(text(DashScope, r#""input":{"texts":["abc"]}"#), 8);
    assert_eq!(
        text(DashScope, r#""parameters":{"tools":["abc"],"size":"1"}"#),
        3
    );
    assert_eq!(text(DashScope, r#""parameters":null"#), 0);
}

#[test]
fn images_and_sound_are_not_text() {
    let data = "iVBORw0KGgo".repeat(1000);
    for content in [
        format!(r#"{{"image_url":{{"url":"data:image/png;base64,{data}"}}}}"#),
        format!(r#"{{"input_audio":{{"data":"{data}","format":"wav"}}}}"#),
        format!(r#"{{"source":{{"type":"base64","media_type":"image/png","data":"{data}"}}}}"#),
    ] {
        let body =
            format!(r#"{{"model":"m","messages":[{{"role":"user","content":[{content}]}}]}}"#);
        assert!(parse(ChatCompletions, &body).text_bytes < 60, "{content}");
    }
}

#[test]
fn a_body_that_cannot_be_read_is_an_error_with_its_position() {
    assert_error(
        ChatCompletions,
        "",
        "EOF while parsing a value at line 1 column 0",
    );
    assert_error(
        ChatCompletions,
        "hello",
        "expected value at line 1 column 1",
    );
    assert_error(
        ChatCompletions,
        "[]",
        "expected an object, found a list at line 1 column 2",
    );
    assert_error(
        ChatCompletions,
        "null",
        "expected an object, found null at line 1 column 4",
    );
    let body = format!("\"{}\"", "a".repeat(1 << 20));
    let column = body.len();
    let expected = format!("expected an object, found a string at line 1 column {column}");
    assert_error(ChatCompletions, &body, &expected);
    assert_error(ChatCompletions, "{}", "missing field `model`");
    assert_error(
        ChatCompletions,
        "{\"model\":\"m\"",
        "EOF while parsing an object at line 1 column 12",
    );
    assert_error(
        ChatCompletions,
        "{\"model\":\"m\"} {}",
        "trailing characters at line 1 column 15",
    );
    let expected = "`model`: expected a string, found null at line 1 column 14";
    assert_error(ChatCompletions, "{\"model\":null}", expected);
    let expected = "`model`: expected a string, found a list at line 2 column 11";
    assert_error(ChatCompletions, "{\n\"model\":[]}", expected);
    let expected = "`stream`: expected true or false, found a string at line 1 column 30";
    assert_error(
        ChatCompletions,
        r#"{"model":"m","stream":"false"}"#,
        expected,
    );
    let expected = "`stream_options`: expected an object, found a list at line 1 column 33";
    assert_error(
        ChatCompletions,
        r#"{"model":"m","stream_options":[]}"#,
        expected,
    );
    let expected = "`include_usage`: expected true or false, found a number at line 1 column 50";
    assert_error(
        ChatCompletions,
        r#"{"model":"m","stream_options":{"include_usage":1}}"#,
        expected,
    );
    let expected = "expected an object, found a list at line 1 column 28";
    assert_error(DashScope, r#"{"model":"m","parameters":[]}"#, expected);
}

#[test]
fn values_that_are_nested_too_deeply_are_an_error() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"model":"m","messages":{open}{close}}}"#)
    };
    assert_eq!(parse(ChatCompletions, &nested(100)).text_bytes, 0);
    for depth in [1_000, 1_000_000] {
        let error = CallBody::parse(ChatCompletions, nested(depth).as_bytes()).unwrap_err();
        assert!(
            error.to_string().contains("recursion limit exceeded"),
            "{error}"
        );
    }
    let ignored = nested(1_000_000).replace("messages", "metadata");
    assert_eq!(parse(ChatCompletions, &ignored).model, "m");
}

/// The provider could use the other of the two.
#[test]
fn a_field_that_occurs_twice_is_an_error() {
    for body in [
        r#"{"model":"a","model":"b"}"#,
        r#"{"model":"a","mod\u0065l":"b"}"#,
        r#"{"stream":true,"model":"a","stream":false}"#,
        r#"{"model":"a","stream_options":{},"stream_options":{}}"#,
        r#"{"model":"a","stream_options":{"include_usage":true,"include_usage":false}}"#,
    ] {
        let error = CallBody::parse(ChatCompletions, body.as_bytes())
            .unwrap_err()
            .to_string();
        assert!(error.contains("duplicate field"), "{error}");
    }
    let expected = "unknown field `Model`, expected `model` at line 1 column 20";
    assert_error(ChatCompletions, r#"{"model":"a","Model":"b"}"#, expected);
}

#[test]
fn an_edit_changes_nothing_else() {
    let edited = |body: &'static str, model, ask_for_usage| {
        let edited = parse(ChatCompletions, body).edited(&Bytes::from(body), model, ask_for_usage);
        String::from_utf8(edited.to_vec()).unwrap()
    };
    let body = "\n{ \"model\" :\t\"a\" ,\"x\":[1.0e0] }\r\n";
    assert_eq!(edited(body, None, false), body);
    assert_eq!(
        edited(body, Some("b\"\n"), false),
        "\n{ \"model\" :\t\"b\\\"\\n\" ,\"x\":[1.0e0] }\r\n"
    );
    assert_eq!(
        edited(body, Some("b"), true),
        "\n{\"stream_options\":{\"include_usage\":true}, \"model\" :\t\"b\" ,\"x\":[1.0e0] }\r\n"
    );
    for (options, expected) in [
        ("null", r#"{"include_usage":true}"#),
        ("{ }", r#"{"include_usage":true }"#),
        (r#"{ "a":1}"#, r#"{"include_usage":true, "a":1}"#),
        (r#"{"include_usage": false}"#, r#"{"include_usage": true}"#),
        (r#"{"include_usage":null }"#, r#"{"include_usage":true }"#),
        (r#"{"include_usage":true }"#, r#"{"include_usage":true }"#),
    ] {
        let body = format!(r#"{{"stream_options":{options},"model":"a"}}"#);
        let expected = format!(r#"{{"stream_options":{expected},"model":"bc"}}"#);
        assert_eq!(edited(body.leak(), Some("bc"), true), expected);
    }
}

#[test]
fn a_body_without_changes_is_not_copied() {
    let body = Bytes::from_static(br#"{"model":"m","stream_options":{"include_usage":true}}"#);
    let parsed = CallBody::parse(ChatCompletions, &body).unwrap();
    assert_eq!(parsed.edited(&body, None, true).as_ptr(), body.as_ptr());
    let parsed = CallBody::parse(Responses, &body).unwrap();
    assert_eq!(parsed.edited(&body, None, true).as_ptr(), body.as_ptr());
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

fn any_field() -> impl Strategy<Value = (String, Value)> {
    let options = prop_oneof![
        Just(json!(null)),
        Just(json!({})),
        Just(json!({"include_usage": null})),
        Just(json!({"include_usage": false, "chunk_include_usage": 1})),
        Just(json!({"a": {"include_usage": false}, "include_usage": true})),
    ];
    prop_oneof![
        (
            prop::sample::select(vec!["messages", "input", "n", "max_tokens"]),
            any_value()
        )
            .prop_map(|(key, value)| (key.to_owned(), value)),
        any::<bool>().prop_map(|stream| ("stream".to_owned(), json!(stream))),
        options.prop_map(|options| ("stream_options".to_owned(), options)),
        (any::<String>(), any_value()),
    ]
}

/// A body with the bytes of the format.
fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let fields = prop::collection::vec(any_field(), 0..6);
    (0..6_u8, any::<String>(), fields, any::<bool>()).prop_map(
        |(format, model, fields, is_pretty)| {
            let mut body: Map<_, _> = fields.into_iter().collect();
            body.insert("model".to_owned(), model.into());
            let mut bytes = vec![format];
            if is_pretty {
                serde_json::to_writer_pretty(&mut bytes, &body).unwrap();
            } else {
                serde_json::to_writer(&mut bytes, &body).unwrap();
            }
            bytes
        },
    )
}

proptest! {
    /// What is parsed and edited is what a parser with a tree would get.
    #[test]
    fn each_body_is_edited_like_its_tree(body in any_body()) {
        prop_assert!(oracle::request(&body), "the body is read");
    }

    #[test]
    fn no_body_is_misread(
        mut body in any_body(),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(br#"{}[]",:\ntrue0-x "#.as_slice())),
            1..4,
        ),
    ) {
        for (index, byte) in changes {
            let index = index.index(body.len() - 1) + 1;
            body[index] = byte;
        }
        _ = oracle::request(&body);
    }

    #[test]
    fn arbitrary_bytes_are_read_or_an_error(bytes in any::<Vec<u8>>()) {
        _ = oracle::request(&bytes);
    }
}
