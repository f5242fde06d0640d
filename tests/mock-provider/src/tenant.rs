//! Tenants, which want to send requests at the same time.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;

use crate::load::log_normal;

/// A tenant, whose requests are of one class.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The key of the class, which is empty for the default class.
    pub class: &'static str,
    /// The requests.
    pub demand: TenantDemand,
}

/// When a tenant has requests to send, and their tokens.
#[derive(Clone, Debug)]
pub enum TenantDemand {
    /// This number of requests waits at any time: each one that starts is replaced.
    Saturating(usize, Sizes),
    /// This number of requests arrives per second, on average and at random.
    Random(f64, Sizes),
    /// Requests arrive at these times after the start, which are sorted, and have these tokens.
    Recorded(Arc<[(Duration, u64)]>),
}

/// The tokens of requests.
#[derive(Clone, Copy, Debug)]
pub enum Sizes {
    /// The same for all requests.
    Constant(u64),
    /// A log-normal distribution, cut off at a number.
    LogNormal {
        /// The mean before the cut.
        mean: f64,
        /// The standard deviation of the logarithm.
        sigma: f64,
        /// The greatest number of tokens.
        greatest: u64,
    },
    /// A Pareto distribution with this exponent, from the least number to the greatest. Larger
    /// values are drawn again.
    Pareto {
        /// The exponent, which is greater than 0.
        exponent: f64,
        /// The least number of tokens.
        least: u64,
        /// The greatest number of tokens.
        greatest: u64,
    },
}

impl Sizes {
    /// Returns the tokens of a request, which are at least 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "the number is positive, and a cast of a float saturates"
    )]
    pub(crate) fn tokens(self, rng: &mut Rng) -> u64 {
        match self {
            Self::Constant(tokens) => tokens.max(1),
            Self::LogNormal {
                mean,
                sigma,
                greatest,
            } => {
                let median = mean / (sigma * sigma / 2.0).exp();
                log_normal(rng, median, sigma).min(greatest)
            }
            Self::Pareto {
                exponent,
                least,
                greatest,
            } => loop {
                let tokens = least as f64 * (1.0 - rng.f64()).powf(-1.0 / exponent);
                if tokens <= greatest as f64 {
                    return (tokens as u64).max(1);
                }
            },
        }
    }
}

/// Returns a random time between two arrivals, of which this number arrives per second on average.
pub(crate) fn interval(rng: &mut Rng, per_second: f64) -> Duration {
    Duration::from_secs_f64(-(1.0 - rng.f64()).ln() / per_second)
}
