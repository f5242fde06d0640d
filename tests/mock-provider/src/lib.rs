//! Providers, clients and loads in simulated time, for tests of the limiter.
//!
//! [`Simulation::run`] lets a [`Client`] send as many requests as its limiter allows to a
//! [`Provider`], and counts those that the provider refuses. [`Noise::run`] adds workers, late
//! timers, errors and limits that move. No real time passes, and every run has the same result.

mod client;
mod governor;
mod growth;
mod load;
mod noise;
mod provider;
mod sharing;
mod simulation;
mod tenant;
mod window;

use std::time::Duration;

use model_studio_limits::Limits;

pub use client::Client;
pub use growth::GrowthRule;
pub use load::Load;
pub use noise::{
    Busy, Delay, Demand, MovingFactor, Noise, NoisyClock, NoisyOutcome, Pacer, TrueLimit,
};
pub use provider::{Provider, Rule, Ticket};
pub use sharing::{Shares, Sharing, Started};
pub use simulation::{Outcome, Simulation};
pub use tenant::{Sizes, Tenant, TenantDemand};
pub use window::most_within;

/// A second.
pub const SECOND: Duration = Duration::from_secs(1);

/// A minute.
pub const MINUTE: Duration = Duration::from_secs(60);

/// The limits per minute of a model.
#[derive(Clone, Copy, Debug)]
pub struct PerMinute {
    /// The limit on requests.
    pub requests: u64,
    /// The limit on tokens.
    pub tokens: u64,
}

impl PerMinute {
    /// Returns the limits of a model that has both.
    ///
    /// # Panics
    ///
    /// Panics if the model has no limit per minute on requests or on tokens.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let requests = limits.queries_per_minute();
        let tokens = limits.tokens_per_minute();
        Self {
            requests: requests
                .expect("the model has a limit on requests")
                .get()
                .into(),
            tokens: tokens.expect("the model has a limit on tokens").get(),
        }
    }
}
