//! Counts requests, for the metrics and the status page.

pub(crate) mod exposition;
mod labels;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::config::Config;
use crate::record::{Outcome, Record};
use labels::{CallLabels, DurationLabels, Names, RequestLabels, TokenLabels, UnsettledLabels};

/// The prefix of the names that no convention has.
const PREFIX: &str = "model_studio_gateway";

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// Counts requests since the gateway has started.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    names: Names,
    started: Instant,
    totals: Totals,
    active: Gauge,
    requests: Family<RequestLabels, Counter>,
    wait: Histograms<CallLabels>,
    first_byte: Histograms<DurationLabels>,
    duration: Histograms<DurationLabels>,
    used_tokens: Histograms<TokenLabels>,
    estimated_tokens: Family<TokenLabels, Counter>,
    refusals: Family<CallLabels, Counter>,
    unsettled: Family<UnsettledLabels, Counter>,
    /// What each request changes, by the labels of `requests`.
    series: RwLock<HashMap<RequestLabels, Arc<Series>>>,
}

/// The time series that requests with the same labels change. They are looked up together, since to
/// look up each of them takes longer than to change it.
#[derive(Debug)]
struct Series {
    requests: Counter,
    /// `None` if the requests do not wait.
    wait: Option<Histogram>,
    /// `None` if the responses are not answers of models.
    duration: Option<Histogram>,
    /// `None` if the responses are not successful answers of models.
    first_byte: Option<Histogram>,
    /// Those of the input and of the output, when the first usage was reported.
    tokens: OnceLock<[TokenSeries; 2]>,
}

#[derive(Debug)]
struct TokenSeries {
    used: Histogram,
    estimated: Counter,
}

/// The sums over all labels.
#[derive(Debug, Default)]
struct Totals {
    /// In the order of [`Outcome::ALL`].
    ended: [Counter; Outcome::ALL.len()],
    refusals: Counter,
    input_tokens: Counter,
    output_tokens: Counter,
}

