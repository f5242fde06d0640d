//! Health, metrics and the status page, as operators see them.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use model_studio_gateway::Gateway;
use model_studio_gateway::config::{Config, LifeCycle, Model, Secret, Store, Upstream};
use model_studio_gateway::mock_provider::{Builder, MockProvider};
use model_studio_limits::{Limit, LimitKind};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const CHAT: &str = "/v1/chat/completions";

/// What the documentation of the metrics says.
const DOCUMENTATION: &str = include_str!("../metrics.md");

#[tokio::test]
async fn the_gateway_tells_that_it_lives_and_is_ready() {
    let setup = Setup::start(MockProvider::builder(), |_| {}).await;
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let (status, headers, body) = setup.get(path).await;
        assert_eq!((status, &*body), (StatusCode::OK, text), "{path}");
        assert_eq!(headers["cache-control"], "no-store");
        let (status, _, body) = setup.request(Method::HEAD, path, &[], "").await;
        assert_eq!((status, &*body), (StatusCode::OK, ""), "{path}");
    }
    let (status, headers, _) = setup.request(Method::POST, "/healthz", &[], "").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(headers["allow"], "GET, HEAD");
}

#[tokio::test]
async fn metrics_count_calls_and_tokens() {
    let setup = Setup::start(MockProvider::builder(), |_| {}).await;
    for class in ["", "batch", "batch"] {
        let (status, body) = setup.call("qwen-plus", class).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }
    let (status, _) = setup.call("qwen-plsu", "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let metrics = setup.metrics().await;
    let requests = |class, model, status, outcome| {
        metrics.value(
            "model_studio_gateway_requests_total",
            &[
                ("operation", "chat_completions"),
                ("model", model),
                ("class", class),
                ("status", status),
                ("outcome", outcome),
            ],
        )
    };
    assert_eq!(requests("default", "qwen-plus", "200", "completed"), 1);
    assert_eq!(requests("batch", "qwen-plus", "200", "completed"), 2);
    assert_eq!(metrics.sum("model_studio_gateway_requests_total"), 4);
    let unknown = metrics.labels("model_studio_gateway_requests_total", "model");
    assert!(!unknown.contains("qwen-plsu"), "{unknown:?}");

    let counts = setup.provider.counts("qwen-plus");
    let tokens = [
        ("input", counts.input_tokens),
        ("output", counts.output_tokens),
    ];
    for (direction, tokens) in tokens {
        let labels = [
            ("gen_ai_operation_name", "chat"),
            ("gen_ai_request_model", "qwen-plus"),
            ("gen_ai_token_type", direction),
        ];
        let usage = metrics.value("gen_ai_client_token_usage_count", &labels);
        assert_eq!(usage, 3);
        let usage = metrics.value("gen_ai_client_token_usage_sum", &labels);
        assert_eq!(usage, tokens, "{direction}");
        let estimated = "model_studio_gateway_estimated_tokens_total";
        assert!(metrics.value(estimated, &labels) > 0);
    }
    assert_eq!(
        metrics.sum("gen_ai_server_request_duration_seconds_count"),
        4
    );
    let first_byte = "model_studio_gateway_time_to_first_byte_seconds_count";
    assert_eq!(metrics.sum(first_byte), 3);
    let wait = "model_studio_gateway_wait_duration_seconds_count";
    assert_eq!(metrics.sum(wait), 3);
    assert_eq!(metrics.sum("http_server_active_requests"), 0);
    let used = [
        ("quota", "qwen-plus"),
        ("kind", "requests"),
        ("window", "60"),
    ];
    assert_eq!(metrics.value("model_studio_gateway_limit_used", &used), 3);
    assert_eq!(metrics.value("model_studio_gateway_limit", &used), 600);
}

#[tokio::test]
async fn clients_cannot_make_the_metrics_grow_without_bound() {
    let setup = Setup::start(MockProvider::builder(), |config| {
        let class = model_studio_gateway::config::Class {
            weight: 2,
            headroom: 0.0,
        };
        config.classes.insert("configured".to_owned(), class);
        // The calls need not wait.
        config.models[0].limits.clear();
    })
    .await;
    for number in 0..120 {
        let (status, _) = setup.call("qwen-plus", &format!("class-{number}")).await;
        assert_eq!(status, StatusCode::OK);
        let (status, _) = setup.call(&format!("model-{number}"), "").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    setup.call("qwen-plus", "configured").await;
    let metrics = setup.metrics().await;
    let classes = metrics.labels("model_studio_gateway_requests_total", "class");
    assert!(classes.contains("configured") && classes.contains("other"));
    // A hundred with their own label, `default` and `other`.
    assert!(classes.len() <= 102, "{}", classes.len());
    let models = metrics.labels("model_studio_gateway_requests_total", "model");
    assert!(models.len() <= 3, "{models:?}");
    assert_eq!(metrics.sum("model_studio_gateway_requests_total"), 241);
}

#[tokio::test]
async fn the_status_shows_who_waits_for_which_limit() {
    let setup = Setup::start(MockProvider::builder(), |config| {
        config.models[0].limits[0].count = NonZeroU64::new(1).unwrap();
    })
    .await;
    let (status, _) = setup.call("qwen-plus", "<b>chat</b>").await;
    assert_eq!(status, StatusCode::OK);
    let waiting = setup.spawn_call("qwen-plus", "batch");
    let status = setup
        .status_when(|status| status["totals"]["waiting"] == 1)
        .await;

    let quota = &status["quotas"][0];
    assert_eq!(quota["name"], "qwen-plus");
    let limits = quota["limits"].as_array().unwrap();
    assert_eq!(limits[0]["unit"], "queries per minute");
    assert_eq!(limits[0]["used"], 1);
    assert_eq!(limits[0]["allowed"], 1);
    assert_eq!(limits[0]["binds"], true);
    assert_eq!(limits[1]["unit"], "tokens per minute");
    assert_eq!(limits[1]["binds"], false);
    let classes = quota["classes"].as_array().unwrap();
    assert_eq!(classes[0]["name"], "batch");
    assert_eq!(classes[0]["waiting"], 1);
    assert!(classes[0]["longest_wait"].is_f64());
    assert_eq!(classes[1]["name"], "<b>chat</b>");
    assert_eq!(classes[1]["share"], 1.0);
    assert_eq!(status["totals"]["completed"], 1);
    assert_eq!(status["upstream"], setup.provider.url());
    assert_eq!(status["store"], Value::Null);

    let metrics = setup.metrics().await;
    let batch = [("quota", "qwen-plus"), ("class", "batch")];
    let value = metrics.value("model_studio_gateway_waiting_calls", &batch);
    assert_eq!(value, 1);

    // The client leaves.
    waiting.abort();
    let status = setup
        .status_when(|status| status["totals"]["client_left"] == 1)
        .await;
    assert_eq!(status["totals"]["waiting"], 0);
    assert_eq!(status["totals"]["active"], 0);
}

#[tokio::test]
async fn the_page_runs_only_its_own_script() {
    let setup = Setup::start(MockProvider::builder(), |_| {}).await;
    let (status, headers, page) = setup.get("/status").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    for (file, media_type) in [
        ("status.css", "text/css; charset=utf-8"),
        ("status.js", "text/javascript; charset=utf-8"),
    ] {
        assert!(page.contains(&format!("\"{file}\"")));
        let (status, headers, _) = setup.get(&format!("/{file}")).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers["content-type"], media_type);
        assert!(!headers.contains_key("access-control-allow-origin"));
    }
    assert!(
        !page.contains("://"),
        "the page must load nothing from elsewhere"
    );
}

#[tokio::test]
async fn pages_of_other_sites_cannot_read_the_status() {
    let setup = Setup::start(MockProvider::builder(), |_| {}).await;
    let host = |host: &str| {
        let headers = [("host", host.to_owned())];
        let setup = &setup;
        async move {
            setup
                .request(Method::GET, "/status.json", &headers, "")
                .await
                .0
        }
    };
    for local in ["localhost:1", "127.0.0.1:8787", "127.1.2.3", "[::1]:80"] {
        assert_eq!(host(local).await, StatusCode::OK, "{local}");
    }
    for other in ["rebound.example:8787", "localhost.example", "10.0.0.1", ""] {
        let status = host(other).await;
        assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{other}");
    }
    let headers = [("host", "rebound.example".to_owned())];
    let (status, ..) = setup.request(Method::GET, "/healthz", &headers, "").await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn other_addresses_only_tell_whether_the_gateway_is_ready() {
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let setup = Setup::start(MockProvider::builder(), |config| {
        config.listen = any;
        config.admin_listen = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    })
    .await;
    for path in ["/status", "/status.json", "/status.js", "/metrics"] {
        let (status, ..) = setup.get(path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        let (status, ..) = setup.get_admin(path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(setup.get(path).await.0, StatusCode::OK);
        assert_eq!(setup.get_admin(path).await.0, StatusCode::OK);
    }
    // Nothing is passed on from there.
    let (status, ..) = setup.get_admin("/v1/models").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let admin = setup.admin.unwrap();
    let (status, ..) = send(admin, Method::POST, CHAT, &[], &chat("qwen-plus")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(setup.provider.counts("qwen-plus").accepted, 0);
}

#[tokio::test]
async fn a_gateway_that_stops_is_not_ready() {
    let slow = MockProvider::builder().time_per_token(Duration::from_millis(50));
    let mut setup = Setup::start(slow, |config| {
        config.admin_listen = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    })
    .await;
    let call = setup.spawn_call("qwen-plus", "");
    while setup.provider.counts("qwen-plus").running == 0 {
        tokio::task::yield_now().await;
    }
    setup.stop.take().unwrap().send(()).unwrap();
    let (status, text) = loop {
        let (status, _, text) = setup.get_admin("/readyz").await;
        if status != StatusCode::OK {
            break (status, text);
        }
    };
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(text, "the gateway is stopping\n");
    assert_eq!(setup.get_admin("/healthz").await.0, StatusCode::OK);
    // What runs ends.
    assert_eq!(call.await.unwrap().0, StatusCode::OK);
}

#[tokio::test]
async fn a_gateway_without_its_store_is_not_ready() {
    // Nobody listens at the address of a socket that was closed.
    let closed = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let setup = Setup::start(MockProvider::builder(), |config| {
        config.store = Some(Store {
            url: Secret::new(format!("redis://user:secret@{address}")),
            account: "test".to_owned(),
        });
    })
    .await;
    let (status, _, text) = setup.get("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(text, "the store cannot be reached\n");
    assert_eq!(setup.get("/healthz").await.0, StatusCode::OK);
    let (_, _, status) = setup.get("/status.json").await;
    assert!(!status.contains("secret"));
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["store"]["is_reachable"], false);
    let metrics = setup.metrics().await;
    assert_eq!(metrics.sum("model_studio_gateway_store_reachable"), 0);
}

#[tokio::test]
async fn the_documentation_lists_every_metric() {
    let setup = Setup::start(
        MockProvider::builder()
            .per_minute("qwen-plus", 2, 0)
            .time_per_token(Duration::from_millis(5)),
        |config| config.retries = 0,
    )
    .await;
    let (status, _) = setup.call("qwen-plus", "").await;
    assert_eq!(status, StatusCode::OK);
    // The client leaves in the middle of an answer, so that its usage is not known.
    let stream = setup.open_stream("qwen-plus").await;
    let (status, _) = setup.call("qwen-plus", "").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    drop(stream);
    setup
        .status_when(|status| status["totals"]["client_left"] == 1)
        .await;
    let mut written = setup.metrics().await.names();

    let setup = Setup::start(MockProvider::builder(), |config| {
        config.store = Some(Store {
            url: Secret::new("redis://127.0.0.1:1"),
            account: "test".to_owned(),
        });
    })
    .await;
    let waiting = setup.spawn_call("qwen-plus", "");
    setup
        .status_when(|status| status["totals"]["waiting"] == 1)
        .await;
    written.append(&mut setup.metrics().await.names());
    waiting.abort();

    let rows = DOCUMENTATION.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("| `")?.split_once('`')?;
        let name = name.strip_suffix("_total").unwrap_or(name);
        Some(name.strip_suffix("_info").unwrap_or(name).to_owned())
    });
    let documented: BTreeSet<String> = rows.collect();
    assert_eq!(documented, written);
}

struct Setup {
    provider: MockProvider,
    address: SocketAddr,
    admin: Option<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
}

impl Setup {
    /// Starts a gateway with one model, for 600 queries and 1,000,000 tokens per minute.
    async fn start(provider: Builder, change: impl FnOnce(&mut Config)) -> Self {
        let provider = provider.start().await.unwrap();
        let upstream = Upstream {
            base: provider.url().parse().unwrap(),
            completes_paths: true,
        };
        let limit = |kind, count| Limit {
            kind,
            count: NonZeroU64::new(count).unwrap(),
            per: Some(Duration::from_secs(60)),
        };
        let model = Model {
            name: "qwen-plus".to_owned(),
            aliases: Vec::new(),
            life_cycle: LifeCycle::Active,
            quota: "qwen-plus".to_owned(),
            limits: vec![
                limit(LimitKind::Requests, 600),
                limit(LimitKind::Tokens, 1_000_000),
            ],
            context_window: None,
            has_own_limits: false,
        };
        let mut config = Config::new(upstream, vec![model]);
        config.listen.set_port(0);
        change(&mut config);
        let gateway = Gateway::bind(config).await.unwrap();
        let (address, admin) = (gateway.address(), gateway.admin_address());
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(gateway.run(async {
            // If the setup is dropped, the runtime ends.
            let _ = stopped.await;
        }));
        Self {
            provider,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())),
            admin,
            stop: Some(stop),
        }
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, String)],
        body: &str,
    ) -> (StatusCode, HeaderMap, String) {
        send(self.address, method, path, headers, body).await
    }

    async fn get(&self, path: &str) -> (StatusCode, HeaderMap, String) {
        self.request(Method::GET, path, &[], "").await
    }

    async fn get_admin(&self, path: &str) -> (StatusCode, HeaderMap, String) {
        send(self.admin.unwrap(), Method::GET, path, &[], "").await
    }

    async fn call(&self, model: &str, class: &str) -> (StatusCode, String) {
        call(self.address, model.to_owned(), class.to_owned()).await
    }

    fn spawn_call(&self, model: &str, class: &str) -> JoinHandle<(StatusCode, String)> {
        tokio::spawn(call(self.address, model.to_owned(), class.to_owned()))
    }

    /// Calls a model, and returns the stream of its answer when that begins.
    async fn open_stream(&self, model: &str) -> Incoming {
        let mut body: Value = serde_json::from_str(&chat(model)).unwrap();
        body["stream"] = true.into();
        body["messages"][0]["content"] = "[output_tokens=100000]".into();
        let request = Request::post(format!("http://{}{CHAT}", self.address));
        let request = request.body(Full::from(body.to_string())).unwrap();
        let response = client().request(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body()
    }

    async fn metrics(&self) -> Metrics {
        let (status, headers, text) = self.get("/metrics").await;
        assert_eq!(status, StatusCode::OK, "{text}");
        let media_type = headers["content-type"].to_str().unwrap();
        assert!(media_type.starts_with("application/openmetrics-text"));
        assert!(text.ends_with("# EOF\n"));
        Metrics(text)
    }

    /// Waits for a status.
    async fn status_when(&self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let (_, _, text) = self.get("/status.json").await;
            let status = serde_json::from_str(&text).unwrap();
            if is_wanted(&status) {
                return status;
            }
        }
    }
}

