//! Arguments and the key.

use loopback::Server;

use crate::command::{KEY, quotas, success};

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
