//! Sends requests to a server on the loopback interface, with a simulated clock and with the program.

use std::io::Write as _;
use std::num::NonZeroU32;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use governor::clock::{Clock as _, FakeRelativeClock};
use loopback::{Response, Server};
use model_studio_limits::model;
use paced::endpoint::{Endpoint, Request};
use paced::pacer::Pacer;
use serde_json::{Value, json};

const MAX_OUTPUT: NonZeroU32 = NonZeroU32::new(500).unwrap();

#[test]
fn requests_arrive_within_the_limits_of_every_minute() {
    // 60 queries and 100,000 tokens per minute. The long prompts reach the limit of tokens.
    let model = model!("qwen-max-latest");
    let prompts = (1..=200).map(|line| match line {
        1..=100 => format!("What is {line}?"),
        _ => "long ".repeat(5000),
    });
    let requests: Vec<Request> = (1..)
        .zip(prompts)
        .map(|(line, prompt)| Request::new(line, prompt, MAX_OUTPUT))
        .collect();
    let largest = requests.iter().map(|request| request.tokens).max().unwrap();

    let server = Server::start(|_, response| send_answer(response, "Yes.", 20));
    let endpoint = Endpoint::new(Some(server.base_url()), "sk-test", model, MAX_OUTPUT);
    let clock = FakeRelativeClock::default();
    let mut pacer = Pacer::new(model.limits(), 100, largest, clock.clone()).unwrap();
    let mut arrived = Vec::new();
    for request in &requests {
        pacer.wait(request.tokens).unwrap();
        let answer = endpoint.ask(&request.prompt).unwrap();
        assert_eq!((answer.text.as_str(), answer.tokens), ("Yes.", 20));
        assert_eq!(server.bodies(), [body(model.name(), &request.prompt, 500)]);
        let now = Duration::from_nanos(clock.now().as_u64());
        arrived.push((now, request.tokens.get()));
    }

    for (start, _) in &arrived {
        let minute = *start..=*start + Duration::from_secs(60);
        let tokens = arrived
            .iter()
            .filter(|(at, _)| minute.contains(at))
            .map(|(_, tokens)| tokens);
        assert!(tokens.clone().count() <= 60);
        assert!(tokens.sum::<u32>() <= 100_000);
    }
}

#[test]
fn the_answer_is_printed() {
    let server = Server::start(|_, response| send_answer(response, "你好!", 17));
    let output = run(
        &["--model", "qwen-turbo", "--max-output", "200"],
        "\nSay hello in Chinese.\n",
        &[("DASHSCOPE_BASE_URL", server.base_url())],
    );
    let stderr = "qwen-turbo: 100% of 600 queries and 5,000,000 tokens per minute\n\
        1 sent, 0 failed, 17 tokens used: 239 tokens estimated, 0.0 s, including 0.0 s of waiting\n";
    let stdout = json!({ "line": 2, "answer": "你好!" }).to_string() + "\n";
    assert_eq!(output, (Some(0), stdout, stderr.to_owned()));

    let requests = server.requests();
    let [request] = &requests[..] else {
        panic!("not one request: {requests:?}");
    };
    assert_eq!(request.line, "POST /v1/chat/completions HTTP/1.1");
    assert_eq!(request.headers["authorization"], "Bearer sk-test");
    assert_eq!(
        request.body,
        body("qwen-turbo", "Say hello in Chinese.", 200)
    );
}

#[test]
fn a_failure_is_reported_with_its_line_and_not_retried() {
    for (status, response, message) in [
        (
            "429 Too Many Requests",
            r#"{"error":{"message":"Too fast."}}"#,
            "429 Too Many Requests: Too fast.",
        ),
        ("200 OK", "data: {}\n\n", "the answer is incomplete"),
        (
            "200 OK",
            "data: {\"error\":{\"message\":\"Late.\"}}\n\n",
            r#"{"message":"Late."}"#,
        ),
        ("502 Bad Gateway", "<html>", "502 Bad Gateway: <html>"),
    ] {
        let server = Server::start(move |_, to| to.send(status, response));
        let output = run(&[], "Hello", &[("DASHSCOPE_BASE_URL", server.base_url())]);
        let stderr = format!(
            "qwen-plus: 100% of 600 queries and 1,000,000 tokens per minute\n\
             line 1: {message}\n\
             1 sent, 1 failed, 0 tokens used: 546 tokens estimated, 0.0 s, including 0.0 s of \
             waiting\n"
        );
        assert_eq!(output, (Some(1), String::new(), stderr));
        assert_eq!(server.bodies(), [body("qwen-plus", "Hello", 512)]);
    }
}

