//! Loads: the requests that clients want to send.

use std::time::Duration;

use fastrand::Rng;

/// The sizes of requests. All clients always have a request to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Every request has 100 tokens.
    Small,
    /// A log-normal distribution with a median of 1,500 tokens, cut off at 50,000.
    LogNormal,
    /// Like `LogNormal`, but one in ten requests has up to 400,000 tokens.
    Large,
}

impl Load {
    /// Returns the largest number of tokens of a request.
    #[must_use]
    pub fn largest(self) -> u64 {
        match self {
            Self::Small => 100,
            Self::LogNormal => 50_000,
            Self::Large => 400_000,
        }
    }

    /// Returns the tokens of a request.
    pub(crate) fn tokens(self, rng: &mut Rng) -> u64 {
        match self {
            Self::Small => 100,
            Self::LogNormal => log_normal(rng, 1_500.0, 1.0).min(self.largest()),
            Self::Large if rng.u8(..10) == 0 => rng.u64(1..=self.largest()),
            Self::Large => Self::LogNormal.tokens(rng),
        }
    }
}

/// Returns how long a provider works on a request: from 1 to 20 seconds.
pub(crate) fn latency(rng: &mut Rng) -> Duration {
    Duration::from_millis(rng.u64(1_000..=20_000))
}

/// Returns a number of tokens from a log-normal distribution, whose logarithm has the standard
/// deviation `sigma`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number is positive, and a cast of a float saturates"
)]
pub(crate) fn log_normal(rng: &mut Rng, median: f64, sigma: f64) -> u64 {
    // The Box–Muller transform gives a normal distribution.
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    let normal = radius * (std::f64::consts::TAU * rng.f64()).cos();
    (median * (sigma * normal).exp()) as u64 + 1
}
