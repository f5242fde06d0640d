//! Conditions as in production: late timers, busy workers, errors, and limits that move.
//!
//! [`Noise::run`] lets workers on a small executor send requests in simulated time. All random
//! choices depend on the seed.

mod best;
mod clock;
mod executor;
mod outcome;
mod pacer;
mod runtime;
mod schedule;
mod true_limit;
mod worker;

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::SECOND;

pub use clock::{Delay, NoisyClock};
pub use outcome::NoisyOutcome;
pub use pacer::Pacer;
pub use runtime::Busy;
pub use schedule::{Demand, MovingFactor};
pub use true_limit::TrueLimit;

/// The conditions of a simulation.
#[derive(Clone, Debug)]
pub struct Noise {
    /// The limit on requests that clients know.
    pub per_minute: u64,
    /// How long clients send requests.
    pub duration: Duration,
    /// The number of workers. Each always has a request to send.
    pub workers: usize,
    /// How long an answer takes.
    pub answers: RangeInclusive<Duration>,
    /// How long a refusal takes.
    pub refusals: RangeInclusive<Duration>,
    /// The longest time that a request takes to reach the provider.
    pub travel: Duration,
    /// The fraction of requests that fail with status 500, although there is room.
    pub failed: f64,
    /// Whether such a failure takes as long as an answer, instead of as a refusal.
    pub fails_late: bool,
    /// The fraction of requests that are refused with status 429, although there is room.
    pub throttled: f64,
    /// How late alarms ring.
    pub alarms: Delay,
    /// When the workers are not polled.
    pub busy: Busy,
    /// The limit that the provider applies, as a fraction of the one that clients know.
    pub true_limit: TrueLimit,
    /// When workers have requests to send.
    pub demand: Demand,
    /// The factor of the provider's limit on growth, if it moves.
    pub factor: Option<MovingFactor>,
    /// How long the provider holds a request that rises too quickly before it refuses it.
    pub wait: Duration,
    /// The seed of all random choices.
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
            demand: Demand::Always,
            factor: None,
            wait: Duration::ZERO,
            seed: 1,
        }
    }
}
