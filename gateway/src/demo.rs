//! The command `demo`: a gateway at work, without a key and without a network.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http::header::AUTHORIZATION;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use model_studio_gateway::config::{
    self, Access, Class, Config, LifeCycle, Model, Secret, Upstream,
};
use model_studio_gateway::mock_provider::{Distribution, MockProvider};
use model_studio_gateway::{Gateway, key};
use model_studio_limits::{Limit, LimitKind};
use model_studio_limits_core::Grouped;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

/// The arguments of `demo`.
#[derive(Args, Clone, Debug)]
pub(crate) struct DemoArguments {
    /// The address of the gateway
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,
    /// Stop after this many seconds, instead of with Ctrl-C
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
}

const MODEL: &str = "qwen-plus";
const REQUESTS_PER_MINUTE: u64 = 600;
const TOKENS_PER_MINUTE: u64 = 120_000;

/// The time until the mock provider begins an answer.
const LATENCY: Duration = Duration::from_millis(200);

/// The calls that the batch client has waiting or running. The limits are enough for about 5.
const BATCH_CALLS: usize = 40;

/// The time between two calls of the interactive client.
const INTERACTIVE_PAUSE: Duration = Duration::from_millis(1_500);

/// Starts a mock provider, a gateway and two clients, and prints figures every second.
///
/// # Errors
///
/// Returns an error if the gateway cannot start, or if a call has failed.
pub(crate) async fn run(arguments: DemoArguments) -> Result<(), Box<dyn Error>> {
    let provider = MockProvider::builder()
        .limits(MODEL, limits())
        .output(Distribution::LogNormal {
            median: 200.0,
            sigma: 0.8,
        })
        .latency(Distribution::Fixed(1_000.0 * LATENCY.as_secs_f64()))
        .time_per_token(Duration::from_millis(2))
        .start()
        .await?;
    let keys = [key::generate()?, key::generate()?];
    let config = config(&provider, arguments.listen, &keys)?;
    let gateway = Gateway::bind(config).await?;
    let url = format!("http://{}", gateway.address());
    println!(
        "The status page is {url}/status. The mock provider allows {} requests and {} tokens per \
         minute. Two clients call it through the gateway: one with a call now and then, and a batch \
         that has {BATCH_CALLS} calls waiting or running at all times.\n",
        Grouped(REQUESTS_PER_MINUTE),
        Grouped(TOKENS_PER_MINUTE),
    );
    tokio::spawn(gateway.run(std::future::pending()));

    let [interactive, batch] = keys.map(|key| Caller::new(&url, &key));
    let mut tasks = JoinSet::new();
    tasks.spawn(call_now_and_then(interactive.clone()));
    for _ in 0..BATCH_CALLS {
        tasks.spawn(call_without_pause(batch.clone()));
    }
    let print = print_every_second(&provider, &interactive, &batch);
    let seconds = arguments.seconds.map_or(Duration::MAX, Duration::from_secs);
    tokio::select! {
        () = print => {}
        () = sleep(seconds) => {}
        result = tokio::signal::ctrl_c() => result?,
    }
    let failed = interactive.tally().failed + batch.tally().failed;
    if failed > 0 {
        return Err(format!("{failed} calls have failed").into());
    }
    Ok(())
}

/// Prints a line of figures every second.
async fn print_every_second(provider: &MockProvider, interactive: &Caller, batch: &Caller) {
    println!("        interactive           batch                 provider");
    println!(
        "time    calls  longest wait   calls  longest wait   refused  most tokens in a minute"
    );
    let start = Instant::now();
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    seconds.tick().await;
    loop {
        seconds.tick().await;
        let counts = provider.counts(MODEL);
        let mut limits = counts.limits.iter();
        let tokens = limits.find(|peak| peak.limit.kind == LimitKind::Tokens);
        println!(
            "{:>4} s  {}  {}  {:>8}  {:>23}",
            start.elapsed().as_secs(),
            interactive.take_tally(),
            batch.take_tally(),
            counts.refused,
            Grouped(tokens.map_or(0, |peak| peak.largest)).to_string(),
        );
    }
}

async fn call_now_and_then(caller: Caller) {
    let mut calls = JoinSet::new();
    let mut times = interval(INTERACTIVE_PAUSE);
    loop {
        times.tick().await;
        let caller = caller.clone();
        calls.spawn(async move { caller.call("What is the weather like?").await });
        while calls.try_join_next().is_some() {}
    }
}

