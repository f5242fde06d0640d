//! Tests how the limiter copes with errors, limits that move, late timers and busy workers.

use std::num::NonZeroU64;
use std::time::Duration;

use mock_provider::{
    Busy, Delay, MINUTE, Noise, NoisyOutcome, Pacer, Provider, Rule, SECOND, TrueLimit,
};
use model_studio_limiter::Limiter;
use model_studio_limits::{Limit, LimitKind, Limits};

/// Limits per minute, and how long a simulation takes. More requests need less time.
const RATES: [(u64, Duration); 3] = [
    (600, Duration::from_secs(1_200)),
    (6_000, Duration::from_secs(600)),
    (30_000, Duration::from_secs(360)),
];

const MILLISECOND: Duration = Duration::from_millis(1);

/// Prints the outcome of a simulation, as a line of a report.
fn report(name: &str, noise: &Noise, outcome: &NoisyOutcome) {
    println!(
        "{name:30} {:>6}/min: sent {:>7}, refused {:>6.2}%, used {:.3}, of the true limit {:.3}",
        noise.per_minute,
        outcome.sent(),
        outcome.refused_part() * 100.0,
        outcome.utilisation(),
        outcome.true_utilisation(),
    );
}

/// Returns the rates at which errors cost more than 5% of the throughput.
fn costly_errors(name: &str, failed: f64, throttled: f64) -> Vec<String> {
    let mut misses = Vec::new();
    for (per_minute, duration) in RATES {
        let quiet = Noise::new(per_minute, duration);
        let most = quiet.run(limiter(per_minute), Provider::new()).accepted;
        let noise = Noise {
            failed,
            throttled,
            ..quiet
        };
        let outcome = noise.run(limiter(per_minute), Provider::new());
        report(name, &noise, &outcome);
        let part = ratio(outcome.accepted, most);
        if part < 0.95 {
            misses.push(format!("{name}, {per_minute}: {part:.3}"));
        }
    }
    misses
}

#[test]
fn rare_failures_of_the_provider_cost_little() {
    let rare = costly_errors("0.1% status 500", 0.001, 0.0);
    let more = costly_errors("1% status 500", 0.01, 0.0);
    none(&[rare, more]);
}

#[test]
fn rare_refusals_without_a_reason_cost_little() {
    let rare = costly_errors("0.1% status 429", 0.0, 0.001);
    let more = costly_errors("1% status 429", 0.0, 0.01);
    none(&[rare, more]);
}

/// Returns the rates at which many requests are refused or little of the true limit is used, on
/// average of two simulations.
fn lost_limits(name: &str, rule: Rule, true_limit: TrueLimit) -> Vec<String> {
    let mut misses = Vec::new();
    for (per_minute, duration) in RATES {
        let outcomes = [1, 2].map(|seed| {
            let noise = Noise {
                true_limit,
                seed,
                ..Noise::new(per_minute, duration)
            };
            let provider = Provider::new().limit_requests(rule, per_minute);
            let outcome = noise.run(limiter(per_minute), provider);
            report(name, &noise, &outcome);
            outcome
        });
        let refused = outcomes.each_ref().map(NoisyOutcome::refused_part);
        let used = outcomes.each_ref().map(NoisyOutcome::true_utilisation);
        let (refused, used) = (mean(refused), mean(used));
        if refused >= 0.03 || used < 0.85 {
            let miss = format!("{name}, {per_minute}: {refused:.4} refused, {used:.3} used");
            misses.push(miss);
        }
    }
    misses
}

const HALF: TrueLimit = TrueLimit::Constant(0.5);

const ALTERNATING: TrueLimit = TrueLimit::Alternating(1.0, 0.5);

const WALK: TrueLimit = TrueLimit::Walk {
    least: 0.4,
    most: 1.0,
    step: 0.2,
};

#[test]
fn a_limit_per_second_of_half_the_printed_one_is_found() {
    none(&[lost_limits("bucket, half", Rule::Bucket(SECOND), HALF)]);
}

#[test]
fn a_limit_per_minute_of_half_the_printed_one_is_found() {
    let sliding = lost_limits("sliding, half", Rule::Sliding(MINUTE), HALF);
    let aligned = lost_limits("aligned, half", Rule::Aligned(MINUTE), HALF);
    none(&[sliding, aligned]);
}

