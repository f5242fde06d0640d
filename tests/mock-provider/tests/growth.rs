//! Tests how the limiter copes with providers that refuse a sudden rise, by rules that it does not
//! know and that move.

#![allow(
    clippy::unchecked_time_subtraction,
    reason = "the numbers in tests are small"
)]

use std::num::NonZeroU64;
use std::time::Duration;

use mock_provider::{
    Delay, Demand, GrowthRule, MINUTE, MovingFactor, Noise, Pacer, Provider, SECOND,
};
use model_studio_limiter::Limiter;
use model_studio_limits::{Limit, LimitKind, Limits};

const RULES: [GrowthRule; 6] = [
    GrowthRule::Successive(Duration::from_secs(10)),
    GrowthRule::Successive(Duration::from_secs(60)),
    GrowthRule::OverMinute(Duration::from_secs(3)),
    GrowthRule::OverMinute(Duration::from_secs(10)),
    GrowthRule::Aligned,
    GrowthRule::Envelope,
];

/// Limits per minute, how many requests per minute are accepted after an idle time, and a seed.
const RATES: [(u64, u32, u64); 3] = [(600, 60, 1), (600, 60, 2), (6_000, 300, 2)];

/// An hour of phases of demand, late timers and some failures. The rate may grow by a factor from
/// 1.5 to 10 per minute, which changes every few minutes.
fn phases(per_minute: u64, seed: u64) -> Noise {
    Noise {
        failed: 0.01,
        alarms: Delay::UpTo(Duration::from_millis(20)),
        demand: Demand::Phases {
            busy: 2 * MINUTE..=10 * MINUTE,
            idle: MINUTE / 2..=3 * MINUTE,
        },
        factor: Some(MovingFactor {
            factors: 1.5..=10.0,
            every: 2 * MINUTE..=5 * MINUTE,
        }),
        seed,
        ..Noise::new(per_minute, 60 * MINUTE)
    }
}

#[test]
fn few_requests_are_refused_by_any_rule() {
    let mut misses = Vec::new();
    for (per_minute, floor, seed) in RATES {
        for rule in RULES {
            let noise = phases(per_minute, seed);
            let provider = || Provider::new().limit_growth(rule, 2.0, floor);
            let outcome = noise.run(limiter(per_minute), provider());
            let best = noise.best(provider());
            let refused = ratio(outcome.too_fast, outcome.sent());
            let used = ratio(outcome.accepted, best.len());
            println!(
                "{:16} {per_minute:>5}/min: sent {:>6}, refused {:.2}%, used {used:.3} of \
                     what was possible, 90% of the rate after {:>3.0} s, possible after {:>3.0} s",
                format!("{rule:?}"),
                outcome.sent(),
                refused * 100.0,
                full_after(&noise, &outcome.accepted_at),
                full_after(&noise, &best),
            );
            if refused >= 0.01 || used < 0.4 {
                misses.push(format!("{rule:?}, {per_minute}: {refused:.4}, {used:.3}"));
            }
        }
    }
    assert!(misses.is_empty(), "{misses:#?}");
}

#[test]
fn a_limiter_without_idle_times_has_to_learn_only_once() {
    for rule in RULES {
        let noise = Noise {
            demand: Demand::Always,
            duration: 30 * MINUTE,
            ..phases(6_000, 1)
        };
        let provider = Provider::new().limit_growth(rule, 2.0, 300);
        let outcome = noise.run(limiter(6_000), provider);
        let refused = ratio(outcome.too_fast, outcome.sent());
        let full = outcome.utilisation_after(15 * MINUTE);
        println!(
            "{rule:?}: refused {:.3}%, then used {full:.3}",
            refused * 100.0
        );
        assert!(refused < 0.005, "{rule:?}: {refused}");
        assert!(full > 0.97, "{rule:?}: {full}");
    }
}

#[test]
fn random_refusals_do_not_keep_the_rate_down() {
    for rule in RULES {
        let noise = Noise {
            throttled: 0.01,
            ..phases(600, 3)
        };
        let provider = || Provider::new().limit_growth(rule, 2.0, 60);
        let outcome = noise.run(limiter(600), provider());
        let refused = ratio(outcome.too_fast, outcome.sent());
        let used = ratio(outcome.accepted, noise.best(provider()).len());
        println!("{rule:?}: refused {:.2}%, used {used:.3}", refused * 100.0);
        assert!(refused < 0.01 && used > 0.4, "{rule:?}: {refused}, {used}");
    }
}

#[test]
fn tokens_rise_as_slowly_as_requests() {
    // With 100 tokens each, half of the requests use all tokens.
    let limits = [(LimitKind::Requests, 600), (LimitKind::Tokens, 30_000)];
    let noise = phases(300, 1);
    for rule in RULES {
        let provider = || Provider::new().limit_growth(rule, 2.0, 30);
        let outcome = noise.run(limiter_of(&limits), provider());
        let refused = ratio(outcome.too_fast, outcome.sent());
        let used = ratio(outcome.accepted, noise.best(provider()).len());
        println!("{rule:?}: refused {:.2}%, used {used:.3}", refused * 100.0);
        assert!(refused < 0.01 && used > 0.4, "{rule:?}: {refused}, {used}");
    }
}

#[test]
fn more_requests_succeed_if_the_provider_holds_them() {
    for rule in RULES {
        let [refused, held] = [Duration::ZERO, 30 * SECOND].map(|wait| {
            let noise = Noise {
                wait,
                ..phases(600, 4)
            };
            let provider = Provider::new().limit_growth(rule, 2.0, 60);
            noise.run(limiter(600), provider)
        });
        println!(
            "{rule:?}: refused {} of {}, or {} of {} if they are held",
            refused.too_fast,
            refused.sent(),
            held.too_fast,
            held.sent(),
        );
        assert!(held.accepted > refused.accepted, "{rule:?}");
        // The limiter learns of a refusal only when the provider gives up.
        assert!(held.too_fast * 10 < held.sent(), "{rule:?}");
    }
}

/// Returns the average time in seconds from the beginning of a phase until ten seconds have 90% of
/// the requests that the limit allows.
fn full_after(noise: &Noise, accepted: &[Duration]) -> f64 {
    let full = usize::try_from(noise.per_minute * 9 / 60).unwrap();
    let phases = noise.phases();
    let times = phases.iter().map(|phase| {
        let index = |time| accepted.partition_point(|at| *at < time);
        let accepted = &accepted[index(phase.start)..index(phase.end)];
        let mut windows = accepted.windows(full);
        let first = windows.find(|window| window[full - 1] - window[0] < 10 * SECOND);
        let at = first.map_or(phase.end, |window| window[full - 1]);
        (at - phase.start).as_secs_f64()
    });
    let count = u32::try_from(phases.len()).unwrap();
    times.sum::<f64>() / f64::from(count)
}

fn ratio(part: usize, whole: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small enough")]
    let ratio = part as f64 / whole as f64;
    ratio
}

fn limiter(per_minute: u64) -> Pacer {
    limiter_of(&[(LimitKind::Requests, per_minute)])
}

fn limiter_of(limits: &[(LimitKind, u64)]) -> Pacer {
    let limits = limits.iter().map(|(kind, count)| Limit {
        kind: *kind,
        count: NonZeroU64::new(*count).unwrap(),
        per: Some(MINUTE),
    });
    Pacer::Limiter(Limiter::builder(Limits::new(Box::leak(limits.collect()))))
}
