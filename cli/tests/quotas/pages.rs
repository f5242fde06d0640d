//! Which requests are sent for the pages.

use loopback::{Request, Server};
use serde_json::{Value, json};

use crate::command::{Output, ask, limit, one_model, page, quotas, row};

fn rows(names: &[&str]) -> Value {
    let rows = names.iter();
    rows.map(|name| row(name, limit([7, 60], [0, 0]))).collect()
}

fn number(request: &Request) -> usize {
    let (_, query) = request.line.split_once("page_no=").unwrap();
    query.split('&').next().unwrap().parse().unwrap()
}

#[track_caller]
fn fails(output: &Output, message: &str) {
    assert_eq!(output.code, Some(2), "{}", output.stdout);
    assert_eq!(output.stdout, "");
    assert_eq!(output.stderr, format!("error: {message}\n"));
}

#[test]
fn all_pages_are_requested_until_the_total_is_reached() {
    let pages = [rows(&["qwen-plus", "qwen-max"]), rows(&["qwen-turbo"])];
    let server = Server::start(move |request, response| {
        let number = number(request);
        response.send(200, page(number, 3, &pages[number - 1]));
    });
    let output = ask(&server, &[]);
    assert_eq!(output.stderr, "");
    assert_eq!(output.code, Some(0));
    assert!(
        output.stdout.ends_with(
            "limits:
  qwen-max: { qpm: 7 }
  qwen-plus: { qpm: 7 }
  qwen-turbo: { qpm: 7 }
"
        ),
        "{}",
        output.stdout
    );
    let requests = server.requests();
    let lines: Vec<&str> = requests.iter().map(|request| &*request.line).collect();
    assert_eq!(
        lines,
        [
            "GET /api/v1/quotas?page_no=1&page_size=100 HTTP/1.1",
            "GET /api/v1/quotas?page_no=2&page_size=100 HTTP/1.1"
        ]
    );
}

#[test]
fn the_mainland_has_another_path() {
    let server = Server::start(|_, response| response.send(200, one_model()));
    let url = format!("{}/base/", server.url());
    let output = quotas(&["--url", &url, "--region", "beijing"], &[]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_eq!(
        server.requests()[0].line,
        "GET /base/api/v1/models/limits?page_no=1&page_size=100 HTTP/1.1"
    );
}

#[test]
fn the_comment_at_the_beginning_says_where_the_limits_come_from() {
    let server = Server::start(|_, response| response.send(200, one_model()));
    let output = ask(&server, &["--table", "beijing"]);
    let expected = [
        "the table `beijing`",
        "# Region: singapore\n",
        &format!("# Source: {}/api/v1/quotas\n", server.url()),
    ];
    for part in expected {
        assert!(output.stdout.contains(part), "{part}: {}", output.stdout);
    }
}

#[test]
fn a_response_without_models_is_an_error() {
    let server = Server::start(|_, response| response.send(200, page(1, 0, &json!([]))));
    for arguments in [&[][..], &["--diff"], &["--format", "json"]] {
        fails(&ask(&server, arguments), "the provider returned no models");
    }
}

#[test]
fn an_empty_page_before_the_total_is_an_error() {
    let server = Server::start(|request, response| match number(request) {
        1 => response.send(200, page(1, 3, &rows(&["qwen-plus"]))),
        number => response.send(200, page(number, 3, &json!([]))),
    });
    fails(
        &ask(&server, &[]),
        "unexpected response: page 2 is empty, after 1 of 3 quotas",
    );
}

#[test]
fn a_page_that_repeats_the_one_before_it_is_an_error() {
    let server = Server::start(|request, response| {
        response.send(200, page(number(request), 3, &rows(&["qwen-plus"])));
    });
    fails(
        &ask(&server, &[]),
        "unexpected response: page 2 repeats the page before it",
    );
}

#[test]
fn a_page_with_another_number_is_an_error() {
    let server = Server::start(|request, response| {
        let name = format!("m{}", number(request));
        response.send(200, page(1, 9, &rows(&[&name])));
    });
    fails(
        &ask(&server, &[]),
        "unexpected response: requested page 2, got page 1",
    );
}

#[test]
fn pages_without_an_end_are_an_error() {
    let server = Server::start(|request, response| {
        let number = number(request);
        let name = format!("m{number}");
        response.send(200, page(number, number + 1, &rows(&[&name])));
    });
    fails(
        &ask(&server, &[]),
        "unexpected response: there are more than 200 pages",
    );
    assert_eq!(server.requests().len(), 200);
}