#[test]
fn a_limit_per_second_that_moves_is_followed() {
    let alternating = lost_limits("bucket, alternating", Rule::Bucket(SECOND), ALTERNATING);
    let walk = lost_limits("bucket, walk", Rule::Bucket(SECOND), WALK);
    none(&[alternating, walk]);
}

#[test]
fn a_limit_per_sliding_minute_that_moves_is_followed() {
    let alternating = lost_limits("sliding, alternating", Rule::Sliding(MINUTE), ALTERNATING);
    let walk = lost_limits("sliding, walk", Rule::Sliding(MINUTE), WALK);
    none(&[alternating, walk]);
}

#[test]
fn a_limit_per_aligned_minute_that_moves_is_followed() {
    let alternating = lost_limits("aligned, alternating", Rule::Aligned(MINUTE), ALTERNATING);
    let walk = lost_limits("aligned, walk", Rule::Aligned(MINUTE), WALK);
    none(&[alternating, walk]);
}

#[test]
fn fewer_requests_are_refused_than_with_a_backoff_of_each_worker() {
    for rule in [Rule::Bucket(SECOND), Rule::Sliding(MINUTE)] {
        let noise = Noise {
            true_limit: HALF,
            ..Noise::new(6_000, 10 * MINUTE)
        };
        let provider = || Provider::new().limit_requests(rule, 6_000);
        let ours = noise.run(limiter(6_000), provider());
        let governor = noise.run(Pacer::Governor, provider());
        report("the limiter", &noise, &ours);
        report("governor with backoff", &noise, &governor);
        assert!(ours.refused() * 5 < governor.refused(), "{rule:?}");
    }
}

/// Returns the rates at which little of the limit is used after the first second, or a minute
/// exceeds it.
fn unused_limits(name: &str, alarms: Delay, busy: Busy) -> Vec<String> {
    let mut misses = Vec::new();
    for (per_minute, _) in RATES {
        let noise = Noise {
            alarms,
            busy,
            ..Noise::new(per_minute, 3 * MINUTE)
        };
        let outcome = noise.run(limiter(per_minute), Provider::new());
        let used = outcome.utilisation_after(SECOND);
        report(name, &noise, &outcome);
        println!("    used {used:.3}, at once {}", outcome.most_at_once());
        let (most, at_once) = (outcome.most_per_minute(), outcome.most_at_once());
        // Late timers and late polls together send at most what the limit allows in a second.
        let of_a_second = per_minute.div_ceil(60) + 1;
        if used < 0.97 || most as u64 > per_minute || at_once as u64 > of_a_second {
            misses.push(format!(
                "{name}, {per_minute}: {used:.3} used, {most} in a minute, {at_once} at once"
            ));
        }
    }
    misses
}

const TAIL: Delay = Delay::Tail {
    short: Duration::from_millis(2),
    long: Duration::from_millis(50),
    rare: 0.05,
};

const BUSY: Busy = Busy {
    period: Duration::from_millis(40),
    part: 0.25,
};

#[test]
fn the_limit_is_used_when_timers_are_late() {
    let late = Delay::UpTo(50 * MILLISECOND);
    let even = unused_limits("alarms up to 50 ms late", late, Busy::NEVER);
    let tail = unused_limits("alarms with a tail", TAIL, Busy::NEVER);
    none(&[even, tail]);
}

#[test]
fn the_limit_is_used_when_workers_are_busy() {
    let busy = unused_limits("busy a quarter of the time", Delay::None, BUSY);
    let both = unused_limits("busy, and alarms with a tail", TAIL, BUSY);
    none(&[busy, both]);
}

fn none<const N: usize>(misses: &[Vec<String>; N]) {
    let misses = misses.concat();
    assert!(misses.is_empty(), "{misses:#?}");
}

fn mean([first, second]: [f64; 2]) -> f64 {
    f64::midpoint(first, second)
}

fn ratio(part: usize, whole: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small enough")]
    let ratio = part as f64 / whole as f64;
    ratio
}

fn limiter(per_minute: u64) -> Pacer {
    Pacer::Limiter(Limiter::builder(limits(per_minute)))
}

fn limits(per_minute: u64) -> Limits {
    let limit = Limit {
        kind: LimitKind::Requests,
        count: NonZeroU64::new(per_minute).unwrap(),
        per: Some(MINUTE),
    };
    Limits::new(Box::leak(Box::new([limit])))
}
