//! Shares, waits and limits of fleets in simulated time.

use std::time::Instant;

use fastrand::Rng;
use fleet_tests::script::{Rate, RawClass, TURN};
use fleet_tests::simulation::{Simulation, Started};
use fleet_tests::source::{Amounts, Arrivals, Source, dominant, float, whole};
use redis::{Connection, cmd};
use redis_server::RedisServer;

use super::{SECOND, class, rates};
use crate::at_the_same_time;

const MINUTE: i64 = 60 * SECOND;

/// A fleet on a server of its own.
struct Fleet {
    simulation: Simulation,
    connection: Connection,
    _server: RedisServer,
}

impl Fleet {
    fn new(rates: &[Rate], processes: Vec<Vec<Source>>) -> Self {
        let server = RedisServer::start();
        let mut connection = server.connection();
        Self {
            simulation: Simulation::new(rates, processes, &mut connection),
            connection,
            _server: server,
        }
    }

    fn run(&mut self, until: i64) -> &[Started] {
        let start = Instant::now();
        self.simulation.run(until, &mut self.connection);
        let Simulation { calls, started, .. } = &self.simulation;
        println!(
            "{} requests and {calls} calls after {} s, in {:?}",
            started.len(),
            until / SECOND,
            start.elapsed()
        );
        started
    }
}

fn small(_: &mut Rng) -> Vec<i64> {
    vec![1, 500]
}

/// 8,000 tokens on average, in a log-normal distribution.
fn large(random: &mut Rng) -> Vec<i64> {
    let normal: f64 = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
    let tokens = 8_000.0 * (0.8 * normal - 0.32).exp();
    vec![1, whole(tokens).clamp(1, 400_000)]
}

/// Up to 40% of the limit, in a Pareto distribution.
fn heavy_tailed(random: &mut Rng) -> Vec<i64> {
    let tokens = 2_000.0 * (1.0 - random.f64()).powf(-1.0 / 1.2);
    vec![1, whole(tokens).min(400_000)]
}

/// Returns what classes have used between two times, in microseconds of a limit.
fn used(started: &[Started], class: &str, from: i64, to: i64) -> f64 {
    let of_class = started.iter().filter(|one| one.class == class);
    let between = of_class.filter(|one| (from..to).contains(&one.at));
    between.map(|one| dominant(&rates(), &one.amounts)).sum()
}

/// Returns the median, the 0.99 quantile and the maximum of the waits of a class, in seconds.
fn waits(started: &[Started], class: &str) -> [f64; 3] {
    let of_class = started.iter().filter(|one| one.class == class);
    let mut waits: Vec<i64> = of_class.map(|one| one.at - one.arrived).collect();
    waits.sort_unstable();
    [50, 99, 100].map(|percent| float(waits[(waits.len() - 1) * percent / 100]) / 1e6)
}

/// Returns the largest part of a limit that any window has used.
fn most_in_any_window(started: &[Started], rates: &[Rate]) -> f64 {
    let mut started: Vec<&Started> = started.iter().collect();
    started.sort_by_key(|one| one.at);
    let parts = rates.iter().enumerate().map(|(index, rate)| {
        let (mut first, mut sum, mut most) = (0, 0, 0);
        for last in &started {
            sum += last.amounts[index];
            while last.at - started[first].at >= rate.window {
                sum -= started[first].amounts[index];
                first += 1;
            }
            most = most.max(sum);
        }
        float(most) / float(rate.limit)
    });
    parts.fold(0.0, f64::max)
}

#[test]
fn classes_of_several_processes_share_by_weight() {
    // All processes have both classes, or each has one.
    at_the_same_time(&[false, true], |&is_divided| {
        let processes = (0..4).map(|index| {
            let chat = Source::new(class("chat", 3), Arrivals::Saturated, small);
            let batch = Source::new(class("batch", 1), Arrivals::Saturated, small);
            match (is_divided, index % 2) {
                (false, _) => vec![chat, batch],
                (true, 0) => vec![chat],
                (true, _) => vec![batch],
            }
        });
        let mut fleet = Fleet::new(&rates(), processes.collect());
        let started = fleet.run(3 * MINUTE);
        let mut worst: f64 = 0.0;
        for start in 0..34 {
            let (from, to) = (5 * SECOND * start, 5 * SECOND * (start + 2));
            let (chat, batch) = (
                used(started, "chat", from, to),
                used(started, "batch", from, to),
            );
            worst = worst.max((chat / (chat + batch) - 0.75).abs());
        }
        let (chat, batch) = (
            used(started, "chat", 0, 3 * MINUTE),
            used(started, "batch", 0, 3 * MINUTE),
        );
        let share = chat / (chat + batch);
        let used = (chat + batch) / float(3 * MINUTE);
        let most = most_in_any_window(started, &rates());
        println!("{share:.3}, in ten seconds ±{worst:.3}; {used:.3} used, at most {most:.3}");
        assert!((share - 0.75).abs() < 0.01, "{share}");
        assert!(worst < 0.05, "{worst}");
        assert!(most <= 1.0 && used > 0.96, "{used}, {most}");
    });
}

