//! Compares limiters in simulated time, measures how late they wake, and draws a chart.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};
use std::{fs, iter};

use chart::{Chart, Row};
use mock_provider::{Client, Load, MINUTE, PerMinute, Provider, Rule, SECOND, Simulation};
use model_studio_limiter::{AcquireError, Limiter, Permit, SystemClock, TokioClock};
use model_studio_limits::{Limit, LimitKind, Limits, Model};
use tokio::runtime;
use tokio::time::sleep_until;

const MODEL: Model = Model::QwenPlus;

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../limiter/throughput.svg");

pub(crate) fn run(quick: bool) {
    print_simulations(if quick { 5 * MINUTE } else { 60 * MINUTE });
    print_lateness(if quick { 20 } else { 1_000 });
    draw_chart();
}

/// Creates a client for a limit, and for estimates of up to this number of tokens.
type NewClient = fn(PerMinute, u64) -> Client;

const CLIENTS: [(&str, NewClient); 5] = [
    ("model-studio-limiter", |_, _| {
        Client::limiter(Limiter::builder(MODEL.limits()))
    }),
    ("model-studio-limiter, `count_at_completion`", |_, _| {
        Client::limiter(Limiter::builder(MODEL.limits()).count_at_completion())
    }),
    ("governor, `per_minute`", |limit, _| {
        Client::governor_per_minute(limit)
    }),
    ("governor, reduced", Client::governor_reduced),
    ("fixed window", |limit, _| Client::fixed_window(limit)),
];

/// Prints what each client used of the limit, and how often each provider refused it.
fn print_simulations(duration: Duration) {
    let limit = PerMinute::new(MODEL.limits());
    let minutes = duration.as_secs() / 60;
    println!("{minutes} simulated minutes, refusals per provider:\n");
    println!(
        "| load | limiter | limit used | any 60 s | any 60 s, delays | minute from first request \
         | counted at completion | requests, bucket | requests per second | tokens per second |"
    );
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (name, load, most) in [
        ("small", Load::Small, 1),
        ("log-normal", Load::LogNormal, 1),
        ("log-normal, estimates of 1–2 times", Load::LogNormal, 2_u32),
        ("large", Load::Large, 1),
    ] {
        for (client_name, client) in CLIENTS {
            let exact = Simulation {
                estimates: 1.0..=f64::from(most),
                ..Simulation::new(load, duration)
            };
            let delayed = Simulation {
                delay: SECOND,
                ..exact.clone()
            };
            let run = |simulation: &Simulation, mut provider: Provider| {
                let largest = load.largest() * u64::from(most);
                simulation.run(&mut client(limit, largest), &mut provider)
            };
            let both = |rule| requests(rule).limit_tokens(rule, limit.tokens);
            let sliding = || both(Rule::Sliding(MINUTE));
            let second = Rule::Aligned(SECOND);
            let outcome = run(&exact, sliding());
            let used = outcome.utilisation(limit, duration);
            let refused = [
                outcome.refused,
                run(&delayed, sliding()).refused,
                run(&delayed, both(Rule::FirstHit(MINUTE))).refused,
                run(&delayed, sliding().count_at_completion()).refused,
                run(&exact, requests(Rule::Bucket(SECOND))).refused,
                run(&exact, requests(second)).refused,
                run(&exact, Provider::new().limit_tokens(second, limit.tokens)).refused,
            ];
            let refused = refused.map(|refused| refused.to_string()).join(" | ");
            println!("| {name} | {client_name} | {used:.3} | {refused} |");
        }
    }
    println!();
}

fn requests(rule: Rule) -> Provider {
    let limit = PerMinute::new(MODEL.limits());
    Provider::new().limit_requests(rule, limit.requests)
}

/// 100 requests per second, spaced evenly.
const FAST: Limits = Limits::new(&[Limit {
    kind: LimitKind::Requests,
    count: NonZeroU64::new(6_000).unwrap(),
    per: Some(MINUTE),
}]);

/// Prints how long after the time at which a request may be admitted its thread or task runs.
fn print_lateness(count: usize) {
    let runtime = runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("the runtime can be built");
    let system = Limiter::builder(FAST).clock(SystemClock::new()).build();
    let tokio = Limiter::builder(FAST).clock(TokioClock::new()).build();
    println!("| waits | p50, ms | p99, ms |");
    println!("| --- | ---: | ---: |");
    print_row("`SystemClock`, `blocking_acquire`", count, || {
        lateness(&system, || system.blocking_acquire(0))
    });
    print_row("`SystemClock`, `acquire` in tokio", count, || {
        lateness(&system, || runtime.block_on(system.acquire(0)))
    });
    print_row("`TokioClock`, `acquire` in tokio", count, || {
        lateness(&tokio, || runtime.block_on(tokio.acquire(0)))
    });
    print_row("only `tokio::time::sleep_until`", count, || {
        let at = Instant::now() + Duration::from_millis(10);
        runtime.block_on(async { sleep_until(at.into()).await });
        at.elapsed()
    });
    println!();
}

/// Waits for the next request. Returns how late it was admitted.
fn lateness(limiter: &Limiter, acquire: impl FnOnce() -> Result<Permit, AcquireError>) -> Duration {
    match limiter.try_acquire(0) {
        Err(AcquireError::NotYet { at }) => {
            let permit = acquire().expect("the request is small");
            let late = at.elapsed();
            permit.settle(0);
            late
        }
        _ => Duration::ZERO,
    }
}

fn print_row(name: &str, count: usize, measure: impl FnMut() -> Duration) {
    // The first requests start threads.
    let mut lateness: Vec<_> = iter::repeat_with(measure)
        .take(count + 10)
        .skip(10)
        .collect();
    lateness.sort();
    let millis = |percent: usize| lateness[(count - 1) * percent / 100].as_secs_f64() * 1e3;
    println!("| {name} | {:.3} | {:.3} |", millis(50), millis(99));
}

/// Draws the requests per second of three minutes.
fn draw_chart() {
    const SECONDS: u32 = 180;
    let limit = PerMinute::new(MODEL.limits());
    let load = Load::Small;
    let simulation = Simulation {
        delay: SECOND,
        ..Simulation::new(load, SECONDS * SECOND)
    };
    let mut rows = Vec::new();
    for (name, client) in CLIENTS {
        // It differs only for tokens.
        if name.contains("count_at_completion") {
            continue;
        }
        let mut provider = requests(Rule::Sliding(MINUTE));
        let outcome = simulation.run(&mut client(limit, load.largest()), &mut provider);
        let (sent, refused) = (outcome.sent(), outcome.refused);
        let by_second = (0..u64::from(SECONDS)).map(|second| {
            let in_second = outcome.sent_at.iter().filter(|at| at.as_secs() == second);
            u32::try_from(in_second.count()).expect("clients send less")
        });
        rows.push(Row {
            title: format!("{}: {sent} sent, {refused} refused", name.replace('`', "")),
            requests: vec![by_second.collect()],
        });
    }
    let chart = Chart {
        heading: format!(
            "Requests per second to {MODEL} (dashed: {} per minute). Each arrives within a second.",
            limit.requests
        ),
        parts: Vec::new(),
        rows,
        seconds: SECONDS,
        limit: 10.0,
        ticks: vec![1, 10, 100, 1_000],
        is_logarithmic: true,
        height: 84.0,
    };
    fs::write(CHART, chart.draw()).expect("the chart can be written");
    println!("Wrote the chart limiter/throughput.svg.");
}
