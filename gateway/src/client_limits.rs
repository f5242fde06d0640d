//! What the clients with a key of the gateway may use together with all of their requests.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use model_studio_limiter::{Limiter, RedisStore};
use model_studio_limits::{Limit, LimitKind};

use crate::config::{Access, Client};
use crate::error::StartError;

const MINUTE: Duration = Duration::from_secs(60);

/// The limiters of the clients whose use is bounded, by name.
#[derive(Debug)]
pub(crate) struct ClientLimits {
    limiters: Mutex<HashMap<String, Limiter>>,
    /// Where the usage is tracked if several gateways share the limits.
    store: Option<RedisStore>,
}

impl ClientLimits {
    pub(crate) fn new(store: Option<RedisStore>) -> Self {
        Self {
            limiters: Mutex::default(),
            store,
        }
    }

    /// Uses the bounds of these clients from now on. What they have used stays counted.
    pub(crate) fn set(&self, access: &Access) -> Result<(), StartError> {
        let clients = match access {
            Access::ClientKeys => &[][..],
            Access::GatewayKeys { clients, .. } => clients,
        };
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = HashMap::new();
        for client in clients {
            let limits = limits(client);
            if limits.is_empty() {
                continue;
            }
            let limiter = match limiters.get(&client.name) {
                Some(limiter) => {
                    limiter.set_limits(&limits);
                    limiter.clone()
                }
                None => self.limiter(&client.name, &limits)?,
            };
            new.insert(client.name.clone(), limiter);
        }
        *limiters = new;
        Ok(())
    }

    /// Returns the limiter of a client, or `None` if nothing bounds it.
    pub(crate) fn get(&self, client: &str) -> Option<Limiter> {
        let limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        limiters.get(client).cloned()
    }

    fn limiter(&self, name: &str, limits: &[Limit]) -> Result<Limiter, StartError> {
        let builder = Limiter::builder(limits);
        match &self.store {
            Some(store) => {
                // No model ID has a colon and a space.
                let builder = builder
                    .name(&format!("client: {name}"))
                    .store(store.clone());
                builder.build().map_err(StartError::Limiters)
            }
            None => Ok(builder.build()),
        }
    }
}

fn limits(client: &Client) -> Vec<Limit> {
    let limit = |kind, count: Option<u64>, per| {
        let count = NonZeroU64::new(count?)?;
        Some(Limit { kind, count, per })
    };
    let concurrent = client
        .max_concurrent
        .and_then(|count| u64::try_from(count).ok());
    let limits = [
        limit(LimitKind::ConcurrentRequests, concurrent, None),
        limit(LimitKind::Tokens, client.tokens_per_minute, Some(MINUTE)),
    ];
    limits.into_iter().flatten().collect()
}
