//! The settings of a builder, with which it or an account creates limiters.

use std::fmt;
use std::sync::Arc;

use model_studio_limits::Limit;

use crate::gate::Gate;
use crate::quota::LocalQuota;
use crate::quota::rules::Rules;
#[cfg(feature = "redis")]
use crate::redis::RedisStore;
use crate::scheduler::Shared;
use crate::time::Time;
use crate::{Clock, Estimator, Limiter};

/// What all limiters of a builder or an account have in common.
#[derive(Clone, Default)]
pub(crate) struct LimiterSettings {
    pub(crate) rules: Rules,
    /// `None` for the default clock.
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) estimator: Estimator,
    /// `None` if usage is tracked in this process.
    #[cfg(feature = "redis")]
    pub(crate) store: Option<RedisStore>,
}

impl LimiterSettings {
    /// Creates the limiter of a quota, which a store identifies by its name.
    #[cfg_attr(
        not(feature = "redis"),
        expect(unused_variables, reason = "only a store needs names")
    )]
    pub(crate) fn limiter(&self, name: &str, limits: &[Limit]) -> Limiter {
        #[cfg(feature = "redis")]
        if let Some(store) = &self.store {
            let (rules, estimator) = (self.rules.clone(), self.estimator.clone());
            let shared = store.track(name, limits, rules, self.clock(), estimator);
            return Limiter { shared };
        }
        self.local_limiter(limits)
    }

    /// Creates a limiter that tracks usage in this process.
    pub(crate) fn local_limiter(&self, limits: &[Limit]) -> Limiter {
        let quota = LocalQuota::new(limits, self.rules.clone(), Time::START);
        let gate = Gate::Local(Box::new(quota));
        let shared = Shared::new(self.clock(), gate, self.estimator.clone());
        Limiter {
            shared: Arc::new(shared),
        }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone().unwrap_or_else(|| {
            #[cfg(feature = "tokio")]
            return Arc::new(crate::TokioClock::new());
            #[cfg(not(feature = "tokio"))]
            return Arc::new(crate::SystemClock::new());
        })
    }
}

impl fmt::Debug for LimiterSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimiterSettings")
            .field("rules", &self.rules)
            .field("estimator", &self.estimator)
            .finish_non_exhaustive()
    }
}
