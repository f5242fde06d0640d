//! The connection to the store, and the task that calls it.

use std::error::Error;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::cluster::ClusterClient;
use ::redis::cluster_async::ClusterConnection;
use ::redis::sentinel::{SentinelClient, SentinelServerType};
use ::redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, RedisResult, Script};
use model_studio_limits::Limit;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, Notify};
use tokio::time;

use super::call::{Call, Reply};
use super::quota::StoredQuota;
use crate::limiter::Shared;
use crate::quota::Rules;
use crate::{Clock, Estimator, Limiter, sync};

/// The time after which a call or an attempt to connect has failed.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The longest delay between attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// A Redis or Valkey server that tracks the usage of an account for all processes that share it.
///
/// Processes that use the same server and the same account name share the limits. Clones use the same
/// connection.
///
/// ```no_run
/// use model_studio_limiter::{Account, RedisStore};
/// use model_studio_limits::Model;
///
/// # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
/// let store = RedisStore::connect("redis://127.0.0.1/", "my-account").await?;
/// let account = Account::<Model>::builder().store(store).build();
/// let permit = account.acquire(Model::QwenPlus, 1_200).await?;
/// # permit.settle(950);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisStore {
    inner: Arc<Inner>,
    /// The share of the limits to use while the server cannot be reached.
    fallback: Option<(u64, u64)>,
}

struct Inner {
    server: Server,
    /// `None` after an error, until the next call connects again.
    connection: Mutex<Option<Connection>>,
    script: Script,
    account: String,
    /// Identifies this process.
    process: String,
    /// The number of limiters, which tells apart those of one quota.
    limiters: AtomicU64,
    runtime: Handle,
}

enum Server {
    Single(Client),
    Cluster(ClusterClient),
    Sentinel(Mutex<SentinelClient>),
}

#[derive(Clone)]
enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl RedisStore {
    /// Connects to a server, by a URL such as `redis://user:password@host:6379/0`, or `rediss://…`
    /// for TLS. For TLS, the program may have to install a `rustls` crypto provider: see
    /// [the guide](crate::guide#a-fleet).
    ///
    /// Calls run on the current tokio runtime, which must outlive the limiters.
    ///
    /// # Errors
    ///
    /// Returns an error if the URL is not valid or if the server cannot be reached.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime, and for TLS if `rustls` cannot choose a crypto provider.
    pub async fn connect(url: &str, account: &str) -> Result<Self, StoreError> {
        Self::new(Server::Single(Client::open(url)?), account).await
    }

    /// Connects to a cluster, by the URLs of some of its nodes. See [`connect`](Self::connect).
    ///
    /// # Errors
    ///
    /// Returns an error if a URL is not valid or if the cluster cannot be reached.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime, and for TLS if `rustls` cannot choose a crypto provider.
    pub async fn connect_cluster(urls: &[&str], account: &str) -> Result<Self, StoreError> {
        let client = ClusterClient::builder(urls.iter().copied())
            .connection_timeout(TIMEOUT)
            .response_timeout(TIMEOUT)
            .build()?;
        Self::new(Server::Cluster(client), account).await
    }

    /// Connects to the master that Sentinel servers name. See [`connect`](Self::connect).
    ///
    /// # Errors
    ///
    /// Returns an error if a URL is not valid or if no master can be reached.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime, and for TLS if `rustls` cannot choose a crypto provider.
    pub async fn connect_sentinel(
        urls: &[&str],
        master: &str,
        account: &str,
    ) -> Result<Self, StoreError> {
        let role = SentinelServerType::Master;
        let client = SentinelClient::build(urls.to_vec(), master, None, role)?;
        Self::new(Server::Sentinel(Mutex::new(client)), account).await
    }

    async fn new(server: Server, account: &str) -> Result<Self, StoreError> {
        let store = Self {
            inner: Arc::new(Inner {
                server,
                connection: Mutex::new(None),
                script: Script::new(include_str!("admit.lua")),
                account: account.to_owned(),
                process: format!("{:016x}", RandomState::new().hash_one(std::process::id())),
                limiters: AtomicU64::new(0),
                runtime: Handle::current(),
            }),
            fallback: None,
        };
        store.inner.connection().await?;
        Ok(store)
    }

    /// Uses a share of the limits while the server cannot be reached: `fallback(1, 8)` for one of
    /// eight processes.
    ///
    /// It is used after calls have failed for a second. Requests are evenly spaced, and the limiter
    /// does not know what was sent before, nor does the store know what the fallback sends. A
    /// window that contains a switch can therefore exceed the limit: see [the
    /// guide](crate::guide#a-fleet). If only some processes cannot reach the server, their shares
    /// are added to the limit for as long as that lasts. Without a fallback, requests wait.
    #[must_use]
    pub fn fallback(mut self, part: u32, whole: u32) -> Self {
        self.fallback = Some((part.into(), whole.into()));
        self
    }

    /// Creates a limiter whose quota has this name in the store.
    pub(crate) fn limiter(
        &self,
        name: &str,
        limits: &[Limit],
        rules: Rules,
        clock: Arc<dyn Clock>,
        estimator: Estimator,
    ) -> Limiter {
        let inner = &self.inner;
        let calls = Arc::<Signal>::default();
        let number = inner.limiters.fetch_add(1, Ordering::Relaxed);
        let process = format!("{}-{number}", inner.process);
        let quota = StoredQuota::new(limits, rules, self.fallback, process.clone(), 0);
        let notified = Some(Arc::clone(&calls));
        let limiter = Limiter::from_parts(clock, Box::new(quota), estimator, notified);
        let task = Task {
            store: Arc::clone(inner),
            limiter: Arc::downgrade(limiter.shared()),
            // The tag keeps the keys of a quota on one node of a cluster.
            tag: format!(
                "{{model-studio-limiter:{}:{}}}",
                escape(&inner.account),
                escape(name)
            ),
            process,
        };
        inner.runtime.spawn(task.run(calls));
        limiter
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("account", &self.inner.account)
            .finish_non_exhaustive()
    }
}

