use super::super::Format::{
    self, ChatCompletions, Completions, DashScope, Embeddings, Messages, Responses,
};
use super::{Usage, usage_of_body};

#[track_caller]
fn assert_usage(format: Format, usage: &str, expected: Option<(u64, u64)>) {
    let body = format!(r#"{{"id":"1","other":[{{"usage":{{}}}}],"usage":{usage},"model":"m"}}"#);
    let expected = expected.map(|(input, output)| Usage { input, output });
    assert_eq!(usage_of_body(format, body.as_bytes()), expected, "{usage}");
}

#[test]
fn each_format_has_its_names() {
    let usage = r#"{"prompt_tokens":12,"completion_tokens":30,"total_tokens":42,
        "prompt_tokens_details":{"cached_tokens":5}}"#;
    assert_usage(ChatCompletions, usage, Some((12, 30)));
    assert_usage(Completions, usage, Some((12, 30)));
    assert_usage(
        Embeddings,
        r#"{"prompt_tokens":23,"total_tokens":23}"#,
        Some((23, 0)),
    );
    assert_usage(Embeddings, r#"{"prompt_tokens":23}"#, Some((23, 0)));
    let usage = r#"{"input_tokens":7,"input_tokens_details":{"cached_tokens":1},
        "output_tokens":8,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":15}"#;
    assert_usage(Responses, usage, Some((7, 8)));
    assert_usage(DashScope, usage, Some((7, 8)));
    assert_usage(DashScope, r#"{"total_tokens":79}"#, Some((79, 0)));
    assert_usage(
        DashScope,
        r#"{"input_tokens":10,"image_tokens":896}"#,
        Some((10, 0)),
    );
}

#[test]
fn tokens_of_a_cache_are_input_in_the_format_of_anthropic() {
    let usage = r#"{"input_tokens":1,"cache_creation_input_tokens":20,
        "cache_read_input_tokens":300,"output_tokens":4000}"#;
    assert_usage(Messages, usage, Some((321, 4000)));
    let usage = r#"{"input_tokens":1,"cache_creation_input_tokens":null,"output_tokens":2}"#;
    assert_usage(Messages, usage, Some((1, 2)));
}

#[test]
fn a_missing_count_is_found_from_the_total() {
    assert_usage(
        ChatCompletions,
        r#"{"prompt_tokens":12,"total_tokens":42}"#,
        Some((12, 30)),
    );
    assert_usage(
        ChatCompletions,
        r#"{"completion_tokens":30,"total_tokens":42}"#,
        Some((12, 30)),
    );
    assert_usage(
        ChatCompletions,
        r#"{"prompt_tokens":12,"total_tokens":2}"#,
        None,
    );
    assert_usage(ChatCompletions, r#"{"prompt_tokens":12}"#, None);
}

#[test]
fn absurd_usage_is_no_usage() {
    for usage in [
        "null",
        "{}",
        "[1,2,3,4,5,6,7]",
        "\"many\"",
        r#"{"prompt_tokens":-1,"completion_tokens":1}"#,
        r#"{"prompt_tokens":1.5,"completion_tokens":1}"#,
        r#"{"prompt_tokens":"1","completion_tokens":1}"#,
        r#"{"prompt_tokens":18446744073709551616,"completion_tokens":1}"#,
        r#"{"prompt_tokens":1e30,"completion_tokens":1}"#,
        r#"{"prompt_tokens":1,"prompt_tokens":2,"completion_tokens":1}"#,
    ] {
        assert_usage(ChatCompletions, usage, None);
    }
    let most = u64::MAX;
    let usage =
        format!(r#"{{"input_tokens":{most},"cache_read_input_tokens":1,"output_tokens":1}}"#);
    assert_usage(Messages, &usage, None);
    for body in ["", "{}", "[]", "<html>", r#"{"usage":"#] {
        assert_eq!(
            usage_of_body(ChatCompletions, body.as_bytes()),
            None,
            "{body}"
        );
    }
}

#[test]
fn usage_is_plausible_up_to_a_bound() {
    let usage = Usage {
        input: 600,
        output: 400,
    };
    assert_eq!(usage.total(), 1000);
    assert!(usage.is_plausible(1000));
    assert!(!usage.is_plausible(999));
    assert!(
        !Usage {
            input: u64::MAX,
            output: u64::MAX
        }
        .is_plausible(1000)
    );
}
