//! The settings of a gateway.
//!
//! [`Source`] reads them from a configuration file, whose keys `example.toml` describes.

mod access;
mod client_name;
mod context;
mod defaults;
mod error;
mod file;
mod flags;
mod limits;
mod log;
mod models;
mod names;
mod parse;
mod places;
mod quotas;
mod secret_source;
mod settings;
mod source;
mod store;
mod upstream;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use clap::ValueEnum;
use http::Uri;
use model_studio_limits::{Date, Limit};
use model_studio_provider::Region;
use model_studio_provider::quotas::Endpoint;
use serde::Deserialize;

pub use client_name::{ClientName, ParseClientNameError};
pub use error::ConfigError;
pub use flags::Flags;
pub use log::{Level, Log, LogFormat};
pub use source::{Reloaded, Source};
pub use values::{Address, Share};

/// A configuration file that describes every key.
pub const EXAMPLE: &str = include_str!("example.toml");

/// The settings of a gateway. `Config::new` returns the defaults.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address on which clients connect. The default is `127.0.0.1:8787`.
    pub listen: SocketAddr,
    /// Another address for the metrics and the status page. `None` if they are at `listen`, but only if
    /// that is a loopback address.
    pub admin_listen: Option<SocketAddr>,
    /// The provider's server, to which calls are sent.
    pub upstream: Upstream,
    /// Whether calls are sent over HTTP/2. The default is `false`: many servers allow only about 100
    /// requests at a time on a connection of HTTP/2, of which there is one, so further calls would wait
    /// although their limits allow them.
    pub upstream_http2: bool,
    /// The region whose table `models` is from, for the status page.
    pub region: Option<Region>,
    /// The date of the table, for the status page.
    pub table_date: Option<Date>,
    /// The models that the provider serves or has served, by the model ID.
    pub models: Vec<Model>,
    /// What happens to calls of models that are not among `models`.
    pub unknown_models: UnknownModels,
    /// The part of each limit that this gateway uses. The default is all of it, `(1, 1)`.
    pub share: (u32, u32),
    /// Who may use the gateway.
    pub access: Access,
    /// The classes, by name. A class that is not among them has weight 1 and no headroom.
    pub classes: BTreeMap<String, Class>,
    /// The models that can serve a call instead of another one, in order of preference. All are model
    /// IDs, not aliases.
    pub fallbacks: BTreeMap<String, Vec<String>>,
    /// How long a call waits for its own model before it takes a fallback. The default is zero.
    pub patience: Duration,
    /// The Redis server through which several gateways keep the limits together.
    pub store: Option<Store>,
    /// How the limits of the account are read from the provider.
    pub quotas: Option<Quotas>,
    /// The output tokens that a call without a limit of its own is expected to use, until the
    /// gateway has learned how long answers are. The default is 4,096.
    pub assumed_output: u64,
    /// What bounds the memory that clients can use.
    pub bounds: Bounds,
    /// How long the gateway waits for clients and for the provider.
    pub timeouts: Timeouts,
    /// How many times a call is sent again after the provider has refused it. The default is 3.
    pub retries: u32,
    /// The format and the level of the log.
    pub log: Log,
}

/// The provider's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The scheme, the host, and optionally a path, which precedes that of each call.
    pub base: Uri,
    /// Whether paths that begin with `/v1/` get the provider's prefix, such as `/compatible-mode`.
    pub completes_paths: bool,
}

/// A model, with its limits.
#[derive(Clone, Debug)]
pub struct Model {
    /// The model ID.
    pub name: String,
    /// Other names that the provider accepts.
    pub aliases: Vec<String>,
    /// Whether the provider serves the model.
    pub life_cycle: LifeCycle,
    /// The name of the model's quota, which is its own or that of a pool.
    pub quota: String,
    /// The limits of the quota. A model without limits passes without waiting.
    pub limits: Vec<Limit>,
    /// Whether the limits were set for this gateway, so that those of the account do not replace them.
    pub has_own_limits: bool,
    /// The most tokens of input and output together, if the table has it.
    pub context_window: Option<u64>,
}