/// What a class has used by weight never differs by more than twice a turn and a request from what
/// another one has that waits too.
#[test]
fn classes_that_wait_never_differ_by_more_than_a_turn_and_a_request() {
    let amounts: [Amounts; 2] = [small, large];
    at_the_same_time(&amounts, |amounts| {
        let weights = [("a", 1), ("b", 2), ("c", 5)];
        let processes = weights.map(|(name, weight)| {
            vec![Source::new(
                class(name, weight),
                Arrivals::Saturated,
                *amounts,
            )]
        });
        let mut fleet = Fleet::new(&rates(), processes.into());
        let started = fleet.run(2 * MINUTE);
        let largest = started.iter().map(|one| dominant(&rates(), &one.amounts));
        let largest = largest.fold(0.0, f64::max);
        let mut sums = [0.0; 3];
        let mut worst: f64 = 0.0;
        let mut sorted: Vec<&Started> = started.iter().collect();
        sorted.sort_by_key(|one| one.at);
        for one in sorted {
            let index = weights.iter().position(|(name, _)| *name == one.class);
            let index = index.unwrap();
            sums[index] += dominant(&rates(), &one.amounts) / float(weights[index].1);
            let most = sums.iter().copied().fold(0.0, f64::max);
            let least = sums.iter().copied().fold(f64::MAX, f64::min);
            worst = worst.max(most - least);
        }
        let bound = 2.0 * (float(TURN) + largest);
        println!("{worst:.0} µs, {bound:.0} allowed");
        assert!(worst <= bound, "{worst}, {bound}");
    });
}

/// The last columns of the table in the guide.
#[test]
fn a_light_class_waits_little_beside_a_heavy_one() {
    let cases: [(&str, Amounts, f64, f64); 3] = [
        ("small", small, 3.0, 6.0),
        ("large", large, 3.0, 6.0),
        ("heavy-tailed", heavy_tailed, 6.0, 12.0),
    ];
    at_the_same_time(&cases, |&(name, amounts, p99, longest)| {
        let processes = (0..4).map(|_| {
            vec![
                Source::new(class("chat", 1), Arrivals::PerSecond(0.5), small),
                Source::new(class("batch", 1), Arrivals::Saturated, amounts),
            ]
        });
        let mut fleet = Fleet::new(&rates(), processes.collect());
        let started = fleet.run(5 * MINUTE);
        let waits = waits(started, "chat");
        let most = most_in_any_window(started, &rates());
        println!("{name}: {waits:.2?} s, at most {most:.3} in a window");
        assert!(waits[1] < p99 && waits[2] < longest, "{name}: {waits:?}");
        assert!(most <= 1.0, "{name}: {most}");
    });
}

/// With a weight and a headroom, it hardly waits.
#[test]
fn weight_and_headroom_shorten_waits() {
    let chat = RawClass {
        headroom: 20_000,
        ..class("chat", 10)
    };
    let batch = RawClass {
        left: 20_000,
        ..class("batch", 1)
    };
    let amounts: [Amounts; 2] = [large, heavy_tailed];
    at_the_same_time(&amounts, |amounts| {
        let processes = (0..4).map(|_| {
            vec![
                Source::new(chat.clone(), Arrivals::PerSecond(0.5), small),
                Source::new(batch.clone(), Arrivals::Saturated, *amounts),
            ]
        });
        let mut fleet = Fleet::new(&rates(), processes.collect());
        let started = fleet.run(3 * MINUTE);
        let waits = waits(started, "chat");
        let most = most_in_any_window(started, &rates());
        println!("{waits:.2?} s, at most {most:.3} in a window");
        assert!(waits[1] < 1.5 && waits[2] < 3.0, "{waits:?}");
        assert!(most <= 1.0, "{most}");
    });
}

#[test]
fn an_idle_share_is_lent_and_given_back_at_once() {
    // Every 61 seconds, all wait for a second, because windows are widened by that much.
    let (from, to) = (70 * SECOND, 115 * SECOND);
    let chat = Source {
        active: (from, to),
        ..Source::new(class("chat", 3), Arrivals::Saturated, small)
    };
    let batch = || Source::new(class("batch", 1), Arrivals::Saturated, small);
    let processes = vec![vec![chat], vec![batch()], vec![batch()]];
    let mut fleet = Fleet::new(&rates(), processes);
    let started = fleet.run(3 * MINUTE);
    let first = started.iter().find(|one| one.class == "chat").unwrap();
    let wait = float(first.at - from) / 1e6;
    let share = used(started, "chat", from, to) / float(to - from);
    let lent = [(0, 60 * SECOND), (125 * SECOND, 175 * SECOND)];
    let lent = lent.map(|(from, to)| used(started, "batch", from, to) / float(to - from));
    println!("the first request waited {wait:.2} s, {share:.3}, {lent:.3?}");
    assert!(wait < 0.3, "{wait}");
    assert!((0.73..0.77).contains(&share), "{share}");
    assert!(lent.iter().all(|lent| *lent > 0.98), "{lent:?}");
}

