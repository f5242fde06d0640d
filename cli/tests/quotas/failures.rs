//! What is retried, and how errors are reported.

use std::process::Stdio;
use std::time::Duration;

use loopback::{Response, Server};
use serde_json::{Value, json};

use crate::command::{
    KEY, ask, command, limit, one_model, one_page, page, quotas, row, with, without,
};

fn success(response: &mut Response) {
    response.send(200, one_model());
}

fn refusal(code: &str, message: &str) -> Value {
    json!({ "success": false, "code": code, "message": message, "request_id": "r-7" })
}

/// Asserts that the command fails with a message that contains all parts, and writes nothing. Returns
/// the number of requests.
#[track_caller]
fn fails(server: &Server, arguments: &[&str], parts: &[&str]) -> usize {
    let output = ask(server, arguments);
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    assert_eq!(output.stdout, "");
    for part in parts {
        assert!(output.stderr.contains(part), "{part}: {}", output.stderr);
    }
    server.requests().len()
}

#[test]
fn a_response_that_is_not_a_success_is_reported_with_its_code_and_message() {
    let server =
        Server::start(|_, response| response.send(200, refusal("Oops", "It\u{1b}[31m broke")));
    let message = "error: the provider refused the request: status 200, Oops, It\\u{1b}[31m broke, \
                   request ID r-7\n";
    assert_eq!(fails(&server, &[], &[message]), 1);
}

#[test]
fn a_key_that_is_rejected_is_reported_with_the_region_and_is_not_tried_again() {
    let parts = [
        "error: the key in DASHSCOPE_API_KEY was rejected in the region `virginia`",
        "InvalidApiKey, Wrong key, request ID r-7",
    ];
    for status in [200, 400, 401, 403] {
        let server = Server::start(move |_, response| {
            response.send(status, refusal("InvalidApiKey", "Wrong key"));
        });
        assert_eq!(fails(&server, &["--region", "virginia"], &parts), 1);
    }
    let server = Server::start(|_, response| response.send(401, refusal("Unauthorized", "No")));
    assert_eq!(fails(&server, &["--region", "virginia"], &parts[..1]), 1);
    for status in [401, 403] {
        let server = Server::start(move |_, response| response.send(status, ""));
        let status = format!("{}: status {status} with an empty body", parts[0]);
        assert_eq!(fails(&server, &["--region", "virginia"], &[&status]), 1);
    }
}

#[test]
fn another_status_is_an_error_and_is_not_tried_again() {
    let server = Server::start(|_, response| response.send(418, "<html>Not\nhere"));
    let message = "error: the provider refused the request: status 418, `<html>Not\\nhere`\n";
    assert_eq!(fails(&server, &[], &[message]), 1);
}

#[test]
fn a_403_with_another_code_does_not_blame_the_key() {
    for code in ["AllocationQuota.FreeTierOnly", "Workspace.AccessDenied"] {
        let server = Server::start(move |_, response| response.send(403, refusal(code, "No")));
        let message = format!(
            "error: the provider refused the request: status 403, {code}, No, request ID r-7\n"
        );
        assert_eq!(fails(&server, &[], &[&message]), 1);
    }
}

#[test]
fn an_endpoint_that_is_not_found_is_reported_with_the_region_and_the_workspace() {
    let server = Server::start(|_, response| response.send(404, ""));
    let message = format!(
        "error: the quota endpoint was not found at {}/api/v1/quotas, for the region `frankfurt` \
         and the workspace `llm-9`: status 404 with an empty body\n",
        server.url()
    );
    let arguments = ["--region", "frankfurt", "--workspace", "llm-9"];
    assert_eq!(fails(&server, &arguments, &[&message]), 1);
    let message = "for the region `singapore` without a workspace: status 404";
    assert_eq!(fails(&server, &[], &[message]), 1);
}

#[test]
fn a_host_name_that_does_not_resolve_is_reported_and_is_not_tried_again() {
    // No name below this one can exist.
    let arguments = [
        "--url",
        "https://quotas.invalid",
        "--region",
        "virginia",
        "--workspace",
        "llm-9",
    ];
    let output = quotas(&arguments, &[]);
    assert_eq!(output.code, Some(2));
    assert_eq!(output.stdout, "");
    let message = "error: cannot find the address of `quotas.invalid`, for the region `virginia` and \
                   the workspace `llm-9`: ";
    assert!(output.stderr.starts_with(message), "{}", output.stderr);
    assert!(!output.stderr.contains("trying again"), "{}", output.stderr);
}

#[test]
fn a_proxy_whose_name_does_not_resolve_is_named() {
    let proxy = [("HTTPS_PROXY", "http://proxy.invalid:3128")];
    let output = quotas(&[], &proxy);
    assert_eq!(output.code, Some(2));
    let message = "error: cannot find the address of `dashscope-intl.aliyuncs.com` or of the proxy \
                   `proxy.invalid`, for the region `singapore` without a workspace: ";
    assert!(output.stderr.starts_with(message), "{}", output.stderr);
}

