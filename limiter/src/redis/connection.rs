//! The connection that all limiters of a store share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::redis::Script;
use tokio::sync::Mutex;
use tokio::time::{self, Instant};

use super::StoreError;
use super::protocol::{Call, Keys, SCRIPT};
use super::server::{Connection, Eviction, Server, TIMEOUT, is_answer};
use super::thread::catch_panic;
use crate::events;

/// Connects when it is needed, and again after an error.
pub(super) struct Connections {
    server: Arc<Server>,
    current: Mutex<Current>,
    script: Script,
    /// Whether the server may delete keys.
    evicts: Arc<AtomicBool>,
}

#[derive(Default)]
struct Current {
    connection: Option<Connection>,
    /// The number of the connection, or of the last one.
    number: u64,
}

impl Connections {
    pub(super) fn new(server: Server) -> Self {
        Self {
            server: Arc::new(server),
            current: Mutex::default(),
            script: Script::new(SCRIPT),
            evicts: Arc::default(),
        }
    }

    /// Returns whether the server may delete keys, as far as connections have shown.
    pub(super) fn evicts(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.evicts)
    }

    /// Connects, unless there is a connection.
    pub(super) async fn reach(&self) -> Result<(), StoreError> {
        let connect = time::timeout(TIMEOUT, self.get());
        connect.await.map_err(|_| no_answer())??;
        Ok(())
    }

    /// Asks the server whether it may delete keys.
    pub(super) async fn eviction(&self) -> Result<Eviction, StoreError> {
        let ask = async {
            let (mut connection, number) = self.get().await?;
            let result = connection.eviction().await;
            match &result {
                Ok(eviction) => self.note(eviction),
                Err(_) => self.forget(number).await,
            }
            Ok(result?)
        };
        let result = time::timeout(TIMEOUT, ask).await;
        result.unwrap_or_else(|_| Err(no_answer()))
    }

    /// Calls the script once.
    pub(super) async fn invoke(&self, keys: &Keys, call: &Call) -> Result<String, StoreError> {
        // Includes the time to wait for a connection that another limiter opens.
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

    /// Returns the connection and its number. The first one who asks opens it, and the others wait.
    async fn get(&self) -> Result<(Connection, u64), StoreError> {
        let mut current = self.current.lock().await;
        if let Some(connection) = &current.connection {
            return Ok((connection.clone(), current.number));
        }
        let server = Arc::clone(&self.server);
        // TLS panics if the program has not chosen a provider of cryptography.
        let connect = catch_panic(async move {
            let mut connection = server.connect().await?;
            let eviction = connection.eviction().await?;
            Ok((connection, eviction))
        });
        let (connection, eviction) = connect.await?;
        if let Eviction::Policy(policy) = &eviction {
            events::may_evict(policy);
        }
        self.note(&eviction);
        current.number += 1;
        current.connection = Some(connection.clone());
        Ok((connection, current.number))
    }

    fn note(&self, eviction: &Eviction) {
        let evicts = *eviction != Eviction::None;
        self.evicts.store(evicts, Ordering::Relaxed);
    }

    /// Connects again for the next call, unless another task has done that already.
    async fn forget(&self, number: u64) {
        let mut current = self.current.lock().await;
        if current.number == number {
            current.connection = None;
        }
    }
}

fn no_answer() -> StoreError {
    StoreError::new("the server did not answer in time")
}
