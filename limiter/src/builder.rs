//! Builders of limiters and accounts.

use std::sync::Arc;
use std::time::Duration;

use model_studio_limits::{Catalogue, Limit};

#[cfg(feature = "redis")]
use crate::BuildError;
#[cfg(feature = "redis")]
use crate::redis::RedisStore;
use crate::settings::LimiterSettings;
use crate::{Account, Class, ClassKey, Clock, Estimator, Limiter, NamedAccount};

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
/// `L` has the limits and decides what is built. `S` is where usage is tracked: [`InProcess`], or a
/// `RedisStore` after a call of `store`. With a store, `build` returns an error if a setting would
/// have no effect.
#[derive(Clone, Debug)]
#[must_use = "call `build`"]
pub struct Builder<L, S = InProcess> {
    limits: L,
    settings: LimiterSettings,
    #[cfg_attr(
        not(feature = "redis"),
        expect(dead_code, reason = "this process needs no store")
    )]
    store: S,
}

/// Usage is tracked in this process. See [`Builder`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct InProcess;

/// The limits and the name that the [`Builder`] of a [`Limiter`] sets.
#[derive(Clone, Debug)]
pub struct LimiterLimits {
    limits: Box<[Limit]>,
    name: Option<Box<str>>,
}

/// The limits that the [`Builder`] of an [`Account`] sets for models.
#[derive(Clone, Debug)]
pub struct ModelLimits<M>(Vec<(M, Box<[Limit]>)>);

/// The limits that the [`Builder`] of a [`NamedAccount`] sets for models.
#[derive(Clone, Debug, Default)]
pub struct NamedLimits(Vec<(Box<str>, Box<[Limit]>)>);

impl Limiter {
    /// Creates a limiter.
    #[must_use]
    pub fn new(limits: impl AsRef<[Limit]>) -> Self {
        Self::builder(limits).build()
    }

    /// Returns a builder, to use a share of the limits or other settings.
    ///
    /// Pass the limits of a model, or a slice, an array or a `Vec` of limits.
    pub fn builder(limits: impl AsRef<[Limit]>) -> Builder<LimiterLimits> {
        Builder::new(LimiterLimits {
            limits: limits.as_ref().into(),
            name: None,
        })
    }
}

impl<M: Catalogue> Account<M> {
    /// Creates an account with the limits of the table.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Returns a builder, to use a share of the limits, other limits or other settings.
    pub fn builder() -> Builder<ModelLimits<M>> {
        Builder::new(ModelLimits(Vec::new()))
    }
}

impl<M: Catalogue> Default for Account<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl NamedAccount {
    /// Creates an account without models.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Returns a builder, to add models or to use other settings.
    pub fn builder() -> Builder<NamedLimits> {
        Builder::new(NamedLimits::default())
    }
}

impl Default for NamedAccount {
    fn default() -> Self {
        Self::new()
    }
}

impl<L> Builder<L> {
    fn new(limits: L) -> Self {
        Self {
            limits,
            settings: LimiterSettings::default(),
            store: InProcess,
        }
    }

    /// Tracks usage in a store, so that all processes that use it stay below the limits together.
    ///
    /// A limiter without an account also needs a [`name`](Builder::name).
    #[cfg(feature = "redis")]
    pub fn store(self, store: RedisStore) -> Builder<L, RedisStore> {
        Builder {
            limits: self.limits,
            settings: self.settings,
            store,
        }
    }
}

impl<L, S> Builder<L, S> {
    /// Sets the share of the limits to use: `share(1, 4)` for one of four processes with equal
    /// shares. The default is the full limits.
    ///
    /// The share of each limit is rounded down. If it is 0, requests fail with
    /// [`AcquireError::TooLarge`](crate::AcquireError::TooLarge). A share above 1 is treated as 1.
    pub fn share(mut self, part: u32, whole: u32) -> Self {
        self.settings.rules.share = (part.into(), whole.into());
        self
    }

    /// Sets the time by which the window of every limit is widened.
    ///
    /// Some requests take longer than others to reach the provider, so they can arrive closer
    /// together than they were sent. Set the guard to the difference between the slowest and the
    /// fastest. The default is one second for windows of a minute or more, and 1/60 of shorter
    /// windows, which leaves 98% of each limit.
    ///
    /// With a store, the guard is at least 20 ms, and at least 100 ms for windows of a minute or
    /// more, because timers and busy runtimes wake a process some milliseconds late.
    pub fn guard(mut self, guard: Duration) -> Self {
        self.settings.rules.guard = Some(guard);
        self
    }

    /// Sets the number of requests that can be sent at once, at the start and after an idle time.
    /// The default is 1: all requests are evenly spaced.
    ///
    /// For example, `burst(20)` with a limit of 600 requests per minute lets an agent send 20
    /// requests at once. The next one follows after 100 ms, and another 20 can be sent at once
    /// after two seconds without a request. A limit on tokens allows as many tokens at once as in
    /// these two seconds.
    ///
    /// A burst does not exceed a limit within its window. The provider may still refuse it, for
    /// example because of a limit per second or a sudden rise in requests. After a restart of the
    /// process, or if a store loses its state, earlier requests are forgotten, and a window can
    /// exceed the limit by the size of a burst.
    ///
    /// Bursts need a rate limit on requests, submissions or images. For other models, this setting
    /// has no effect.
    pub fn burst(mut self, requests: u32) -> Self {
        self.settings.rules.burst = requests.into();
        self
    }

