//! The longest output that a table allows, and estimates with it.

#![allow(
    clippy::unchecked_time_subtraction,
    reason = "the numbers in tests are small"
)]

mod common;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use common::{MINUTE, SECOND, limits};
use fixture::{Answerer, Reasoner};
use mock_provider::{Provider, Rule};
use model_studio_limiter::{Account, AcquireError, Clock as _, Cost, ManualClock, Permit};
use model_studio_limits::beijing::Model as Beijing;
use model_studio_limits::{LimitKind, Model};

#[test]
fn the_properties_of_a_model_bound_its_output() {
    let account = Account::<Reasoner>::new();
    for (model, input, expected) in [
        // The answer and the reasoning before it.
        (Reasoner::Switchable, 0, Some(131_072 + 262_144)),
        (Reasoner::Always, 0, Some(8_192 + 1_000)),
        // An answer without thinking can be longer than both.
        (Reasoner::ShorterWithThinking, 0, Some(65_536)),
        (Reasoner::Never, 0, Some(8_192)),
        // What the input leaves of the context window.
        (Reasoner::Switchable, 900_000, Some(100_000)),
        (Reasoner::Never, 30_000, Some(2_768)),
        (Reasoner::Never, 40_000, Some(0)),
        (Reasoner::OnlyWindow, 768, Some(32_000)),
        // The maximum of an answer does not bound the reasoning.
        (Reasoner::UnknownReasoning, 10_000, Some(90_000)),
        (Reasoner::UnknownReasoningAndWindow, 0, None),
        // A missing value does not mean that the model never thinks.
        (Reasoner::UnknownThinking, 10_000, Some(90_000)),
        (Reasoner::UnknownThinkingAndWindow, 0, None),
        (Reasoner::UnknownThinkingKnownReasoning, 0, Some(9_192)),
        (Reasoner::OnlyInput, 0, None),
        (Reasoner::Unknown, 0, None),
    ] {
        let max_output = account.max_output_tokens(model, input);
        assert_eq!(max_output, expected, "{model}, {input}");
    }
}

#[test]
fn without_the_property_thinking_only_models_with_a_length_for_it_think() {
    let account = Account::<Answerer>::new();
    for (model, input, expected) in [
        (Answerer::OnlyOutput, 0, Some(8_192)),
        (Answerer::InputWithThinking, 10_000, Some(90_000)),
        (Answerer::OutputWithThinking, 0, None),
        (Answerer::Reasoning, 0, Some(9_192)),
    ] {
        let max_output = account.max_output_tokens(model, input);
        assert_eq!(max_output, expected, "{model}, {input}");
    }
}

#[test]
fn the_context_window_bounds_models_whose_pages_do_not_say_whether_they_think() {
    let account = Account::<Beijing>::new();
    let can_think = |it: &&Beijing| it.thinking().is_none() && it.max_reasoning().is_none();
    let models: Vec<_> = Beijing::ALL.iter().filter(can_think).collect();
    assert!(models.iter().any(|it| it.context_window().is_some()));
    assert!(models.iter().any(|it| it.context_window().is_none()));
    for model in models {
        account.set_limits(*model, limits(&[(LimitKind::Tokens, 1 << 40, MINUTE)]));
        let expected = model.context_window().map(|window| window - 100);
        assert_eq!(account.max_output_tokens(*model, 100), expected, "{model}");
    }
}

#[test]
fn a_table_without_properties_does_not_bound_the_output() {
    let account = Account::<Model>::new();
    for model in Model::ALL {
        assert_eq!(account.max_output_tokens(*model, 0), None, "{model}");
    }
}

#[test]
fn the_bound_never_exceeds_what_the_limits_allow_a_single_request() {
    let account = Account::<Reasoner>::new();
    for (model, input, expected) in [
        (Reasoner::SmallLimit, 1_000, 99_000),
        (Reasoner::LimitOnOutput, 1_000, 60_000),
        (Reasoner::NoLimitOnTokens, 1_000, 131_072),
        (Reasoner::SmallLimit, 200_000, 0),
    ] {
        let max_output = account.max_output_tokens(model, input).unwrap();
        assert_eq!(max_output, expected, "{model}, {input}");
        let result = account.try_acquire(model, Cost::input_output(input, max_output));
        assert_eq!(result.is_ok(), input < 100_000, "{model}, {input}");
    }

    let share = Account::<Reasoner>::builder().share(1, 4).build();
    let max_output = share.max_output_tokens(Reasoner::Switchable, 0);
    assert_eq!(max_output, Some(250_000));
    share.set_limits(
        Reasoner::Switchable,
        limits(&[(LimitKind::Tokens, 200_000, MINUTE)]),
    );
    let max_output = share.max_output_tokens(Reasoner::Switchable, 0);
    assert_eq!(max_output, Some(50_000));
}

#[test]
fn every_request_with_the_bound_of_a_region_can_be_admitted() {
    let mut bounded = 0;
    for model in Beijing::ALL {
        let account = Account::<Beijing>::new();
        if let Some(max_output) = account.max_output_tokens(*model, 100) {
            let cost = Cost::input_output(100, max_output);
            assert!(account.try_acquire(*model, cost).is_ok(), "{model}");
            bounded += 1;
        }
    }
    assert!(bounded > 100, "{bounded} models");
}

