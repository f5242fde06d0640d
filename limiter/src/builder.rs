//! Settings of limiters and accounts.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use model_studio_limits::{Catalogue, Limit};

#[cfg(feature = "redis")]
use crate::BuildError;
use crate::account::ModelLimits;
use crate::clock::default_clock;
use crate::gate::Gate;
use crate::named_account::NamedLimits;
use crate::quota::Quota;
use crate::quota::rules::Rules;
#[cfg(feature = "redis")]
use crate::redis::RedisStore;
use crate::time::Time;
use crate::{Account, Clock, Estimator, Limiter, NamedAccount};

/// Builds a [`Limiter`], an [`Account`] or a [`NamedAccount`] with settings.
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
///
/// `S` is where usage is tracked: [`InProcess`], or a `RedisStore` after `store` was called. With a
/// store, `build` returns an error if a setting has no effect.
#[derive(Clone, Debug)]
#[must_use = "call `build`"]
pub struct Builder<T, S = InProcess> {
    target: T,
    settings: Settings,
    store: PhantomData<S>,
}

/// Usage is tracked in this process. See [`Builder`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct InProcess;

/// The settings of all builders.
#[derive(Clone)]
pub struct Settings {
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
                burst: 1,
                counts_at_completion: false,
                max_task_duration: Duration::from_secs(3_600),
            },
            clock: None,
            estimator: Estimator::default(),
            #[cfg(feature = "redis")]
            store: None,
        };
        Self {
            target,
            settings,
            store: PhantomData,
        }
    }
}

impl<T, S> Builder<T, S> {
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
    ///
    /// With a store, it is at least 20 ms, and 100 ms for windows of a minute or more, because timers
    /// and busy runtimes wake a process some milliseconds late.
    pub fn guard(mut self, guard: Duration) -> Self {
        self.settings.rules.guard = Some(guard);
        self
    }

    /// Sets the number of requests that may be sent at once at the start and after an idle time.
    /// The default is 1: all requests are evenly spaced.
    ///
    /// With `burst(20)` at 600 requests per minute, an agent can send 20 requests at once. The pace
    /// then allows the next one after 100 ms, and another 20 at once after two seconds without a
    /// request. Limits on amounts, such as tokens per minute, allow the same time in advance.
    ///
    /// No window of a limit is exceeded. But the provider may also limit each second, or a sudden
    /// rise, and refuse a burst. After a restart, which forgets what was sent before, a window can
    /// have as many more requests as a burst. The same holds for a store that loses its state.
    ///
    /// This has no effect on models without a limit on requests, submissions or images per time.
    pub fn burst(mut self, requests: u32) -> Self {
        self.settings.rules.burst = requests.into();
        self
    }

    /// Counts the estimate while a request runs, and its actual tokens for one window after it
    /// completes.
    ///
    /// The default is to count them from the time at which the request is admitted. The provider
    /// does not document when it counts tokens. If it counts them on completion, the default can
    /// lead to refusals when long requests complete together. This setting is safe in both cases,
    /// but admits fewer requests. It cannot be combined with a store.
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

impl<T: Target> Builder<T> {
    /// Creates the limiter or the account.
    #[must_use]
    pub fn build(self) -> T::Output {
        self.target.build(self.settings)
    }

    /// Tracks usage in a store, so that all processes that use it stay below the limits together.
    ///
    /// A limiter without an account also needs a [`name`](Builder::name).
    #[cfg(feature = "redis")]
    pub fn store(self, store: RedisStore) -> Builder<T, RedisStore> {
        let settings = Settings {
            store: Some(store),
            ..self.settings
        };
        Builder {
            target: self.target,
            settings,
            store: PhantomData,
        }
    }
}

#[cfg(feature = "redis")]
impl<T: Target> Builder<T, RedisStore> {
    /// Creates the limiter or the account.
    ///
    /// # Errors
    ///
    /// Returns an error if a setting has no effect with a store, or if a limiter has no name.
    pub fn build(self) -> Result<T::Output, BuildError> {
        if self.settings.rules.counts_at_completion {
            return Err(BuildError::CountAtCompletion);
        }
        if !self.target.has_name() {
            return Err(BuildError::NoName);
        }
        Ok(self.target.build(self.settings))
    }
}

impl<S> Builder<LimiterLimits, S> {
    /// Sets the name of the quota, by which a store knows it: the model ID, or the name of a pool.
    ///
    /// Limiters with the same name share a quota if their stores have the same account.
    pub fn name(mut self, name: &str) -> Self {
        self.target.name = name.into();
        self
    }
}

impl<M: Catalogue, S> Builder<ModelLimits<M>, S> {
    /// Sets the limits of a model, or of its pool, instead of those of the table.
    ///
    /// They replace all limits of the table. Use [`Limits::with_overlay`] to keep those that an
    /// overlay does not name.
    ///
    /// [`Limits::with_overlay`]: model_studio_limits::Limits::with_overlay
    pub fn limits(mut self, model: M, limits: impl AsRef<[Limit]>) -> Self {
        self.target.0.push((model, limits.as_ref().into()));
        self
    }
}

impl<S> Builder<NamedLimits, S> {
    /// Adds a model, or a pool of models, with its limits.
    pub fn limits(mut self, name: &str, limits: impl AsRef<[Limit]>) -> Self {
        self.target.0.push((name.into(), limits.as_ref().into()));
        self
    }
}

/// The limits of a limiter.
#[derive(Clone, Debug)]
pub struct LimiterLimits {
    limits: Box<[Limit]>,
    name: Box<str>,
}

impl LimiterLimits {
    pub(crate) fn new(limits: &[Limit]) -> Self {
        Self {
            limits: limits.into(),
            name: Box::default(),
        }
    }
}

/// What a [`Builder`] builds: a limiter or an account. Sealed.
pub trait Target: sealed::Sealed {
    /// The type that is built.
    type Output;

    #[doc(hidden)]
    fn build(self, settings: Settings) -> Self::Output;

    #[doc(hidden)]
    fn has_name(&self) -> bool {
        true
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::LimiterLimits {}
    impl<M> Sealed for super::ModelLimits<M> {}
    impl Sealed for super::NamedLimits {}
}

impl Target for LimiterLimits {
    type Output = Limiter;

    fn build(self, settings: Settings) -> Limiter {
        settings.limiter(&self.name, &self.limits)
    }

    fn has_name(&self) -> bool {
        !self.name.is_empty()
    }
}

impl<M: Catalogue> Target for ModelLimits<M> {
    type Output = Account<M>;

    fn build(self, settings: Settings) -> Account<M> {
        Account::from_parts(settings, self)
    }
}

impl Target for NamedLimits {
    type Output = NamedAccount;

    fn build(self, settings: Settings) -> NamedAccount {
        NamedAccount::from_parts(settings, self)
    }
}

impl Settings {
    /// Creates the limiter of a quota with this name, by which a store tells quotas apart.
    #[cfg_attr(
        not(feature = "redis"),
        expect(unused_variables, reason = "only a store has names")
    )]
    pub(crate) fn limiter(&self, name: &str, limits: &[Limit]) -> Limiter {
        let rules = self.rules.clone();
        let clock = self.clock.clone().unwrap_or_else(default_clock);
        let estimator = self.estimator.clone();
        #[cfg(feature = "redis")]
        if let Some(store) = &self.store {
            return store.limiter(name, limits, rules, clock, estimator);
        }
        let quota = Quota::new(limits, rules, Time::START);
        Limiter::from_parts(
            clock,
            Gate::Local(Box::new(quota)),
            estimator,
            #[cfg(feature = "redis")]
            None,
        )
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
