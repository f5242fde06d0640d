//! What the gateway does now, for the status page and the metrics.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model_studio_limiter::{ClassUsage, LimitUsage, StoreUsage, Usage};
use model_studio_limits::Limit;
use model_studio_limits_core::{KeyWindow, LimitKey};
use model_studio_provider::Region;
use serde::Serialize;

use crate::config::Upstream;
use crate::record::Outcome;
use crate::shared::{Settings, Shared};

/// The most classes of a quota on the status page.
const MAX_CLASSES: usize = 50;

/// What the gateway does now. All times are in seconds.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    version: &'static str,
    /// The provider's server.
    upstream: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'static str>,
    /// The date of the table of models and limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    table_date: Option<String>,
    uptime: f64,
    is_stopping: bool,
    totals: Totals,
    pub(crate) quotas: Vec<QuotaStatus>,
    /// `None` without a store.
    pub(crate) store: Option<StoreStatus>,
}

/// What has happened since the gateway has started.
#[derive(Debug, Serialize)]
struct Totals {
    /// Requests that were passed on completely, with any status.
    completed: u64,
    /// Requests whose clients have left before the end.
    client_left: u64,
    /// Other requests that have failed.
    failed: u64,
    /// Requests that have not ended.
    active: u64,
    waiting: usize,
    /// Refusals of the provider.
    refusals: u64,
    input_tokens: u64,
    output_tokens: u64,
}

/// A quota that is in use: that of a model, or of a pool of models.
#[derive(Debug, Serialize)]
pub(crate) struct QuotaStatus {
    pub(crate) name: String,
    /// The models that share it. A single one with the name of the quota is not listed.
    models: Vec<String>,
    /// The rate at which calls are sent, as a part of what the limits allow.
    pub(crate) pace: f64,
    /// The calls in its queue, also those that can use other quotas.
    pub(crate) queued: usize,
    pub(crate) in_flight: u64,
    refused: u64,
    pub(crate) limits: Vec<LimitStatus>,
    /// Those that wait come first, the longest wait before the others.
    pub(crate) classes: Vec<ClassStatus>,
    /// The number of classes that are not in the list.
    more_classes: usize,
    #[serde(skip)]
    pub(crate) store: Option<StoreUsage>,
}

#[derive(Debug, Serialize)]
pub(crate) struct LimitStatus {
    /// The kind, by its name in tables.
    pub(crate) kind: &'static str,
    /// `None` for a limit on concurrency.
    pub(crate) window: Option<f64>,
    /// What is counted, such as `queries per minute`.
    unit: String,
    pub(crate) used: u64,
    /// The share of this gateway.
    pub(crate) allowed: u64,
    pub(crate) limit: u64,
    /// Whether more of it is used than of the other limits, so that it is the next to delay calls.
    binds: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct ClassStatus {
    /// Empty for the default class.
    pub(crate) name: String,
    weight: u32,
    headroom: f64,
    pub(crate) waiting: usize,
    pub(crate) longest_wait: f64,
    in_flight: u64,
    admitted: u64,
    /// The part of what all classes have used in the last minute.
    share: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct StoreStatus {
    pub(crate) is_reachable: bool,
    calls: u64,
    failures: u64,
    /// The average of the quotas.
    round_trip: f64,
    may_evict: bool,
}

impl Status {
    pub(crate) async fn of(shared: &Shared) -> Self {
        let settings = shared.settings();
        let waiting = Waiting::of(shared, &settings);
        let quotas: Vec<_> = shared
            .account
            .usage()
            .into_iter()
            .map(|(name, usage)| QuotaStatus::new(&settings, name.into(), &usage, &waiting))
            .collect();
        let store = match &settings.config.store {
            Some(_) => {
                let is_reachable = shared.store_check.is_reachable(&shared.tasks).await;
                Some(StoreStatus::new(is_reachable, &quotas))
            }
            None => None,
        };
        Self {
            version: env!("CARGO_PKG_VERSION"),
            upstream: origin(&settings.config.upstream),
            region: settings.config.region.map(Region::name),
            table_date: settings.config.table_date.map(|date| date.to_string()),
            uptime: seconds(shared.metrics.age()),
            is_stopping: shared.is_stopping(),
            totals: Totals::of(shared, waiting.count),
            quotas,
            store,
        }
    }

    /// Returns JSON for the status page, with at most [`MAX_CLASSES`] classes of each quota.
    pub(crate) fn into_json(mut self) -> Vec<u8> {
        for quota in &mut self.quotas {
            quota.more_classes = quota.classes.len().saturating_sub(MAX_CLASSES);
            quota.classes.truncate(MAX_CLASSES);
        }
        serde_json::to_vec(&self).expect("numbers and strings can be written as JSON")
    }
}

impl Totals {
    fn of(shared: &Shared, waiting: usize) -> Self {
        let metrics = &shared.metrics;
        let ended = |outcome| metrics.count(outcome);
        let all: u64 = Outcome::ALL.into_iter().map(ended).sum();
        let (completed, client_left) = (ended(Outcome::Completed), ended(Outcome::ClientLeft));
        let (input_tokens, output_tokens) = metrics.tokens();
        Self {
            completed,
            client_left,
            failed: all.saturating_sub(completed + client_left),
            active: metrics.active(),
            waiting,
            refusals: metrics.refusals(),
            input_tokens,
            output_tokens,
        }
    }
}

impl QuotaStatus {
    fn new(settings: &Settings, name: String, usage: &Usage, waiting: &Waiting) -> Self {
        let models = settings.models.served();
        let models = models.filter(|model| model.quota == name);
        let mut models: Vec<String> = models.map(|model| model.name.clone()).collect();
        if models == [name.as_str()] {
            models.clear();
        }
        let classes = usage.classes.iter();
        let classes = classes.map(|class| ClassStatus::new(class, &name, waiting));
        // The default class is always there.
        let is_used = |class: &ClassStatus| !class.name.is_empty() || class.is_used();
        let mut classes: Vec<_> = classes.filter(is_used).collect();
        classes.sort_by(|left, right| {
            let by_waiting = (right.waiting > 0).cmp(&(left.waiting > 0));
            let by_wait = right.longest_wait.total_cmp(&left.longest_wait);
            let by_share = right.share.total_cmp(&left.share);
            by_waiting
                .then(by_wait)
                .then(by_share)
                .then_with(|| left.name.cmp(&right.name))
        });
        Self {
            models,
            pace: usage.pace,
            queued: usage.queued,
            in_flight: usage.in_flight,
            refused: usage.refused,
            limits: limits(&usage.limits),
            classes,
            more_classes: 0,
            store: usage.store,
            name,
        }
    }
}

fn limits(limits: &[LimitUsage]) -> Vec<LimitStatus> {
    let part = |limit: &LimitUsage| ratio(limit.used, limit.allowed);
    let binding = limits
        .iter()
        .enumerate()
        .filter(|(_, limit)| limit.used > 0)
        .max_by(|(_, left), (_, right)| part(left).total_cmp(&part(right)))
        .map(|(index, _)| index);
    let limits = limits.iter().enumerate();
    limits
        .map(|(index, usage)| LimitStatus {
            kind: kind(&usage.limit),
            window: usage.limit.per.map(seconds),
            unit: unit(&usage.limit),
            used: usage.used,
            allowed: usage.allowed,
            limit: usage.limit.count.get(),
            binds: binding == Some(index),
        })
        .collect()
}

/// Returns the name of the key that sets such limits in tables, with any window.
fn kind(limit: &Limit) -> &'static str {
    let window = match limit.per {
        Some(_) => KeyWindow::Any,
        None => KeyWindow::Fixed(None),
    };
    LimitKey::find(limit.kind, window).map_or("other", |key| key.name)
}

/// Returns a limit without its number, such as `queries per minute`.
fn unit(limit: &Limit) -> String {
    // In the plural.
    let count = NonZeroU64::MAX;
    let text = Limit { count, ..*limit }.to_string();
    let unit = text.split_once(' ').map(|(_, unit)| unit.to_owned());
    unit.unwrap_or(text)
}

impl ClassStatus {
    fn new(usage: &ClassUsage, quota: &str, waiting: &Waiting) -> Self {
        let name = usage.key.as_str().to_owned();
        let (waiting, longest_wait) = waiting.of_class(quota, &name);
        Self {
            weight: usage.weight,
            headroom: usage.headroom,
            waiting,
            longest_wait,
            in_flight: usage.in_flight,
            admitted: usage.admitted,
            share: usage.share,
            name,
        }
    }

