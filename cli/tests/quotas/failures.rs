//! How errors are reported.

use std::process::Stdio;

use loopback::Server;
use serde_json::{Value, json};

use crate::command::{
    command, fails, limit, one_page, page, quotas, refusal, row, success, with, without,
};

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
