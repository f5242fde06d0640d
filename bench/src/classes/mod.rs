//! Compares one queue with classes that share the limits, in simulated time.

mod figures;
mod trace;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mock_provider::{
    MINUTE, PerMinute, Provider, Rule, SECOND, Shares, Sharing, Sizes, Tenant, TenantDemand,
};
use model_studio_limiter::{Class, Limiter};

pub(crate) use self::trace::read as read_trace;

use self::figures::{MODEL, Waits, error_of_share, most_in_a_minute, used};

/// The recorded requests that are used without an argument.
pub(crate) const TRACE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/traces/AzureLLMInferenceTrace_code.csv"
);

/// The part of a trace that is used.
const TRACE_DURATION: Duration = Duration::from_hours(1);

/// The requests that a saturating tenant has waiting.
const WAITING: usize = 54;

/// Requests of two saturating tenants.
const MIXED: Sizes = Sizes::LogNormal {
    mean: 2_400.0,
    sigma: 1.0,
    greatest: 24_000,
};

/// Requests of users, of which `PER_SECOND` arrive. They use a fifth of both limits.
const SMALL: Sizes = Sizes::LogNormal {
    mean: 1_600.0,
    sigma: 1.0,
    greatest: 24_000,
};
const PER_SECOND: f64 = 2.0;

/// Requests of the batch job.
const BATCHES: [(&str, Sizes); 3] = [
    ("S2: 1,000 tokens", Sizes::Constant(1_000)),
    (
        "S3: log-normal, 8,000 tokens",
        Sizes::LogNormal {
            mean: 8_000.0,
            sigma: 1.3,
            greatest: 400_000,
        },
    ),
    (
        "S4: Pareto, up to 400,000 tokens",
        Sizes::Pareto {
            exponent: 1.0,
            least: 3_500,
            greatest: 400_000,
        },
    ),
];

/// How requests share the limiter.
fn rules() -> [(&'static str, Option<Class>); 4] {
    [
        ("one queue", None),
        ("classes, 1:1", Some(Class::weight(1))),
        ("classes, 10:1", Some(Class::weight(10))),
        (
            "classes, 10:1, headroom 2%",
            Some(Class::weight(10).headroom(0.02)),
        ),
    ]
}

/// The simulated time and the seeds.
#[derive(Clone, Copy)]
struct Runs {
    duration: Duration,
    seeds: u64,
}

/// Prints the tables. Returns a message if the trace cannot be read.
pub(crate) fn run(quick: bool, trace: Option<&Path>) -> Result<(), String> {
    let limit = PerMinute::new(MODEL.limits());
    // What headroom leaves for the largest request.
    let greatest = limit.tokens / 100 * 98;
    let path = trace.unwrap_or(Path::new(TRACE));
    let trace = read_trace(path, TRACE_DURATION, greatest)?;
    let trace: Vec<(Duration, u64)> = trace
        .into_iter()
        .map(|request| (request.at, request.input + request.output))
        .collect();
    let runs = Runs {
        duration: if quick { 5 } else { 30 } * MINUTE,
        seeds: if quick { 1 } else { 5 },
    };
    print_shares(runs);
    let users = TenantDemand::Random(PER_SECOND, SMALL);
    print_waits("users, a fifth of the limits", runs, &users);
    print_batch_alone(runs);

    let end = trace.last().map_or(Duration::ZERO, |(at, _)| *at);
    let name = path.file_name().unwrap_or_default().display();
    let demand = figures::of_limit(trace.iter().copied(), end.max(MINUTE));
    let title = format!("{name}, {demand:.2} of the limits");
    let duration = if quick { 5 * MINUTE } else { end + MINUTE };
    let runs = Runs { duration, ..runs };
    print_waits(&title, runs, &TenantDemand::Recorded(Arc::from(trace)));
    Ok(())
}

/// Prints how far the shares of two saturating tenants are from 3:1.
fn print_shares(runs: Runs) {
    println!("| rule | 5 s, mean | 5 s, p95 | 60 s, p95 | refused | most in a minute |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for (name, classes) in [
        ("one queue", ["", ""]),
        ("classes, 3:1", ["large", "small"]),
    ] {
        let tenants = classes.map(|class| Tenant {
            class,
            demand: TenantDemand::Saturating(WAITING, MIXED),
        });
        let results = simulate(runs, &tenants, ("large", Class::weight(3)));
        let [(mean, p95), (_, p95_of_minute)] =
            [5 * SECOND, MINUTE].map(|span| error_of_share(&results, 0.75, span));
        let (refused, most) = check(&results);
        println!("| {name} | {mean:.1} | {p95:.1} | {p95_of_minute:.1} | {refused} | {most:.3} |");
    }
    println!();
}

/// Prints how long the requests of a tenant wait beside a batch job.
fn print_waits(title: &str, runs: Runs, demand: &TenantDemand) {
    println!(
        "| {title}, beside | rule | wait p50 | p99 | max | limit used | refused | most in a minute |"
    );
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (batch, sizes) in BATCHES {
        for (name, class) in rules() {
            let of = |class_name| if class.is_some() { class_name } else { "" };
            let tenants = [
                Tenant {
                    class: of("chat"),
                    demand: demand.clone(),
                },
                Tenant {
                    class: of("batch"),
                    demand: TenantDemand::Saturating(WAITING, sizes),
                },
            ];
            let results = simulate(runs, &tenants, ("chat", class.unwrap_or_default()));
            let Waits { p50, p99, max } = Waits::of_first_tenant(&results);
            let used = used(&results, runs.duration);
            let (refused, most) = check(&results);
            println!(
                "| {batch} | {name} | {p50:.2} | {p99:.2} | {max:.1} | {used:.3} | {refused} | {most:.3} |"
            );
        }
    }
    println!();
}

/// Prints what a batch job uses if there is a class for users, who send nothing.
fn print_batch_alone(runs: Runs) {
    println!("| batch alone | rule | limit used | refused | most in a minute |");
    println!("| --- | --- | ---: | ---: | ---: |");
    for (batch, sizes) in BATCHES {
        for (name, class) in rules() {
            let tenant = Tenant {
                class: if class.is_some() { "batch" } else { "" },
                demand: TenantDemand::Saturating(WAITING, sizes),
            };
            let results = simulate(runs, &[tenant], ("chat", class.unwrap_or_default()));
            let used = used(&results, runs.duration);
            let (refused, most) = check(&results);
            println!("| {batch} | {name} | {used:.3} | {refused} | {most:.3} |");
        }
    }
    println!();
}

/// Runs tenants once with each seed, with the settings of one class.
fn simulate(runs: Runs, tenants: &[Tenant], (key, class): (&str, Class)) -> Vec<Shares> {
    let limit = PerMinute::new(MODEL.limits());
    let run = |seed| {
        let sharing = Sharing {
            tenants: tenants.to_vec(),
            duration: runs.duration,
            seed,
        };
        let provider = Provider::new()
            .limit_requests(Rule::Sliding(MINUTE), limit.requests)
            .limit_tokens(Rule::Sliding(MINUTE), limit.tokens);
        sharing.run(Limiter::builder(MODEL.limits()).class(key, class), provider)
    };
    (1..=runs.seeds).map(run).collect()
}

/// Returns how many requests were refused, and the largest part of a limit in any minute.
fn check(results: &[Shares]) -> (usize, f64) {
    let refused = results.iter().map(|result| result.refused).sum();
    let most = results.iter().map(most_in_a_minute).fold(0.0, f64::max);
    (refused, most)
}
