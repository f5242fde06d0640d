//! Header fields of requests and responses.

use http::StatusCode;
use model_studio_gateway::config::Config;
use std::time::Duration;

use crate::common::{
    CHAT, Client, MODEL, Step, TestGateway, TestUpstream, chat, config, model, ok, response,
};

async fn start(answer: Vec<u8>) -> (TestGateway, TestUpstream) {
    let upstream = TestUpstream::answering(answer).await;
    (TestGateway::in_front_of(&upstream).await, upstream)
}

#[tokio::test]
async fn fields_of_one_connection_are_not_passed_on() {
    let fields = "Connection: keep-alive\r\nConnection: X-One, X-Two\r\nX-One: 1\r\nX-Two: 2\r\n\
                  Keep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Authorization: Basic x\r\n\
                  Proxy-Connection: close\r\nX-Three: 3\r\nX-Gateway-Class: a\r\n";
    let answer = response(
        "200 OK",
        &fields.replace("Proxy-Authorization", "Proxy-Authenticate"),
        "{}",
    );
    let (gateway, mut upstream) = start(answer).await;
    let mut client = gateway.raw_client().await;
    client.post(CHAT, fields, chat().to_string()).await;
    let seen = client.response().await.unwrap();
    let request = upstream.next().await;
    let names = [
        "connection",
        "x-one",
        "x-two",
        "keep-alive",
        "te",
        "proxy-connection",
    ];
    for name in names
        .into_iter()
        .chain(["proxy-authorization", "proxy-authenticate"])
    {
        assert_eq!(request.field(name), None, "{}", request.head);
        assert_eq!(seen.field(name), None, "{}", seen.head);
    }
    assert_eq!(request.field("x-three"), Some("3"));
    assert_eq!(request.field("x-gateway-class"), None);
    assert_eq!(seen.field("x-three"), Some("3"));
}

#[tokio::test]
async fn what_describes_the_request_is_that_of_the_gateway() {
    let (gateway, mut upstream) = start(ok("{}")).await;
    let host = upstream.address().to_string();
    let body = chat().to_string();
    for client in [gateway.client(), Client::http2(gateway.address)] {
        let fields = [
            ("accept-encoding", "gzip, br"),
            ("authorization", "Bearer sk-1"),
        ];
        let answer = client.post(CHAT, &fields, &chat()).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.field("content-length"), Some("2"));
        let request = upstream.next().await;
        assert_eq!(request.line(), format!("POST {CHAT} HTTP/1.1"));
        assert_eq!(request.field("host"), Some(&*host));
        assert_eq!(
            request.field("content-length"),
            Some(&*body.len().to_string())
        );
        assert_eq!(request.field("accept-encoding"), Some("identity"));
        assert_eq!(request.field("authorization"), Some("Bearer sk-1"));
        // A request that is not a call is not read, so it can be compressed.
        let answer = client
            .send(http::Method::GET, "/v1/files", &fields, "")
            .await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(
            upstream.next().await.field("accept-encoding"),
            Some("gzip, br")
        );
    }
}

#[tokio::test]
async fn the_request_id_is_passed_on_and_returned() {
    let (gateway, mut upstream) = start(ok("{}")).await;
    let client = gateway.client();
    for path in [CHAT, "/v1/files", "//v1/embeddings"] {
        let answer = client
            .post(path, &[("x-request-id", "mine-1")], &chat())
            .await;
        assert_eq!(answer.field("x-request-id"), Some("mine-1"), "{path}");
        let answer = client.post(path, &[], &chat()).await;
        let id = answer.field("x-request-id").unwrap().to_owned();
        assert_eq!(id.len(), 32);
        for id in ["mine-1", &id]
            .into_iter()
            .filter(|_| !path.starts_with("//"))
        {
            assert_eq!(upstream.next().await.field("x-request-id"), Some(id));
        }
    }
}

#[tokio::test]
async fn the_provider_may_hold_a_call_for_the_time_that_is_left() {
    let upstream = TestUpstream::answering(ok("{}")).await;
    let mut upstream = upstream;
    let name = "x-dashscope-wait-timeout";
    for (wait, fields, expected) in [
        (30, vec![], Some("30")),
        (0, vec![], None),
        (30, vec![(name, "7")], Some("7")),
        // A tenth of the time is for the answer.
        (30, vec![("x-stainless-read-timeout", "10")], Some("8")),
        (30, vec![("x-stainless-read-timeout", "2")], None),
    ] {
        let mut settings: Config = config(&upstream.url(), vec![model(MODEL, &[])]);
        settings.timeouts.wait = Duration::from_secs(wait);
        let gateway = TestGateway::start(settings).await;
        let answer = gateway.client().post(CHAT, &fields, &chat()).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(
            upstream.next().await.field(name),
            expected,
            "{wait} {fields:?}"
        );
    }
}

#[tokio::test]
async fn a_response_without_a_body_keeps_its_fields() {
    for answer in ["204 No Content", "304 Not Modified"] {
        let head = format!("HTTP/1.1 {answer}\r\nETag: \"1\"\r\n\r\n");
        let (gateway, _upstream) = start(head.into()).await;
        let seen = gateway.client().get("/v1/files/1").await;
        assert_eq!(seen.status.as_str(), &answer[..3]);
        assert_eq!(seen.field("etag"), Some("\"1\""));
        assert!(seen.body.is_empty());
    }
    let (gateway, _upstream) = start(ok("{}")).await;
    let client = gateway.client();
    let head = client
        .send(http::Method::HEAD, "/v1/files/1", &[], "")
        .await;
    assert_eq!(head.headers()["content-length"], "2");
}

/// Calls and other requests of many clients use the same few connections.
#[tokio::test]
async fn connections_to_the_provider_are_used_again() {
    let upstream = TestUpstream::start(|request, _| {
        let port = request.field("x-number").unwrap_or_default().to_owned();
        vec![Step::Send(ok(&port))]
    });
    let mut upstream = upstream.await;
    let gateway = TestGateway::in_front_of(&upstream).await;
    for number in 0..10 {
        let number = number.to_string();
        let answer = gateway
            .client()
            .post(CHAT, &[("x-number", &number)], &chat())
            .await;
        assert_eq!(answer.body, number);
    }
    assert_eq!(upstream.rest().len(), 10);
    assert_eq!(upstream.connections(), 1);
}