#[test]
fn a_429_and_a_5xx_are_tried_again() {
    for status in [429, 500, 503] {
        let server = Server::start(move |request, response| match request.number {
            0 => {
                let response = response.header("retry-after", "0");
                response.send(status, refusal("Busy", "Later"));
            }
            _ => success(response),
        });
        let output = ask(&server, &[]);
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        assert_eq!(
            output.stderr,
            format!(
                "the server responded with status {status}, Busy, Later, request ID r-7, trying again \
                 in 0.0 seconds\n"
            )
        );
        assert_eq!(server.requests().len(), 2);
    }
}

#[test]
fn the_time_in_retry_after_is_waited() {
    let server = Server::start(|request, response| match request.number {
        // The delay without the header is at most one second.
        0 => response.header("retry-after", "2").send(429, ""),
        _ => success(response),
    });
    assert_eq!(ask(&server, &[]).code, Some(0));
    let requests = server.requests();
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(2));
}

#[test]
fn a_retry_without_retry_after_is_delayed() {
    let server = Server::start(|request, response| match request.number {
        0 => response.send(429, ""),
        _ => success(response),
    });
    assert_eq!(ask(&server, &[]).code, Some(0));
    let requests = server.requests();
    assert!(requests[1].at - requests[0].at >= Duration::from_millis(500));
}

#[test]
fn a_retry_after_of_more_than_a_minute_is_not_waited() {
    let server = Server::start(|_, response| response.header("retry-after", "61").send(429, ""));
    let message = "the server asks to try again in 61 seconds";
    assert_eq!(fails(&server, &[], &["status 429", message]), 1);
}

#[test]
fn the_number_of_retries_is_bounded() {
    let server =
        Server::start(|_, response| response.header("retry-after", "0").send(500, "broken"));
    let message = "error: the server responded with status 500, `broken` (gave up after attempt 3)";
    assert_eq!(fails(&server, &["--retries", "2"], &[message]), 3);
    assert_eq!(fails(&server, &["--retries", "0"], &["attempt 1"]), 1);
    assert_eq!(fails(&server, &[], &["attempt 6"]), 6);
}

#[test]
fn a_response_that_is_late_is_tried_again() {
    let server = Server::start(|request, response| match request.number {
        0 => response.hang(),
        _ => success(response),
    });
    let output = ask(&server, &["--timeout", "1"]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("timeout"), "{}", output.stderr);

    let server = Server::start(|_, response| response.hang());
    let arguments = ["--timeout", "1", "--retries", "0"];
    assert_eq!(
        fails(&server, &arguments, &["cannot read http://", "timeout"]),
        1
    );
}

