//! A store, as programs use it.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model_studio_limits::Limit;

use super::connection::Connections;
use super::protocol::Keys;
use super::server::{Eviction, Server};
use super::task::{Signal, Task};
use super::thread::Thread;
use super::{StoreError, StoredQuota};
use crate::gate::Gate;
use crate::quota::rules::Rules;
use crate::time::Time;
use crate::{Clock, Estimator, Limiter};

/// A Redis or Valkey server that tracks the usage of an account for all processes that share it.
///
/// Processes that use the same server and the same account name share the limits. Clones use the same
/// connection.
///
/// The store has a thread of its own for its connection and its calls, so it works in any async
/// runtime, and in none. The thread ends when the last clone and the last limiter are dropped.
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
    connections: Arc<Connections>,
    thread: Thread,
    account: String,
    /// Identifies this process.
    process: String,
    /// The number of limiters, which tells apart those of one quota.
    limiters: AtomicU64,
}

impl RedisStore {
    /// Connects to a server, by a URL such as `redis://user:password@host:6379/0`, or `rediss://…`
    /// for TLS. For TLS, the program may have to install a `rustls` crypto provider: see
    /// [the guide](crate::guide#a-fleet).
    ///
    /// # Errors
    ///
    /// Returns an error if the URL is not valid or if the server cannot be reached. To start while
    /// the server cannot be reached, use [`open`](Self::open).
    pub async fn connect(url: &str, account: &str) -> Result<Self, StoreError> {
        Self::open(url, account)?.reach().await
    }

    /// Connects to a cluster, by the URLs of some of its nodes. See [`connect`](Self::connect).
    ///
    /// # Errors
    ///
    /// Returns an error if a URL is not valid or if the cluster cannot be reached.
    pub async fn connect_cluster(urls: &[&str], account: &str) -> Result<Self, StoreError> {
        Self::open_cluster(urls, account)?.reach().await
    }

    /// Connects to the master that Sentinel servers name. See [`connect`](Self::connect).
    ///
    /// The master is given by its name, or by a URL that has the name as its host:
    /// `rediss://user:password@name/2` for TLS, a user and a database of the master. The URLs are
    /// those of the Sentinel servers.
    ///
    /// # Errors
    ///
    /// Returns an error if a URL is not valid or if no master can be reached.
    pub async fn connect_sentinel(
        urls: &[&str],
        master: &str,
        account: &str,
    ) -> Result<Self, StoreError> {
        Self::open_sentinel(urls, master, account)?.reach().await
    }

    /// Does the same as [`connect`](Self::connect), but connects later, in the background.
    ///
    /// Until then, requests wait, or the [`fallback`](Self::fallback) admits them.
    ///
    /// # Errors
    ///
    /// Returns an error if the URL is not valid, or if the thread of the store cannot be started.
    pub fn open(url: &str, account: &str) -> Result<Self, StoreError> {
        Self::new(Server::single(url)?, account)
    }

    /// Does the same as [`connect_cluster`](Self::connect_cluster), but connects later. See
    /// [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// Returns an error if a URL is not valid, or if the thread of the store cannot be started.
    pub fn open_cluster(urls: &[&str], account: &str) -> Result<Self, StoreError> {
        Self::new(Server::cluster(urls)?, account)
    }

    /// Does the same as [`connect_sentinel`](Self::connect_sentinel), but connects later. See
    /// [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// Returns an error if a URL is not valid, or if the thread of the store cannot be started.
    pub fn open_sentinel(urls: &[&str], master: &str, account: &str) -> Result<Self, StoreError> {
        Self::new(Server::sentinel(urls, master)?, account)
    }

    fn new(server: Server, account: &str) -> Result<Self, StoreError> {
        let inner = Inner {
            connections: Arc::new(Connections::new(server)),
            thread: Thread::start()?,
            account: account.to_owned(),
            process: format!("{:016x}", RandomState::new().hash_one(std::process::id())),
            limiters: AtomicU64::new(0),
        };
        Ok(Self {
            inner: Arc::new(inner),
            fallback: None,
        })
    }

    async fn reach(self) -> Result<Self, StoreError> {
        let connections = Arc::clone(&self.inner.connections);
        let reach = async move { connections.reach().await };
        self.inner.thread.run(reach).await?;
        Ok(self)
    }

    /// Checks that the server can be reached, and that it does not delete keys when its memory is
    /// full: `maxmemory-policy` must be `noeviction`. Otherwise, it may forget what was sent, and
    /// the limits can be exceeded.
    ///
    /// [`connect`](Self::connect) does not check the policy, but each connection does: see
    /// [`StoreUsage::may_evict`](crate::StoreUsage::may_evict). If the user is not permitted to ask
    /// for the policy, with `INFO`, it counts as correct.
    ///
    /// # Errors
    ///
    /// Returns an error if the server cannot be reached, or if it has another policy.
    pub async fn check(&self) -> Result<(), StoreError> {
        let connections = Arc::clone(&self.inner.connections);
        let eviction = async move { connections.eviction().await };
        match self.inner.thread.run(eviction).await? {
            Eviction::None => Ok(()),
            Eviction::Policy(policy) => Err(StoreError::new(format!(
                "the server may delete the limits, because its `maxmemory-policy` is `{policy}`: \
                 set it to `noeviction`"
            ))),
        }
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
        let signal = Arc::<Signal>::default();
        let number = inner.limiters.fetch_add(1, Ordering::Relaxed);
        let process = format!("{}-{number}", inner.process);
        let keys = Keys::new(&inner.account, name, &process);
        let evicts = inner.connections.evicts();
        let quota = StoredQuota::new(limits, rules, self.fallback, process, evicts, Time::START);
        let gate = Gate::Stored(Box::new(quota));
        let limiter = Limiter::from_parts(clock, gate, estimator, Some(Arc::clone(&signal)));
        let task = Task {
            connections: Arc::clone(&inner.connections),
            limiter: Arc::downgrade(limiter.shared()),
            keys,
        };
        inner.thread.spawn(task.run(signal));
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
