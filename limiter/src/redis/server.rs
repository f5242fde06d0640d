//! The servers of a store, and how to connect to them.

use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::cluster::ClusterClient;
use ::redis::cluster_async::ClusterConnection;
use ::redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use ::redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, FromRedisValue, IntoConnectionInfo,
    RedisResult, ScriptInvocation, TlsMode, Value, cmd,
};
use tokio::sync::Mutex;

use super::StoreError;

/// The time after which a call or an attempt to connect has failed.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);

/// Where a store is.
pub(super) enum Server {
    Single(Client),
    Cluster(ClusterClient),
    Sentinel(Mutex<SentinelClient>),
}

/// A connection. Clones share it.
#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// Whether a server may delete keys when its memory is full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Eviction {
    /// It may, or does not say.
    None,
    /// By this policy.
    Policy(String),
}

impl Server {
    pub(super) fn single(url: &str) -> Result<Self, StoreError> {
        Ok(Self::Single(Client::open(url)?))
    }

    pub(super) fn cluster(urls: &[&str]) -> Result<Self, StoreError> {
        let client = ClusterClient::builder(urls.iter().copied())
            .connection_timeout(TIMEOUT)
            .response_timeout(TIMEOUT)
            .build()?;
        Ok(Self::Cluster(client))
    }

    /// The master is a name, or a URL with the name instead of a host.
    pub(super) fn sentinel(urls: &[&str], master: &str) -> Result<Self, StoreError> {
        let (name, node) = if master.contains("://") {
            let (name, node) = parse_master(master)?;
            (name, Some(node))
        } else {
            (master.to_owned(), None)
        };
        let role = SentinelServerType::Master;
        let client = SentinelClient::build(urls.to_vec(), name, node, role)?;
        Ok(Self::Sentinel(Mutex::new(client)))
    }

    pub(super) async fn connect(&self) -> RedisResult<Connection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        let client = match self {
            Self::Single(client) => client,
            Self::Cluster(client) => {
                return Ok(Connection::Cluster(client.get_async_connection().await?));
            }
            Self::Sentinel(client) => &client.lock().await.async_get_client().await?,
        };
        let connection = client.get_multiplexed_async_connection_with_config(&config);
        Ok(Connection::Single(connection.await?))
    }
}

fn parse_master(url: &str) -> Result<(String, SentinelNodeConnectionInfo), StoreError> {
    let info = url.into_connection_info()?;
    let node = SentinelNodeConnectionInfo::default()
        .set_redis_connection_info(info.redis_settings().clone());
    match info.addr() {
        ConnectionAddr::Tcp(name, _) => Ok((name.clone(), node)),
        ConnectionAddr::TcpTls { host, insecure, .. } => {
            let mode = if *insecure {
                TlsMode::Insecure
            } else {
                TlsMode::Secure
            };
            Ok((host.clone(), node.set_tls_mode(mode)))
        }
        _ => Err(StoreError::new("the URL of the master has no name")),
    }
}

impl Connection {
    pub(super) async fn invoke(
        &mut self,
        invocation: &ScriptInvocation<'_>,
    ) -> RedisResult<String> {
        match self {
            Self::Single(connection) => invocation.invoke_async(connection).await,
            Self::Cluster(connection) => invocation.invoke_async(connection).await,
        }
    }

    /// Asks the server whether it may delete keys. A user may not be permitted to ask.
    pub(super) async fn eviction(&mut self) -> RedisResult<Eviction> {
        let mut info = cmd("INFO");
        info.arg("memory");
        match self.query::<Value>(&info).await {
            Ok(info) => Ok(policy_in(&info).map_or(Eviction::None, Eviction::Policy)),
            Err(error) if is_answer(&error) => Ok(Eviction::None),
            Err(error) => Err(error),
        }
    }

    async fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        match self {
            Self::Single(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }
}

/// Returns `true` if an error is the answer of a server that can be asked again on the same
/// connection.
pub(super) fn is_answer(error: &::redis::RedisError) -> bool {
    use ::redis::{ErrorKind, ServerErrorKind};
    match error.kind() {
        // The master has become a replica.
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown) => false,
        ErrorKind::Server(_) | ErrorKind::Extension => true,
        _ => false,
    }
}

/// Returns a policy that deletes keys from the answer of a server, or those of the nodes of a
/// cluster.
fn policy_in(info: &Value) -> Option<String> {
    let of_text = |text: &str| {
        let mut lines = text.lines();
        let policy = lines.find_map(|line| line.strip_prefix("maxmemory_policy:"))?;
        let policy = policy.trim();
        (policy != "noeviction").then(|| policy.to_owned())
    };
    match info {
        Value::BulkString(bytes) => of_text(&String::from_utf8_lossy(bytes)),
        Value::VerbatimString { text, .. } | Value::SimpleString(text) => of_text(text),
        Value::Map(nodes) => nodes.iter().find_map(|(_, info)| policy_in(info)),
        Value::Array(nodes) => nodes.iter().find_map(policy_in),
        _ => None,
    }
}
