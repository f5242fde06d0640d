//! Tests the guarantees of the limiter, and that the same providers refuse requests of other
//! clients.

use std::num::NonZeroU64;
use std::ops::RangeInclusive;
use std::time::Duration;

use mock_provider::{
    Client, GrowthRule, Load, MINUTE, Outcome, PerMinute, Provider, Rule, SECOND, Simulation,
};
use model_studio_limiter::Limiter;
use model_studio_limits::{Limit, LimitKind, Limits, Model};

const LIMITS: Limits = Model::QwenPlus.limits();

const LOADS: [Load; 3] = [Load::Small, Load::LogNormal, Load::Large];

const WINDOWS: [Rule; 3] = [
    Rule::Sliding(MINUTE),
    Rule::Aligned(MINUTE),
    Rule::FirstHit(MINUTE),
];

const EXACT: RangeInclusive<f64> = 1.0..=1.0;

/// How long most simulations take. The window must fill several times.
const DURATION: Duration = Duration::from_secs(600);

#[test]
fn no_minute_exceeds_the_limits() {
    for load in LOADS {
        for rule in WINDOWS {
            for (delay, estimates) in [
                (Duration::ZERO, EXACT),
                (SECOND, EXACT),
                (SECOND, 1.0..=2.0),
                // Until a request completes, only the provider knows that it costs more.
                (Duration::ZERO, 0.5..=2.0),
            ] {
                let simulation = Simulation {
                    delay,
                    estimates,
                    ..Simulation::new(load, DURATION)
                };
                let outcome = simulation.run(&mut limiter(), &mut minute(rule));
                assert_eq!(outcome.refused, 0, "{simulation:?} {rule:?}");
            }
        }
    }
}

#[test]
fn a_guard_covers_longer_delays() {
    let guard = 10 * SECOND;
    let simulation = Simulation {
        delay: guard,
        ..Simulation::new(Load::Small, DURATION)
    };
    let outcome = simulation.run(&mut limiter(), &mut minute(WINDOWS[0]));
    assert!(outcome.refused > 0);
    let mut client = Client::limiter(Limiter::builder(LIMITS).guard(guard));
    let outcome = simulation.run(&mut client, &mut minute(WINDOWS[0]));
    assert_eq!(outcome.refused, 0);
}

#[test]
fn no_second_exceeds_its_share_of_the_limit_on_requests() {
    for load in LOADS {
        for rule in [Rule::Aligned(SECOND), Rule::Bucket(SECOND)] {
            let mut provider = Provider::new().limit_requests(rule, limit().requests);
            let outcome = Simulation::new(load, 60 * MINUTE).run(&mut limiter(), &mut provider);
            assert_eq!(outcome.refused, 0, "{load:?}, {rule:?}");
        }
    }
}

#[test]
fn limits_with_other_windows_hold() {
    const EXACT_WINDOWS: &[Limit] = &[
        Limit {
            kind: LimitKind::Requests,
            count: NonZeroU64::new(500).unwrap(),
            per: Some(SECOND),
        },
        Limit {
            kind: LimitKind::Tokens,
            count: NonZeroU64::new(500_000).unwrap(),
            per: Some(Duration::from_secs(6)),
        },
    ];
    let limit = PerMinute {
        requests: 30_000,
        tokens: 5_000_000,
    };
    for load in [Load::Small, Load::LogNormal] {
        let simulation = Simulation {
            // The guard is 1/60 of a window.
            delay: SECOND / 60,
            ..Simulation::new(load, MINUTE)
        };
        let mut client = Client::limiter(Limiter::builder(Limits::new(EXACT_WINDOWS)));
        let mut provider = Provider::new()
            .limit_requests(Rule::Sliding(SECOND), limit.requests)
            .limit_tokens(Rule::Sliding(6 * SECOND), limit.tokens);
        let outcome = simulation.run(&mut client, &mut provider);
        assert_eq!(outcome.refused, 0, "{load:?}");
        let used = outcome.utilisation(limit, MINUTE);
        assert!(used >= 0.95, "{load:?}: {used}");
    }
}

#[test]
fn the_start_is_no_burst() {
    for load in LOADS {
        let outcome = Simulation::new(load, DURATION).run(&mut limiter(), &mut steady());
        assert_eq!(outcome.refused, 0, "{load:?}");
    }
}

