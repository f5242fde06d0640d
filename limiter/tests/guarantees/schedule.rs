//! The schedule of requests is kept with late clocks, pauses that end early, bursts, and limits
//! that come and go.

use std::time::Duration;

use model_studio_limiter::Refusal;
use model_studio_limits::{LimitKind, Limits};
use proptest::prelude::*;

use crate::cases;
use crate::common::{MILLISECOND, MINUTE, SECOND, limits};
use crate::load::{Load, Polling, Step, time};

#[derive(Clone, Debug)]
struct RandomLoad {
    choice: usize,
    classes: usize,
    burst: u32,
    /// How late each alarm rings.
    late: Duration,
    steps: Vec<Step>,
}

/// Half of the default guard of a minute.
const LATENESS: Duration = Duration::from_millis(500);

fn loads() -> impl Strategy<Value = RandomLoad> {
    let cost = || prop_oneof![4 => Just(0), 1 => 1..2_000_u64, 1 => 1..60_000_u64];
    let time = || time([200, 1_000, 5_000, 90_000]);
    let timeout = move || prop_oneof![3 => Just(None), 1 => time().prop_map(Some)];
    let refusal = prop_oneof![Just(Refusal::Requests), Just(Refusal::Capacity)];
    let index = || 0..24_usize;
    let step = prop_oneof![
        16 => (cost(), timeout()).prop_map(|(cost, timeout)| Step::Acquire(cost, timeout)),
        2 => cost().prop_map(Step::AcquireTask),
        3 => cost().prop_map(Step::Try),
        1 => Just(Step::Abandon(0)),
        1 => index().prop_map(Step::Abandon),
        4 => (index(), cost()).prop_map(|(index, cost)| Step::Settle(index, Some(cost))),
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
    (0..4_usize, 1..5_usize, burst, late, any::<bool>(), steps).prop_map(
        |(choice, classes, burst, late, is_polled_late, steps)| RandomLoad {
            choice,
            classes,
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

fn choices() -> Vec<Limits> {
    vec![
        limits(&[
            (LimitKind::Requests, 600, MINUTE),
            (LimitKind::Tokens, 1_000_000, MINUTE),
        ]),
        limits(&[
            (LimitKind::Requests, 300, MINUTE),
            (LimitKind::Tokens, 100_000, MINUTE),
            (LimitKind::ConcurrentRequests, 20, Duration::ZERO),
        ]),
        limits(&[
            (LimitKind::Requests, 1_200, MINUTE),
            (LimitKind::ConcurrentTasks, 3, Duration::ZERO),
        ]),
        limits(&[]),
    ]
}

fn check(random: &RandomLoad) {
    let is_unpolled = |step: &Step| matches!(step, Step::AdvanceUnpolled(_));
    let is_polled_late = random.steps.iter().any(is_unpolled);
    let burst = random.burst;
    let mut load = Load::new(
        choices(),
        random.choice,
        random.classes,
        random.late,
        Polling::Woken,
        |builder| builder.burst(burst),
        move |load| {
            check_windows(load);
            check_spacing(load, burst, is_polled_late);
        },
    );
    for step in &random.steps {
        load.step(*step);
        if !is_unpolled(step) {
            load.poll();
            check_alarms(&mut load);
        }
    }
    load.finish();
}

/// No request waits that could be admitted or has timed out, unless an alarm will ring.
fn check_alarms(load: &mut Load) {
    // An alarm may be due now.
    load.advance(Duration::ZERO);
    let (now, late) = (load.now(), load.clock.late);
    for waiting in &load.waiting {
        let is_due = |deadline| deadline + late < now;
        assert!(!waiting.deadline.is_some_and(is_due), "waits too long");
    }
    let queued = load.limiter.usage().queued;
    if late == Duration::ZERO {
        // This changes nothing, but admits what can be admitted.
        load.limiter.pause_until(now - SECOND);
        assert_eq!(load.limiter.usage().queued, queued, "a missed alarm");
    }
}

/// What was sent in any window is within the limit.
fn check_windows(load: &Load) {
    let now = load.now();
    for limit in load.limits() {
        let Some(window) = limit.per else { continue };
        let span = window + (window / 60).min(SECOND);
        let sent = load.sent[counted_from(load, limit.kind)..].iter();
        let sent = sent.filter(|sent| !sent.is_cancelled && now - sent.at < span);
        let used: u64 = match limit.kind {
            LimitKind::Requests => sent.count() as u64,
            _ => sent.map(|sent| sent.tokens).sum(),
        };
        assert!(used <= limit.count.get(), "{used} used of {limit}");
    }
}

/// Returns the number of requests that were sent before there was a limit on a kind.
fn counted_from(load: &Load, kind: LimitKind) -> usize {
    let has_kind = |choice: usize| load.choices[choice].iter().any(|limit| limit.kind == kind);
    let changes = load.changes.iter().rev();
    let with_kind = changes.take_while(|(choice, ..)| has_kind(*choice));
    with_kind.last().unwrap().2
}

/// What was sent since any earlier time is at most what the rate allows and what may be made up
/// for.
fn check_spacing(load: &Load, burst: u32, is_polled_late: bool) {
    let (choice, changed_at, _) = load.last_change();
    let interval = match choice {
        0 => 100 * MILLISECOND,
        1 => 200 * MILLISECOND,
        2 => 50 * MILLISECOND,
        _ => return,
    };
    // An alarm and a poll may both be late.
    let late = if is_polled_late { 2 } else { 1 };
    let credit = late * LATENESS + 2 * MILLISECOND + burst * interval;
    // After a change, the pace of the old limits can still matter.
    let is_first = load.changes.len() == 1;
    let from = changed_at + if is_first { Duration::ZERO } else { SECOND };
    let sent = load.sent.iter().rev().take_while(|sent| sent.at >= from);
    for (count, sent) in (0_u32..).zip(sent.filter(|sent| !sent.is_cancelled)) {
        let elapsed = load.now() - sent.at;
        let count_sent = count + 1;
        assert!(
            count * interval <= elapsed + credit,
            "{count_sent} requests in {elapsed:?}"
        );
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn the_schedule_is_kept(random in loads()) {
        check(&random);
    }
}
