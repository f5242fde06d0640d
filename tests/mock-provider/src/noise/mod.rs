//! Conditions as in production: late timers, busy workers, errors, and limits that move.
//!
//! [`Noise::run`] lets workers on a small executor send requests in simulated time. Everything
//! random depends on the seed.

mod clock;
mod outcome;
mod pacer;
mod runtime;
mod true_limit;
mod workers;

use std::ops::RangeInclusive;
use std::time::Duration;

use fastrand::Rng;

use crate::{Provider, SECOND};

pub use clock::{Delay, NoisyClock};
pub use outcome::NoisyOutcome;
pub use pacer::Pacer;
pub use runtime::Busy;
pub use true_limit::TrueLimit;

/// The conditions of a simulation.
#[derive(Clone, Debug)]
pub struct Noise {
    /// The limit on requests that the client knows.
    pub per_minute: u64,
    /// How long clients send requests.
    pub duration: Duration,
    /// The number of workers. Each always has a request to send.
    pub workers: usize,
    /// How long an answer takes.
    pub answers: RangeInclusive<Duration>,
    /// How long a refusal takes.
    pub refusals: RangeInclusive<Duration>,
    /// The longest time that a request takes to the provider.
    pub travel: Duration,
    /// The part of requests that fail with the status 500, although there is room.
    pub failed: f64,
    /// Whether such a failure takes as long as an answer, and not as a refusal.
    pub fails_late: bool,
    /// The part of requests that are refused with the status 429, although there is room.
    pub throttled: f64,
    /// How late alarms ring.
    pub alarms: Delay,
    /// When the workers are not polled.
    pub busy: Busy,
    /// The limit that the provider applies, if it is not the one that the client knows.
    pub true_limit: TrueLimit,
    /// The seed of everything random.
    pub seed: u64,
}

impl Noise {
    /// Creates conditions without noise. Answers take 1 to 20 seconds, refusals 50 to 300
    /// milliseconds, and there are enough workers to use the limit.
    #[must_use]
    pub fn new(per_minute: u64, duration: Duration) -> Self {
        let per_second = usize::try_from(per_minute.div_ceil(60)).unwrap_or(usize::MAX);
        Self {
            per_minute,
            duration,
            workers: per_second * 14 + 50,
            answers: SECOND..=20 * SECOND,
            refusals: Duration::from_millis(50)..=Duration::from_millis(300),
            travel: Duration::from_millis(50),
            failed: 0.0,
            fails_late: true,
            throttled: 0.0,
            alarms: Delay::None,
            busy: Busy::NEVER,
            true_limit: TrueLimit::Constant(1.0),
            seed: 1,
        }
    }

    /// Lets workers send requests to a provider, each as soon as the pacer admits it.
    #[must_use]
    pub fn run(&self, pacer: Pacer, provider: Provider) -> NoisyOutcome {
        workers::run(self, pacer, provider)
    }
}

/// Returns a random time within a range.
fn within(range: &RangeInclusive<Duration>, rng: &mut Rng) -> Duration {
    let (least, most) = (*range.start(), *range.end());
    least + most.saturating_sub(least).mul_f64(rng.f64())
}