async fn call_without_pause(caller: Caller) {
    loop {
        caller.call("Summarize this document.").await;
    }
}

/// A client of the gateway.
#[derive(Clone)]
struct Caller {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
    authorization: String,
    tally: Arc<Mutex<Tally>>,
}

/// What a client has seen.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    finished: u64,
    failed: u64,
    /// The longest time that a call waited in the gateway, since the last line of figures.
    longest_wait: Duration,
}

impl Caller {
    fn new(gateway: &str, key: &Secret) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            url: format!("{gateway}/v1/chat/completions"),
            authorization: format!("Bearer {}", key.expose()),
            tally: Arc::default(),
        }
    }

    /// Sends a call and reads the answer.
    async fn call(&self, prompt: &str) {
        let start = Instant::now();
        let result = self.send(prompt).await;
        let wait = result.map(|first_byte| (first_byte - start).saturating_sub(LATENCY));
        let is_error = wait.is_err();
        self.lock().add(wait);
        if is_error {
            // So that a gateway that refuses everything is not called all the time.
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// Returns when the answer began.
    async fn send(&self, prompt: &str) -> Result<Instant, Box<dyn Error + Send + Sync>> {
        let message = json!({ "role": "user", "content": prompt });
        let call = json!({ "model": MODEL, "messages": [message], "stream": true });
        let request = Request::post(&self.url)
            .header(AUTHORIZATION, &self.authorization)
            .body(Full::new(Bytes::from(call.to_string())))?;
        let answer = self.client.request(request).await?;
        let first_byte = Instant::now();
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if status == StatusCode::OK {
            Ok(first_byte)
        } else {
            Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into())
        }
    }

    fn tally(&self) -> Tally {
        *self.lock()
    }

    /// Returns the tally, and begins with the longest wait again.
    fn take_tally(&self) -> Tally {
        let mut tally = self.lock();
        let taken = *tally;
        tally.longest_wait = Duration::ZERO;
        taken
    }

    fn lock(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tally {
    /// Adds a call, with the time that it waited.
    fn add(&mut self, wait: Result<Duration, Box<dyn Error + Send + Sync>>) {
        match wait {
            Ok(wait) => {
                self.longest_wait = self.longest_wait.max(wait);
                self.finished += 1;
            }
            Err(error) => {
                eprintln!("error: {error}");
                self.failed += 1;
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wait = self.longest_wait.as_secs_f64();
        write!(f, "{:>5} {wait:>11.2} s", self.finished)
    }
}

/// Returns the limits of the mock provider, which are also those of the gateway.
fn limits() -> Vec<Limit> {
    let counts = [
        (LimitKind::Requests, REQUESTS_PER_MINUTE),
        (LimitKind::Tokens, TOKENS_PER_MINUTE),
    ];
    let limit = |(kind, count)| {
        let count = NonZeroU64::new(count)?;
        Some(Limit {
            kind,
            count,
            per: Some(Duration::from_secs(60)),
        })
    };
    counts.into_iter().filter_map(limit).collect()
}

/// Returns the settings of the gateway.
fn config(
    provider: &MockProvider,
    listen: SocketAddr,
    keys: &[Secret; 2],
) -> Result<Config, Box<dyn Error>> {
    let upstream = Upstream {
        base: provider.url().parse::<Uri>()?,
        completes_paths: true,
    };
    let model = Model {
        name: MODEL.to_owned(),
        aliases: Vec::new(),
        life_cycle: LifeCycle::Active,
        quota: MODEL.to_owned(),
        limits: limits(),
        has_own_limits: true,
        context_window: None,
    };
    let mut config = Config::new(upstream, vec![model]);
    config.listen = listen;
    config.assumed_output = 300;
    let client = |name: &str, key: &Secret| config::Client {
        name: name.to_owned(),
        key_hash: key::hash(key.expose().as_bytes()),
        class: name.to_owned(),
        models: None,
        max_concurrent: None,
        tokens_per_minute: None,
        other_requests: false,
    };
    let [interactive, batch] = keys;
    config.access = Access::GatewayKeys {
        provider_key: Secret::new("sk-demo"),
        clients: vec![client("interactive", interactive), client("batch", batch)],
    };
    let class = Class {
        weight: 10,
        headroom: 0.05,
    };
    config.classes.insert("interactive".to_owned(), class);
    Ok(config)
}
