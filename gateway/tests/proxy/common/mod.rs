//! What the tests share: gateways, clients, and a provider whose every byte a test decides.

mod client;
mod raw;
mod upstream;

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use model_studio_gateway::config::{Config, LifeCycle, Model, Upstream};
use model_studio_gateway::mock_provider::MockProvider;
use model_studio_gateway::{Gateway, Handle};
use model_studio_limits::{Limit, LimitKind};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::sleep;

pub(crate) use client::{Answer, Client};
pub(crate) use raw::RawClient;
pub(crate) use upstream::{Received, Step, TestUpstream, events, ok, response};

pub(crate) const CHAT: &str = "/v1/chat/completions";
pub(crate) const MESSAGES: &str = "/apps/anthropic/v1/messages";
pub(crate) const GENERATION: &str = "/api/v1/services/aigc/text-generation/generation";

/// The model that most tests call.
pub(crate) const MODEL: &str = "qwen-plus";

/// The time after which a test gives up.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A running gateway. It stops when this is dropped.
pub(crate) struct TestGateway {
    pub(crate) address: SocketAddr,
    pub(crate) handle: Handle,
    task: JoinHandle<()>,
}

impl TestGateway {
    pub(crate) async fn start(config: Config) -> Self {
        let gateway = Gateway::bind(config).await.unwrap();
        Self {
            address: gateway.address(),
            handle: gateway.handle(),
            task: tokio::spawn(gateway.run(std::future::pending())),
        }
    }

    /// Starts a gateway with one model without limits.
    pub(crate) async fn in_front_of(upstream: &TestUpstream) -> Self {
        Self::start(config(&upstream.url(), vec![model(MODEL, &[])])).await
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.address)
    }

    pub(crate) async fn raw_client(&self) -> RawClient {
        RawClient::connect(self.address).await
    }

    /// Returns the number of calls of a quota that wait, and of those that run.
    pub(crate) fn calls(&self, quota: &str) -> (usize, u64) {
        let usage = self.handle.usage();
        let usage = usage.get(quota);
        usage.map_or((0, 0), |usage| (usage.queued, usage.in_flight))
    }

    /// Returns how much of a quota's first limit is used.
    pub(crate) fn used(&self, quota: &str) -> u64 {
        self.handle.usage()[quota].limits[0].used
    }

    /// Waits until no call waits or runs.
    pub(crate) async fn idle(&self) {
        eventually("all permits have ended", || {
            let usage = self.handle.usage();
            usage
                .values()
                .all(|usage| usage.queued == 0 && usage.in_flight == 0)
        })
        .await;
    }

    /// Waits until this many calls of the usual model wait.
    pub(crate) async fn waiting(&self, count: usize) {
        eventually("the calls wait", || self.calls(MODEL).0 == count).await;
    }
}

impl Drop for TestGateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits until a condition is true.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + LONG;
    while !condition() {
        assert!(Instant::now() < end, "not in time: {what}");
        sleep(Duration::from_millis(2)).await;
    }
}

/// Returns the settings of a gateway on a free port.
pub(crate) fn config(upstream: &str, models: Vec<Model>) -> Config {
    let upstream = Upstream {
        base: upstream.parse().unwrap(),
        completes_paths: false,
    };
    Config {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        ..Config::new(upstream, models)
    }
}

pub(crate) fn config_of(provider: &MockProvider, models: Vec<Model>) -> Config {
    config(&provider.url(), models)
}

/// Returns an active model.
pub(crate) fn model(name: &str, limits: &[Limit]) -> Model {
    Model {
        name: name.to_owned(),
        aliases: Vec::new(),
        life_cycle: LifeCycle::Active,
        quota: name.to_owned(),
        limits: limits.to_vec(),
        has_own_limits: false,
        context_window: Some(1_000_000),
    }
}

/// Returns a limit on a number per window.
pub(crate) fn limit(kind: LimitKind, count: u64, milliseconds: u64) -> Limit {
    Limit {
        kind,
        count: NonZeroU64::new(count).unwrap(),
        per: Some(Duration::from_millis(milliseconds)),
    }
}

/// Returns a limit on what runs at the same time.
pub(crate) fn at_once(kind: LimitKind, count: u64) -> Limit {
    Limit {
        kind,
        count: NonZeroU64::new(count).unwrap(),
        per: None,
    }
}

/// Returns the limit with which one call runs at a time.
pub(crate) fn one_at_a_time() -> Limit {
    at_once(LimitKind::ConcurrentRequests, 1)
}

/// Returns a limit that is never reached, to see what is used.
pub(crate) fn many_tokens() -> Limit {
    limit(LimitKind::Tokens, 1_000_000_000, 60_000)
}

/// Returns a call of the usual model.
pub(crate) fn chat() -> Value {
    chat_with(MODEL)
}

pub(crate) fn chat_with(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": "hello" }], "max_tokens": 100 })
}

pub(crate) fn streamed() -> Value {
    with(chat(), "stream", json!(true))
}

pub(crate) fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}
