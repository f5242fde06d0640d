//! The settings of a mock provider.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use model_studio_limits::Limit;

use super::distribution::Distribution;

/// The settings of a mock provider.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// The limits, by the name of a quota.
    pub(super) limits: HashMap<String, Vec<Limit>>,
    /// The names of the quotas, by the ID or alias of a model. A model that is not among them has a quota
    /// of its own, without limits.
    pub(super) quotas: BTreeMap<String, String>,
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

impl Settings {
    /// Returns the name of a model's quota.
    pub(super) fn quota<'a>(&'a self, model: &'a str) -> &'a str {
        self.quotas.get(model).map_or(model, String::as_str)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: HashMap::new(),
            quotas: BTreeMap::new(),
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