    fn is_used(&self) -> bool {
        self.waiting > 0 || self.admitted > 0 || self.in_flight > 0
    }
}

impl StoreStatus {
    fn new(is_reachable: bool, quotas: &[QuotaStatus]) -> Self {
        let stores: Vec<_> = quotas.iter().filter_map(|quota| quota.store).collect();
        let round_trips: Duration = stores.iter().map(|store| store.round_trip).sum();
        let count = u32::try_from(stores.len()).unwrap_or(u32::MAX).max(1);
        Self {
            is_reachable,
            calls: stores.iter().map(|store| store.calls).sum(),
            failures: stores.iter().map(|store| store.failures).sum(),
            round_trip: seconds(round_trips / count),
            may_evict: stores.iter().any(|store| store.may_evict),
        }
    }
}

/// The calls that wait, by quota and class.
struct Waiting {
    count: usize,
    by_class: HashMap<(String, Arc<str>), (usize, Duration)>,
}

impl Waiting {
    fn of(shared: &Shared, settings: &Settings) -> Self {
        let calls = shared.waiting.all();
        let now = Instant::now();
        let mut by_class = HashMap::new();
        for call in &calls {
            let Ok(model) = settings.models.find(&call.model) else {
                continue;
            };
            let key = (model.quota.clone(), Arc::clone(&call.class));
            let (count, longest) = by_class.entry(key).or_insert((0, Duration::ZERO));
            *count += 1;
            *longest = now.saturating_duration_since(call.since).max(*longest);
        }
        Self {
            count: calls.len(),
            by_class,
        }
    }

    /// Returns the number of calls, and the longest wait in seconds.
    fn of_class(&self, quota: &str, class: &str) -> (usize, f64) {
        let key = (quota.to_owned(), Arc::from(class));
        let found = self.by_class.get(&key);
        found.map_or((0, 0.0), |(count, longest)| (*count, seconds(*longest)))
    }
}

/// Returns the scheme and the host, without a user name or password.
fn origin(upstream: &Upstream) -> String {
    let base = &upstream.base;
    let host = base.host().unwrap_or_default();
    let scheme = base.scheme_str().unwrap_or_default();
    match base.port() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

/// Returns the seconds, to the millisecond.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000.0).round() / 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "the result is a rough part")]
fn ratio(used: u64, allowed: u64) -> f64 {
    used as f64 / allowed.max(1) as f64
}
