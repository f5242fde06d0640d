//! Runs the program against a server on loopback that speaks the API.

mod server;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;
use server::{Chunks, Request, Server, respond};

#[test]
fn an_answer_is_printed_and_the_request_is_the_apis() {
    // What the API sends, with an event that arrives in two pieces, cut within a character.
    let server = Server::start(|stream| {
        let mut chunks = Chunks::begin(stream)?;
        chunks.send(event("", None).as_bytes())?;
        chunks.send(event("Two ", None).as_bytes())?;
        let cut = event("naïve ", None).into_bytes();
        let (before, after) =
            cut.split_at(cut.iter().position(|byte| !byte.is_ascii()).unwrap() + 1);
        chunks.send(before)?;
        chunks.send(after)?;
        chunks.send(format!("{}{}", event("words.", None), event("", Some("stop"))).as_bytes())?;
        chunks.send(b"data: [DONE]\n\n")?;
        chunks.end()
    });

    let output = run(chat(&server).args(["Say", "two naïve words."]));
    assert_eq!(text(&output.stderr), "");
    assert_eq!(text(&output.stdout), "Two naïve words.\n");
    assert_eq!(output.status.code(), Some(0));

    let request = only(server.requests());
    assert_eq!(request.line, "POST /v1/chat/completions HTTP/1.1");
    assert_eq!(request.authorization, "Bearer sk-test");
    let message = json!({ "role": "user", "content": "Say two naïve words." });
    assert_eq!(
        request.body,
        json!({ "model": "qwen-plus", "stream": true, "messages": [message] })
    );
    // What the environment says for OpenAI's clients stays here.
    assert!(
        !request
            .headers
            .iter()
            .any(|(name, _)| name.starts_with("openai-"))
    );
}

#[test]
fn output_arrives_before_the_stream_ends() {
    // The server holds the rest of the answer back until the test has read the first part of it.
    let (has_read, may_go_on) = mpsc::channel();
    let (report, was_read_first) = mpsc::channel();
    let may_go_on = std::sync::Mutex::new(may_go_on);
    let server = Server::start(move |stream| {
        let mut chunks = Chunks::begin(stream)?;
        chunks.send(event("first", None).as_bytes())?;
        // Only a client that keeps the first part to itself gets the test to wait that long.
        let is_read = may_go_on
            .lock()
            .unwrap()
            .recv_timeout(Duration::from_secs(60));
        report.send(is_read.is_ok()).unwrap();
        chunks.send(event(", last", Some("stop")).as_bytes())?;
        chunks.send(b"data: [DONE]\n\n")?;
        chunks.end()
    });

    let mut child = chat(&server)
        .arg("Hello")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 5];
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"first");
    has_read.send(()).unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, ", last\n");
    assert!(child.wait().unwrap().success());
    assert!(was_read_first.recv().unwrap());
}

#[test]
fn a_429_is_explained_and_not_retried() {
    // `insufficient_quota` is what the provider says of tokens per minute, `limit_requests` of
    // queries.
    for kind in ["limit_requests", "insufficient_quota"] {
        let server = Server::start(move |stream| {
            let error =
                json!({ "message": "Too fast.", "type": kind, "param": null, "code": kind });
            let body = json!({ "error": error, "request_id": "1" }).to_string();
            respond(stream, "429 Too Many Requests", "application/json", &body)
        });
        let output = run(chat(&server).arg("Hello"));
        assert_eq!(
            text(&output.stderr),
            format!(
                "error: 429 Too Many Requests {kind}: Too fast. (code: {kind})\n\
                 qwen-plus: 600 queries and 1,000,000 tokens per minute for the account, over all \
                 its API keys; past a limit, calls fail until the rate falls again\n"
            )
        );
        assert_eq!(text(&output.stdout), "");
        assert_eq!(output.status.code(), Some(1));
        only(server.requests());
    }
}