#[test]
fn an_estimate_starts_at_the_bound_and_learns() {
    let clock = ManualClock::new();
    let account = Account::builder().clock(clock.clone()).build();
    let model = Reasoner::Switchable;
    let estimate = || {
        let max_output = account.max_output_tokens(model, 800).unwrap();
        account.estimate(model, 800, max_output)
    };
    for _ in 0..16 {
        assert_eq!(estimate(), Cost::input_output(800, 393_216));
        let permit = account.try_acquire(model, estimate()).unwrap();
        permit.settle(Cost::input_output(800, 3_000));
        clock.advance(SECOND);
    }
    assert_eq!(estimate(), Cost::input_output(800, 3_000));
}

/// The estimates of the guide. A provider that counts what requests cost from their start refuses
/// none with a bound, and most of the limit is unused. An estimate that starts at the bound uses the
/// limit when it has learned.
#[test]
fn a_bound_is_never_refused_and_uses_little_of_the_limit() {
    let account = Account::<Reasoner>::new();
    let max_output = account.max_output_tokens(MODEL, INPUT).unwrap();

    let bound = simulate(|_| Cost::input_output(INPUT, max_output));
    print("the bound", &bound);
    assert!(bound.iter().all(|minute| minute.refused == 0));
    assert!((1..=3).contains(&percent_used(&bound)));

    let learned = simulate(|account| account.estimate(MODEL, INPUT, max_output));
    print("learned, from the bound", &learned);
    let (first, later) = learned.split_at(5);
    assert!(first.iter().all(|minute| minute.refused == 0));
    print("the same, the last five minutes", later);
    assert!(percent_used(later) >= 85);

    let known = simulate(|_| Cost::input_output(INPUT, LONGEST_OUTPUT));
    print("the longest output", &known);
    assert!(known.iter().all(|minute| minute.refused == 0));
    assert!((25..=35).contains(&percent_used(&known)));

    let learned = simulate(|account| account.estimate(MODEL, INPUT, LONGEST_OUTPUT));
    print("learned, from the longest output", &learned);
    assert!(percent_used(&learned) >= 60);

    let guess = simulate(|_| Cost::input_output(INPUT, 1_000));
    print("a guess that is too low", &guess);
    assert!(guess[0].refused > 100);
}

const MODEL: Reasoner = Reasoner::Switchable;

const INPUT: u64 = 800;

const LONGEST_OUTPUT: u64 = 30_000;

/// What the provider accepted and refused in a minute.
#[derive(Clone, Copy, Default)]
struct Minute {
    accepted: u64,
    refused: u64,
    /// The tokens of the accepted requests.
    tokens: u64,
}

/// Sends requests of these costs for ten minutes, each as soon as the limiter admits it. A request
/// generates 100 tokens per second.
fn simulate(cost: impl Fn(&Account<Reasoner>) -> Cost) -> [Minute; 10] {
    let mut provider = Provider::new().limit_tokens(Rule::Sliding(MINUTE), tokens_per_minute());
    let clock = ManualClock::new();
    let start = clock.now();
    let account = Account::builder().clock(clock.clone()).build();
    let mut minutes = [Minute::default(); 10];
    // By the time at which they complete, and by their number.
    let mut running: BTreeMap<(Instant, u64), (Permit, u64)> = BTreeMap::new();
    let mut number = 0;
    loop {
        let retry_at = match account.try_acquire(MODEL, cost(&account)) {
            Ok(permit) => {
                let elapsed = clock.now() - start;
                let index = usize::try_from(elapsed.as_secs() / 60).unwrap();
                let Some(minute) = minutes.get_mut(index) else {
                    return minutes;
                };
                let output = output_tokens(number);
                if provider.arrive(elapsed, INPUT + output).is_ok() {
                    minute.accepted += 1;
                    minute.tokens += INPUT + output;
                    let completes_at = clock.now() + Duration::from_millis(10 * output);
                    running.insert((completes_at, number), (permit, output));
                } else {
                    // The permit is dropped, so that the request stays counted.
                    minute.refused += 1;
                }
                number += 1;
                continue;
            }
            Err(AcquireError::NotYet { at }) => at,
            Err(error) => panic!("{error}"),
        };
        match running.first_entry() {
            Some(entry) if entry.key().0 <= retry_at => {
                clock.advance(entry.key().0 - clock.now());
                let (permit, output) = entry.remove();
                permit.settle(Cost::input_output(INPUT, output));
            }
            _ => clock.advance(retry_at - clock.now()),
        }
    }
}

/// Returns from 500 to 5,000 tokens, and up to `LONGEST_OUTPUT` for one in ten requests.
fn output_tokens(number: u64) -> u64 {
    match number * 619 % 1_000 {
        rank @ ..900 => 500 + 5 * rank,
        rank => 5_250 + 250 * (rank - 900),
    }
}

fn percent_used(minutes: &[Minute]) -> u64 {
    let tokens: u64 = minutes.iter().map(|minute| minute.tokens).sum();
    tokens * 100 / minutes.len() as u64 / tokens_per_minute()
}

fn tokens_per_minute() -> u64 {
    MODEL.limits().tokens_per_minute().unwrap().get()
}

fn print(estimate: &str, minutes: &[Minute]) {
    let accepted: u64 = minutes.iter().map(|minute| minute.accepted).sum();
    let refused: u64 = minutes.iter().map(|minute| minute.refused).sum();
    let used: Vec<_> = minutes.chunks(1).map(percent_used).collect();
    println!(
        "{estimate}: {accepted} accepted, {refused} refused, {}% used, per minute {used:?}",
        percent_used(minutes)
    );
}
