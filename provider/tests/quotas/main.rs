//! Reads quotas from a local server. The tests of the command line tool cover the responses in detail.

mod overlay;

use std::time::Duration;

use loopback::{Response, Server};
use model_studio_provider::Region;
use model_studio_provider::quotas::{AccountLimits, ApiKey, Endpoint, Error, Options, fetch};
use serde_json::{Value, json};

const KEY: &str = "sk-0123456789abcdef0123456789abcdef";

fn key() -> ApiKey {
    ApiKey::new(KEY).unwrap()
}

fn endpoint(server: &Server) -> Endpoint {
    Endpoint::new(Region::Singapore, None, Some(server.url())).unwrap()
}

fn without_retries() -> Options {
    Options {
        retries: 0,
        ..Options::default()
    }
}

fn row(model: &str, requests: i64, seconds: i64) -> Value {
    json!({ "model": model, "workspace_limit": null, "model_limit": {
        "request_limit": requests, "request_limit_period": seconds,
        "usage_limit": null, "usage_limit_field": null, "usage_limit_period": null,
    } })
}

fn send(rows: &[Value], response: &mut Response) {
    let output = json!({ "total": rows.len(), "page_no": 1, "quotas": rows });
    response.send(200, json!({ "success": true, "output": output }));
}

#[test]
fn rows_become_limits_and_warnings() {
    let rows = [
        row("qwen3.7-plus", 10, 1),
        row("qwen3.7-max", -1, 1),
        row("a-new-model", 5, 60),
    ];
    let server = Server::start(move |_, response| send(&rows, response));
    let rows = fetch(&endpoint(&server), &key(), &without_retries(), |_| ()).unwrap();
    assert_eq!(
        server.requests()[0].line,
        "GET /api/v1/quotas?page_no=1&page_size=100 HTTP/1.1"
    );

    let account = AccountLimits::new(&rows, &Region::Singapore.table());
    let limits = account.known["qwen3.7-plus"].limits();
    let limit = limits[0];
    assert_eq!(limits.len(), 1);
    assert_eq!(
        (limit.count.get(), limit.per),
        (10, Some(Duration::from_secs(1)))
    );
    let unknown: Vec<&String> = account.unknown.keys().collect();
    assert_eq!(unknown, ["a-new-model"]);
    let warnings: Vec<String> = account.warnings.iter().map(ToString::to_string).collect();
    let [warning] = warnings.as_slice() else {
        panic!("{warnings:?}");
    };
    assert!(warning.starts_with("`request_limit` of `qwen3.7-max` is left out: the count must be"));
}

#[test]
fn each_retry_is_reported() {
    let server = Server::start(|request, response| match request.number {
        0 => response.header("retry-after", "0").send(503, ""),
        _ => send(&[row("qwen3.7-plus", 10, 1)], response),
    });
    let mut retries = Vec::new();
    let rows = fetch(&endpoint(&server), &key(), &Options::default(), |retry| {
        retries.push(retry.to_string());
    });
    assert_eq!(rows.unwrap().len(), 1);
    assert_eq!(
        retries,
        ["the server responded with status 503 with an empty body, trying again in 0.0 seconds"]
    );
}

#[test]
fn without_retries_the_error_has_the_time_to_wait() {
    for seconds in [5, 500] {
        let server = Server::start(move |_, response| {
            let response = response.header("retry-after", &seconds.to_string());
            response.send(429, "");
        });
        let error = fetch(&endpoint(&server), &key(), &without_retries(), |_| ()).unwrap_err();
        let Error::Temporary { retry_after, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(retry_after, Some(Duration::from_secs(seconds)));
    }
}

#[test]
fn a_rejected_key_has_an_error_of_its_own() {
    let server = Server::start(|_, response| {
        response.send(401, json!({ "code": "InvalidApiKey", "message": KEY }));
    });
    let error = fetch(&endpoint(&server), &key(), &without_retries(), |_| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the key was rejected in the region `singapore`: status 401, InvalidApiKey, [key]\n\
         A key is valid in one region only."
    );
    assert!(!format!("{error:?}").contains(KEY));
}

#[test]
fn a_key_in_the_url_is_not_sent() {
    let endpoint = Endpoint::new(Region::Beijing, Some(KEY), None).unwrap();
    let error = fetch(&endpoint, &key(), &without_retries(), |_| ()).unwrap_err();
    assert_eq!(error, Error::KeyInUrl);
}

#[test]
fn a_key_cannot_be_displayed() {
    assert_eq!(
        format!("{:?}", ApiKey::new(&format!(" {KEY}\n"))),
        "Ok(ApiKey)"
    );
    for (text, message) in [
        ("\n", "the API key is empty"),
        (
            "sk-a b",
            "the API key contains a character that is not allowed in a key",
        ),
    ] {
        assert_eq!(ApiKey::new(text).unwrap_err().to_string(), message);
    }
    let error = ApiKey::from_env("MODEL_STUDIO_PROVIDER_NO_SUCH_KEY").unwrap_err();
    assert_eq!(
        error.to_string(),
        "MODEL_STUDIO_PROVIDER_NO_SUCH_KEY is not set: set it to an API key of the region"
    );
}

#[test]
fn each_documented_region_has_an_endpoint_on_the_host_of_a_workspace() {
    for region in Endpoint::REGIONS {
        let endpoint = Endpoint::new(region, Some("llm-abc"), None).unwrap();
        let base = region.base_url(Some("llm-abc")).unwrap();
        assert!(
            endpoint.url().starts_with(&format!("{base}/api/v1/")),
            "{}",
            endpoint.url()
        );
        let alone = Endpoint::new(region, None, None);
        assert_eq!(alone.is_ok(), region == Region::Singapore);
    }
    let error = Endpoint::new(Region::Tokyo, Some("llm-abc"), None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the provider documents a quota endpoint only for `singapore`, `beijing`, `virginia`, \
         `frankfurt` or `hong_kong`, not for `tokyo`"
    );
}
