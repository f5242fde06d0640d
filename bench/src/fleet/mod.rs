//! Measures limiters that share a limit through a Redis server.

mod client;
mod worker;

use std::time::Duration;

use mock_provider::most_within;
use redis::{InfoDict, cmd};
use redis_server::RedisServer;

use crate::measure::float;
use client::{FIXED_WINDOW, GCRA, GCRA_BURST, LIMITER, LIMITER_TOKENS, PING, WINDOW};
use worker::{Outcome, Task, run_all};

pub(crate) use worker::work;

/// Requests per window that no client reaches.
const UNLIMITED: u64 = 1_000_000_000;

/// 600 and 30,000 per minute.
const COUNTS: [u64; 2] = [50, 2_500];

pub(crate) fn run(quick: bool) {
    let seconds = |seconds: u64| if quick { 1 } else { seconds };
    print_unlimited(seconds(4));
    print_latency(seconds(4));
    print_limited(seconds(10));
}

/// Prints how much goes through a server if the limit does not matter.
fn print_unlimited(seconds: u64) {
    println!("8 processes with 256 tasks each, no limit reached:\n");
    println!(
        "| client | admissions/s | calls/s | calls per admission | server time per call, µs \
         | per admission, µs |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for client in [LIMITER, LIMITER_TOKENS, GCRA, FIXED_WINDOW] {
        let task = Task::new(client, UNLIMITED, 256);
        let (outcomes, calls, busy) = measure(&[task; 8], seconds);
        let admitted = count(&outcomes);
        let per_second = |count: f64| count / float(seconds);
        println!(
            "| {client} | {:.0} | {:.0} | {:.3} | {:.1} | {:.2} |",
            per_second(admitted),
            per_second(calls),
            calls / admitted,
            busy / calls,
            busy / admitted,
        );
    }
    println!();
}

/// Prints how long a process waits that has one request at a time.
fn print_latency(seconds: u64) {
    println!("Latency of a lone request, ms:\n");
    println!("| others | client | p50 | p99 |");
    println!("| --- | --- | ---: | ---: |");
    let others = [
        ("none", UNLIMITED, 0, 0),
        ("7 processes, no limit reached", UNLIMITED, 7, 256),
        ("7 processes, 30,000 per minute reached", COUNTS[1], 7, 32),
    ];
    for (name, count, processes, waiting) in others {
        // What a round trip takes while the limiter is used.
        for (client, other) in [(PING, LIMITER), (LIMITER, LIMITER), (GCRA, GCRA)] {
            let mut tasks = vec![Task::new(client, count, 1).pause(20)];
            tasks.extend(vec![Task::new(other, count, waiting); processes]);
            let (outcomes, ..) = measure(&tasks, seconds);
            let mut latencies: Vec<u64> = outcomes[0].iter().map(|sent| sent.latency).collect();
            latencies.sort_unstable();
            let millis = |percent: usize| {
                let index = latencies.len().saturating_sub(1) * percent / 100;
                latencies
                    .get(index)
                    .map_or(0.0, |micros| float(*micros) / 1e3)
            };
            let (p50, p99) = (millis(50), millis(99));
            println!("| {name} | {client} | {p50:.2} | {p99:.2} |");
        }
    }
    println!();
}

/// Prints how well processes that always have requests use a limit.
fn print_limited(seconds: u64) {
    println!("Processes with 32 tasks each:\n");
    println!(
        "| limit per minute | client | processes | limit used | most in a window | least share \
         | greatest share | calls/s | calls per admission |"
    );
    println!("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for limit in COUNTS {
        for (client, processes) in [
            (LIMITER, 1),
            (LIMITER, 4),
            (LIMITER, 8),
            (GCRA, 8),
            (GCRA_BURST, 8),
            (FIXED_WINDOW, 8),
        ] {
            let tasks = vec![Task::new(client, limit, 32); processes];
            let (outcomes, calls, _) = measure(&tasks, seconds);
            let admitted = count(&outcomes);
            let allowed = float(limit) * float(seconds) / WINDOW.as_secs_f64();
            let shares = outcomes.iter().map(|sent| {
                let equal = admitted / float(processes as u64);
                float(sent.len() as u64) / equal
            });
            let (least, greatest) = shares.fold((f64::MAX, 0.0_f64), |(least, greatest), share| {
                (least.min(share), greatest.max(share))
            });
            println!(
                "| {} | {client} | {processes} | {:.3} | {:.3} | {least:.2} | {greatest:.2} | {:.0} | {:.3} |",
                limit * 12,
                admitted / allowed,
                most_in_window(&outcomes) / float(limit),
                calls / float(seconds),
                calls / admitted,
            );
        }
    }
}

/// Runs the processes on a new server. Returns what each sent, the calls to the server and the
/// microseconds that they took there.
fn measure(tasks: &[Task], seconds: u64) -> (Vec<Outcome>, f64, f64) {
    let server = RedisServer::start();
    let outcomes = run_all(&server.url(), tasks, seconds);
    let (calls, busy) = calls(&server);
    (outcomes, calls, busy)
}

/// Returns the number of calls that clients made, and the microseconds that they took.
fn calls(server: &RedisServer) -> (f64, f64) {
    let info: InfoDict = server.run(cmd("INFO").arg("commandstats"));
    // The server counts the commands of a script too, but no script has these.
    let statistics = ["cmdstat_evalsha", "cmdstat_incrby"].map(|command| {
        let statistics: Option<String> = info.get(command);
        statistics.unwrap_or_default()
    });
    let sum = |name: &str| {
        let fields = statistics.iter().flat_map(|fields| fields.split(','));
        let numbers = fields.filter_map(|field| field.strip_prefix(name)?.parse::<f64>().ok());
        numbers.sum()
    };
    (sum("calls="), sum("usec="))
}

/// Returns the number of admissions.
fn count(outcomes: &[Outcome]) -> f64 {
    float(outcomes.iter().map(|sent| sent.len() as u64).sum())
}

/// Returns the most admissions of all processes in any window.
fn most_in_window(outcomes: &[Outcome]) -> f64 {
    let all = outcomes.iter().flatten();
    let mut times: Vec<Duration> = all.map(|sent| Duration::from_micros(sent.at)).collect();
    times.sort_unstable();
    float(most_within(&times, WINDOW) as u64)
}
