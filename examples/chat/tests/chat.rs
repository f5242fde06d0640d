//! Runs the program against a server on the loopback interface.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use loopback::{DONE, Request, Response, Server, event};
use serde_json::{Value, json};

#[test]
fn the_answer_is_printed() {
    let server = Server::start(|_, response| {
        response.begin(200);
        response.chunk(event("", None));
        response.chunk(event("Two ", None));
        // The next event arrives in two chunks that split a character.
        let split = event("naïve ", None).into_bytes();
        let middle = split.iter().position(|byte| !byte.is_ascii()).unwrap() + 1;
        response.chunk(&split[..middle]);
        response.chunk(&split[middle..]);
        response.chunk(event("words.", None) + &event("", Some("stop")));
        response.chunk(DONE);
    });
    let output = run(chat(&server).args(["Say", "two naïve words."]));
    assert_eq!(output, outcome(0, "Two naïve words.\n", ""));

    let requests = server.requests();
    let [request] = &requests[..] else {
        panic!("not one request: {requests:?}");
    };
    assert_eq!(request.line, "POST /v1/chat/completions HTTP/1.1");
    assert_eq!(request.headers["authorization"], "Bearer sk-test");
    // The provider may hold the request for a minute if requests rise too quickly.
    assert_eq!(request.headers["x-dashscope-wait-timeout"], "60");
    assert_eq!(request.body, body("qwen-plus", "Say two naïve words."));
    let openai = request
        .headers
        .iter()
        .filter(|(name, _)| name.starts_with("openai-"));
    assert_eq!(openai.collect::<Vec<_>>(), []);
}

#[test]
fn output_is_printed_before_the_stream_ends() {
    // The server waits until the test has read the first part of the answer. If the program does
    // not print it, the server panics and the rest is missing.
    let (has_read, is_read) = mpsc::channel();
    let is_read = Mutex::new(is_read);
    let server = Server::start(move |_, response| {
        response.begin(200);
        response.chunk(event("first", None));
        let is_read = is_read.lock().unwrap();
        is_read.recv_timeout(Duration::from_secs(60)).unwrap();
        response.chunk(event(", last", Some("stop")) + DONE);
    });

    let mut command = chat(&server);
    let mut child = command.arg("Hello").stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 5];
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"first");
    has_read.send(()).unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, ", last\n");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_429_is_explained_and_not_retried() {
    // The API sends `limit_requests` for queries and `insufficient_quota` for tokens per minute.
    for code in ["limit_requests", "insufficient_quota"] {
        let server = Server::start(move |_, response| {
            response.refuse(code, "Too fast.");
        });
        let output = run(chat(&server).arg("Hello"));
        let stderr = format!(
            "error: 429 Too Many Requests {code}: Too fast. (code: {code})\n\
             the limit of qwen-plus is 600 queries and 1,000,000 tokens per minute for all API \
             keys of the account together\n"
        );
        assert_eq!(output, outcome(1, "", &stderr));
        assert_eq!(server.bodies(), [body("qwen-plus", "Hello")]);
    }
}

#[test]
fn other_errors_are_not_explained() {
    let server = Server::start(|_, response| {
        let error = json!({ "message": "Incorrect API key provided.", "code": "invalid_api_key" });
        response.send(401, json!({ "error": error }));
    });
    let output = run(chat(&server).arg("Hello"));
    let stderr = "error: 401 Unauthorized Incorrect API key provided. (code: invalid_api_key)\n";
    assert_eq!(output, outcome(1, "", stderr));
}

#[test]
fn an_incomplete_answer_is_an_error() {
    let server = Server::start(|_, response| response.send(200, event("Half an ", None)));
    let output = run(chat(&server).arg("Hello"));
    assert_eq!(
        output,
        outcome(1, "Half an \n", "error: the answer is incomplete\n")
    );
}

#[test]
fn the_prompt_is_read_from_standard_input() {
    let server = Server::start(hello);
    let output = loopback::run(&mut chat(&server), "Hello\n");
    assert_eq!(output, outcome(0, "Hello!\n", ""));
    assert_eq!(server.bodies(), [body("qwen-plus", "Hello\n")]);

    let output = run(&mut chat(&server));
    assert_eq!(output, outcome(1, "", "error: the prompt is empty\n"));
    assert_eq!(server.bodies(), [] as [Value; 0]);
}

#[test]
fn a_prompt_that_exceeds_a_limit_is_not_sent() {
    let server = Server::start(hello);
    let prompt = "long ".repeat(60_000);
    let output = loopback::run(chat(&server).args(["--model", "qwen-max-latest"]), &prompt);
    let stderr = "error: the request needs 101,000 tokens, which can never be admitted: \
                  the limit is 100,000 tokens per minute\n";
    assert_eq!(output, outcome(1, "", stderr));
    assert_eq!(server.bodies(), [] as [Value; 0]);
}

