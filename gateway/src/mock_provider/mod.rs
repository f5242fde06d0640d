//! A server that stands in for the provider, for tests without a key.
//!
//! [`MockProvider`] answers the calls that Model Studio answers, in its formats, with words that mean
//! nothing. It keeps limits as strictly as the provider can, and counts, so that a test can show that
//! a program never exceeds them:
//!
//! ```
//! use model_studio_gateway::mock_provider::MockProvider;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let provider = MockProvider::builder()
//!     .per_minute("qwen-plus", 600, 1_000_000)
//!     .start()
//!     .await?;
//! // Let the program call the server at this URL instead of the provider.
//! println!("{}/compatible-mode/v1/chat/completions", provider.url());
//!
//! assert_eq!(provider.counts("qwen-plus").refused, 0);
//! # Ok(())
//! # }
//! ```
//!
//! # Calls
//!
//! | Format | Path |
//! | --- | --- |
//! | `OpenAI` | `/v1/chat/completions`, `/v1/completions`, `/v1/embeddings`, `/v1/responses` and `GET /v1/models` |
//! | Anthropic | `/v1/messages` |
//! | the provider's own | `/api/v1/services/…`, with `X-DashScope-SSE` and `X-DashScope-Async`, and `GET /api/v1/tasks/ID` |
//!
//! The first two also work after a prefix, such as `/compatible-mode`. Streams have the events of each
//! format, and the usage where the provider sends it. A call with tools is answered with a call of the
//! first tool, and then with words. `GET /mock/counts` returns the [counts](Counts) of all quotas in
//! JSON, for programs in other languages.
//!
//! # Tokens
//!
//! A call has one input token for four bytes of its messages, or of what corresponds to them, without
//! data in Base64. The output tokens are [drawn](Builder::output), unless the prompt contains their number, as in `[output_tokens=200]`.
//! An answer is never longer than `max_tokens` or what corresponds to it.
//!
//! # Limits
//!
//! The mock provider refuses a call if a window that ends when it arrives would exceed a limit. A
//! refused call does not count. Nobody outside knows whether the provider counts tokens when a call
//! arrives or when its answer ends, so the mock provider does both, and refuses what would exceed
//! either sum:
//!
//! - all tokens of a call, as if the provider knew the length of the answer when the call arrives,
//! - the input when the call arrives, and the output when the answer ends.
//!
//! Tasks count until they end as running. Limits on images, characters and audio are not applied, and
//! there is no rule on a sudden rise of requests.

mod answer;
mod distribution;
mod event_body;
mod events;
mod ledger;
mod meter;
mod refusals;
mod request;
mod server;
mod settings;
mod state;
mod text;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use model_studio_limits::{Limit, LimitKind};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::config::Model;

pub use distribution::Distribution;
pub use meter::{Counts, Peak};
use server::serve;
use settings::Settings;
pub use settings::TaskEnd;
use state::Shared;

/// A running server that stands in for the provider. It stops, and closes all connections, when it is
/// dropped. See the [module](self).
#[derive(Debug)]
pub struct MockProvider {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl MockProvider {
    /// Returns a builder of a server without limits, which answers at once.
    pub fn builder() -> Builder {
        Builder {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            settings: Settings::default(),
        }
    }

    /// Returns the URL of the server without a path, such as `http://127.0.0.1:49152`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns what was counted for a model, or for all models of its pool. Everything is zero if it
    /// was not called.
    #[must_use]
    pub fn counts(&self, model: &str) -> Counts {
        let quota = self.shared.settings.quota(model);
        self.all_counts().remove(quota).unwrap_or_default()
    }

    /// Returns what was counted, by the name of the quota, which is that of the model or pool.
    #[must_use]
    pub fn all_counts(&self) -> BTreeMap<String, Counts> {
        self.shared.counts()
    }
}

impl Drop for MockProvider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Settings of a [`MockProvider`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `start` is called"]
pub struct Builder {
    address: SocketAddr,
    settings: Settings,
}

impl Builder {
    /// Sets the limits of a model, for example those of a table. Without limits, every call of the
    /// model is accepted.
    pub fn limits(mut self, model: &str, limits: impl IntoIterator<Item = Limit>) -> Self {
        let quotas = &mut self.settings.quotas;
        quotas.insert(model.to_owned(), model.to_owned());
        let limits = limits.into_iter().collect();
        self.settings.limits.insert(model.to_owned(), limits);
        self
    }

    /// Sets the limits of all models that a gateway knows. Models of a pool share their limits, and so
    /// do the aliases of a model.
    pub fn models(mut self, models: &[Model]) -> Self {
        for model in models {
            for name in model.aliases.iter().chain([&model.name]) {
                let quotas = &mut self.settings.quotas;
                quotas.insert(name.clone(), model.quota.clone());
            }
            let limits = &mut self.settings.limits;
            limits.insert(model.quota.clone(), model.limits.clone());
        }
        self
    }

    /// Sets the limits of a model to a number of requests and of tokens per minute. Zero is no limit.
    pub fn per_minute(self, model: &str, requests: u64, tokens: u64) -> Self {
        let counts = [(LimitKind::Requests, requests), (LimitKind::Tokens, tokens)];
        let limit = |(kind, count)| {
            Some(Limit {
                kind,
                count: NonZeroU64::new(count)?,
                per: Some(Duration::from_secs(60)),
            })
        };
        self.limits(model, counts.into_iter().filter_map(limit))
    }

    /// Accepts this API key. Without any, all calls are accepted, also those without a key.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.settings.keys.push(key.into());
        self
    }

    /// Sets the output tokens of an answer. The default is 16.
    pub fn output(mut self, tokens: Distribution) -> Self {
        self.settings.output = tokens;
        self
    }

    /// Sets the milliseconds until an answer begins. The default is 0.
    pub fn latency(mut self, milliseconds: Distribution) -> Self {
        self.settings.latency = milliseconds;
        self
    }

    /// Sets the time that each output token takes. The default is zero: an answer is sent as fast as
    /// the client reads.
    pub fn time_per_token(mut self, time: Duration) -> Self {
        self.settings.time_per_token = time;
        self
    }

    /// Sets the output tokens in each event of a stream, at least 1. The default is 4.
    pub fn tokens_per_event(mut self, tokens: u64) -> Self {
        self.settings.tokens_per_event = tokens;
        self
    }

    /// Sets when asynchronous tasks end. By default, they end when their state is read for the second
    /// time.
    pub fn task_end(mut self, end: TaskEnd) -> Self {
        self.settings.task_end = end;
        self
    }

    /// Sets the seed of the random numbers. The default is 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// Sets the address to listen on. The default is a free port on loopback.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Starts the server, on the current Tokio runtime.
    ///
    /// # Errors
    ///
    /// Returns an error if the address is not available.
    pub async fn start(self) -> io::Result<MockProvider> {
        let listener = TcpListener::bind(self.address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(self.settings));
        let task = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(MockProvider {
            address,
            shared,
            task,
        })
    }
}
