//! Requests that another server could read in another way, and that could reach another host.

use http::{Method, StatusCode};

use crate::common::{CHAT, RawClient, TestGateway, TestUpstream, chat, ok};

const FOLLOWING: &str = "GET /v1/files HTTP/1.1\r\nHost: gateway\r\n\r\n";

async fn start() -> (TestGateway, TestUpstream) {
    let upstream = TestUpstream::answering(ok("{}")).await;
    (TestGateway::in_front_of(&upstream).await, upstream)
}

/// Sends the beginning of a request, followed by bytes that are a request for one reader and a body for
/// another. Returns the status of the first response, and the request lines that reach the provider.
async fn send(fields: &str, body: &str) -> (u16, Vec<String>) {
    let (gateway, mut upstream) = start().await;
    let mut client = gateway.raw_client().await;
    let head = format!("POST {CHAT} HTTP/1.1\r\nHost: gateway\r\n{fields}\r\n");
    client.send(format!("{head}{body}{FOLLOWING}")).await;
    let status = client
        .response()
        .await
        .map_or(0, |response| response.status());
    let _ = client.response().await;
    gateway.idle().await;
    let seen = upstream.rest();
    let lines = seen.iter().map(|request| request.line().to_owned());
    (status, lines.collect())
}

#[tokio::test]
async fn equal_lengths_are_one() {
    let body = chat().to_string();
    let length = body.len();
    let twice = format!("Content-Length: {length}\r\nContent-Length: {length}\r\n");
    let (status, seen) = send(&twice, &body).await;
    assert_eq!(status, 200);
    assert_eq!(
        seen,
        [&*format!("POST {CHAT} HTTP/1.1"), "GET /v1/files HTTP/1.1"]
    );
}

#[tokio::test]
async fn headers_that_can_be_read_in_two_ways_end_the_connection() {
    let body = chat().to_string();
    let length = body.len();
    for fields in [
        format!("Content-Length: {length}\r\nContent-Length: 0\r\n"),
        format!("Content-Length: 0\r\nContent-Length: {length}\r\n"),
        format!("Content-Length: {length}, {length}\r\n"),
        format!("Content-Length: +{length}\r\n"),
        format!("Content-Length: 0x{length:x}\r\n"),
        format!("Content-Length: {length}\r\nX y: 1\r\n"),
        format!("Content-Length : {length}\r\n"),
        format!(" Content-Length: {length}\r\n"),
        format!("Content-Length: {length}\r\nX: 1\r\n folded\r\n"),
        format!("Content-Length: {length}\r\nX: a\0b\r\n"),
        format!("Content-Length: {length}\r\nX\0: a\r\n"),
        format!("Content-Length: {length}\r\nX: a\rb\r\n"),
        format!("Content-Length: {length}\r\nno colon\r\n"),
        "Transfer-Encoding: gzip\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n".to_owned(),
        format!("Content-Length: {length}\r\nTransfer-Encoding: gzip\r\n"),
    ] {
        let (status, seen) = send(&fields, &body).await;
        assert!([0, 400].contains(&status), "{fields:?}: {status}");
        assert!(seen.is_empty(), "{fields:?}: {seen:?}");
    }
}

/// RFC 9112, section 6.3: the connection must end after the response, if there is one.
#[tokio::test]
async fn a_length_and_chunks_end_the_connection() {
    let body = chat().to_string();
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for (fields, body) in [
        (
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            &chunked,
        ),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            &chunked,
        ),
        (
            "Content-Length: 5\r\nTransfer-Encoding: Chunked\r\n",
            &chunked,
        ),
    ] {
        let (_, seen) = send(fields, body).await;
        assert!(
            !seen.contains(&FOLLOWING.lines().next().unwrap().to_owned()),
            "{fields}"
        );
        assert!(seen.len() <= 1, "{fields}: {seen:?}");
    }
}

#[tokio::test]
async fn chunks_that_are_not_valid_end_the_connection() {
    let body = chat().to_string();
    let length = body.len();
    for chunks in [
        format!("x\r\n{body}\r\n0\r\n\r\n"),
        format!("-{length:x}\r\n{body}\r\n0\r\n\r\n"),
        format!("0x{length:x}\r\n{body}\r\n0\r\n\r\n"),
        format!("ffffffffffffffffff\r\n{body}\r\n0\r\n\r\n"),
        format!("{:x}\r\n{body}\r\n0\r\n\r\n", length - 1),
        format!("{length:x}\r\n{body}0\r\n\r\n"),
        format!("{length:x}\n{body}\r\n0\r\n\r\n"),
        format!("{length:x}\r\n{body}\n0\r\n\r\n"),
    ] {
        let (status, seen) = send("Transfer-Encoding: chunked\r\n", &chunks).await;
        assert!([0, 400].contains(&status), "{chunks:?}: {status}");
        assert!(seen.is_empty(), "{chunks:?}: {seen:?}");
    }
}

