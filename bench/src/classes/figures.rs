//! Figures of simulations of tenants.
//!
//! The first minute is left out, in which the limits are not yet used.

use std::time::Duration;

use mock_provider::{MINUTE, PerMinute, Shares, Started};
use model_studio_limits::Model;

use crate::measure::float;

/// The model whose limits the tenants share.
pub(super) const MODEL: Model = Model::QwenPlus;

/// How long requests wait, in seconds.
pub(super) struct Waits {
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}

impl Waits {
    /// Returns the waits of the first tenant's requests that have started.
    pub(super) fn of_first_tenant(results: &[Shares]) -> Self {
        let started = results.iter().flat_map(|result| &result.started[0]);
        let started = started.filter(|request| request.at >= MINUTE);
        let waits = started.map(|request| request.wait.as_secs_f64()).collect();
        let waits = sorted(waits);
        Self {
            p50: quantile(&waits, 50),
            p99: quantile(&waits, 99),
            max: quantile(&waits, 100),
        }
    }
}

/// Returns how far the first tenant's share is from the one that it should have, in spans of this
/// length: the mean and the 95th percentile, in percentage points.
pub(super) fn error_of_share(results: &[Shares], share: f64, span: Duration) -> (f64, f64) {
    let errors = results.iter().flat_map(|result| {
        let [first, all] = [&result.started[..1], &result.started].map(|of| costs(of, span));
        let of_all = first.into_iter().zip(all);
        let shares = of_all.filter(|(_, all)| *all > 0.0);
        shares.map(|(first, all)| 100.0 * (first / all - share).abs())
    });
    let errors = sorted(errors.collect());
    let count = float(errors.len() as u64);
    (errors.iter().sum::<f64>() / count, quantile(&errors, 95))
}

/// Returns the cost of the requests that started in each span, as a fraction of the limit of which
/// each uses most. The last span, which is not complete, is left out.
fn costs(tenants: &[Vec<Started>], span: Duration) -> Vec<f64> {
    let started = || tenants.iter().flatten();
    let started_at = started().filter_map(|request| request.at.checked_sub(MINUTE));
    let index = |at: Duration| usize::try_from(at.as_nanos() / span.as_nanos());
    let last = started_at.max().and_then(|at| index(at).ok());
    let mut costs = vec![0.0; last.unwrap_or(0)];
    for request in started() {
        let at = request.at.checked_sub(MINUTE);
        if let Some(cost) = at.and_then(|at| costs.get_mut(index(at).ok()?)) {
            let limit = PerMinute::new(MODEL.limits());
            let tokens = float(request.tokens) / float(limit.tokens);
            *cost += tokens.max(1.0 / float(limit.requests));
        }
    }
    costs
}

/// Returns the part of the limit on requests or on tokens that all tenants used, whichever is larger,
/// on average.
pub(super) fn used(results: &[Shares], duration: Duration) -> f64 {
    let used = results.iter().map(|result| {
        let started = result.started.iter().flatten();
        let started = started.filter(|request| request.at >= MINUTE);
        let requests = started.map(|request| (request.at, request.tokens));
        of_limit(requests, duration.saturating_sub(MINUTE))
    });
    used.sum::<f64>() / float(results.len() as u64)
}

/// Returns what requests use of the limit on requests or on tokens in this time, whichever is larger.
pub(super) fn of_limit(requests: impl Iterator<Item = (Duration, u64)>, duration: Duration) -> f64 {
    let limit = PerMinute::new(MODEL.limits());
    let minutes = duration.as_secs_f64() / MINUTE.as_secs_f64();
    let sum = |(requests, tokens), (_, more)| (requests + 1, tokens + more);
    let (requests, tokens) = requests.fold((0, 0), sum);
    let requests = float(requests) / float(limit.requests);
    let tokens = float(tokens) / float(limit.tokens);
    requests.max(tokens) / minutes
}

/// Returns the largest part of a limit that reached the provider in any minute.
pub(super) fn most_in_a_minute(result: &Shares) -> f64 {
    let limit = PerMinute::new(MODEL.limits());
    let arrived = &result.arrived;
    let (mut first, mut tokens, mut most) = (0, 0, 0.0_f64);
    for (index, (at, more)) in arrived.iter().enumerate() {
        while arrived[first].0 + MINUTE <= *at {
            tokens -= arrived[first].1;
            first += 1;
        }
        tokens += more;
        let requests = (index + 1 - first) as u64;
        let of_requests = float(requests) / float(limit.requests);
        let of_tokens = float(tokens) / float(limit.tokens);
        most = most.max(of_requests).max(of_tokens);
    }
    most
}

fn sorted(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// Returns a percentile of sorted numbers, or 0 if there are none.
fn quantile(numbers: &[f64], percent: usize) -> f64 {
    let last = numbers.len().saturating_sub(1);
    numbers.get(last * percent / 100).copied().unwrap_or(0.0)
}
