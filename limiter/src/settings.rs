//! The settings of a builder, with which it or an account creates limiters.

use std::fmt;
use std::sync::Arc;

use model_studio_limits::Limit;

use crate::gate::Gate;
use crate::quota::LocalQuota;
use crate::quota::class_table::ClassTable;
use crate::quota::rules::Rules;
#[cfg(feature = "redis")]
use crate::redis::RedisStore;
use crate::scheduler::Shared;
use crate::time::Time;
use crate::{Class, ClassKey, Clock, Estimator, Limiter};

/// What all limiters of a builder or an account have in common.
#[derive(Clone, Default)]
pub(crate) struct LimiterSettings {
    pub(crate) rules: Rules,
    /// `None` for the default clock.
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) estimator: Estimator,
    pub(crate) classes: Vec<(ClassKey, Class)>,
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
    pub(crate) fn limiter(&self, name: &str, limits: &[Limit], classes: ClassTable) -> Limiter {
        #[cfg(feature = "redis")]
        if let Some(store) = &self.store {
            let shared = store.track(name, limits, self.rules.clone(), classes, self.clock());
            return Limiter::with_shared(shared);
        }
        self.local_limiter(limits, classes)
    }

    /// Creates a limiter that tracks usage in this process.
    pub(crate) fn local_limiter(&self, limits: &[Limit], classes: ClassTable) -> Limiter {
        let quota = LocalQuota::new(limits, self.rules.clone(), classes, Time::START);
        let gate = Gate::Local(Box::new(quota));
        Limiter::with_shared(Arc::new(Shared::new(self.clock(), gate)))
    }

    /// Returns the classes of a new limiter.
    pub(crate) fn classes(&self) -> ClassTable {
        ClassTable::new(&self.classes, &self.estimator)
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
            .field("classes", &self.classes)
            .finish_non_exhaustive()
    }
}
