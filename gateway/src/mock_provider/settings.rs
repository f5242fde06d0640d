//! The settings of a mock provider.

use std::collections::HashMap;
use std::time::Duration;

use model_studio_limits::Limit;

use super::distribution::Distribution;

/// The settings of a mock provider.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) limits: HashMap<String, Vec<Limit>>,
    pub(super) keys: Vec<String>,
    /// The output tokens of an answer.
    pub(super) output: Distribution,
    /// The milliseconds until an answer begins.
    pub(super) latency: Distribution,
    pub(super) time_per_token: Duration,
    pub(super) tokens_per_event: u64,
    pub(super) task_end: TaskEnd,
    pub(super) seed: u64,
}

/// When asynchronous tasks end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskEnd {
    /// This long after they were submitted.
    After(Duration),
    /// When their state is read for the nth time.
    AtPoll(u32),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: HashMap::new(),
            keys: Vec::new(),
            output: Distribution::Fixed(16.0),
            latency: Distribution::Fixed(0.0),
            time_per_token: Duration::ZERO,
            tokens_per_event: 4,
            task_end: TaskEnd::AtPoll(2),
            seed: 0,
        }
    }
}
