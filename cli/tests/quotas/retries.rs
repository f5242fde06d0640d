//! What is retried, and how long the command waits before that.

use std::time::Duration;

use loopback::Server;

use crate::command::{ask, fails, quotas, refusal, success};

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