#[test]
fn tokens_can_be_counted_until_completion() {
    let mut refused_by_default = 0;
    for load in LOADS {
        for rule in WINDOWS {
            let simulation = Simulation {
                delay: SECOND,
                ..Simulation::new(load, DURATION)
            };
            let mut client = Client::limiter(Limiter::builder(LIMITS).count_at_completion());
            let mut provider = minute(rule).count_at_completion();
            let outcome = simulation.run(&mut client, &mut provider);
            assert_eq!(outcome.refused, 0, "{load:?} {rule:?}");
            // The limiter is safe for the other providers too.
            let mut client = Client::limiter(Limiter::builder(LIMITS).count_at_completion());
            let outcome = simulation.run(&mut client, &mut minute(rule));
            assert_eq!(outcome.refused, 0, "{load:?} {rule:?}");
            let mut provider = minute(rule).count_at_completion();
            refused_by_default += simulation.run(&mut limiter(), &mut provider).refused;
        }
    }
    assert!(refused_by_default > 0);
}

#[test]
fn the_limits_are_used() {
    for (load, least) in [
        (Load::Small, 0.98),
        (Load::LogNormal, 0.965),
        (Load::Large, 0.78),
    ] {
        let used = utilisation(load, &mut limiter());
        assert!(used >= least, "{load:?}: {used}");
        // Governor with limits that are low enough for every window.
        let mut reduced = Client::governor_reduced(limit(), load.largest());
        let reduced = utilisation(load, &mut reduced);
        assert!(used > reduced - 0.002, "{load:?}: {used}, {reduced}");
    }
}

#[test]
fn a_full_start_is_refused() {
    for load in LOADS {
        for provider in WINDOWS.map(minute) {
            is_refused(load, &mut Client::governor_per_minute(limit()), provider);
        }
    }
    for load in LOADS {
        let bucket = Provider::new().limit_requests(Rule::Bucket(SECOND), limit().requests);
        is_refused(load, &mut Client::governor_per_minute(limit()), bucket);
        let second = Provider::new().limit_requests(Rule::Aligned(SECOND), limit().requests);
        is_refused(load, &mut Client::governor_per_minute(limit()), second);
    }
    for load in [Load::Small, Load::LogNormal] {
        is_refused(load, &mut Client::governor_per_minute(limit()), steady());
    }
    let provider = minute(WINDOWS[0]).count_at_completion();
    let mut client = Client::governor_per_minute(limit());
    is_refused(Load::LogNormal, &mut client, provider);
}

#[test]
fn a_fixed_window_is_refused() {
    for load in LOADS {
        for rule in [Rule::Sliding(MINUTE), Rule::FirstHit(MINUTE)] {
            is_refused(load, &mut Client::fixed_window(limit()), minute(rule));
        }
        let second = Provider::new().limit_requests(Rule::Aligned(SECOND), limit().requests);
        is_refused(load, &mut Client::fixed_window(limit()), second);
    }
    is_refused(Load::Small, &mut Client::fixed_window(limit()), steady());
}

fn is_refused(load: Load, client: &mut Client, mut provider: Provider) {
    let simulation = Simulation {
        delay: SECOND,
        ..Simulation::new(load, DURATION)
    };
    let Outcome { refused, .. } = simulation.run(client, &mut provider);
    assert!(refused > 0, "{load:?} {client:?} {provider:?}");
}

fn utilisation(load: Load, client: &mut Client) -> f64 {
    let hour = 60 * MINUTE;
    let outcome = Simulation::new(load, hour).run(client, &mut minute(WINDOWS[0]));
    assert_eq!(outcome.refused, 0, "{load:?}");
    outcome.utilisation(limit(), hour)
}

fn limit() -> PerMinute {
    PerMinute::new(LIMITS)
}

fn limiter() -> Client {
    Client::limiter(Limiter::builder(LIMITS))
}

/// Returns a provider that limits requests and tokens per minute.
fn minute(rule: Rule) -> Provider {
    let limit = limit();
    Provider::new()
        .limit_requests(rule, limit.requests)
        .limit_tokens(rule, limit.tokens)
}

/// Returns a provider that refuses a sudden rise: more requests in ten seconds than the limit
/// allows, and more than twice as many as in the ten seconds before.
fn steady() -> Provider {
    Provider::new().limit_growth(GrowthRule::Successive(10 * SECOND), 2.0, 600)
}
