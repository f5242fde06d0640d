//! The gateway.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use model_studio_limiter::Usage;

use crate::account_limits;
use crate::config::Config;
use crate::error::StartError;
use crate::server::{Listener, serve};
use crate::shared::Shared;

/// A gateway that listens for clients.
#[derive(Debug)]
pub struct Gateway {
    shared: Arc<Shared>,
    listener: Listener,
    admin: Option<Listener>,
}

/// Changes a gateway while it runs. Clones change the same gateway.
#[derive(Clone, Debug)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Gateway {
    /// Starts to listen. Clients wait until [`run`](Self::run) is called.
    ///
    /// # Errors
    ///
    /// Returns an error if the settings cannot be used, or if another program uses the address.
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        let listener = bind(config.listen).await?;
        let admin = match config.admin_listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let shared = Arc::new(Shared::new(config)?);
        Ok(Self {
            shared,
            listener,
            admin,
        })
    }

    /// Returns the address on which the gateway listens. The port is the actual one if that of the
    /// settings is 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.address
    }

    /// Returns the address of the metrics and the status page, if they have one of their own.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(|admin| admin.address)
    }

    /// Returns a handle, to change the settings.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Answers clients until `stop` completes. Then no more requests are accepted, and those that run
    /// have the time `timeouts.shutdown` of the settings to end.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        tokio::select! {
            () = account_limits::read_at_start(&self.shared) => {}
            () = &mut stop => return,
        }
        let refresh = tokio::spawn(account_limits::refresh(Arc::clone(&self.shared)));
        serve(&self.shared, self.listener, self.admin, stop).await;
        refresh.abort();
        self.shared.close().await;
    }
}

async fn bind(address: SocketAddr) -> Result<Listener, StartError> {
    Listener::bind(address).await.map_err(StartError::Listen)
}

impl Handle {
    /// Replaces the settings, for requests that arrive from now on. Limits and classes also apply to
    /// those that wait. The address and the store stay as they were.
    ///
    /// # Errors
    ///
    /// Returns an error if the settings cannot be used. Then the gateway goes on with the current ones.
    pub fn reload(&self, config: Config) -> Result<(), StartError> {
        self.shared.replace(config)
    }

    /// Returns the usage of the limits of each quota, which is that of a model or pool, and the calls
    /// that wait and run. A quota is missing if no call has used it for some time.
    #[must_use]
    pub fn usage(&self) -> BTreeMap<Box<str>, Usage> {
        self.shared.account.usage()
    }
}