impl Inner {
    /// Returns the connection, or opens one.
    async fn connection(&self) -> RedisResult<Connection> {
        let mut slot = self.connection.lock().await;
        if let Some(connection) = &*slot {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        let connection = match &self.server {
            Server::Single(client) => {
                let connection = client.get_multiplexed_async_connection_with_config(&config);
                Connection::Single(connection.await?)
            }
            Server::Cluster(client) => Connection::Cluster(client.get_async_connection().await?),
            Server::Sentinel(client) => {
                let client = client.lock().await.async_get_client().await?;
                let connection = client.get_multiplexed_async_connection_with_config(&config);
                Connection::Single(connection.await?)
            }
        };
        *slot = Some(connection.clone());
        Ok(connection)
    }

    /// Calls the script once. After an error, the next call connects again.
    async fn invoke(&self, tag: &str, process: &str, call: &Call) -> RedisResult<String> {
        let connection = self.connection().await?;
        let mut invocation = self.script.prepare_invoke();
        for key in ["state", "line"] {
            invocation.key(format!("{tag}:{key}"));
        }
        invocation.key(format!("{tag}:reply:{process}"));
        for kind in &call.concurrency {
            invocation.key(format!("{tag}:running:{kind:?}"));
        }
        invocation.arg(&call.arguments);
        let result = match connection {
            Connection::Single(mut connection) => invocation.invoke_async(&mut connection).await,
            Connection::Cluster(mut connection) => invocation.invoke_async(&mut connection).await,
        };
        if result.is_err() {
            *self.connection.lock().await = None;
        }
        result
    }
}

/// What a limiter tells the task that makes its calls.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    notify: Notify,
    /// The last call, if the limiter was dropped.
    last: sync::Mutex<Option<Call>>,
}

impl Signal {
    /// There may be something to call the store for.
    pub(crate) fn notify(&self) {
        self.notify.notify_one();
    }

    /// The limiter is dropped.
    pub(crate) fn end(&self, last: Option<Call>) {
        *self.last.lock() = last;
        self.notify.notify_one();
    }
}

/// The task that makes the calls of a limiter.
struct Task {
    store: Arc<Inner>,
    limiter: Weak<Shared>,
    tag: String,
    process: String,
}

impl Task {
    /// Calls the store until the limiter is dropped.
    async fn run(self, calls: Arc<Signal>) {
        loop {
            let Some(limiter) = self.limiter.upgrade() else {
                let last = calls.last.lock().take();
                if let Some(call) = last {
                    // If it fails, what it would have given back expires.
                    let _ = self.store.invoke(&self.tag, &self.process, &call).await;
                }
                return;
            };
            let next = limiter.next_call();
            drop(limiter);
            match next {
                Ok(call) => self.call(&call).await,
                Err(Some(delay)) => {
                    let _ = time::timeout(delay, calls.notify.notified()).await;
                }
                Err(None) => calls.notify.notified().await,
            }
        }
    }

    /// Makes a call, and repeats it until it succeeds. If the limiter is dropped, repeats it only
    /// once.
    async fn call(&self, call: &Call) {
        for attempt in 0.. {
            let Some(sent_at) = self.limiter.upgrade().map(|limiter| limiter.now()) else {
                // If it fails, what it would have given back expires.
                let _ = self.attempt(call).await;
                return;
            };
            let result = self.attempt(call).await;
            match (result, self.limiter.upgrade()) {
                (Ok(reply), Some(limiter)) => return limiter.apply(call, &reply, sent_at),
                (Ok(_), None) => return,
                (Err(error), Some(limiter)) => limiter.store_failed(StoreError::from(error)),
                (Err(_), None) => {}
            }
            time::sleep(backoff(attempt)).await;
        }
    }

    async fn attempt(&self, call: &Call) -> RedisResult<Reply> {
        let invocation = self.store.invoke(&self.tag, &self.process, call);
        // Includes the time to wait for a connection that another limiter opens.
        let reply = time::timeout(TIMEOUT, invocation).await;
        let reply = reply.map_err(|_| (ErrorKind::Io, "the server did not answer in time"))??;
        let reply = Reply::parse(&reply, call.rates, call.concurrency.len());
        let error = (
            ErrorKind::UnexpectedReturnType,
            "the reply has an unexpected format",
        );
        reply.ok_or_else(|| error.into())
    }
}

/// Escapes what separates the parts of a key.
fn escape(name: &str) -> String {
    name.replace('%', "%25")
        .replace(':', "%3A")
        .replace('}', "%7D")
}

/// Returns the delay before the next attempt: random, so that processes do not return together.
#[expect(
    clippy::cast_possible_truncation,
    reason = "any bits of the hash are random"
)]
fn backoff(attempt: u32) -> Duration {
    let longest = Duration::from_millis(20 << attempt.min(7)).min(MAX_BACKOFF);
    let random = RandomState::new().hash_one(attempt) as u32;
    longest.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}

/// Error returned when the store cannot be reached or does not accept a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError(String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the rate limit store failed: {}", self.0)
    }
}

impl Error for StoreError {}

impl From<RedisError> for StoreError {
    fn from(error: RedisError) -> Self {
        Self(error.to_string())
    }
}
