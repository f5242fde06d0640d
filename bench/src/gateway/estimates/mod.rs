//! Simulates more calls than the limits allow with many seeds, with known and with estimated lengths
//! of answers.

// The gateway supports an older Rust than this package, for which Clippy has other suggestions.
#[path = "../../../../gateway/src/estimate/mod.rs"]
#[clippy::msrv = "1.85"]
mod estimate;
#[path = "../../../../gateway/src/mock_provider/ledger.rs"]
#[clippy::msrv = "1.85"]
mod ledger;
#[path = "../../../../gateway/src/mock_provider/meter.rs"]
#[clippy::msrv = "1.85"]
#[expect(dead_code, reason = "there are no tasks here")]
mod meter;
mod simulated_time;
mod simulation;

use model_studio_limiter::{Builder, LimiterLimits};

use self::simulation::{Counting, Lengths, Outcome, Settings, simulate};
use super::saturating_calls::SEED;
use crate::measure::float;

/// The number of seeds. The first is that of the program which sends the calls in real time.
const SEEDS: u64 = 200;

pub(crate) fn run(quick: bool) {
    let seeds = SEED..SEED + if quick { 1 } else { SEEDS };
    println!(
        "| lengths of answers | provider counts | limit used | refused | largest second, tokens |"
    );
    println!("| --- | --- | ---: | ---: | ---: |");
    for (lengths, counting, limiter_name, limiter) in rows() {
        let settings = Settings {
            lengths,
            counting,
            limiter,
        };
        let outcomes = seeds.clone().map(|seed| simulate(settings, seed));
        let outcomes: Vec<Outcome> = outcomes.collect();
        let lengths = match lengths {
            Lengths::Known => "known in advance",
            Lengths::Estimated => "estimated by the gateway",
        };
        let counting = match counting {
            Counting::AtArrival => "at arrival",
            Counting::InBothWays => "in both ways",
        };
        let (used, least_used) = mean_and_worst(&outcomes, |it| it.used, f64::min);
        let (refused, most_refused) = mean_and_worst(&outcomes, |it| float(it.refused), f64::max);
        let (second, largest_second) = mean_and_worst(&outcomes, |it| it.largest_second, f64::max);
        println!(
            "| {lengths}{limiter_name} | {counting} | {used:.3} ({least_used:.3}) | {refused:.1} \
             ({most_refused}) | {second:.2} ({largest_second:.2}) |"
        );
    }
    println!();
}

/// The settings of a row, and how it names those of the limiter.
type Row = (
    Lengths,
    Counting,
    &'static str,
    fn(Builder<LimiterLimits>) -> Builder<LimiterLimits>,
);

fn rows() -> [Row; 7] {
    use Counting::{AtArrival, InBothWays};
    use Lengths::{Estimated, Known};
    [
        (Known, AtArrival, "", |limiter| limiter),
        (Known, InBothWays, "", |limiter| limiter),
        (Known, InBothWays, ", `share` of 0.97", |limiter| {
            limiter.share(97, 100)
        }),
        (
            Known,
            InBothWays,
            ", `count_at_completion`",
            Builder::count_at_completion,
        ),
        (Estimated, AtArrival, "", |limiter| limiter),
        (Estimated, InBothWays, "", |limiter| limiter),
        (Estimated, InBothWays, ", `share` of 0.98", |limiter| {
            limiter.share(98, 100)
        }),
    ]
}

/// Returns the mean of a figure, and that of the worst seed.
fn mean_and_worst(
    outcomes: &[Outcome],
    figure: fn(&Outcome) -> f64,
    worse: fn(f64, f64) -> f64,
) -> (f64, f64) {
    let figures = outcomes.iter().map(figure);
    let mean = figures.clone().sum::<f64>() / float(outcomes.len() as u64);
    (mean, figures.reduce(worse).unwrap_or(f64::NAN))
}
