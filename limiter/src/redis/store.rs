//! The store, as programs use it.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model_studio_limits::Limit;

use super::caller::Caller;
use super::client::StoreClient;
use super::keys::Keys;
use super::shared_connection::SharedConnection;
use super::thread::StoreThread;
use super::{Signal, StoreError, StoredQuota};
use crate::Clock;
use crate::gate::Gate;
use crate::quota::class_table::ClassTable;
use crate::quota::rules::Rules;
use crate::scheduler::Shared;
use crate::time::Time;

/// Tracks usage in a Redis or Valkey server, for all processes that share an account.
///
/// Processes that use the same server and the same account name share the limits. Clones share one
/// connection.
///
/// The store has a thread of its own for its connection and its calls, so it works in any async
/// runtime, or without one. The thread ends when the last clone and the last limiter are dropped.
///
/// ```no_run
/// use model_studio_limiter::{Account, RedisStore};
/// use model_studio_limits::Model;
///
/// # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
/// let store = RedisStore::connect("redis://127.0.0.1/", "my-account").await?;
/// let account = Account::<Model>::builder().store(store).build()?;
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
    connection: Arc<SharedConnection>,
    thread: StoreThread,
    account: String,
    /// Identifies this process.
    process: String,
    /// The number of limiters, which distinguishes those of one quota.
    limiters: AtomicU64,
}

impl RedisStore {
    /// Connects to a server.
    ///
    /// The URL is `redis://user:password@host:6379/0`, or `rediss://…` for TLS. For TLS, the
    /// program may have to install a `rustls` crypto provider: see [the
    /// guide](crate::guide#a-fleet).
    ///
    /// # Errors
    ///
    /// Returns an error if the URL is not valid or the server cannot be reached. To start while the
    /// server cannot be reached, use [`open`](Self::open).
    pub async fn connect(url: &str, account: &str) -> Result<Self, StoreError> {
        Self::open(url, account)?.connected().await
    }

    /// Connects to a cluster, given the URLs of some of its nodes. See [`connect`](Self::connect).
    ///
    /// # Errors
    ///
    /// Returns an error if a URL is not valid or the cluster cannot be reached.
    pub async fn connect_cluster(urls: &[&str], account: &str) -> Result<Self, StoreError> {
        Self::open_cluster(urls, account)?.connected().await
    }

    /// Connects to a master, given its name and the URLs of Sentinel servers. See
    /// [`connect`](Self::connect).
    ///
    /// If the master needs TLS, a user or a database, pass a URL with its name as the host, such as
    /// `rediss://user:password@name/2`.
    ///
    /// # Errors
    ///
    /// Returns an error if a URL is not valid or no master can be reached.
    pub async fn connect_sentinel(
        urls: &[&str],
        master: &str,
        account: &str,
    ) -> Result<Self, StoreError> {
        Self::open_sentinel(urls, master, account)?
            .connected()
            .await
    }

    /// Like [`connect`](Self::connect), but connects in the background.
    ///
    /// Until the server is reached, requests wait, or the [`fallback`](Self::fallback) admits them.
    ///
    /// # Errors
    ///
    /// Returns an error if the URL is not valid or the thread of the store cannot be started.
    pub fn open(url: &str, account: &str) -> Result<Self, StoreError> {
        Self::new(StoreClient::single(url)?, account)
    }

    /// Like [`connect_cluster`](Self::connect_cluster), but connects in the background. See
    /// [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// Returns an error if a URL is not valid or the thread of the store cannot be started.
    pub fn open_cluster(urls: &[&str], account: &str) -> Result<Self, StoreError> {
        Self::new(StoreClient::cluster(urls)?, account)
    }

    /// Like [`connect_sentinel`](Self::connect_sentinel), but connects in the background. See
    /// [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// Returns an error if a URL is not valid or the thread of the store cannot be started.
    pub fn open_sentinel(urls: &[&str], master: &str, account: &str) -> Result<Self, StoreError> {
        Self::new(StoreClient::sentinel(urls, master)?, account)
    }

    /// Checks that the server can be reached, and that it does not delete keys when its memory is
    /// full: its `maxmemory-policy` must be `noeviction`. With any other policy, the server can
    /// delete the usage, so that limits are exceeded.
    ///
    /// [`connect`](Self::connect) succeeds with any policy, but
    /// [`StoreUsage::may_evict`](crate::StoreUsage::may_evict) reports it. If the user is not
    /// permitted to call `INFO`, which returns the policy, it is assumed to be `noeviction`.
    ///
    /// # Errors
    ///
    /// Returns an error if the server cannot be reached or has another policy.
    pub async fn check(&self) -> Result<(), StoreError> {
        let connection = Arc::clone(&self.inner.connection);
        let policy = async move { connection.eviction_policy().await };
        match self.inner.thread.run(policy).await? {
            None => Ok(()),
            Some(policy) => Err(StoreError::new(format!(
                "the server deletes keys when its memory is full, because its `maxmemory-policy` \
                 is `{policy}`: set it to `noeviction`"
            ))),
        }
    }

    /// Uses a share of the limits while the server cannot be reached: `fallback(1, 8)` for one of
    /// eight processes. Without a fallback, requests wait.
    ///
    /// The fallback is used after calls have failed for a second. It spaces requests evenly, but it
    /// does not know what was sent through the store, nor does the store know what the fallback has
    /// sent. A window that contains a switch between them can therefore exceed the limit: see [the
    /// guide](crate::guide#a-fleet). If only some processes cannot reach the server, they send
    /// their shares in addition to the full limit, for as long as that lasts.
    #[must_use]
    pub fn fallback(mut self, part: u32, whole: u32) -> Self {
        self.fallback = Some((part.into(), whole.into()));
        self
    }

    /// Creates the state of a limiter whose quota has this name in the store, and starts the task
    /// that makes its calls.
    pub(crate) fn track(
        &self,
        name: &str,
        limits: &[Limit],
        rules: Rules,
        classes: ClassTable,
        clock: Arc<dyn Clock>,
    ) -> Arc<Shared> {
        let inner = &self.inner;
        let signal = Arc::<Signal>::default();
        let number = inner.limiters.fetch_add(1, Ordering::Relaxed);
        let process = format!("{}-{number}", inner.process);
        let keys = Keys::new(&inner.account, name, &process);
        let evicts = inner.connection.evicts();
        let fallback = self.fallback;
        let quota = StoredQuota::new(
            limits,
            rules,
            classes,
            fallback,
            process,
            evicts,
            Time::START,
        );
        let gate = Gate::Stored(Box::new(quota));
        let shared = Shared::new(clock, gate).with_signal(Arc::clone(&signal));
        let shared = Arc::new(shared);
        let caller = Caller {
            connection: Arc::clone(&inner.connection),
            limiter: Arc::downgrade(&shared),
            keys,
        };
        inner.thread.spawn(caller.run(signal));
        shared
    }

    fn new(client: StoreClient, account: &str) -> Result<Self, StoreError> {
        let inner = Inner {
            connection: Arc::new(SharedConnection::new(client)),
            thread: StoreThread::start()?,
            account: account.to_owned(),
            process: format!("{:016x}", RandomState::new().hash_one(std::process::id())),
            limiters: AtomicU64::new(0),
        };
        Ok(Self {
            inner: Arc::new(inner),
            fallback: None,
        })
    }

    async fn connected(self) -> Result<Self, StoreError> {
        let connection = Arc::clone(&self.inner.connection);
        let connect = async move { connection.connect().await };
        self.inner.thread.run(connect).await?;
        Ok(self)
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("account", &self.inner.account)
            .finish_non_exhaustive()
    }
}