/// Extensions and trailers of chunks are not passed on.
#[tokio::test]
async fn valid_chunks_are_put_together() {
    let (gateway, mut upstream) = start().await;
    let body = chat().to_string();
    let (first, second) = body.split_at(10);
    let chunks = format!(
        "a;name=value\r\n{first}\r\n{:X}\r\n{second}\r\n0\r\nX-Gateway-Class: x\r\n\r\n",
        second.len()
    );
    let mut client = gateway.raw_client().await;
    let head =
        format!("POST {CHAT} HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(format!("{head}{chunks}{FOLLOWING}")).await;
    assert_eq!(client.response().await.unwrap().status(), 200);
    assert_eq!(client.response().await.unwrap().status(), 200);
    let request = upstream.next().await;
    assert_eq!(request.text(), body);
    assert_eq!(request.field("transfer-encoding"), None);
    assert_eq!(
        request.field("content-length"),
        Some(&*body.len().to_string())
    );
    assert_eq!(request.field("x-gateway-class"), None);
}

/// The path of a call leads to the one host that was configured, whatever else the request names.
#[tokio::test]
async fn no_request_chooses_another_host() {
    let other = TestUpstream::answering(ok("{}")).await;
    let (gateway, mut upstream) = start().await;
    let (host, mut other) = (other.address().to_string(), other);
    for target in [
        format!("http://{host}/v1/files"),
        format!("//{host}/v1/files"),
        format!("/@{host}/v1/files"),
        format!("/v1/files?x=@{host}/"),
        format!("/\\{host}/v1/files"),
        format!("http://user@{host}/v1/files"),
        "*".to_owned(),
    ] {
        for method in ["GET", "OPTIONS"] {
            let mut client = gateway.raw_client().await;
            let head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
            let fields = format!("X-Forwarded-Host: {host}\r\nForwarded: host={host}\r\n\r\n");
            client.send(head + &fields).await;
            let response = client.response().await.map(|response| response.status());
            assert!(
                matches!(response, Some(200 | 400)),
                "{target}: {response:?}"
            );
        }
    }
    for request in upstream.rest() {
        assert_eq!(
            request.field("host"),
            Some(&*upstream.address().to_string())
        );
        let line = request.line();
        assert!(!line.contains(" http"), "{line}");
    }
    assert!(other.rest().is_empty());
}

#[tokio::test]
async fn a_host_that_is_missing_does_not_matter() {
    let (gateway, mut upstream) = start().await;
    let mut client = gateway.raw_client().await;
    client.send("GET /v1/files HTTP/1.0\r\n\r\n").await;
    assert!(client.read_to_end().await.starts_with(b"HTTP/1.0 200"));
    let request = upstream.next().await;
    assert_eq!(request.line(), "GET /v1/files HTTP/1.1");
    assert_eq!(
        request.field("host"),
        Some(&*upstream.address().to_string())
    );
}

#[tokio::test]
async fn paths_of_calls_have_one_form() {
    let (gateway, mut upstream) = start().await;
    for path in [
        "//evil/v1/chat/completions",
        "/v1/%63hat/completions",
        "/v1/../v1/embeddings",
    ] {
        let answer = gateway.client().post(path, &[], &chat()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.code(), "invalid_path");
    }
    assert!(upstream.rest().is_empty());
}

async fn is_refused(client: &mut RawClient, request: &str) {
    client.send(request).await;
    let response = client.response().await.unwrap();
    assert_eq!(response.status(), 501, "{request:?}");
    assert!(
        response.text().contains("websocket_not_supported"),
        "{}",
        response.text()
    );
}

#[tokio::test]
async fn tunnels_and_upgrades_are_refused() {
    let (gateway, mut upstream) = start().await;
    let host = upstream.address();
    let connect = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    is_refused(&mut gateway.raw_client().await, &connect).await;
    let upgrade = "GET /api-ws/v1/inference HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n";
    is_refused(&mut gateway.raw_client().await, upgrade).await;
    assert!(upstream.rest().is_empty());
}

/// Java's client offers HTTP/2 in this way with each first request.
#[tokio::test]
async fn the_offer_of_another_version_is_ignored() {
    let (gateway, mut upstream) = start().await;
    let mut client = gateway.raw_client().await;
    let fields =
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n";
    client.post(CHAT, fields, chat().to_string()).await;
    assert_eq!(client.response().await.unwrap().status(), 200);
    let request = upstream.next().await;
    for name in ["connection", "upgrade", "http2-settings"] {
        assert_eq!(request.field(name), None);
    }
}

#[tokio::test]
async fn other_methods_are_passed_on() {
    let (gateway, mut upstream) = start().await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let client = gateway.client();
        let response = client
            .send(method.clone(), "/v1/files/a%2Fb?x=%20", &[], "body")
            .await;
        assert_eq!(response.status(), StatusCode::OK);
        let request = upstream.next().await;
        assert_eq!(
            request.line(),
            format!("{method} /v1/files/a%2Fb?x=%20 HTTP/1.1")
        );
        assert_eq!(request.text(), "body");
    }
}
