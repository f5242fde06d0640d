//! Sends requests to `qwen-plus` in simulated time, as fast as each of two limiters allows, and counts
//! those that the provider refuses. Needs neither an API key nor a network.
//!
//! ```sh
//! cargo run -p model-studio-limiter --example simulate
//! cargo run -p model-studio-limiter --example simulate -- classes
//! ```
//!
//! With `classes`, it shows how long users wait beside a batch job, with one queue and with classes.

mod classes;

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use mock_provider::{
    Busy, Client, Delay, Load, MINUTE, Noise, Pacer, PerMinute, Provider, Rule, Simulation,
    TrueLimit,
};
use model_studio_limiter::Limiter;
use model_studio_limits::Model;

const MODEL: Model = Model::QwenPlus;

const DURATION: Duration = Duration::from_secs(180);

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        None => print_refusals(),
        Some("classes") => classes::print(),
        Some(_) => {
            eprintln!("usage: cargo run -p model-studio-limiter --example simulate [-- classes]");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// Compares the limiter with others.
fn print_refusals() {
    println!("Three minutes of {MODEL}: {}.\n", MODEL.limits());
    println!("requests of               limiter                 sent  refused  limit used");
    for (size, load) in [
        ("100 tokens", Load::Small),
        ("1,500 tokens (median)", Load::LogNormal),
    ] {
        let limit = PerMinute::new(MODEL.limits());
        let ours = Client::limiter(Limiter::builder(MODEL.limits()));
        let governor = Client::governor_per_minute(limit);
        for (name, mut client) in [
            ("model-studio-limiter", ours),
            ("governor, per_minute", governor),
        ] {
            let outcome = Simulation::new(load, DURATION).run(&mut client, &mut provider());
            let used = outcome.utilisation(limit, DURATION);
            print_line(size, name, outcome.sent(), outcome.refused, used);
        }
    }

    println!("\nThe same with workers that retry. Governor has a burst of a second.");
    println!("conditions                limiter                 sent  refused  limit used");
    for (conditions, noise) in conditions() {
        for (name, pacer) in [
            (
                "model-studio-limiter",
                Pacer::Limiter(Limiter::builder(MODEL.limits())),
            ),
            ("governor, backoff", Pacer::Governor),
        ] {
            let outcome = noise.run(pacer, provider());
            let used = outcome.utilisation();
            print_line(conditions, name, outcome.sent(), outcome.refused(), used);
        }
    }
}

/// Returns a provider with errors, a loaded runtime, and a provider that allows half of its published
/// limit.
fn conditions() -> [(&'static str, Noise); 3] {
    let quiet = Noise::new(PerMinute::new(MODEL.limits()).requests, DURATION);
    let errors = Noise {
        failed: 0.0025,
        throttled: 0.0025,
        ..quiet.clone()
    };
    let loaded = Noise {
        // Timers are up to 2 ms late, and one in twenty up to 50 ms.
        alarms: Delay::Tail {
            short: Duration::from_millis(2),
            long: Duration::from_millis(50),
            rare: 0.05,
        },
        // The workers are busy a quarter of the time.
        busy: Busy {
            period: Duration::from_millis(40),
            part: 0.25,
        },
        ..errors.clone()
    };
    let half = Noise {
        true_limit: TrueLimit::Constant(0.5),
        ..quiet
    };
    [
        ("0.5% errors", errors),
        ("the same, loaded runtime", loaded),
        ("half of the limit", half),
    ]
}

fn provider() -> Provider {
    let limit = PerMinute::new(MODEL.limits());
    Provider::new()
        .limit_requests(Rule::Sliding(MINUTE), limit.requests)
        .limit_tokens(Rule::Sliding(MINUTE), limit.tokens)
}

fn print_line(conditions: &str, limiter: &str, sent: usize, refused: usize, used: f64) {
    let used = used * 100.0;
    println!("{conditions:24}  {limiter:20}  {sent:>6}  {refused:>7}  {used:>9.1}%");
}
