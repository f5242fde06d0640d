//! Where the key goes. That it is never printed is checked for each run of the command.

use loopback::Server;
use serde_json::json;

use crate::command::{KEY, ask, limit, one_model, one_page, quotas, row, with};

#[test]
fn the_key_is_sent_in_the_header_and_not_in_the_url() {
    let server = Server::start(|_, response| response.send(200, one_model()));
    assert_eq!(ask(&server, &[]).code, Some(0));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    for request in requests {
        assert!(!request.line.contains(KEY));
        let headers = request.headers.iter();
        let with_key = headers.filter(|(_, value)| value.contains(KEY));
        let with_key: Vec<_> = with_key.map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(with_key, [("authorization", &*format!("Bearer {KEY}"))]);
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let other = Server::start(|_, response| response.send(200, one_model()));
    let location = format!("{}/{KEY}", other.url());
    for status in [301, 302, 307, 308] {
        let location = location.clone();
        let server = Server::start(move |_, response| {
            response.header("location", &location).send(status, "");
        });
        let output = ask(&server, &[]);
        assert_eq!(output.code, Some(2));
        let message = format!("error: the server redirects to 127.0.0.1 (status {status})");
        assert!(output.stderr.starts_with(&message), "{}", output.stderr);
    }
    assert!(other.requests().is_empty());
}

#[test]
fn a_key_that_the_server_repeats_is_not_printed() {
    let bodies = [
        json!({ "success": false, "code": KEY, "message": format!("Wrong: {KEY}"), "request_id": KEY }),
        json!(format!("<html>{KEY}")),
        one_page(&json!([row(KEY, json!(null))])),
    ];
    for status in [200, 400, 401, 429] {
        for body in &bodies {
            let body = body.clone();
            let server = Server::start(move |_, response| response.send(status, body.clone()));
            let output = ask(&server, &["--retries", "0"]);
            let text = output.stdout + &output.stderr;
            assert!(text.contains("[key]"), "{status}: {text}");
        }
    }
}

#[test]
fn a_key_that_the_server_repeats_with_escapes_is_not_printed() {
    // JSON can write any character in this way.
    let escaped = KEY.bytes().map(|byte| format!("\\u{byte:04x}"));
    let escaped = escaped.collect::<Vec<_>>().concat();
    let quota = with(limit([0, 0], [5, 60]), "usage_limit_field", KEY);
    for (status, body) in [
        (
            400,
            json!({ "code": "Bad", "message": format!("Wrong: {KEY}") }),
        ),
        (429, json!({ "code": KEY, "message": "Later" })),
        (400, json!({ "error": { KEY: KEY } })),
        (400, json!([KEY])),
        (200, json!({ "success": KEY })),
        (200, one_page(&json!([row(KEY, json!(null))]))),
        (200, one_page(&json!([row(KEY, quota.clone())]))),
        (200, one_page(&json!([row("qwen-plus", quota)]))),
    ] {
        for escaped in [&escaped, &KEY.replacen('s', "\\u0073", 1)] {
            let body = body.to_string().replace(KEY, escaped);
            let text = body.clone();
            let server = Server::start(move |_, response| response.send(status, body.clone()));
            for arguments in [&["--retries", "0"][..], &["--retries", "0", "--diff"]] {
                let output = ask(&server, arguments);
                let printed = output.stdout + &output.stderr;
                assert!(!printed.contains(&KEY[1..]), "{text}: {printed}");
                assert!(!printed.contains("u0073"), "{text}: {printed}");
            }
        }
    }
}

#[test]
fn a_key_that_the_server_repeats_in_json_that_is_cut_off_is_not_printed() {
    let escaped = KEY.replacen('s', "\\u0073", 1);
    for status in [200, 400, 429] {
        let body = format!("{{\"message\": \"\\u00e4\\u1\\u{escaped}");
        let server = Server::start(move |_, response| response.send(status, body.clone()));
        let output = ask(&server, &["--retries", "0"]);
        let message = "`{\"message\": \"\\u00e4\\u1\\u[key]`";
        assert!(output.stderr.contains(message), "{}", output.stderr);
    }
}

#[test]
fn a_key_in_the_workspace_or_the_url_is_an_error_and_is_not_sent() {
    let server = Server::start(|_, response| response.send(200, one_model()));
    let url = format!("{}/{KEY}", server.url());
    for arguments in [["--url", &url], ["--workspace", KEY]] {
        let output = quotas(&[&arguments[..], &["--retries", "0"]].concat(), &[]);
        assert_eq!(output.code, Some(2));
        let message = "error: the workspace or the URL contains the key\n";
        assert_eq!(output.stderr, message);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_request_without_tls_does_not_go_through_a_proxy() {
    let proxy = Server::start(|_, response| response.send(200, one_model()));
    let server = Server::start(|_, response| response.send(200, one_model()));
    for variable in ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"] {
        let output = quotas(&["--url", server.url()], &[(variable, proxy.url())]);
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        assert_eq!(server.requests().len(), 1);
    }
    assert!(proxy.requests().is_empty());
}

#[test]
fn a_request_with_tls_goes_through_a_proxy_which_does_not_see_the_key() {
    let proxy = Server::start(|_, response| response.send(502, ""));
    for (arguments, host) in [
        (&[][..], "dashscope-intl.aliyuncs.com:443"),
        (
            &["--workspace", "llm-1", "--region", "frankfurt"],
            "llm-1.eu-central-1.maas.aliyuncs.com:443",
        ),
    ] {
        let arguments = [arguments, &["--retries", "0", "--timeout", "5"]].concat();
        let output = quotas(&arguments, &[("HTTPS_PROXY", proxy.url())]);
        assert_eq!(output.code, Some(2));
        let requests = proxy.requests();
        assert_eq!(requests.len(), 1, "{}", output.stderr);
        assert_eq!(requests[0].line, format!("CONNECT {host} HTTP/1.1"));
        assert!(!format!("{requests:?}").contains(KEY));
    }
}
