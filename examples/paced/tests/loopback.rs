//! Sends requests to a server on the loopback interface, with the library and with the program.

use std::num::{NonZeroU32, NonZeroU64};
use std::process::Command;
use std::thread;
use std::time::Duration;

use loopback::{DONE, Response, Server, event, usage_event};
use model_studio_limiter::{Limiter, Refusal};
use model_studio_limits::{Limit, LimitKind, Limits, model};
use paced::batch::send_all;
use paced::endpoint::{Endpoint, Refused, Request};
use serde_json::{Value, json};

const SECOND: Duration = Duration::from_secs(1);

/// 20 requests per second.
const LIMITS: Limits = Limits::new(&[Limit {
    kind: LimitKind::Requests,
    count: NonZeroU64::new(20).unwrap(),
    per: Some(SECOND),
}]);

#[test]
fn a_server_that_enforces_the_limit_refuses_nothing() {
    let server = Server::start_limited(20, SECOND, |_, response| {
        // Answers overlap, which must not slow down the batch or make it faster.
        thread::sleep(Duration::from_millis(200));
        send_answer(response, "Yes.", 3, 17);
    });
    let endpoint = endpoint(&server);
    // The large guard allows for delays on a loaded machine.
    let limiter = Limiter::builder(LIMITS).guard(SECOND / 2).build();
    let mut tokens = 0;
    let requests = requests(30);
    send_all(
        &limiter,
        &requests,
        |request| endpoint.ask(request),
        |outcome| {
            let answer = outcome.result.unwrap();
            assert_eq!(answer.text, "Yes.");
            tokens += answer.cost.unwrap().amount(LimitKind::Tokens);
        },
    )
    .unwrap();
    assert_eq!(tokens, 30 * 20);
    assert_eq!(server.requests().len(), 30);
    let usage = limiter.usage();
    assert_eq!((usage.admitted, usage.refused, usage.unsettled), (30, 0, 0));
}

#[test]
fn a_server_that_enforces_the_limit_refuses_requests_without_a_limiter() {
    let server = Server::start_limited(20, SECOND, |_, response| {
        send_answer(response, "Yes.", 3, 17);
    });
    let endpoint = endpoint(&server);
    let results = requests(100)
        .into_iter()
        .map(|request| endpoint.ask(&request));
    let errors: Vec<_> = results.filter_map(Result::err).collect();
    assert!(!errors.is_empty());
    for error in errors {
        let refused: &Refused = error.downcast_ref().unwrap();
        assert_eq!(refused.refusal, Refusal::Requests);
    }
}

#[test]
fn refusals_are_classified() {
    for (code, message, refusal) in [
        ("limit_burst_rate", "", Refusal::Burst),
        (
            "insufficient_quota",
            "You exceeded your current quota.",
            Refusal::Tokens,
        ),
        (
            "insufficient_quota",
            "Free allocated quota exceeded.",
            Refusal::NotRetryable,
        ),
    ] {
        let server = Server::start(move |_, response| {
            response.header("retry-after", "7").refuse(code, message);
        });
        let error = endpoint(&server).ask(&requests(1)[0]).err().unwrap();
        let refused: &Refused = error.downcast_ref().unwrap();
        assert_eq!(refused.refusal, refusal);
        assert_eq!(refused.retry_after, Some(Duration::from_secs(7)));
        assert_eq!(refused.message, format!("429 Too Many Requests: {message}"));
    }
}

#[test]
fn the_provider_may_hold_requests_that_rise_too_quickly() {
    let server = Server::start(|request, response| {
        // A request without the header is refused.
        let Some(seconds) = request.headers.get("x-dashscope-wait-timeout") else {
            return response.refuse("limit_burst_rate", "Request rate increased too quickly.");
        };
        assert_eq!(seconds, "60");
        thread::sleep(Duration::from_millis(300));
        send_answer(response, "Yes.", 3, 17);
    });
    let (endpoint, limiter) = (endpoint(&server), Limiter::new(LIMITS));
    let requests = requests(10);
    let ask = |request: &Request| endpoint.ask(request);
    send_all(&limiter, &requests, ask, |outcome| {
        assert_eq!(outcome.result.unwrap().text, "Yes.");
    })
    .unwrap();
    assert_eq!(limiter.usage().refused, 0);
    assert_eq!(server.requests().len(), 10);
}

#[test]
fn a_refused_request_is_repeated() {
    let server = Server::start(|request, response| {
        if request.number == 0 {
            response.refuse("limit_requests", "Too fast.");
        } else {
            send_answer(response, "Hi!", 3, 2);
        }
    });
    let (code, stdout, stderr) = run(&[], "Hello", &[("DASHSCOPE_BASE_URL", server.base_url())]);
    assert_eq!(code, Some(0));
    assert_eq!(
        stdout,
        json!({ "line": 1, "answer": "Hi!" }).to_string() + "\n"
    );
    let stderr = without_times(&stderr);
    assert!(
        stderr.ends_with("\n2 sent, 0 failed, 5 tokens used: 546 tokens estimated"),
        "{stderr}"
    );
    let body = body("qwen-plus", "Hello", 512);
    assert_eq!(server.bodies(), [body.clone(), body]);
}