/// Estimates that are four times too low or too high gain nothing.
#[test]
fn estimates_do_not_change_shares() {
    let source = |name, truth, amounts| Source {
        truth,
        ..Source::new(class(name, 1), Arrivals::Saturated, amounts)
    };
    let processes = vec![
        vec![source("low", 4.0, |_| vec![1, 1_000])],
        vec![source("high", 0.25, |_| vec![1, 16_000])],
    ];
    let mut fleet = Fleet::new(&rates(), processes);
    let started = fleet.run(3 * MINUTE);
    let of = |class| used(started, class, MINUTE, 3 * MINUTE);
    let share = of("low") / (of("low") + of("high"));
    println!("low estimates got {share:.3}");
    assert!((share - 0.5).abs() < 0.03, "{share}");
}

/// A class goes on with the next process. If there is none, the other class has all.
#[test]
fn a_killed_process_takes_nothing_along() {
    let chat = || Source::new(class("chat", 3), Arrivals::Saturated, small);
    let batch = || Source::new(class("batch", 1), Arrivals::Saturated, small);
    let processes = vec![vec![chat()], vec![chat()], vec![batch()]];
    let mut fleet = Fleet::new(&rates(), processes);
    let (first, second) = (40 * SECOND, 100 * SECOND);
    fleet.run(first);
    fleet.simulation.kill(0);
    fleet.run(second);
    fleet.simulation.kill(1);
    let started = fleet.run(120 * SECOND);
    let share = |from, to| {
        let chat = used(started, "chat", from, to);
        chat / (chat + used(started, "batch", from, to))
    };
    let (both, one) = (share(0, first), share(first, second));
    println!("chat has {both:.3}, then {one:.3}");
    assert!((one - both).abs() < 0.02, "{both}, {one}");
    // What was granted to a killed process is among the starts too.
    let starts = started.iter().map(|one| one.at);
    let mut starts: Vec<i64> = starts.filter(|at| *at > 65 * SECOND).collect();
    starts.sort_unstable();
    let pauses = starts.windows(2).map(|pair| pair[1] - pair[0]);
    let longest = pauses.max().unwrap();
    println!("the longest pause was {longest} µs");
    assert!(longest < SECOND / 2 && starts.last() > Some(&(119 * SECOND)));
}

/// Every class starts even, so none gains more than it was ahead.
#[test]
fn lost_data_changes_shares_by_little() {
    let chat = || Source::new(class("chat", 3), Arrivals::Saturated, small);
    let batch = || Source::new(class("batch", 1), Arrivals::Saturated, small);
    let processes = (0..2).map(|_| vec![chat(), batch()]);
    let mut fleet = Fleet::new(&rates(), processes.collect());
    for minute in 1..4 {
        fleet.run(minute * MINUTE - 30 * SECOND);
        let _: String = cmd("FLUSHALL").query(&mut fleet.connection).unwrap();
    }
    let started = fleet.run(4 * MINUTE);
    let chat = used(started, "chat", 0, 4 * MINUTE);
    let share = chat / (chat + used(started, "batch", 0, 4 * MINUTE));
    let most = most_in_any_window(started, &rates());
    println!("chat got {share:.3}, at most {most:.3} in a window");
    assert!((share - 0.75).abs() < 0.02, "{share}");
    // 1/25, and two requests.
    assert!(most < 1.05, "{most}");
}

/// A thousand tenants, one of which sends all the time.
#[test]
fn many_light_tenants_wait_little() {
    const TENANTS: i64 = 400;
    let processes = (0..4).map(|process| {
        let mut sources = vec![Source::new(class("batch", 1), Arrivals::Saturated, large)];
        for tenant in 0..TENANTS / 4 {
            let name = format!("tenant{}", process * TENANTS / 4 + tenant);
            let rate = Arrivals::PerSecond(2.0 / float(TENANTS));
            sources.push(Source::new(class(&name, 1), rate, small));
        }
        sources
    });
    let mut fleet = Fleet::new(&rates(), processes.collect());
    let started = fleet.run(3 * MINUTE);
    let tenants = started.iter().filter(|one| one.class != "batch").cloned();
    let tenants = tenants.map(|one| Started {
        class: "tenant".to_owned(),
        ..one
    });
    let tenants: Vec<Started> = tenants.collect();
    let waits = waits(&tenants, "tenant");
    println!("{} requests of tenants: {waits:.2?}", tenants.len());
    assert!(waits[1] < 2.0 && waits[2] < 4.0, "{waits:?}");
}
