//! The connection that all limiters of a store share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::redis::Script;
use tokio::sync::Mutex;
use tokio::time::{self, Instant};

use super::StoreError;
use super::client::{StoreClient, TIMEOUT};
use super::connection::{Connection, is_answer};
use super::keys::Keys;
use super::protocol::{Call, SCRIPT};
use super::thread::catch_panic;
use crate::events;

/// Connects when it is first used, and again after an error.
pub(super) struct SharedConnection {
    client: StoreClient,
    current: Mutex<Current>,
    script: Script,
    /// Whether the server deletes keys when its memory is full.
    evicts: Arc<AtomicBool>,
}

#[derive(Default)]
struct Current {
    connection: Option<Connection>,
    /// The number of connections that were opened.
    number: u64,
}

impl SharedConnection {
    pub(super) fn new(client: StoreClient) -> Self {
        Self {
            client,
            current: Mutex::default(),
            script: Script::new(SCRIPT),
            evicts: Arc::default(),
        }
    }

    /// Returns whether the server deletes keys when its memory is full, as last reported by it.
    pub(super) fn evicts(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.evicts)
    }

    /// Connects, unless there is a connection.
    pub(super) async fn connect(&self) -> Result<(), StoreError> {
        let connect = time::timeout(TIMEOUT, self.get());
        connect.await.map_err(|_| no_answer())??;
        Ok(())
    }

    /// Returns the policy by which the server deletes keys when its memory is full, if it does.
    pub(super) async fn eviction_policy(&self) -> Result<Option<String>, StoreError> {
        let ask = async {
            let (mut connection, number) = self.get().await?;
            let result = connection.eviction_policy().await;
            match &result {
                Ok(policy) => self.evicts.store(policy.is_some(), Ordering::Relaxed),
                Err(_) => self.forget(number).await,
            }
            Ok(result?)
        };
        let result = time::timeout(TIMEOUT, ask).await;
        result.unwrap_or_else(|_| Err(no_answer()))
    }

    /// Calls the script once.
    pub(super) async fn invoke(&self, keys: &Keys, call: &Call) -> Result<String, StoreError> {
        // Includes the time for which another limiter is opening the connection.
        let deadline = Instant::now() + TIMEOUT;
        let connect = time::timeout_at(deadline, self.get());
        let (mut connection, number) = connect.await.map_err(|_| no_answer())??;
        let mut invocation = self.script.prepare_invoke();
        for key in keys.of(call) {
            invocation.key(key);
        }
        invocation.arg(call.arguments());
        let result = time::timeout_at(deadline, connection.invoke(&invocation)).await;
        if !matches!(&result, Ok(Ok(_))) && !matches!(&result, Ok(Err(error)) if is_answer(error)) {
            self.forget(number).await;
        }
        Ok(result.map_err(|_| no_answer())??)
    }

    /// Returns the connection and its number. The first caller opens it while the others wait.
    async fn get(&self) -> Result<(Connection, u64), StoreError> {
        let mut current = self.current.lock().await;
        if let Some(connection) = &current.connection {
            return Ok((connection.clone(), current.number));
        }
        // TLS panics if the program has not chosen a crypto provider.
        let connect = catch_panic(async {
            let mut connection = self.client.connect().await?;
            let policy = connection.eviction_policy().await?;
            Ok((connection, policy))
        });
        let (connection, policy) = connect.await?;
        self.evicts.store(policy.is_some(), Ordering::Relaxed);
        if let Some(policy) = policy {
            events::may_evict(&policy);
        }
        current.number += 1;
        current.connection = Some(connection.clone());
        Ok((connection, current.number))
    }

    /// Lets the next call connect again, unless another one has done so already.
    async fn forget(&self, number: u64) {
        let mut current = self.current.lock().await;
        if current.number == number {
            current.connection = None;
        }
    }
}

fn no_answer() -> StoreError {
    StoreError::new(format!("the server did not answer within {TIMEOUT:?}"))
}
