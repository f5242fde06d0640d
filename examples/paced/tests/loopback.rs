//! Requests to a server on loopback, by the library on a simulated clock and by the program.

mod server;

use std::io::Write as _;
use std::num::NonZeroU32;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use governor::clock::{Clock as _, FakeRelativeClock};
use model_studio_limits::model;
use paced::endpoint::{Endpoint, Request};
use paced::pacer::Pacer;
use serde_json::{Value, json};
use server::{Server, answer, error};

const MAX_OUTPUT: NonZeroU32 = NonZeroU32::new(500).unwrap();

#[test]
fn what_arrives_is_below_the_limits_of_any_minute() {
    // 60 queries and 100,000 tokens per minute. The long prompts run into the tokens.
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

    let server = Server::start(|_| answer("Yes.", 20));
    let endpoint = Endpoint::new(Some(&server.base_url()), "sk-test", model, MAX_OUTPUT);
    let clock = FakeRelativeClock::default();
    let mut pacer = Pacer::new(model.limits(), 100, largest, clock.clone()).unwrap();
    let mut arrived = Vec::new();
    for request in &requests {
        pacer.wait(request.tokens).unwrap();
        let answer = endpoint.ask(&request.prompt).unwrap();
        assert_eq!((answer.text.as_str(), answer.tokens), ("Yes.", 20));
        let received = server.requests();
        assert_eq!(received.len(), 1);
        assert_eq!(received[0].prompt(), request.prompt);
        arrived.push((
            Duration::from_nanos(clock.now().as_u64()),
            request.tokens.get(),
        ));
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
fn the_program_sends_the_apis_request_and_prints_the_answer() {
    let server = Server::start(|_| answer("你好!", 17));
    let output = run(
        &["--model", "qwen-turbo", "--max-output", "200"],
        "\nSay hello in Chinese.\n",
        |command| {
            command.env("DASHSCOPE_BASE_URL", server.base_url());
        },
    );
    assert_eq!(
        text(&output.stderr),
        "qwen-turbo: 100% of 600 queries and 5,000,000 tokens per minute\n\
         1 sent, 0 failed, 17 tokens used: 239 tokens by estimate, in 0.0 s, 0.0 s of it waiting \
         for the limits\n"
    );
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed, json!({ "line": 2, "answer": "你好!" }));
    assert_eq!(output.status.code(), Some(0));

    let [request] = &server.requests()[..] else {
        panic!("one request");
    };
    assert_eq!(request.line, "POST /v1/chat/completions HTTP/1.1");
    assert_eq!(request.authorization, "Bearer sk-test");
    assert_eq!(
        request.body,
        json!({
            "model": "qwen-turbo",
            "messages": [{ "role": "user", "content": "Say hello in Chinese." }],
            "max_tokens": 200,
            "stream": true,
            "stream_options": { "include_usage": true },
        })
    );
}

#[test]
fn what_fails_is_told_by_its_line_and_not_sent_again() {
    let server = Server::start(|request| match request.prompt() {
        "too much" => error("429 Too Many Requests", "You exceeded your current quota."),
        "cut" => ("200 OK", "data: {}\n\n".to_owned()),
        "late" => (
            "200 OK",
            "data: {\"error\":{\"message\":\"Late.\"}}\n\n".to_owned(),
        ),
        _ => ("502 Bad Gateway", "<html>".to_owned()),
    });
    for (prompt, told) in [
        (
            "too much",
            "line 1: 429 Too Many Requests: You exceeded your current quota.\n",
        ),
        ("cut", "line 1: the answer broke off\n"),
        ("late", "line 1: {\"message\":\"Late.\"}\n"),
        ("other", "line 1: 502 Bad Gateway: <html>\n"),
    ] {
        let output = run(&[], prompt, |command| {
            command.env("DASHSCOPE_BASE_URL", server.base_url());
        });
        assert!(
            text(&output.stderr).contains(told),
            "{}",
            text(&output.stderr)
        );
        assert!(text(&output.stderr).contains("1 sent, 1 failed, 0 tokens used"));
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_dry_run_needs_no_key_and_tells_when_what_would_be_sent() {
    let output = run(&["--dry-run"], "one\ntwo\n\nthree\n", |command| {
        command.env_remove("DASHSCOPE_API_KEY");
    });
    assert_eq!(
        text(&output.stdout),
        "    0.000 s  line 1, 545 tokens\n    \
             0.102 s  line 2, 545 tokens\n    \
             0.204 s  line 4, 546 tokens\n"
    );
    assert_eq!(
        text(&output.stderr),
        "qwen-plus: 100% of 600 queries and 1,000,000 tokens per minute\n\
         3 would be sent: 1,636 tokens by estimate, in 0.2 s, 0.2 s of it waiting for the limits\n"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn what_cannot_be_sent_is_an_error() {
    let told = |arguments: &[&str], prompts: &str, key: &str| {
        let output = run(arguments, prompts, |command| {
            command.env("DASHSCOPE_API_KEY", key);
        });
        assert!(!output.status.success());
        text(&output.stderr).lines().next().unwrap().to_owned()
    };
    assert_eq!(
        told(&[], "one\n", ""),
        "error: set DASHSCOPE_API_KEY to your API key, or use --dry-run"
    );
    assert_eq!(told(&["--dry-run"], "\n", ""), "error: there is no prompt");
    assert_eq!(
        told(&["--model", "qwen-pluss"], "one\n", ""),
        "error: invalid value 'qwen-pluss' for '--model <MODEL>': \
         unknown model `qwen-pluss`, did you mean `qwen-plus`?"
    );
    assert_eq!(
        told(&["--model", "qwen2-7b-instruct"], "one\n", ""),
        "error: invalid value 'qwen2-7b-instruct' for '--model <MODEL>': \
         model `qwen2-7b-instruct` is deprecated, use `qwen3-235b-a22b`"
    );
    assert_eq!(
        told(&["--model", "text-embedding-v3"], "one\n", ""),
        "error: text-embedding-v3 is for embedding"
    );
    let is_refused = run(&[], "one\n", |command| {
        command.env("DASHSCOPE_API_KEY", "sk-\u{7f}");
    });
    assert!(
        text(&is_refused.stderr).contains("line 1: "),
        "{}",
        text(&is_refused.stderr)
    );
}

/// Runs the program with prompts as its standard input.
fn run(arguments: &[&str], prompts: &str, prepare: impl FnOnce(&mut Command)) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paced"));
    command
        .args(arguments)
        .env("DASHSCOPE_API_KEY", "sk-test\n");
    // Nothing is to leave this machine, a proxy for it included.
    command
        .env("DASHSCOPE_BASE_URL", "http://127.0.0.1:1")
        .env("NO_PROXY", "127.0.0.1");
    prepare(&mut command);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that fails before it reads is gone by now.
    let _ = child.stdin.take().unwrap().write_all(prompts.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
