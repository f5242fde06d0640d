//! Writes the metrics in the text format of `OpenMetrics`.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use model_studio_limiter::StoreUsage;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::{Metrics, PREFIX};
use crate::status::{ClassStatus, LimitStatus, QuotaStatus, Status};

/// The media type of the text.
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Returns the text with what was counted and what the gateway does now.
pub(crate) fn text(metrics: &Metrics, status: &Status) -> Result<String, fmt::Error> {
    let mut text = String::new();
    encode_registry(&mut text, &metrics.registry)?;
    // A new one each time, so that it has nothing of quotas that are no longer in use.
    encode_registry(&mut text, &Current::of(metrics, status).registry())?;
    encode_eof(&mut text)?;
    Ok(text)
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QuotaLabels {
    quota: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassLabels {
    quota: Arc<str>,
    class: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabels {
    quota: Arc<str>,
    kind: &'static str,
    /// In seconds. Empty for a limit on concurrency.
    window: String,
}

type Float = Gauge<f64, AtomicU64>;

/// What the gateway does now.
#[derive(Default)]
struct Current {
    limit: Family<LimitLabels, Gauge>,
    limit_allowed: Family<LimitLabels, Gauge>,
    limit_used: Family<LimitLabels, Gauge>,
    pace: Family<QuotaLabels, Float>,
    queued: Family<QuotaLabels, Gauge>,
    in_flight: Family<QuotaLabels, Gauge>,
    waiting: Family<ClassLabels, Gauge>,
    longest_wait: Family<ClassLabels, Float>,
    store_calls: Family<QuotaLabels, Counter>,
    store_failures: Family<QuotaLabels, Counter>,
    store_round_trip: Family<QuotaLabels, Float>,
    /// `None` without a store.
    store_reachable: Option<Gauge>,
}

impl Current {
    fn of(metrics: &Metrics, status: &Status) -> Self {
        let mut current = Self::default();
        for quota in &status.quotas {
            let labels = QuotaLabels {
                quota: Arc::from(&*quota.name),
            };
            current.add_quota(&labels, quota);
            for limit in &quota.limits {
                current.add_limit(&labels, limit);
            }
            for class in &quota.classes {
                let labels = ClassLabels {
                    quota: Arc::clone(&labels.quota),
                    class: metrics.names.class(&Arc::from(&*class.name)),
                };
                current.add_class(&labels, class);
            }
            if let Some(store) = &quota.store {
                current.add_store(&labels, store);
            }
        }
        current.store_reachable = status.store.as_ref().map(|store| {
            let reachable = Gauge::default();
            reachable.set(store.is_reachable.into());
            reachable
        });
        current
    }

    fn add_quota(&self, labels: &QuotaLabels, quota: &QuotaStatus) {
        self.pace.get_or_create(labels).set(quota.pace);
        let queued = integer(quota.queued);
        self.queued.get_or_create(labels).set(queued);
        let in_flight = integer(quota.in_flight);
        self.in_flight.get_or_create(labels).set(in_flight);
    }

    fn add_limit(&self, labels: &QuotaLabels, limit: &LimitStatus) {
        let labels = LimitLabels {
            quota: Arc::clone(&labels.quota),
            kind: limit.kind,
            window: limit
                .window
                .map(|seconds| seconds.to_string())
                .unwrap_or_default(),
        };
        let set = |family: &Family<LimitLabels, Gauge>, value: u64| {
            family.get_or_create(&labels).set(integer(value));
        };
        set(&self.limit, limit.limit);
        set(&self.limit_allowed, limit.allowed);
        set(&self.limit_used, limit.used);
    }

    /// Several classes can have the label `other`.
    fn add_class(&self, labels: &ClassLabels, class: &ClassStatus) {
        let waiting = integer(class.waiting);
        self.waiting.get_or_create(labels).inc_by(waiting);
        let longest = self.longest_wait.get_or_create(labels);
        longest.set(longest.get().max(class.longest_wait));
    }

    fn add_store(&self, labels: &QuotaLabels, store: &StoreUsage) {
        self.store_calls.get_or_create(labels).inc_by(store.calls);
        let failures = self.store_failures.get_or_create(labels);
        failures.inc_by(store.failures);
        let round_trip = self.store_round_trip.get_or_create(labels);
        round_trip.set(store.round_trip.as_secs_f64());
    }

    fn registry(self) -> Registry {
        let mut registry = Registry::with_prefix(PREFIX);
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version of the gateway", version);
        registry.register("limit", "Limit of the account", self.limit);
        registry.register(
            "limit_allowed",
            "Part of the limit that this gateway may use",
            self.limit_allowed,
        );
        registry.register(
            "limit_used",
            "Amount used of the limit, within its window or by calls that run",
            self.limit_used,
        );
        registry.register(
            "pace_ratio",
            "Rate at which calls are sent, as a part of what the limits allow",
            self.pace,
        );
        registry.register(
            "queued_calls",
            "Calls in the queue of the quota",
            self.queued,
        );
        registry.register(
            "calls_in_flight",
            "Calls that were admitted and have not ended",
            self.in_flight,
        );
        registry.register(
            "waiting_calls",
            "Calls that wait to be admitted",
            self.waiting,
        );
        registry.register(
            "longest_wait_seconds",
            "Time for which the first of the waiting calls has waited",
            self.longest_wait,
        );
        if let Some(reachable) = self.store_reachable {
            registry.register(
                "store_reachable",
                "Whether the store has answered when it was last asked: 1 or 0",
                reachable,
            );
            registry.register("store_calls", "Calls to the store", self.store_calls);
            registry.register(
                "store_failures",
                "Attempts to call the store that failed",
                self.store_failures,
            );
            registry.register(
                "store_round_trip_seconds",
                "Average duration of a call to the store",
                self.store_round_trip,
            );
        }
        registry
    }
}

fn integer(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}
