//! The schedule of requests under random loads: late clocks, pauses that end early, bursts, and
//! limits that come and go.

#![allow(
    clippy::unchecked_time_subtraction,
    reason = "the numbers in tests are small"
)]

#[path = "../common/mod.rs"]
mod common;
mod load;

use std::time::Duration;

use common::MINUTE;
use load::Load;
use model_studio_limiter::Refusal;
use proptest::prelude::*;

/// Indexes are taken modulo the number of what they refer to.
#[derive(Clone, Copy, Debug)]
enum Step {
    Acquire(u64, Option<Duration>),
    AcquireTask(u64),
    Try(u64),
    AbandonHead,
    Abandon(usize),
    Settle(usize, u64),
    Drop(usize),
    Cancel(usize),
    Refuse(usize, Refusal),
    Pause(Duration),
    Resume,
    SetLimits(usize),
    Advance(Duration),
    /// Advances the time, and polls nothing after it.
    AdvanceUnpolled(Duration),
}

#[derive(Clone, Debug)]
struct RandomLoad {
    limits: usize,
    burst: u32,
    /// How late each alarm rings.
    late: Duration,
    steps: Vec<Step>,
}

fn loads() -> impl Strategy<Value = RandomLoad> {
    let cost = || prop_oneof![4 => Just(0), 1 => 1..2_000_u64, 1 => 1..60_000_u64];
    let time = || prop_oneof![0..200_u64, 0..1_000_u64, 0..5_000_u64, 0..90_000_u64];
    let time = move || time().prop_map(Duration::from_millis);
    let timeout = move || prop_oneof![3 => Just(None), 1 => time().prop_map(Some)];
    let refusal = prop_oneof![Just(Refusal::Requests), Just(Refusal::Capacity)];
    let index = || 0..24_usize;
    let step = prop_oneof![
        16 => (cost(), timeout()).prop_map(|(cost, timeout)| Step::Acquire(cost, timeout)),
        2 => cost().prop_map(Step::AcquireTask),
        3 => cost().prop_map(Step::Try),
        1 => Just(Step::AbandonHead),
        1 => index().prop_map(Step::Abandon),
        4 => (index(), cost()).prop_map(|(index, cost)| Step::Settle(index, cost)),
        1 => index().prop_map(Step::Drop),
        1 => index().prop_map(Step::Cancel),
        1 => (index(), refusal).prop_map(|(index, refusal)| Step::Refuse(index, refusal)),
        1 => time().prop_map(Step::Pause),
        1 => Just(Step::Resume),
        1 => index().prop_map(Step::SetLimits),
        6 => time().prop_map(Step::Advance),
        2 => time().prop_map(Step::AdvanceUnpolled),
    ];

    let late = prop_oneof![Just(0), 0..60_u64, 0..900_u64].prop_map(Duration::from_millis);
    let burst = prop_oneof![3 => Just(1_u32), 1 => 1..30_u32];
    let steps = proptest::collection::vec(step, 1..250);
    (0..4_usize, burst, late, any::<bool>(), steps).prop_map(
        |(limits, burst, late, is_polled_late, steps)| RandomLoad {
            limits,
            burst,
            late,
            steps: steps
                .into_iter()
                .map(|step| match step {
                    Step::AdvanceUnpolled(duration) if !is_polled_late => Step::Advance(duration),
                    step => step,
                })
                .collect(),
        },
    )
}

fn check(random: &RandomLoad) {
    let mut load = Load::new(random);
    for &step in &random.steps {
        load.step(step);
    }
    load.poll();
    for _ in 0..1_000 {
        if load.waiting.is_empty() {
            break;
        }
        while !load.in_flight.is_empty() {
            load.step(Step::Settle(0, 0));
        }
        load.step(Step::Advance(MINUTE));
    }
    assert!(load.waiting.is_empty(), "{} starve", load.waiting.len());
    load.in_flight.clear();
    load.clock.clock.advance(10 * MINUTE);
    let usage = load.limiter.usage();
    assert_eq!((usage.queued, usage.in_flight), (0, 0));
    assert!(usage.limits.iter().all(|limit| limit.used == 0));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        // A failure prints the input, and is fixed with a test of its own.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_schedule_is_kept(random in loads()) {
        check(&random);
    }
}
