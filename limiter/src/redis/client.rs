//! The servers of a store, and how to connect to them.

use std::time::Duration;

use ::redis::cluster::ClusterClient;
use ::redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use ::redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, RedisResult, TlsMode,
};
use tokio::sync::Mutex;

use super::StoreError;
use super::connection::Connection;

/// The time after which a call, or an attempt to connect, has failed.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);

/// Connects to a server, to a cluster, or to the master that Sentinel servers name.
pub(super) enum StoreClient {
    Single(Client),
    Cluster(ClusterClient),
    Sentinel(Mutex<SentinelClient>),
}

impl StoreClient {
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
