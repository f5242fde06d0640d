//! No window of any limit is exceeded, whatever the load does.

use std::time::Duration;

use model_studio_limiter::Refusal;
use model_studio_limits::{LimitKind, Limits};
use proptest::prelude::*;

use crate::cases;
use crate::common::{MINUTE, SECOND, limits};
use crate::load::{Load, Polling, Running, Sent, Step, time};

#[derive(Clone, Copy, Debug)]
enum WindowStep {
    Load(Step),
    /// Sets the same limits, and settles a request with half of its known tokens.
    SetSameLimitsAndSettle(usize),
}

#[derive(Clone, Debug)]
struct RandomLoad {
    choice: usize,
    classes: usize,
    polling: Polling,
    /// With each step, whether the futures are not polled after it, unless the load is prompt.
    steps: Vec<(WindowStep, bool)>,
}

fn loads() -> impl Strategy<Value = RandomLoad> {
    let cost = || prop_oneof![Just(0), 1..2_000_u64, 1..60_000_u64];
    let time = || time([500, 5_000, 90_000]);
    let timeout = move || prop_oneof![10 => Just(None), 3 => time().prop_map(Some)];
    let refusal = prop_oneof![
        Just(Refusal::Requests),
        Just(Refusal::Tokens),
        Just(Refusal::Burst),
        Just(Refusal::Concurrency),
        Just(Refusal::Capacity),
        Just(Refusal::NotRetryable),
    ];
    let index = any::<usize>;
    let step = prop_oneof![
        13 => (cost(), timeout()).prop_map(|(cost, timeout)| Step::Acquire(cost, timeout)),
        2 => cost().prop_map(Step::AcquireTask),
        1 => index().prop_map(Step::Abandon),
        4 => (index(), cost()).prop_map(|(index, cost)| Step::Settle(index, Some(cost))),
        2 => index().prop_map(|index| Step::Settle(index, None)),
        1 => (index(), cost()).prop_map(|(index, cost)| Step::Report(index, cost)),
        1 => index().prop_map(Step::Drop),
        1 => index().prop_map(Step::Cancel),
        1 => (index(), refusal).prop_map(|(index, refusal)| Step::Refuse(index, refusal)),
        1 => time().prop_map(Step::Pause),
        1 => index().prop_map(Step::SetLimits),
        6 => time().prop_map(Step::Advance),
        2 => time().prop_map(Step::AdvanceUnpolled),
    ];
    let step = prop_oneof![
        36 => step.prop_map(WindowStep::Load),
        1 => index().prop_map(WindowStep::SetSameLimitsAndSettle),
    ];
    let step = (step, proptest::bool::weighted(0.3));
    let steps = proptest::collection::vec(step, 1..250);
    let polling = prop_oneof![Just(Polling::Prompt), Just(Polling::Late)];
    let loads = (0..3_usize, 1..5_usize, polling, steps);
    loads.prop_map(|(choice, classes, polling, steps)| RandomLoad {
        choice,
        classes,
        polling,
        steps,
    })
}

/// All choices limit the same kinds, because a limit on a new kind does not know earlier usage.
fn choices() -> Vec<Limits> {
    vec![
        limits(&[
            (LimitKind::Requests, 60, MINUTE),
            (LimitKind::Tokens, 60_000, MINUTE),
            (LimitKind::ConcurrentRequests, 5, Duration::ZERO),
        ]),
        limits(&[
            (LimitKind::Requests, 3, SECOND),
            (LimitKind::Requests, 30, MINUTE),
            (LimitKind::Tokens, 10_000, 6 * SECOND),
            (LimitKind::Tokens, 80_000, MINUTE),
            (LimitKind::ConcurrentRequests, 2, Duration::ZERO),
        ]),
        limits(&[
            (LimitKind::Requests, 200, MINUTE),
            (LimitKind::Tokens, 70_000, MINUTE),
            (LimitKind::ConcurrentRequests, 9, Duration::ZERO),
        ]),
    ]
}

/// Guarantees 1, 3, 4, 5 and 6: at every admission, the known usage of every limit is within it,
/// and requests are admitted in order. In the end, everything is admitted and everything expires.
fn check(random: &RandomLoad, counts_at_completion: bool) {
    let mut load = Load::new(
        choices(),
        random.choice,
        random.classes,
        Duration::ZERO,
        random.polling,
        |builder| {
            if counts_at_completion {
                builder.count_at_completion()
            } else {
                builder
            }
        },
        move |load| check_windows(load, counts_at_completion),
    );
    for &(step, is_late) in &random.steps {
        match step {
            WindowStep::Load(step) => load.step(step),
            WindowStep::SetSameLimitsAndSettle(index) => {
                set_same_limits_and_settle(&mut load, index, counts_at_completion);
            }
        }
        if load.is_prompt() || !is_late {
            load.poll();
        }
    }
    load.finish();
}

/// Checks that the known usage of every limit is within it.
fn check_windows(load: &Load, counts_at_completion: bool) {
    let now = load.now();
    for limit in load.limits() {
        let sent = load.sent.iter().filter(|sent| !sent.is_cancelled);
        let Some(window) = limit.per else {
            let running = sent.filter(|sent| sent.is_running(now)).count() as u64;
            assert!(running <= limit.count.get(), "{running} run of {limit}");
            continue;
        };
        let span = window + (window / 60).min(SECOND);
        let is_recent = |at| now.duration_since(at) < span;
        let is_counted = |sent: &&Sent| match limit.kind {
            LimitKind::Tokens if counts_at_completion => {
                sent.is_running(now) || sent.end.is_some_and(is_recent)
            }
            _ => is_recent(sent.at),
        };
        let amount = |sent: &Sent| match limit.kind {
            LimitKind::Requests => 1,
            _ => sent.tokens,
        };
        let used: u64 = sent.filter(is_counted).map(amount).sum();
        assert!(used <= limit.count.get(), "{used} used of {limit}");
    }
}

fn set_same_limits_and_settle(load: &mut Load, index: usize, counts_at_completion: bool) {
    let before = used_tokens(load);
    let is_idle = load.waiting.is_empty();
    load.limiter.set_limits(load.limits());
    if is_idle {
        assert_eq!(used_tokens(load), before, "the same limits were set");
    }
    let index = index % load.running.len().max(1);
    let Some((sent, Running::Request(_))) = load.running.get(index) else {
        return;
    };
    let sent = *sent;
    let (at, tokens) = (load.sent[sent].at, load.sent[sent].tokens);
    load.settle(index, Some(tokens / 2));
    let (.., sent_before_change) = load.last_change();
    if !is_idle || sent < sent_before_change {
        return;
    }
    let refund = tokens - tokens / 2;
    for ((window, before), (_, after)) in before.into_iter().zip(used_tokens(load)) {
        if counts_at_completion || load.now() - at < window {
            assert_eq!(after, before - refund, "a refund of {refund}");
        }
    }
}

/// Returns the windows of the limits on tokens, and what is used of them.
fn used_tokens(load: &Load) -> Vec<(Duration, u64)> {
    let limits = load.limiter.usage().limits.into_iter();
    let tokens = limits.filter(|usage| usage.limit.kind == LimitKind::Tokens);
    tokens
        .map(|usage| (usage.limit.per.unwrap(), usage.used))
        .collect()
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn no_window_of_any_limit_is_exceeded(random in loads()) {
        check(&random, false);
    }

    #[test]
    fn no_window_is_exceeded_with_tokens_counted_at_completion(random in loads()) {
        check(&random, true);
    }
}
