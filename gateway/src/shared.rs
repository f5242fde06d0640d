//! What all requests share.

use std::hash::RandomState;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use http::HeaderMap;
use http::header::HeaderValue;
use model_studio_limiter::{Class, NamedAccount, RedisStore};

use tokio::time::timeout;

use crate::client_limits::ClientLimits;
use crate::clients::Clients;
use crate::config::{Access, Config, Upstream};
use crate::effective_limits::{AccountLimits, effective};
use crate::error::StartError;
use crate::estimate::Estimates;
use crate::metrics::Metrics;
use crate::models::Models;
use crate::proxy::headers;
use crate::proxy::read_body::Memory;
use crate::store_check::StoreCheck;
use crate::tasks::{SharedTasks, Tasks};
use crate::upstream::Provider;
use crate::waiting::WaitingCalls;

/// How long the gateway waits for the store when it stops.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    settings: RwLock<Arc<Settings>>,
    pub(crate) account: NamedAccount,
    pub(crate) estimates: Estimates,
    pub(crate) waiting: WaitingCalls,
    pub(crate) tasks: Tasks,
    pub(crate) client_limits: ClientLimits,
    /// The limits of the account, if the provider has sent them.
    account_limits: Mutex<Option<AccountLimits>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) store_check: StoreCheck,
    /// Identifies clients by their keys, without keeping these.
    pub(crate) hasher: RandomState,
    is_stopping: AtomicBool,
}

/// The settings, and what is derived from them. A reload replaces them as a whole.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) config: Config,
    pub(crate) models: Models,
    pub(crate) provider: Provider,
    pub(crate) memory: Memory,
    /// The clients with a key of the gateway. `None` if clients use their own keys.
    pub(crate) clients: Option<Clients>,
    /// The value of `Authorization` in requests to the provider. `None` if clients use their own keys.
    provider_key: Option<HeaderValue>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Result<Self, StartError> {
        let store = config.store.as_ref().map(|store| {
            let opened = RedisStore::open(store.url.expose(), &store.account);
            opened.map_err(StartError::Store)
        });
        let store = store.transpose()?;
        let account = account(&config, store.clone())?;
        let client_limits = ClientLimits::new(store);
        client_limits.set(&config.access)?;
        let tasks = match &config.store {
            Some(store) => SharedTasks::open(store.url.expose(), &store.account).map(Some),
            None => Ok(None),
        };
        let tasks = Tasks::new(tasks.map_err(StartError::Redis)?);
        let metrics = Arc::new(Metrics::new(&config));
        let settings = Settings::new(config, None)?;
        Ok(Self {
            settings: RwLock::new(Arc::new(settings)),
            account,
            estimates: Estimates::default(),
            waiting: WaitingCalls::default(),
            tasks,
            client_limits,
            account_limits: Mutex::default(),
            metrics,
            store_check: StoreCheck::default(),
            hasher: RandomState::new(),
            is_stopping: AtomicBool::new(false),
        })
    }

    /// Returns the present settings. A request uses the same ones until it has ended.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        let settings = self.settings.read();
        Arc::clone(&settings.unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes that no more requests are accepted.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Returns `true` if no more requests are accepted.
    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// Sends what the store does not know yet.
    pub(crate) async fn close(&self) {
        if timeout(FLUSH_TIMEOUT, self.account.flush()).await.is_err() {
            tracing::warn!("the store was not informed about all permits that have ended");
        }
    }

    /// Replaces the settings. Limits and classes also apply to calls that wait.
    pub(crate) fn replace(&self, config: Config) -> Result<(), StartError> {
        // Until the settings are replaced, nothing else sets limits.
        let mut account_limits = self.account_limits();
        let old = self.settings();
        let new = Settings::new(config, Some(&old))?;
        self.client_limits.set(&new.config.access)?;
        if endpoint(&old.config) != endpoint(&new.config) {
            *account_limits = None;
        }
        self.set_limits(&new.config, account_limits.as_ref());
        for (name, class) in &new.config.classes {
            self.account.set_class(&**name, class.to_limiter());
        }
        let removed = old.config.classes.keys();
        for name in removed.filter(|name| !new.config.classes.contains_key(*name)) {
            self.account.set_class(&**name, Class::default());
        }
        self.metrics.set_names(&new.config);
        *self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        Ok(())
    }

    /// Uses the limits of the account from now on, also for calls that wait.
    pub(crate) fn set_account_limits(&self, limits: AccountLimits) {
        let mut account_limits = self.account_limits();
        *account_limits = Some(limits);
        self.set_limits(&self.settings().config, account_limits.as_ref());
    }

    fn set_limits(&self, config: &Config, account: Option<&AccountLimits>) {
        for (quota, limits) in effective(&config.models, account) {
            self.account.set_limits(quota, limits);
        }
    }

    fn account_limits(&self) -> MutexGuard<'_, Option<AccountLimits>> {
        let limits = self.account_limits.lock();
        limits.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Settings {
    fn new(config: Config, old: Option<&Self>) -> Result<Self, StartError> {
        let models = Models::new(&config.models);
        let provider = match old {
            // The connections are kept.
            Some(old) if connections(&old.config) == connections(&config) => old.provider.clone(),
            _ => Provider::new(&config).ok_or(StartError::Upstream)?,
        };
        let memory = match old {
            Some(old) if old.config.bounds == config.bounds => old.memory.clone(),
            _ => Memory::new(config.bounds.waiting_bytes),
        };
        let (clients, provider_key) = match &config.access {
            Access::ClientKeys => (None, None),
            Access::GatewayKeys {
                provider_key,
                clients,
            } => {
                let value = format!("Bearer {}", provider_key.expose());
                let mut value =
                    HeaderValue::try_from(value).map_err(|_| StartError::ProviderKey)?;
                value.set_sensitive(true);
                (Some(Clients::new(clients)), Some(value))
            }
        };
        Ok(Self {
            config,
            models,
            provider,
            memory,
            clients,
            provider_key,
        })
    }

    /// Replaces the client's key with the provider's, if the gateway has it.
    pub(crate) fn set_key(&self, headers: &mut HeaderMap) {
        if let Some(key) = &self.provider_key {
            headers::replace_key(headers, key);
        }
    }
}

/// Returns what the connections to the provider depend on.
fn connections(config: &Config) -> (&Upstream, bool, Duration) {
    let timeout = config.timeouts.connect;
    (&config.upstream, config.upstream_http2, timeout)
}

/// Returns the URL from which the limits of the account are read.
fn endpoint(config: &Config) -> Option<&str> {
    config.quotas.as_ref().map(|quotas| quotas.endpoint.url())
}

/// Returns the limiters of the models.
fn account(config: &Config, store: Option<RedisStore>) -> Result<NamedAccount, StartError> {
    let (part, whole) = config.share;
    let mut builder = NamedAccount::builder().share(part, whole);
    for model in &config.models {
        builder = builder.limits(&model.quota, &model.limits);
    }
    for (name, class) in &config.classes {
        builder = builder.class(&**name, class.to_limiter());
    }
    match store {
        Some(store) => builder.store(store).build().map_err(StartError::Limiters),
        None => Ok(builder.build()),
    }
}
