//! The tasks of a fleet, in Redis.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, SetExpiry, SetOptions};

/// The time after which a request of Redis fails. A client waits meanwhile.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What every gateway of a fleet knows of the tasks: the quota and the lease of each, by the provider's
/// ID.
#[derive(Clone)]
pub(crate) struct SharedTasks {
    connection: ConnectionManager,
    prefix: String,
}

impl SharedTasks {
    /// Connects on the first use. The account is the one of the limiter's store.
    pub(crate) fn open(url: &str, account: &str) -> Result<Self, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        let client = Client::open(url)?;
        Ok(Self {
            connection: ConnectionManager::new_lazy_with_config(client, config)?,
            prefix: format!("model-studio-gateway:{account}:task:"),
        })
    }

    pub(crate) async fn add(
        &self,
        id: &str,
        quota: &str,
        lease: &str,
        expiry: Duration,
    ) -> Result<(), RedisError> {
        let options = SetOptions::default().with_expiration(SetExpiry::EX(expiry.as_secs()));
        // A lease has no newline.
        let value = format!("{lease}\n{quota}");
        let mut connection = self.connection.clone();
        redis::AsyncCommands::set_options(&mut connection, self.key(id), value, options).await
    }

    /// Removes a task, and returns its quota and lease.
    pub(crate) async fn remove(&self, id: &str) -> Result<Option<(String, String)>, RedisError> {
        let mut connection = self.connection.clone();
        let value: Option<String> =
            redis::AsyncCommands::get_del(&mut connection, self.key(id)).await?;
        Ok(value.and_then(|value| {
            let (lease, quota) = value.split_once('\n')?;
            Some((quota.to_owned(), lease.to_owned()))
        }))
    }

    /// Waits for an answer of the server.
    pub(crate) async fn ping(&self) -> Result<(), RedisError> {
        let mut connection = self.connection.clone();
        redis::cmd("PING").exec_async(&mut connection).await
    }

    fn key(&self, id: &str) -> String {
        format!("{}{id}", self.prefix)
    }
}

impl std::fmt::Debug for SharedTasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedTasks")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