#[test]
fn another_error_is_told_as_it_is() {
    let server = Server::start(|stream| {
        let error = json!({ "message": "Incorrect API key provided.", "code": "invalid_api_key" });
        let body = json!({ "error": error }).to_string();
        respond(stream, "401 Unauthorized", "application/json", &body)
    });
    let output = run(chat(&server).arg("Hello"));
    let told = text(&output.stderr);
    assert!(told.contains("Incorrect API key provided."), "{told}");
    assert!(!told.contains("per minute"), "{told}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn an_answer_that_breaks_off_is_an_error() {
    let server = Server::start(|stream| {
        let mut chunks = Chunks::begin(stream)?;
        chunks.send(event("Half an ", None).as_bytes())?;
        chunks.end()
    });
    let output = run(chat(&server).arg("Hello"));
    assert_eq!(text(&output.stdout), "Half an \n");
    assert_eq!(text(&output.stderr), "error: the answer broke off\n");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_prompt_may_be_standard_input_and_the_model_an_alias() {
    let server = Server::start(hello);
    let mut command = chat(&server);
    command.args(["--model", "qwen-max-0125"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"Hello\n").unwrap();
    assert_eq!(text(&child.wait_with_output().unwrap().stdout), "Hello!\n");

    let request = only(server.requests());
    assert_eq!(request.body["model"], "qwen-max-2025-01-25");
    assert_eq!(request.body["messages"][0]["content"], "Hello\n");

    let output = run(&mut chat(&server));
    assert_eq!(text(&output.stderr), "error: the prompt is empty\n");
}

#[test]
fn a_misspelt_model_is_told_the_near_name() {
    let server = Server::start(hello);
    let output = run(chat(&server).args(["--model", "qwen-pluss", "Hello"]));
    let told = text(&output.stderr);
    assert!(
        told.starts_with("error: invalid value 'qwen-pluss' for '--model <MODEL>'"),
        "{told}"
    );
    assert!(
        told.contains("a similar value exists: 'qwen-plus'"),
        "{told}"
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(server.requests().is_empty());
}

#[test]
fn a_deprecated_model_is_used_with_a_warning() {
    let server = Server::start(hello);
    let output = run(chat(&server).args(["--model", "qwen2-7b-instruct", "Hello"]));
    assert_eq!(
        text(&output.stderr),
        "warning: qwen2-7b-instruct is deprecated, use qwen3-235b-a22b\n"
    );
    assert_eq!(text(&output.stdout), "Hello!\n");
    assert_eq!(only(server.requests()).body["model"], "qwen2-7b-instruct");
}

#[test]
fn a_model_for_something_else_is_refused() {
    let server = Server::start(hello);
    let output = run(chat(&server).args(["--model", "wan2.1-t2i-turbo", "Hello"]));
    let told = "error: wan2.1-t2i-turbo is for image-generation, not for a chat\n";
    assert_eq!(text(&output.stderr), told);
    assert!(server.requests().is_empty());
}

#[test]
fn a_key_is_needed_and_one_that_cannot_be_sent_is_refused() {
    let server = Server::start(hello);
    let told = |key: &str| {
        let output = run(chat(&server).arg("Hello").env("DASHSCOPE_API_KEY", key));
        (output.status.code(), text(&output.stderr).to_owned())
    };
    let is_missing = "error: set DASHSCOPE_API_KEY to your API key\n".to_owned();
    assert_eq!(told(" "), (Some(1), is_missing));
    let is_wrong = "error: DASHSCOPE_API_KEY has a character that no key has\n".to_owned();
    assert_eq!(told("sk-\u{7f}"), (Some(1), is_wrong));
    assert!(server.requests().is_empty());
    // The end of a line that a file leaves is no part of it.
    assert_eq!(told("sk-file\n"), (Some(0), String::new()));
    assert_eq!(only(server.requests()).authorization, "Bearer sk-file");
}

#[test]
fn an_https_address_is_spoken_to_with_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "https://127.0.0.1:{}/v1",
        listener.local_addr().unwrap().port()
    );
    let first_byte = std::thread::spawn(move || {
        let mut byte = [0];
        listener.accept().unwrap().0.read_exact(&mut byte).unwrap();
        byte
    });
    let output = run(program().arg("Hello").env("DASHSCOPE_BASE_URL", url));
    assert!(text(&output.stderr).starts_with("error: error sending request"));
    assert_eq!(output.status.code(), Some(1));
    // A handshake.
    assert_eq!(first_byte.join().unwrap(), [0x16]);
}

/// The program, to talk to a server.
fn chat(server: &Server) -> Command {
    let mut command = program();
    command.env("DASHSCOPE_BASE_URL", server.base_url());
    command
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat"));
    command.env("DASHSCOPE_API_KEY", "sk-test");
    command.envs([("OPENAI_ORG_ID", "org"), ("OPENAI_PROJECT_ID", "project")]);
    // A proxy that the environment names is not asked for loopback.
    command.env("NO_PROXY", "127.0.0.1").env_remove("no_proxy");
    command.stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// An event of the stream as the API sends it.
fn event(content: &str, finish_reason: Option<&str>) -> String {
    let choice = json!({
        "delta": { "content": content, "role": "assistant" },
        "finish_reason": finish_reason,
        "index": 0,
        "logprobs": null,
    });
    let event = json!({
        "choices": [choice],
        "created": 1_735_113_344,
        "id": "chatcmpl-1",
        "model": "qwen-plus",
        "object": "chat.completion.chunk",
        "system_fingerprint": null,
        "usage": null,
    });
    format!("data: {event}\n\n")
}

/// Answers with one word.
fn hello(stream: &mut std::net::TcpStream) -> std::io::Result<()> {
    let events = format!("{}data: [DONE]\n\n", event("Hello!", Some("stop")));
    respond(stream, "200 OK", "text/event-stream", &events)
}

/// The one request that there was.
fn only(mut requests: Vec<Request>) -> Request {
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