async fn call(address: SocketAddr, model: String, class: String) -> (StatusCode, String) {
    let headers = [("x-gateway-class", class)];
    let (status, _, body) = send(address, Method::POST, CHAT, &headers, &chat(&model)).await;
    (status, body)
}

fn chat(model: &str) -> String {
    let messages = json!([{ "role": "user", "content": "Hi" }]);
    json!({ "model": model, "messages": messages }).to_string()
}

fn client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

async fn send(
    address: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, String)],
    body: &str,
) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    let response = client().request(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.into()).unwrap();
    (parts.status, parts.headers, body)
}

/// Metrics in text format.
struct Metrics(String);

impl Metrics {
    /// Returns the samples with a name: their labels and values.
    fn samples(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        self.0.lines().filter_map(move |line| {
            let rest = line.strip_prefix(name)?;
            let (labels, value) = rest.rsplit_once(' ')?;
            let is_name = labels.is_empty() || labels.starts_with('{');
            is_name.then_some((labels, value))
        })
    }

    /// Returns the value of the sample with a name and labels.
    fn value(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        let found: Vec<u64> = self
            .samples(name)
            .filter(|(found, _)| {
                let mut labels = labels.iter();
                labels.all(|(name, value)| found.contains(&format!("{name}=\"{value}\"")))
            })
            .map(|(_, value)| integer(value))
            .collect();
        match found[..] {
            [value] => value,
            _ => panic!("{name}{labels:?}: found {found:?} in\n{}", self.0),
        }
    }

    fn sum(&self, name: &str) -> u64 {
        assert!(
            self.samples(name).next().is_some(),
            "no {name} in {}",
            self.0
        );
        self.samples(name).map(|(_, value)| integer(value)).sum()
    }

    /// Returns the names, without the suffixes of samples.
    fn names(&self) -> BTreeSet<String> {
        let types = self.0.lines();
        let types = types.filter_map(|line| line.strip_prefix("# TYPE "));
        types
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect()
    }

    /// Returns the values of a label.
    fn labels(&self, name: &str, label: &str) -> BTreeSet<&str> {
        let start = format!("{label}=\"");
        self.samples(name)
            .filter_map(|(labels, _)| labels.split_once(&start)?.1.split('"').next())
            .collect()
    }
}

/// Returns a value, which can be written as `3` or `3.0`.
fn integer(value: &str) -> u64 {
    let value = value.strip_suffix(".0").unwrap_or(value);
    value.parse().unwrap()
}