#[test]
fn a_dry_run_needs_no_key() {
    let key = [("DASHSCOPE_API_KEY", "")];
    let output = run(&["--dry-run"], "one\ntwo\n\nthree\n", &key);
    let stdout = "    0.000 s  line 1, 545 tokens\n    \
                      0.102 s  line 2, 545 tokens\n    \
                      0.204 s  line 4, 546 tokens\n";
    let stderr = "qwen-plus: 100% of 600 queries and 1,000,000 tokens per minute\n\
        3 to send: 1,636 tokens estimated, 0.2 s, including 0.2 s of waiting\n";
    assert_eq!(output, (Some(0), stdout.to_owned(), stderr.to_owned()));
}

#[test]
fn invalid_input_is_refused() {
    let error = |arguments: &[&str], prompts: &str| {
        let (code, stdout, stderr) = run(arguments, prompts, &[("DASHSCOPE_API_KEY", "")]);
        assert_ne!(code, Some(0));
        assert_eq!(stdout, "");
        // clap adds a line about `--help`.
        stderr.lines().next().unwrap().to_owned()
    };
    assert_eq!(
        error(&[], "one\n"),
        "error: set DASHSCOPE_API_KEY to your API key, or use --dry-run"
    );
    assert_eq!(error(&["--dry-run"], "\n"), "error: there are no prompts");
    assert_eq!(
        error(&["--model", "qwen-pluss"], "one\n"),
        "error: invalid value 'qwen-pluss' for '--model <MODEL>': \
         unknown model `qwen-pluss`, did you mean `qwen-plus`?"
    );
    assert_eq!(
        error(&["--model", "qwen2-7b-instruct"], "one\n"),
        "error: invalid value 'qwen2-7b-instruct' for '--model <MODEL>': \
         model `qwen2-7b-instruct` is deprecated, use `qwen3-235b-a22b`"
    );
    assert_eq!(
        error(&["--model", "text-embedding-v3"], "one\n"),
        "error: text-embedding-v3 is not a chat model, its category is embedding"
    );
}

#[test]
fn an_invalid_key_is_a_failure() {
    let (code, stdout, stderr) = run(&[], "one\n", &[("DASHSCOPE_API_KEY", "sk-\u{7f}")]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("line 1: "), "{stderr}");
}

/// Runs the program with prompts as standard input. Returns the exit code, standard output and
/// standard error.
fn run(
    arguments: &[&str],
    prompts: &str,
    variables: &[(&str, &str)],
) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_paced"))
        .args(arguments)
        .env("DASHSCOPE_API_KEY", "sk-test\n")
        // No test connects to another host, not even to a proxy.
        .env("DASHSCOPE_BASE_URL", "http://127.0.0.1:1")
        .env("NO_PROXY", "127.0.0.1")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // This fails if the program exits before it reads standard input.
    let _ = child.stdin.take().unwrap().write_all(prompts.as_bytes());
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// The body of a request.
fn body(model: &str, prompt: &str, max_tokens: u32) -> Value {
    json!({
        "model": model,
        "messages": [{ "role": "user", "content": prompt }],
        "max_tokens": max_tokens,
        "stream": true,
        "stream_options": { "include_usage": true },
    })
}

/// Sends an answer in two parts, and its token usage.
fn send_answer(response: &mut Response, text: &str, tokens: u32) {
    let (first, second) = text.split_at(text.len() / 2);
    let part = |text: &str| json!({ "choices": [{ "delta": { "content": text } }], "usage": null });
    let usage = json!({ "choices": [], "usage": { "total_tokens": tokens } });
    response.begin("200 OK");
    for event in [part(first), part(second), usage] {
        response.chunk(format!("data: {event}\n\n"));
    }
    response.chunk("data: [DONE]\n\n");
}
