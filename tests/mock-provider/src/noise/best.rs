//! The best that a client can do.

use std::ops::Range;
use std::time::Duration;

use super::Noise;
use crate::{MINUTE, Provider};

impl Noise {
    /// Returns the phases in which workers have requests.
    #[must_use]
    pub fn phases(&self) -> Vec<Range<Duration>> {
        self.demand.phases(self.duration, self.seed + 3)
    }

    /// Returns the factors of the provider's limit on growth, and the times from which they apply.
    pub(super) fn factors(&self) -> Vec<(Duration, f64)> {
        let factor = self.factor.as_ref();
        factor.map_or_else(Vec::new, |factor| {
            factor.changes(self.duration, self.seed + 4)
        })
    }

    /// Returns the times at which requests are accepted if the client knows the provider's limits
    /// and sends each request as early as the printed limit and they allow, without noise.
    #[must_use]
    pub fn best(&self, mut provider: Provider) -> Vec<Duration> {
        const STEPS: u32 = 4;
        let per_minute = u32::try_from(self.per_minute).unwrap_or(u32::MAX);
        let interval = MINUTE / per_minute;
        let mut factors = self.factors().into_iter().peekable();
        let mut accepted = Vec::new();
        for phase in self.phases() {
            let mut at = phase.start;
            while at < phase.end {
                while let Some((_, factor)) = factors.next_if(|(from, _)| *from <= at) {
                    provider.set_growth(factor);
                }
                if provider.arrive(at, 100).is_ok() {
                    accepted.push(at);
                    at += interval;
                } else {
                    at += interval / STEPS;
                }
            }
        }
        accepted
    }
}
