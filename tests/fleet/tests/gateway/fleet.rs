//! Two gateways with a server, in front of a mock provider.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use model_studio_gateway::config::{Config, LifeCycle, Model, Secret, Store, Upstream};
use model_studio_gateway::mock_provider::{Builder, MockProvider};
use model_studio_gateway::{Gateway, Handle};
use model_studio_limits::{Limit, LimitKind};
use redis_server::RedisServer;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::LONG;

/// Two gateways with a server, in front of a mock provider. They stop when this is dropped.
pub(crate) struct Fleet {
    pub(crate) provider: MockProvider,
    pub(crate) server: RedisServer,
    gateways: [(SocketAddr, Handle); 2],
    _tasks: JoinSet<()>,
}

impl Fleet {
    /// Starts gateways that have a model `m` with these limits.
    pub(crate) async fn start(limits: &[Limit], provider: impl FnOnce(Builder) -> Builder) -> Self {
        let provider = provider(MockProvider::builder()).start().await.unwrap();
        let server = RedisServer::start();
        let mut tasks = JoinSet::new();
        let mut start = async || {
            let gateway = Gateway::bind(config(&provider, &server, limits))
                .await
                .unwrap();
            let started = (gateway.address(), gateway.handle());
            tasks.spawn(gateway.run(std::future::pending()));
            started
        };
        let gateways = [start().await, start().await];
        Self {
            provider,
            server,
            gateways,
            _tasks: tasks,
        }
    }

    /// Sends a call to one of the gateways, and returns the status.
    pub(crate) fn chat(&self, gateway: usize, fields: &str) -> impl Future<Output = u16> + use<> {
        let body = r#"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#;
        let post = self.send(gateway, "POST /v1/chat/completions", fields, body);
        async move { post.await.0 }
    }

    /// Submits a task, and returns its ID.
    pub(crate) fn submit(&self, gateway: usize) -> impl Future<Output = String> + use<> {
        let path = "POST /api/v1/services/aigc/text2image/image-synthesis";
        let fields = "X-DashScope-Async: enable\r\n";
        let body = r#"{"model":"m","input":{"prompt":"a cat"}}"#;
        let post = self.send(gateway, path, fields, body);
        async move { text(&post.await.1["output"]["task_id"]) }
    }

    /// Returns the status of a task.
    pub(crate) async fn poll(&self, gateway: usize, id: &str) -> String {
        let path = format!("GET /api/v1/tasks/{id}");
        let (_, body) = self.send(gateway, &path, "", "").await;
        text(&body["output"]["task_status"])
    }

    /// Waits until no call waits or runs.
    pub(crate) async fn idle(&self) {
        let started = Instant::now();
        let is_idle = |handle: &Handle| {
            let usage = handle.usage();
            let mut usage = usage.values();
            usage.all(|usage| usage.queued == 0 && usage.in_flight == 0)
        };
        while !self.gateways.iter().all(|(_, handle)| is_idle(handle)) {
            assert!(started.elapsed() < LONG, "a permit is lost");
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn send(
        &self,
        gateway: usize,
        line: &str,
        fields: &str,
        body: &str,
    ) -> impl Future<Output = (u16, Value)> + use<> {
        let (address, _) = self.gateways[gateway];
        let length = body.len();
        let request = format!(
            "{line} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nContent-Length: {length}\r\n\
             {fields}\r\n{body}"
        );
        async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut response = String::new();
            stream.read_to_string(&mut response).await.unwrap();
            let status = response["HTTP/1.1 ".len()..][..3].parse().unwrap();
            let (_, body) = response.split_once("\r\n\r\n").unwrap();
            (status, serde_json::from_str(body).unwrap())
        }
    }
}

fn config(provider: &MockProvider, server: &RedisServer, limits: &[Limit]) -> Config {
    let upstream = Upstream {
        base: provider.url().parse().unwrap(),
        completes_paths: false,
    };
    let model = Model {
        name: "m".to_owned(),
        aliases: Vec::new(),
        life_cycle: LifeCycle::Active,
        quota: "m".to_owned(),
        limits: limits.to_vec(),
        has_own_limits: false,
        context_window: None,
    };
    Config {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        store: Some(Store {
            url: Secret::new(server.url()),
            account: "default".to_owned(),
        }),
        ..Config::new(upstream, vec![model])
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
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
