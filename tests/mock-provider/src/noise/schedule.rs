//! What happens at which time: phases of demand, and factors of a limit on growth that moves.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use fastrand::Rng;

/// When workers have requests to send.
#[derive(Clone, Debug, PartialEq)]
pub enum Demand {
    /// Always.
    Always,
    /// In phases, with pauses between them.
    Phases {
        /// How long workers have requests.
        busy: RangeInclusive<Duration>,
        /// How long they have none.
        idle: RangeInclusive<Duration>,
    },
}

impl Demand {
    /// Returns the phases in which workers have requests.
    pub(super) fn phases(&self, duration: Duration, seed: u64) -> Vec<Range<Duration>> {
        let Self::Phases { busy, idle } = self else {
            return vec![Duration::ZERO..duration];
        };
        let mut rng = Rng::with_seed(seed);
        let mut phases = Vec::new();
        let mut start = Duration::ZERO;
        while start < duration {
            let end = start + within(busy, &mut rng);
            phases.push(start..end.min(duration));
            start = end + within(idle, &mut rng);
        }
        phases
    }
}

/// A factor of a limit on growth, which changes at random times.
///
/// Its logarithm is evenly distributed.
#[derive(Clone, Debug, PartialEq)]
pub struct MovingFactor {
    /// The smallest and the largest factor.
    pub factors: RangeInclusive<f64>,
    /// The time between changes.
    pub every: RangeInclusive<Duration>,
}

impl MovingFactor {
    /// Returns the factors, and the times from which they apply.
    pub(super) fn changes(&self, duration: Duration, seed: u64) -> Vec<(Duration, f64)> {
        let (least, most) = (self.factors.start().ln(), self.factors.end().ln());
        let mut rng = Rng::with_seed(seed);
        let mut changes = Vec::new();
        let mut at = Duration::ZERO;
        while at < duration {
            changes.push((at, (least + (most - least) * rng.f64()).exp()));
            at += within(&self.every, &mut rng);
        }
        changes
    }
}

/// Returns a random time within a range.
pub(super) fn within(range: &RangeInclusive<Duration>, rng: &mut Rng) -> Duration {
    let (least, most) = (*range.start(), *range.end());
    least + most.saturating_sub(least).mul_f64(rng.f64())
}