#[test]
fn a_connection_that_breaks_is_tried_again() {
    let server = Server::start(|request, response| match request.number {
        0 => {}
        _ => success(response),
    });
    let output = ask(&server, &[]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_server_that_cannot_be_reached_is_an_error() {
    // Nothing listens on the port after the listener is dropped.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let output = quotas(&["--url", &url, "--retries", "0"], &[]);
    assert_eq!(output.code, Some(2));
    assert!(
        output.stderr.starts_with("error: cannot read http://"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_response_that_is_not_json_is_an_error_with_its_beginning() {
    let server = Server::start(|_, response| response.send(200, "<html>\u{1b}hello"));
    let message = "error: the response is not JSON: status 200, `<html>\\u{1b}hello`\n";
    assert_eq!(fails(&server, &[], &[message]), 1);
}

#[test]
fn a_response_of_another_shape_is_an_error_with_the_place() {
    let rows = |row: Value| one_page(&json!([row]));
    let quota = limit([7, 60], [0, 0]);
    let model = row("qwen-plus", quota.clone());
    let mut renamed = page(1, 1, &json!([]));
    renamed["output"] = json!({ "total": 1, "items": [] });
    let in_limit = |quota| rows(with(model.clone(), "model_limit", quota));
    for (body, message) in [
        (json!([]), "expected an object"),
        (json!({}), "missing field `success`"),
        (json!({ "success": true }), "missing field `output`"),
        (renamed, "missing field `quotas` in `output`"),
        (
            rows(without(model.clone(), "model_limit")),
            "missing field `model_limit` in `output.quotas[0]`",
        ),
        (
            in_limit(without(quota.clone(), "request_limit")),
            "missing field `request_limit` in `output.quotas[0].model_limit`",
        ),
        (
            in_limit(with(quota.clone(), "request_limit", "7")),
            "expected an integer, found a string in `output.quotas[0].model_limit.request_limit`",
        ),
        (
            in_limit(with(quota.clone(), "request_limit", 7.5)),
            "expected an integer, found a decimal number in \
             `output.quotas[0].model_limit.request_limit`",
        ),
        (
            in_limit(with(quota.clone(), "request_limit", u64::MAX)),
            "invalid value: integer `18446744073709551615` in \
             `output.quotas[0].model_limit.request_limit`",
        ),
        (
            in_limit(with(quota.clone(), "usage_limit_field", true)),
            "expected a string, found a boolean in \
             `output.quotas[0].model_limit.usage_limit_field`",
        ),
        (
            in_limit(json!("7")),
            "expected an object, found a string in `output.quotas[0].model_limit`",
        ),
        (
            rows(with(model.clone(), "model", json!(null))),
            "expected a string, found null in `output.quotas[0].model`",
        ),
        (
            rows(without(model.clone(), "workspace_limit")),
            "missing field `workspace_limit` in `output.quotas[0]`",
        ),
        (
            with(
                page(1, 1, &json!([])),
                "output",
                json!({ "total": 1, "quotas": {} }),
            ),
            "expected an array, found an object in `output.quotas`",
        ),
    ] {
        let text = body.to_string();
        let server = Server::start(move |_, response| response.send(200, body.clone()));
        let message = format!("error: unexpected response: {message}\n");
        assert_eq!(fails(&server, &[], &[&message]), 1, "{text}");
    }
}

#[test]
fn a_response_that_is_too_large_is_an_error() {
    let server = Server::start(|_, response| response.send(200, " ".repeat(17 * 1024 * 1024)));
    let message = "error: unexpected response: it is larger than 16 MiB\n";
    assert_eq!(fails(&server, &[], &[message]), 1);
}

#[test]
fn wrong_arguments_are_errors_before_any_request() {
    let workspace = "--workspace";
    for (arguments, message) in [
        (
            &["--region", "tokyo"][..],
            "or `hong_kong`, not for `tokyo`",
        ),
        (&["--region", "virginia_us"], "not for `virginia_us`"),
        (
            &["--region", "built-in"],
            "`built-in` is a table, not a region",
        ),
        (
            &["--region", "beijing"],
            "the workspace of the key is required in the region `beijing`",
        ),
        (
            &[workspace, "evil.example/"],
            "invalid workspace ID `evil.example/`",
        ),
        (&[workspace, "-a"], "invalid workspace ID `-a`"),
        (
            &["--url", "http://example.com"],
            "would send the key in clear text to `example.com`",
        ),
        (&["--url", "http://127.0.0.1.example.com"], "clear text"),
        (
            &["--url", "ftp://localhost"],
            "the scheme `ftp` is not supported",
        ),
        (&["--url", "localhost"], "expected a URL"),
        (
            &["--url", "https://user@example.com"],
            "must not have a user name",
        ),
        (
            &["--url", "https://example.com?a=b"],
            "must not have a user name",
        ),
        (&["--diff", "--format", "json"], "cannot be used with"),
        (&["--exit-code"], "required arguments were not provided"),
    ] {
        // A request would fail after the timeout, with another message.
        let rest = ["--retries=0", "--timeout=1"];
        let arguments: Vec<String> = match arguments {
            [option, value] if option.starts_with("--") && *option != "--diff" => {
                vec![format!("{option}={value}")]
            }
            arguments => arguments.iter().map(ToString::to_string).collect(),
        };
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        arguments.extend(rest);
        let output = quotas(&arguments, &[]);
        assert_eq!(output.code, Some(2));
        assert!(
            output.stderr.contains(message),
            "{message}: {}",
            output.stderr
        );
    }
}

#[test]
fn a_missing_or_impossible_key_is_an_error_that_names_the_variable() {
    for (key, message) in [
        ("", "error: DASHSCOPE_API_KEY is not set"),
        (" \n", "error: DASHSCOPE_API_KEY is not set"),
        ("sk-a\r\nb", "error: DASHSCOPE_API_KEY contains a character"),
        ("sk-ä", "error: DASHSCOPE_API_KEY contains a character"),
    ] {
        let output = quotas(&[], &[("DASHSCOPE_API_KEY", key)]);
        assert_eq!(output.code, Some(2));
        assert!(output.stderr.starts_with(message), "{}", output.stderr);
        assert!(!output.stderr.contains("sk-"), "{}", output.stderr);
    }
}

#[test]
fn a_newline_after_the_key_is_ignored() {
    let server = Server::start(|_, response| success(response));
    let key = format!("{KEY}\n");
    let output = quotas(&["--url", server.url()], &[("DASHSCOPE_API_KEY", &key)]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let authorization = &server.requests()[0].headers["authorization"];
    assert_eq!(*authorization, format!("Bearer {KEY}"));
}

#[cfg(unix)]
#[test]
fn a_reader_that_stops_early_is_no_error() {
    for arguments in [&[][..], &["--format", "json"], &["--diff"]] {
        let server = Server::start(|_, response| success(response));
        let mut command = command(&[&["--url", server.url()], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
    }
}
