use super::super::Format;
use super::{ErrorFormat, provider_error};
use model_studio_limiter::Refusal;

#[test]
fn errors_have_the_format_of_the_endpoint() {
    let body = |format: Format| {
        let format = ErrorFormat::from(format);
        let body = format.body(404, "model_not_found", "No model \"a\".", "r1");
        String::from_utf8(body.to_vec()).unwrap()
    };
    let value = |format| serde_json::from_str::<serde_json::Value>(&body(format)).unwrap();
    for format in [
        Format::ChatCompletions,
        Format::Completions,
        Format::Embeddings,
        Format::Responses,
    ] {
        let expected = serde_json::json!({
            "error": {
                "message": "No model \"a\".",
                "type": "invalid_request_error",
                "param": null,
                "code": "model_not_found",
            },
            "request_id": "r1",
        });
        assert_eq!(value(format), expected);
    }
    let expected = serde_json::json!({
        "type": "error",
        "error": { "type": "not_found_error", "message": "No model \"a\"." },
        "request_id": "r1",
    });
    assert_eq!(value(Format::Messages), expected);
    let expected = serde_json::json!({
        "code": "model_not_found", "message": "No model \"a\".", "request_id": "r1",
    });
    assert_eq!(value(Format::DashScope), expected);
}

#[test]
fn the_type_follows_from_the_status() {
    for (status, openai, anthropic) in [
        (400, "invalid_request_error", "invalid_request_error"),
        (401, "invalid_request_error", "authentication_error"),
        (403, "permission_error", "permission_error"),
        (404, "invalid_request_error", "not_found_error"),
        (413, "invalid_request_error", "request_too_large"),
        (429, "rate_limit_error", "rate_limit_error"),
        (500, "server_error", "api_error"),
        (502, "server_error", "api_error"),
        (503, "server_error", "overloaded_error"),
        (504, "server_error", "timeout_error"),
        (529, "server_error", "overloaded_error"),
    ] {
        for (format, expected) in [
            (ErrorFormat::OpenAi, openai),
            (ErrorFormat::Anthropic, anthropic),
        ] {
            let body = format.body(status, "c", "m", "r");
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["error"]["type"], expected, "{status}");
        }
    }
}

#[test]
fn a_path_that_is_no_call_has_a_format_of_errors() {
    assert_eq!(
        ErrorFormat::of_path("/api/v1/tasks/1"),
        ErrorFormat::DashScope
    );
    assert_eq!(
        ErrorFormat::of_path("/apps/anthropic/v1/messages/x"),
        ErrorFormat::Anthropic
    );
    assert_eq!(ErrorFormat::of_path("/v1/files"), ErrorFormat::OpenAi);
}

#[track_caller]
fn assert_error(body: &str, code: &str, message: &str) {
    let error = provider_error(body.as_bytes());
    assert_eq!((&*error.code, &*error.message), (code, message), "{body}");
}

#[test]
fn errors_of_each_format_are_read() {
    assert_error(
        r#"{"error":{"message":"You exceeded your current requests list.","type":"limit_requests",
            "param":null,"code":"limit_requests"},"request_id":"r"}"#,
        "limit_requests",
        "You exceeded your current requests list.",
    );
    assert_error(
        r#"{"error":{"message":"Slow.","type":"rate_limit_error","code":null}}"#,
        "rate_limit_error",
        "Slow.",
    );
    assert_error(
        r#"{"error":{"message":"Slow.","code":429}}"#,
        "429",
        "Slow.",
    );
    assert_error(
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Over\u006coaded"}}"#,
        "overloaded_error",
        "Overloaded",
    );
    assert_error(
        r#"{"code":"Throttling.RateQuota","message":"Requests rate limit exceeded","request_id":"r"}"#,
        "Throttling.RateQuota",
        "Requests rate limit exceeded",
    );
    assert_error(r#"{"error":"Bad."}"#, "", "Bad.");
}

#[test]
fn what_is_missing_is_empty() {
    for body in [
        "",
        "<html>",
        "[]",
        "{}",
        r#"{"error":{}}"#,
        r#"{"code":{},"message":[1]}"#,
        "{\"c",
    ] {
        assert_error(body, "", "");
    }
}

#[test]
fn errors_that_are_written_can_be_read() {
    for format in [ErrorFormat::OpenAi, ErrorFormat::DashScope] {
        let body = format.body(429, "rate_limit_exceeded", "Tokens per minute.", "r");
        let error = provider_error(&body);
        assert_eq!(error.code, "rate_limit_exceeded");
        let refusal = Refusal::classify(429, &error.code, &error.message);
        assert!(refusal.is_retryable());
    }
}