#[test]
fn an_alias_is_sent_as_the_name_of_its_model() {
    let server = Server::start(hello);
    let output = run(chat(&server).args(["--model", "qwen-max-0125", "Hello"]));
    assert_eq!(output, outcome(0, "Hello!\n", ""));
    assert_eq!(server.bodies(), [body("qwen-max-2025-01-25", "Hello")]);
}

#[test]
fn an_unknown_model_is_refused_with_a_suggestion() {
    let server = Server::start(hello);
    let (code, stdout, stderr) = run(chat(&server).args(["--model", "qwen-pluss", "Hello"]));
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    // The line between the first and the tip lists all models.
    let mut lines = stderr.lines();
    assert_eq!(
        lines.next(),
        Some("error: invalid value 'qwen-pluss' for '--model <MODEL>'")
    );
    assert_eq!(
        lines.find(|line| line.contains("tip")),
        Some("  tip: a similar value exists: 'qwen-plus'")
    );
    assert_eq!(server.bodies(), [] as [Value; 0]);
}

#[test]
fn a_deprecated_model_is_used_with_a_warning() {
    let server = Server::start(hello);
    let output = run(chat(&server).args(["--model", "qwen2-7b-instruct", "Hello"]));
    let warning = "warning: qwen2-7b-instruct is deprecated, use qwen3-235b-a22b\n";
    assert_eq!(output, outcome(0, "Hello!\n", warning));
    assert_eq!(server.bodies(), [body("qwen2-7b-instruct", "Hello")]);
}

#[test]
fn a_model_of_another_category_is_refused() {
    let server = Server::start(hello);
    let output = run(chat(&server).args(["--model", "wan2.1-t2i-turbo", "Hello"]));
    let stderr = "error: wan2.1-t2i-turbo is not a chat model, its category is image-generation\n";
    assert_eq!(output, outcome(1, "", stderr));
    assert_eq!(server.bodies(), [] as [Value; 0]);
}

#[test]
fn a_valid_key_is_required() {
    let server = Server::start(hello);
    let run = |key| run(chat(&server).arg("Hello").env("DASHSCOPE_API_KEY", key));
    let is_missing = "error: set DASHSCOPE_API_KEY to your API key\n";
    assert_eq!(run(" "), outcome(1, "", is_missing));
    let is_invalid = "error: DASHSCOPE_API_KEY contains an invalid character\n";
    assert_eq!(run("sk-\u{7f}"), outcome(1, "", is_invalid));
    assert_eq!(server.bodies(), [] as [Value; 0]);

    // The line break at the end of a key is removed.
    assert_eq!(run("sk-file\n"), outcome(0, "Hello!\n", ""));
    let keys = server
        .requests()
        .into_iter()
        .map(|request| request.headers["authorization"].clone());
    assert_eq!(keys.collect::<Vec<_>>(), ["Bearer sk-file"]);
}

#[test]
fn https_uses_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/v1", listener.local_addr().unwrap());
    let first_byte = thread::spawn(move || {
        let mut byte = [0];
        listener.accept().unwrap().0.read_exact(&mut byte).unwrap();
        byte
    });
    let (code, stdout, stderr) = run(program().arg("Hello").env("DASHSCOPE_BASE_URL", url));
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    // The reason depends on how the connection ends.
    assert!(
        stderr.starts_with("error: error sending request"),
        "{stderr}"
    );
    // The content type of a TLS handshake record.
    assert_eq!(first_byte.join().unwrap(), [0x16]);
}

/// The program with the base URL of a server.
fn chat(server: &Server) -> Command {
    let mut command = program();
    command.env("DASHSCOPE_BASE_URL", server.base_url());
    command
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat"));
    command.env("DASHSCOPE_API_KEY", "sk-test");
    command.envs([("OPENAI_ORG_ID", "org"), ("OPENAI_PROJECT_ID", "project")]);
    // No proxy for the loopback interface.
    command.env("NO_PROXY", "127.0.0.1").env_remove("no_proxy");
    command
}

/// An exit code, standard output and standard error.
type Outcome = (Option<i32>, String, String);

/// Runs the program with an empty standard input.
fn run(command: &mut Command) -> Outcome {
    loopback::run(command, "")
}

fn outcome(code: i32, stdout: &str, stderr: &str) -> Outcome {
    (Some(code), stdout.to_owned(), stderr.to_owned())
}

/// The body of a request with this model and prompt.
fn body(model: &str, prompt: &str) -> Value {
    let message = json!({ "role": "user", "content": prompt });
    json!({
        "model": model,
        "stream": true,
        "stream_options": { "include_usage": true },
        "messages": [message],
    })
}

/// Responds with one word.
fn hello(_: &Request, response: &mut Response) {
    response.send(200, event("Hello!", Some("stop")) + DONE);
}