/// Whether the provider serves a model.
#[derive(Clone, Debug)]
pub enum LifeCycle {
    /// The provider serves the model.
    Active,
    /// The provider has announced the end of the model.
    Deprecated {
        /// A day on which the model was known to be deprecated: the date of the table.
        since: Option<Date>,
        /// When the model retires, if that was announced.
        retires: Option<Date>,
        /// What the provider recommends instead.
        replacement: Option<String>,
    },
    /// The provider no longer serves the model.
    Retired {
        /// When the model was retired.
        on: Date,
        /// What the provider recommends instead.
        replacement: Option<String>,
    },
}

/// What happens to calls of models that the gateway does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum UnknownModels {
    /// They are refused, with the names that are similar. The default.
    #[default]
    Refuse,
    /// They are sent without a limit, with a warning.
    Pass,
}

/// Who may use the gateway.
#[derive(Clone, Debug, Default)]
pub enum Access {
    /// Everybody. A client's own API key is sent to the provider. The default.
    #[default]
    ClientKeys,
    /// Clients with a key of the gateway, which sends its own API key to the provider.
    GatewayKeys {
        /// The provider's API key.
        provider_key: Secret,
        /// The clients.
        clients: Vec<Client>,
    },
}

/// A client with a key of the gateway.
#[derive(Clone, Debug)]
pub struct Client {
    /// The name, which logs and metrics show.
    pub name: String,
    /// The SHA-256 hash of the key.
    pub key_hash: [u8; 32],
    /// The class of its requests, by default one of its own with the client's name.
    pub class: String,
    /// The model IDs of the models that it may use. `None` for all.
    pub models: Option<Vec<String>>,
    /// The most requests that it may have waiting or running at the same time. `None` for no limit.
    pub max_concurrent: Option<usize>,
    /// The most tokens that it may use per minute, of all models together. `None` for no limit.
    pub tokens_per_minute: Option<u64>,
    /// Whether it may send requests that are not limited, such as for files and batches, with the
    /// provider's key. They can use any model and read what other clients have stored.
    pub other_requests: bool,
}

/// The weight and the headroom of a class. See [`model_studio_limiter::Class`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Class {
    /// From 1 to 1,000.
    pub weight: u32,
    /// From 0 to 1.
    pub headroom: f64,
}

impl Class {
    pub(crate) fn to_limiter(self) -> model_studio_limiter::Class {
        model_studio_limiter::Class::weight(self.weight).headroom(self.headroom)
    }
}

/// The Redis server of a fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// The URL, which can contain a password.
    pub url: Secret,
    /// The name of the account, which is part of the keys in Redis.
    pub account: String,
}

/// How the limits of the account are read from the provider.
#[derive(Clone, Debug)]
pub struct Quotas {
    /// The provider's endpoint for a region and a workspace.
    pub endpoint: Endpoint,
    /// The API key.
    pub key: Secret,
    /// The time from one reading to the next.
    pub every: Duration,
}

/// What bounds the memory that clients can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The largest body of a request, in bytes. The default is 32 MiB.
    pub body: usize,
    /// The largest header of a request, in bytes. The default is 64 KiB.
    pub header: usize,
    /// The most connections of clients. The default is 20,000.
    pub connections: usize,
    /// The most requests that wait. The default is 10,000.
    pub waiting: usize,
    /// The most bytes that the bodies of all calls have together, from when they arrive until the
    /// provider's answer begins (for a stream, with its first event), and answers whose usage is at
    /// their end. The default is 256 MiB.
    pub waiting_bytes: usize,
}

/// How long the gateway waits for clients and for the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the header of a request, after a client has connected. The default is 30 seconds.
    pub header: Duration,
    /// For the next part of a request's body. The default is 30 seconds.
    pub body: Duration,
    /// For a permit, if the client does not set a deadline. The default is 10 minutes.
    pub queue: Duration,
    /// For a connection to the provider. The default is 10 seconds.
    pub connect: Duration,
    /// For the header of the provider's response, without the time in `wait`. The default is 10 minutes.
    pub response: Duration,
    /// For the next part of the provider's response. The default is 5 minutes.
    pub idle: Duration,
    /// How long the provider may hold a call that meets its rule on growth. The default is 30
    /// seconds, and zero turns it off. See [`model_studio_limiter::Permit::wait_timeout_header`].
    pub wait: Duration,
    /// For running requests when the gateway stops. The default is 60 seconds.
    pub shutdown: Duration,
}

/// A text that no message shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Creates a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Writes a placeholder.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
