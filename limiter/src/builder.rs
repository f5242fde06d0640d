//! Settings of limiters and accounts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use model_studio_limits::{Catalogue, Limits};

use crate::account::ModelLimits;
use crate::clock::default_clock;
use crate::quota::{Quota, Rules};
#[cfg(feature = "redis")]
use crate::redis::RedisStore;
use crate::{Account, Clock, Estimator, Limiter};

/// Builds a [`Limiter`] or an [`Account`] with settings.
///
/// ```
/// use std::time::Duration;
///
/// use model_studio_limiter::Account;
/// use model_studio_limits::Model;
///
/// // One of four processes that use the account.
/// let account = Account::<Model>::builder()
///     .share(1, 4)
///     .guard(Duration::from_secs(2))
///     .build();
/// # let _ = account;
/// ```
#[derive(Clone, Debug)]
#[must_use = "call `build`"]
pub struct Builder<T> {
    target: T,
    settings: Settings,
}

#[derive(Clone)]
pub(crate) struct Settings {
    rules: Rules,
    /// `None` for the default clock, which is created when it is needed.
    clock: Option<Arc<dyn Clock>>,
    estimator: Estimator,
    #[cfg(feature = "redis")]
    store: Option<RedisStore>,
}

impl<T> Builder<T> {
    pub(crate) fn new(target: T) -> Self {
        let settings = Settings {
            rules: Rules {
                share: (1, 1),
                guard: None,
                counts_at_completion: false,
                max_task_duration: Duration::from_secs(3_600),
            },
            clock: None,
            estimator: Estimator::default(),
            #[cfg(feature = "redis")]
            store: None,
        };
        Self::with_settings(target, settings)
    }

    pub(crate) fn with_settings(target: T, settings: Settings) -> Self {
        Self { target, settings }
    }

    /// Sets the share of the limits to use: `share(1, 4)` for one of four processes with equal
    /// shares. The default is the full limits.
    ///
    /// A share of a limit is rounded down. If it is 0, no request is admitted: it fails with
    /// [`AcquireError::TooLarge`](crate::AcquireError::TooLarge). A share above 1 counts as 1.
    pub fn share(mut self, part: u32, whole: u32) -> Self {
        self.settings.rules.share = (part.into(), whole.into());
        self
    }

    /// Sets the time by which the window of every limit is widened.
    ///
    /// Requests take different times to reach the provider, so they can arrive closer together than
    /// they were sent. Set this to the difference between the slowest and the fastest. The default is
    /// a second for windows of a minute or more, and 1/60 of shorter windows, which leaves 98% of
    /// each limit.
    pub fn guard(mut self, guard: Duration) -> Self {
        self.settings.rules.guard = Some(guard);
        self
    }

    /// Counts the estimate while a request runs, and its actual tokens for one window after it
    /// completes.
    ///
    /// The default is to count them from the time at which the request is admitted. The provider
    /// does not document when it counts tokens. If it counts them on completion, the default can
    /// lead to refusals when long requests complete together. This setting is safe in both cases,
    /// but admits fewer requests.
    pub fn count_at_completion(mut self) -> Self {
        self.settings.rules.counts_at_completion = true;
        self
    }

    /// Sets the longest time that a task may take. A dropped [`TaskPermit`](crate::TaskPermit) counts
    /// as a running task until this time has passed since it was acquired. The default is an hour.
    pub fn max_task_duration(mut self, duration: Duration) -> Self {
        self.settings.rules.max_task_duration = duration;
        self
    }

    /// Sets the estimator that [`Limiter::estimate`] uses. Each limiter gets its own copy.
    pub fn estimator(mut self, estimator: Estimator) -> Self {
        self.settings.estimator = estimator;
        self
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Some(Arc::new(clock));
        self
    }
}

impl Builder<Limits> {
    /// Creates the limiter.
    #[must_use]
    pub fn build(self) -> Limiter {
        self.build_named("")
    }

    /// Creates the limiter of a quota with this name, by which a store tells quotas apart.
    #[cfg_attr(
        not(feature = "redis"),
        expect(unused_variables, reason = "only a store has names")
    )]
    pub(crate) fn build_named(self, name: &str) -> Limiter {
        let limits = self.target.as_slice();
        let settings = self.settings;
        let clock = settings.clock.unwrap_or_else(default_clock);
        #[cfg(feature = "redis")]
        if let Some(store) = settings.store {
            return store.limiter(name, limits, settings.rules, clock, settings.estimator);
        }
        let quota = Quota::new(limits, settings.rules, 0);
        Limiter::from_parts(
            clock,
            Box::new(quota),
            settings.estimator,
            #[cfg(feature = "redis")]
            None,
        )
    }
}

impl<M: Catalogue> Builder<ModelLimits<M>> {
    /// Sets the limits of a model, or of its pool, instead of those of the table.
    ///
    /// They replace all limits of the table. Use [`Limits::with_overlay`] to keep those that an
    /// overlay does not name.
    pub fn limits(mut self, model: M, limits: Limits) -> Self {
        self.target.0.push((model, limits));
        self
    }

    /// Tracks usage in a store, so that all processes that use it stay below the limits together.
    #[cfg(feature = "redis")]
    pub fn store(mut self, store: RedisStore) -> Self {
        self.settings.store = Some(store);
        self
    }

    /// Creates the account.
    #[must_use]
    pub fn build(self) -> Account<M> {
        Account::from_parts(self.settings, self.target)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("rules", &self.rules)
            .field("estimator", &self.estimator)
            .finish_non_exhaustive()
    }
}