    /// Counts the estimated tokens of a request while it runs, and its actual tokens for one window
    /// after it has completed.
    ///
    /// By default, they count from the time at which the request is admitted. The provider does not
    /// document when it counts tokens. If it counts them at completion, the default can lead to
    /// refusals when long requests complete together. This setting is safe in both cases, but
    /// admits fewer requests. It cannot be combined with a store.
    pub fn count_at_completion(mut self) -> Self {
        self.settings.rules.counts_at_completion = true;
        self
    }

    /// Sets the maximum duration of a task. A dropped [`TaskPermit`](crate::TaskPermit) counts as a
    /// running task until this time after it was acquired. The default is one hour.
    pub fn max_task_duration(mut self, duration: Duration) -> Self {
        self.settings.rules.max_task_duration = duration;
        self
    }

    /// Sets the weight and the headroom of a class of requests, for each model. A class without
    /// settings has weight 1 and no headroom. See [`Limiter::class`].
    ///
    /// The empty key is the default class, to which requests without a class belong.
    pub fn class(mut self, key: impl Into<ClassKey>, class: Class) -> Self {
        self.settings.classes.push((key.into(), class));
        self
    }

    /// Sets the estimator that [`Limiter::estimate`] uses. Each class of each limiter gets its own
    /// copy.
    pub fn estimator(mut self, estimator: Estimator) -> Self {
        self.settings.estimator = estimator;
        self
    }

    /// Sets the clock. The default is a [`SystemClock`](crate::SystemClock), or a `TokioClock` with
    /// the feature `tokio`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Some(Arc::new(clock));
        self
    }
}

impl<S> Builder<LimiterLimits, S> {
    /// Sets the name of the quota in a store: the model ID, or the name of a pool of models.
    ///
    /// Limiters with the same name share a quota if their stores have the same account.
    pub fn name(mut self, name: &str) -> Self {
        self.limits.name = (!name.is_empty()).then(|| name.into());
        self
    }
}

impl<M: Catalogue, S> Builder<ModelLimits<M>, S> {
    /// Sets the limits of a model, or of its pool, instead of those of the table.
    ///
    /// This replaces all limits of the table. To replace only some of them, use
    /// [`Limits::with_overlay`](model_studio_limits::Limits::with_overlay).
    pub fn limits(mut self, model: M, limits: impl AsRef<[Limit]>) -> Self {
        self.limits.0.push((model, limits.as_ref().into()));
        self
    }
}

impl<S> Builder<NamedLimits, S> {
    /// Adds a model, or a pool of models, with its limits.
    pub fn limits(mut self, name: &str, limits: impl AsRef<[Limit]>) -> Self {
        self.limits.0.push((name.into(), limits.as_ref().into()));
        self
    }
}

impl Builder<LimiterLimits> {
    /// Creates the limiter.
    #[must_use]
    pub fn build(self) -> Limiter {
        let classes = self.settings.classes();
        self.settings.local_limiter(&self.limits.limits, classes)
    }
}

impl<M: Catalogue> Builder<ModelLimits<M>> {
    /// Creates the account.
    #[must_use]
    pub fn build(self) -> Account<M> {
        Account::with_settings(self.settings, self.limits.0)
    }
}

impl Builder<NamedLimits> {
    /// Creates the account.
    #[must_use]
    pub fn build(self) -> NamedAccount {
        NamedAccount::with_settings(self.settings, self.limits.0)
    }
}

#[cfg(feature = "redis")]
impl Builder<LimiterLimits, RedisStore> {
    /// Creates the limiter.
    ///
    /// # Errors
    ///
    /// Returns an error if the limiter has no [`name`](Builder::name), or if a setting has no
    /// effect with a store.
    pub fn build(self) -> Result<Limiter, BuildError> {
        let (settings, limits) = self.with_store()?;
        let name = limits.name.ok_or(BuildError::NoName)?;
        let classes = settings.classes();
        Ok(settings.limiter(&name, &limits.limits, classes))
    }
}

#[cfg(feature = "redis")]
impl<M: Catalogue> Builder<ModelLimits<M>, RedisStore> {
    /// Creates the account.
    ///
    /// # Errors
    ///
    /// Returns an error if a setting has no effect with a store.
    pub fn build(self) -> Result<Account<M>, BuildError> {
        let (settings, limits) = self.with_store()?;
        Ok(Account::with_settings(settings, limits.0))
    }
}

#[cfg(feature = "redis")]
impl Builder<NamedLimits, RedisStore> {
    /// Creates the account.
    ///
    /// # Errors
    ///
    /// Returns an error if a setting has no effect with a store.
    pub fn build(self) -> Result<NamedAccount, BuildError> {
        let (settings, limits) = self.with_store()?;
        Ok(NamedAccount::with_settings(settings, limits.0))
    }
}

#[cfg(feature = "redis")]
impl<L> Builder<L, RedisStore> {
    /// Returns the settings with the store, and the limits.
    fn with_store(self) -> Result<(LimiterSettings, L), BuildError> {
        if self.settings.rules.counts_at_completion {
            return Err(BuildError::CountAtCompletion);
        }
        let settings = LimiterSettings {
            store: Some(self.store),
            ..self.settings
        };
        Ok((settings, self.limits))
    }
}