#[test]
fn the_answer_is_printed() {
    let server = Server::start(|_, response| send_answer(response, "你好!", 12, 5));
    let (code, stdout, stderr) = run(
        &["--model", "qwen-turbo", "--max-output", "200"],
        "\nSay hello in Chinese.\n",
        &[("DASHSCOPE_BASE_URL", server.base_url())],
    );
    assert_eq!(code, Some(0));
    assert_eq!(
        stdout,
        json!({ "line": 2, "answer": "你好!" }).to_string() + "\n"
    );
    assert_eq!(
        without_times(&stderr),
        "qwen-turbo: 100% of 600 queries and 5,000,000 tokens per minute\n\
         1 sent, 0 failed, 17 tokens used: 239 tokens estimated"
    );

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
fn a_failure_that_a_retry_cannot_help_is_reported_with_its_line() {
    for (status, response, message) in [
        (
            401,
            r#"{"error":{"message":"Incorrect key.","code":"invalid_api_key"}}"#,
            "401 Unauthorized: Incorrect key.",
        ),
        (404, "<html>", "404 Not Found: <html>"),
        (200, "data: {}\n\n", "the answer is incomplete"),
        (
            200,
            "data: {\"error\":{\"message\":\"Late.\"}}\n\n",
            r#"{"message":"Late."}"#,
        ),
    ] {
        let server = Server::start(move |_, to| to.send(status, response));
        let (code, stdout, stderr) =
            run(&[], "Hello", &[("DASHSCOPE_BASE_URL", server.base_url())]);
        assert_eq!((code, stdout.as_str()), (Some(1), ""));
        assert_eq!(
            without_times(&stderr),
            format!(
                "qwen-plus: 100% of 600 queries and 1,000,000 tokens per minute\n\
                 line 1: {message}\n\
                 1 sent, 1 failed, 0 tokens used: 546 tokens estimated"
            )
        );
        assert_eq!(server.bodies(), [body("qwen-plus", "Hello", 512)]);
    }
}

#[test]
fn a_dry_run_needs_no_key() {
    let key = [("DASHSCOPE_API_KEY", "")];
    let output = run(&["--dry-run"], "one\ntwo\n\nthree\n", &key);
    let stdout = "    0.000 s  line 1, 545 tokens\n    \
                      0.100 s  line 2, 545 tokens\n    \
                      0.200 s  line 4, 546 tokens\n";
    let stderr = "qwen-plus: 100% of 600 queries and 1,000,000 tokens per minute\n\
        3 to send: 1,636 tokens estimated, 0.2 s, including 0.2 s of waiting\n";
    assert_eq!(output, (Some(0), stdout.to_owned(), stderr.to_owned()));
}

#[test]
fn a_prompt_that_exceeds_a_limit_is_reported_with_its_line() {
    let prompts = format!("{}\nHello\n", "long ".repeat(50));
    let message = "line 1: the request needs 10,066 tokens, which can never be admitted: its share is \
        10,000 of 1,000,000 tokens per minute\n";
    let server = Server::start(|_, response| send_answer(response, "Yes.", 3, 17));
    let url = [("DASHSCOPE_BASE_URL", server.base_url())];
    let limits = ["--share", "1", "--max-output", "9950"];
    let (code, stdout, stderr) = run(&limits, &prompts, &url);
    assert_eq!(code, Some(1));
    assert_eq!(
        stdout,
        json!({ "line": 2, "answer": "Yes." }).to_string() + "\n"
    );
    assert!(stderr.contains(message), "{stderr}");

    let (code, stdout, stderr) = run(&[&limits[..], &["--dry-run"]].concat(), &prompts, &url);
    assert_eq!(code, Some(1));
    assert_eq!(stdout, "    0.000 s  line 2, 9984 tokens\n");
    assert!(stderr.contains(message), "{stderr}");
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
    let mut command = Command::new(env!("CARGO_BIN_EXE_paced"));
    command
        .args(arguments)
        .env("DASHSCOPE_API_KEY", "sk-test\n")
        // No test connects to another host, not even to a proxy.
        .env("DASHSCOPE_BASE_URL", "http://127.0.0.1:1")
        .env("NO_PROXY", "127.0.0.1")
        .envs(variables.iter().copied());
    loopback::run(&mut command, prompts)
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
fn send_answer(response: &mut Response, text: &str, input: u32, output: u32) {
    let (first, second) = text.split_at(text.len() / 2);
    response.begin(200);
    for event in [event(first, None), event(second, Some("stop"))] {
        response.chunk(event);
    }
    response.chunk(usage_event(input, output) + DONE);
}

fn endpoint(server: &Server) -> Endpoint {
    Endpoint::new(Some(server.base_url()), "sk-test", model!("qwen-plus"))
}

fn requests(count: usize) -> Vec<Request> {
    let request = |line| Request::new(line, "Yes?".to_owned(), NonZeroU32::new(100).unwrap());
    (1..=count).map(request).collect()
}

/// Removes the times at the end of the summary.
fn without_times(stderr: &str) -> &str {
    let end = stderr.find(" tokens estimated").unwrap() + " tokens estimated".len();
    &stderr[..end]
}
