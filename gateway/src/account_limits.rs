//! Reads the limits of the account from the provider, so that they hold without a restart.

use std::sync::Arc;
use std::time::Duration;

use model_studio_provider::quotas::{self, ApiKey, Options};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::config::Quotas;
use crate::effective_limits::AccountLimits;
use crate::shared::Shared;

/// How long the gateway waits for the limits before it answers clients.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// How often to check whether the settings ask for the limits.
const IDLE: Duration = Duration::from_secs(10);

/// The time for each response of the provider.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads the limits for the first time. If that fails, those of the table hold.
pub(crate) async fn read_at_start(shared: &Arc<Shared>) {
    let settings = shared.settings();
    let Some(quotas) = &settings.config.quotas else {
        return;
    };
    if timeout(START_TIMEOUT, read(shared, quotas)).await.is_err() {
        tracing::warn!("the provider has not sent the limits of the account in time");
    }
}

/// Reads the limits again and again.
pub(crate) async fn refresh(shared: Arc<Shared>) {
    loop {
        let settings = shared.settings();
        match &settings.config.quotas {
            Some(quotas) => {
                sleep(quotas.every).await;
                read(&shared, quotas).await;
            }
            None => sleep(IDLE).await,
        }
    }
}

async fn read(shared: &Shared, quotas: &Quotas) {
    let quotas = quotas.clone();
    // The client of the quota endpoint blocks its thread.
    match spawn_blocking(move || fetch(&quotas)).await {
        Ok(Ok(limits)) => shared.set_account_limits(limits),
        Ok(Err(error)) => tracing::warn!(error, "the limits of the account could not be read"),
        Err(error) => tracing::warn!(%error, "the limits of the account could not be read"),
    }
}

fn fetch(quotas: &Quotas) -> Result<AccountLimits, String> {
    let key = ApiKey::new(quotas.key.expose()).map_err(|error| error.to_string())?;
    let options = Options {
        timeout: RESPONSE_TIMEOUT,
        // The next reading is soon enough.
        retries: 0,
        user_agent: concat!("model-studio-gateway/", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    let rows = quotas::fetch(&quotas.endpoint, &key, &options, |_| ());
    let rows = rows.map_err(|error| error.to_string())?;
    let table = quotas.endpoint.region().table();
    let account = quotas::AccountLimits::new(&rows, &table);
    for warning in &account.warnings {
        tracing::warn!(%warning, "a limit of the account is left out");
    }
    let merged = account.merged(&table).into_iter();
    Ok(merged
        .map(|(name, limits)| (name.to_owned(), limits))
        .collect())
}