impl Metrics {
    pub(crate) fn new(config: &Config) -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            names: Names::new(config),
            started: Instant::now(),
            totals: Totals::default(),
            active: Gauge::default(),
            requests: Family::default(),
            wait: Family::new_with_constructor(waits),
            first_byte: Family::new_with_constructor(durations),
            duration: Family::new_with_constructor(durations),
            used_tokens: Family::new_with_constructor(tokens),
            estimated_tokens: Family::default(),
            refusals: Family::default(),
            unsettled: Family::default(),
            series: RwLock::default(),
        };
        metrics.register();
        metrics
    }

    /// Replaces the names that are labels.
    pub(crate) fn set_names(&self, config: &Config) {
        self.names.set(config);
    }

    /// Counts a request that has arrived.
    pub(crate) fn started(&self) {
        self.active.inc();
    }

    /// Counts a request that has ended.
    pub(crate) fn ended(&self, record: &Record) {
        self.active.dec();
        self.totals.ended[record.outcome as usize].inc();
        let labels = RequestLabels {
            operation: record.operation,
            model: self.names.model(&record.model),
            class: self.names.class(&record.class),
            status: record.status.map(|status| status.as_u16()),
            outcome: record.outcome.name(),
        };
        let series = self.series(&labels, record);
        series.requests.inc();
        if let Some(wait) = &series.wait {
            wait.observe(record.waited.as_secs_f64());
        }
        if let Some(duration) = &series.duration {
            duration.observe(record.duration.as_secs_f64());
        }
        if let (Some(histogram), Some(first_byte)) = (&series.first_byte, record.first_byte) {
            histogram.observe(first_byte.as_secs_f64());
        }
        if record.refusals > 0 && labels::is_call(record.operation) {
            let refusals = record.refusals.into();
            let labels = CallLabels::of(&labels);
            self.refusals.get_or_create(&labels).inc_by(refusals);
            self.totals.refusals.inc_by(refusals);
        }
        if let Some(operation) = labels::gen_ai_operation(record.operation) {
            self.count_tokens(&series, operation, labels.model, record);
        }
    }

    /// Returns the series of a request, and creates them for the first one with these labels.
    fn series(&self, labels: &RequestLabels, record: &Record) -> Arc<Series> {
        let known = self.series.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = known.get(labels) {
            return Arc::clone(series);
        }
        drop(known);
        let waits = labels::is_call(record.operation)
            && !matches!(record.outcome, Outcome::Invalid | Outcome::QueueFull);
        let wait = waits.then(|| self.wait.get_or_create_owned(&CallLabels::of(labels)));
        let answer = labels::gen_ai_operation(record.operation)
            .map(|operation| DurationLabels::new(operation, &labels.model, record));
        let success = answer.as_ref().filter(|_| record.is_success());
        let series = Arc::new(Series {
            requests: self.requests.get_or_create_owned(labels),
            wait,
            first_byte: success.map(|labels| self.first_byte.get_or_create_owned(labels)),
            duration: answer.map(|labels| self.duration.get_or_create_owned(&labels)),
            tokens: OnceLock::new(),
        });
        let known = self.series.write();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        // Another request may have created them in the meantime, with the same metrics.
        known.insert(labels.clone(), Arc::clone(&series));
        series
    }

    /// Counts the tokens that an answer has used, or that their number is not known.
    fn count_tokens(
        &self,
        series: &Series,
        operation: &'static str,
        model: Arc<str>,
        record: &Record,
    ) {
        if let Some((input, output)) = record.usage {
            self.totals.input_tokens.inc_by(input);
            self.totals.output_tokens.inc_by(output);
            let tokens = series.tokens.get_or_init(|| {
                ["input", "output"].map(|direction| self.tokens_of(operation, &model, direction))
            });
            let (expected_input, expected_output) = record.estimate;
            let counts = [(input, expected_input), (output, expected_output)];
            for (series, (used, expected)) in tokens.iter().zip(counts) {
                #[expect(clippy::cast_precision_loss, reason = "numbers of tokens are small")]
                series.used.observe(used as f64);
                series.estimated.inc_by(expected);
            }
        } else if record.is_success() {
            let outcome = record.outcome.name();
            let labels = UnsettledLabels { model, outcome };
            self.unsettled.get_or_create(&labels).inc();
        }
    }

    fn tokens_of(
        &self,
        operation: &'static str,
        model: &Arc<str>,
        direction: &'static str,
    ) -> TokenSeries {
        let labels = TokenLabels {
            gen_ai_operation_name: operation,
            gen_ai_request_model: Arc::clone(model),
            gen_ai_token_type: direction,
        };
        TokenSeries {
            used: self.used_tokens.get_or_create_owned(&labels),
            estimated: self.estimated_tokens.get_or_create_owned(&labels),
        }
    }

    /// Returns the time since the counts have begun.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns the number of requests that have arrived and not ended.
    pub(crate) fn active(&self) -> u64 {
        self.active.get().try_into().unwrap_or_default()
    }

    /// Returns the number of requests that have ended in this way.
    pub(crate) fn count(&self, outcome: Outcome) -> u64 {
        self.totals.ended[outcome as usize].get()
    }

    /// Returns how many times the provider has refused a call.
    pub(crate) fn refusals(&self) -> u64 {
        self.totals.refusals.get()
    }

    /// Returns the tokens that the provider has reported, of the input and of the output.
    pub(crate) fn tokens(&self) -> (u64, u64) {
        let totals = &self.totals;
        (totals.input_tokens.get(), totals.output_tokens.get())
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "http_server_active_requests",
            "Requests that have arrived and not ended",
            self.active.clone(),
        );
        registry.register(
            "gen_ai_server_request_duration_seconds",
            "Time from the header of a call to the end of its answer, with the time in the queue",
            self.duration.clone(),
        );
        registry.register(
            "gen_ai_client_token_usage",
            "Tokens of a call whose answer was complete, as the provider has reported them",
            self.used_tokens.clone(),
        );
        let registry = registry.sub_registry_with_prefix(PREFIX);
        registry.register(
            "requests",
            "Requests that have ended",
            self.requests.clone(),
        );
        registry.register(
            "wait_duration_seconds",
            "Time in the queue, for all attempts of a call together",
            self.wait.clone(),
        );
        registry.register(
            "time_to_first_byte_seconds",
            "Time from the header of a call to that of its answer, or to the first event of a stream, with the time in the queue",
            self.first_byte.clone(),
        );
        registry.register(
            "estimated_tokens",
            "Tokens that calls were expected to use, for calls whose use was reported",
            self.estimated_tokens.clone(),
        );
        registry.register(
            "refusals",
            "Refusals of the provider because of its limits",
            self.refusals.clone(),
        );
        registry.register(
            "unsettled_calls",
            "Answers whose use of tokens is not known, so that the estimate or what was seen stays counted",
            self.unsettled.clone(),
        );
    }
}

/// Powers of two from 10 ms, as OpenTelemetry recommends, to 11 minutes, because calls can wait.
fn durations() -> Histogram {
    Histogram::new((0..17).map(|power| 0.01 * f64::from(1 << power)))
}

/// Powers of four, as OpenTelemetry recommends.
fn tokens() -> Histogram {
    Histogram::new((0..14).map(|power| f64::from(1 << (2 * power))))
}

fn waits() -> Histogram {
    let seconds = [
        0.001, 0.01, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0,
    ];
    Histogram::new(seconds)
}
