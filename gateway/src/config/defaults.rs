//! The default settings.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::{Access, Bounds, Config, Log, Model, Timeouts, UnknownModels, Upstream};

const DEFAULT_PORT: u16 = 8787;

impl Config {
    /// Creates the default settings for a server of the provider and its models.
    #[must_use]
    pub fn new(upstream: Upstream, models: Vec<Model>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)),
            admin_listen: None,
            upstream,
            upstream_http2: false,
            region: None,
            table_date: None,
            models,
            unknown_models: UnknownModels::default(),
            share: (1, 1),
            access: Access::default(),
            classes: BTreeMap::new(),
            fallbacks: BTreeMap::new(),
            patience: Duration::ZERO,
            store: None,
            quotas: None,
            assumed_output: 4_096,
            bounds: Bounds::default(),
            timeouts: Timeouts::default(),
            retries: 3,
            log: Log::default(),
        }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            body: 32 << 20,
            header: 64 << 10,
            connections: 20_000,
            waiting: 10_000,
            waiting_bytes: 256 << 20,
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(30),
            body: Duration::from_secs(30),
            queue: Duration::from_secs(600),
            connect: Duration::from_secs(10),
            response: Duration::from_secs(600),
            idle: Duration::from_secs(300),
            wait: Duration::from_secs(30),
            shutdown: Duration::from_secs(60),
        }
    }
}
