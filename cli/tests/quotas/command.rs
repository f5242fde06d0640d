//! Runs the command, and writes the responses of the provider.

use std::path::Path;
use std::process::Command;

use loopback::Server;
use serde_json::{Value, json};

use crate::support::{stderr, stdout, tool};

pub(crate) const KEY: &str = "sk-0123456789abcdef0123456789abcdef";

pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Returns a command that runs `quotas` without the environment of the machine.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = tool(Path::new("."), &[&["quotas"], arguments].concat());
    let proxies = ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];
    let lower = proxies.map(str::to_lowercase);
    let lower = lower.iter().map(String::as_str);
    for name in proxies.into_iter().chain(lower) {
        command.env_remove(name);
    }
    command.env_remove("DASHSCOPE_WORKSPACE_ID");
    command.env("DASHSCOPE_API_KEY", KEY);
    command
}

/// Runs `quotas` with these variables. Asserts that it never prints the key.
pub(crate) fn quotas(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = command(arguments);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let output = Output {
        code: output.status.code(),
        stdout: stdout(&output).to_owned(),
        stderr: stderr(&output).to_owned(),
    };
    for text in [&output.stdout, &output.stderr] {
        assert!(!text.contains(KEY), "{text}");
    }
    output
}

/// Asks a server.
pub(crate) fn ask(server: &Server, arguments: &[&str]) -> Output {
    quotas(&[&["--url", server.url()], arguments].concat(), &[])
}

/// Runs the command with these rows on one page, and returns what it writes without its comment at
/// the beginning, and its messages.
#[track_caller]
pub(crate) fn write(rows: Value, arguments: &[&str]) -> (String, String) {
    let server = Server::start(move |_, response| response.send(200, one_page(&rows)));
    let output = ask(&server, arguments);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let lines = output.stdout.split_inclusive('\n');
    let text = lines.skip_while(|line| line.starts_with('#')).collect();
    (text, output.stderr)
}

/// A response with all rows.
pub(crate) fn one_page(rows: &Value) -> Value {
    page(1, rows.as_array().unwrap().len(), rows)
}

/// A response that is not empty.
pub(crate) fn one_model() -> Value {
    one_page(&json!([row("qwen-plus", limit([7, 60], [0, 0]))]))
}

pub(crate) fn page(number: usize, total: usize, rows: &Value) -> Value {
    json!({
        "code": null, "message": null, "success": true, "request_id": "r-1",
        "output": { "total": total, "page_no": number, "page_size": 100, "quotas": rows },
    })
}

pub(crate) fn row(model: &str, model_limit: Value) -> Value {
    let row = json!({ "model": model, "workspace_id": "llm-1", "workspace_limit": null });
    with(row, "model_limit", model_limit)
}

/// Limits on requests and on tokens, each a count and a number of seconds; 0 is none.
pub(crate) fn limit(requests: [u64; 2], tokens: [u64; 2]) -> Value {
    let number = |number: u64| Value::from((number > 0).then_some(number));
    json!({
        "request_limit": number(requests[0]), "request_limit_period": number(requests[1]),
        "usage_limit": number(tokens[0]),
        "usage_limit_field": Value::from((tokens[0] > 0).then_some("total_tokens")),
        "usage_limit_period": number(tokens[1]),
        "async_user_queue_limit": null, "async_user_concurrency_limit": null,
    })
}

/// Returns an object with one field replaced.
pub(crate) fn with(mut object: Value, field: &str, value: impl Into<Value>) -> Value {
    object[field] = value.into();
    object
}

/// Returns an object without a field.
pub(crate) fn without(mut object: Value, field: &str) -> Value {
    object.as_object_mut().unwrap().remove(field);
    object
}

pub(crate) fn success(response: &mut loopback::Response) {
    response.send(200, one_model());
}

/// Returns a response in which the provider refuses the request.
pub(crate) fn refusal(code: &str, message: &str) -> Value {
    json!({ "success": false, "code": code, "message": message, "request_id": "r-7" })
}

/// Asserts that the command fails with a message that contains all parts, and writes nothing. Returns
/// the number of requests.
#[track_caller]
pub(crate) fn fails(server: &Server, arguments: &[&str], parts: &[&str]) -> usize {
    let output = ask(server, arguments);
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    assert_eq!(output.stdout, "");
    for part in parts {
        assert!(output.stderr.contains(part), "{part}: {}", output.stderr);
    }
    server.requests().len()
}
