//! The limiters of all models of an account.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use model_studio_limits::{Catalogue, Limit};

use crate::settings::LimiterSettings;
use crate::{
    Acquire, AcquireError, AcquireTask, Class, ClassKey, Cost, Limiter, Permit, TaskPermit, Usage,
};

/// The limiters of the models of an account.
///
/// The limiter of a model is created on first use. Models of one pool share a limiter.
///
/// Limits apply per account, across all of its API keys, so share one `Account` between all
/// requests of the process, for example in an `Arc` or a `static`.
///
/// ```
/// use model_studio_limiter::Account;
/// use model_studio_limits::{Model, model};
///
/// # pollster::block_on(async {
/// let account = Account::<Model>::new();
/// let permit = account.acquire(model!("qwen-plus"), 1_200).await?;
/// // Send the request. Then settle the tokens that it used.
/// permit.settle(950);
/// # Ok::<(), model_studio_limiter::AcquireError>(())
/// # }).unwrap();
/// ```
pub struct Account<M: Catalogue> {
    settings: LimiterSettings,
    limits: HashMap<M, Box<[Limit]>>,
    /// By the index of the model. Only the first model of a pool has a limiter.
    limiters: Box<[OnceLock<Limiter>]>,
    /// The first model of the pool of each model, by the index of the model.
    first_of_pool: Box<[M]>,
}

impl<M: Catalogue> Account<M> {
    /// Returns the limiter of a model, or of its pool.
    ///
    /// The limiter has all methods of the account, without the argument `model`, and some more.
    #[inline]
    pub fn limiter(&self, model: M) -> &Limiter {
        let model = self.first_of_pool[model.index()];
        self.limiters[model.index()].get_or_init(|| {
            let name = model.pool().unwrap_or_else(|| model.name());
            let classes = self.settings.classes();
            match self.limits.get(&model) {
                Some(limits) => self.settings.limiter(name, limits, classes),
                None => self
                    .settings
                    .limiter(name, model.limits().as_slice(), classes),
            }
        })
    }

    /// Waits until the limits of a model allow a request of this cost. See [`Limiter::acquire`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves the queue and uses none of the
    /// limits.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Limiter::acquire`].
    pub fn acquire(&self, model: M, cost: impl Into<Cost>) -> Acquire {
        self.limiter(model).acquire(cost)
    }

    /// Like [`acquire`](Self::acquire), but waits at most until `timeout` after the first poll. See
    /// [`Limiter::acquire_timeout`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves the queue and uses none of the
    /// limits.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Limiter::acquire_timeout`].
    pub fn acquire_timeout(&self, model: M, cost: impl Into<Cost>, timeout: Duration) -> Acquire {
        self.limiter(model).acquire_timeout(cost, timeout)
    }

    /// Acquires a permit for a request of this cost, if the limits of the model allow it now. See
    /// [`Limiter::try_acquire`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Limiter::try_acquire`].
    #[inline]
    pub fn try_acquire(&self, model: M, cost: impl Into<Cost>) -> Result<Permit, AcquireError> {
        self.limiter(model).try_acquire(cost)
    }

    /// Blocks the thread until the limits of a model allow a request of this cost. See
    /// [`Limiter::blocking_acquire`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Limiter::blocking_acquire`].
    pub fn blocking_acquire(
        &self,
        model: M,
        cost: impl Into<Cost>,
    ) -> Result<Permit, AcquireError> {
        self.limiter(model).blocking_acquire(cost)
    }

    /// Waits until the limits of a model allow a task. See [`Limiter::acquire_task`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves the queue and uses none of the
    /// limits.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Limiter::acquire_task`].
    pub fn acquire_task(&self, model: M) -> AcquireTask {
        self.limiter(model).acquire_task()
    }

    /// Waits until the limits of a model allow a task of this cost, but at most until `timeout`
    /// after the first poll. See [`Limiter::acquire_task_timeout`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves the queue and uses none of the
    /// limits.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Limiter::acquire_task_timeout`].
    pub fn acquire_task_timeout(
        &self,
        model: M,
        cost: impl Into<Cost>,
        timeout: Duration,
    ) -> AcquireTask {
        self.limiter(model).acquire_task_timeout(cost, timeout)
    }

    /// Acquires a permit for a task of this cost, if the limits of the model allow it now. See
    /// [`Limiter::try_acquire_task`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Limiter::try_acquire_task`].
    pub fn try_acquire_task(
        &self,
        model: M,
        cost: impl Into<Cost>,
    ) -> Result<TaskPermit, AcquireError> {
        self.limiter(model).try_acquire_task(cost)
    }

    /// Blocks the thread until the limits of a model allow a task of this cost. See
    /// [`Limiter::blocking_acquire_task`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Limiter::blocking_acquire_task`].
    pub fn blocking_acquire_task(
        &self,
        model: M,
        cost: impl Into<Cost>,
    ) -> Result<TaskPermit, AcquireError> {
        self.limiter(model).blocking_acquire_task(cost)
    }

    /// Estimates the cost of a request from the costs of settled ones. See [`Limiter::estimate`].
    ///
    /// If the request has no `max_tokens`, see [`max_output_tokens`](Self::max_output_tokens).
    #[must_use]
    pub fn estimate(&self, model: M, input_tokens: u64, max_output_tokens: u64) -> Cost {
        self.limiter(model)
            .estimate(input_tokens, max_output_tokens)
    }

    /// Returns the most output tokens that a request with this input can use, including its
    /// reasoning, or `None` if the table does not bound them.
    ///
    /// This is for requests without a `max_tokens`. Until the limiter has learned how long answers
    /// are, [`estimate`](Self::estimate) returns what it is passed, and a number that is too low
    /// leads to refusals:
    ///
    /// ```
    /// use model_studio_limiter::{Account, Cost};
    /// use model_studio_limits::beijing::Model;
    ///
    /// let account = Account::new();
    /// let model = Model::Qwen3_7Max;
    /// // 262,144 tokens of reasoning, and 131,072 of an answer.
    /// let max_output = account.max_output_tokens(model, 800).unwrap_or(32_768);
    /// assert_eq!(max_output, 393_216);
    /// // The bound at first. After 16 requests, what they have used.
    /// let cost = account.estimate(model, 800, max_output);
    /// assert_eq!(cost, Cost::input_output(800, 393_216));
    /// ```
    ///
    /// The bound is far above what a typical request uses, and blocks these tokens until the
    /// request is settled. [The guide](crate::guide#without-max_tokens) says how much of the limit
    /// this leaves unused, and when a number of your own is better.
    ///
    /// The bound is the smallest of these:
    ///
    /// - The larger of `max_output`, for requests without thinking, and `max_output_thinking` plus
    ///   `max_reasoning`, for requests with thinking. If `max_output_thinking` is missing,
    ///   `max_output` takes its place in the sum. If `max_reasoning` is missing, it is 0 for a model
    ///   that never thinks, and unknown for any other.
    /// - `context_window` minus the input.
    /// - What the limits allow a single request, minus the input if they count it. More would fail
    ///   with [`AcquireError::TooLarge`]. If the request uses more, later ones wait until the
    ///   excess has expired.
    ///
    /// The first two use [properties](crate::guide#which-property-bounds-what) of the table. If
    /// neither is known, this returns `None`, as for all models of the root table.
    ///
    /// A model never thinks if its property `thinking` is `none`. If the property has no value, the
    /// model may think, and without `max_reasoning` only `context_window` bounds its output:
    ///
    /// ```
    /// # use model_studio_limiter::Account;
    /// # use model_studio_limits::beijing::Model;
    /// let model = Model::DeepseekV4Pro0813;
    /// assert_eq!(model.max_output(), Some(393_216));
    /// // The provider's pages do not say whether this model thinks.
    /// assert_eq!(model.thinking(), None);
    /// assert_eq!(model.context_window(), Some(1_000_000));
    /// assert_eq!(Account::new().max_output_tokens(model, 800), Some(999_200));
    /// ```
    ///
    /// Your own table can declare properties with the same names. If it does not declare
    /// `thinking`, its models are assumed never to think, except those with `max_input_thinking`,
    /// `max_output_thinking` or `max_reasoning`.
    #[must_use]
    pub fn max_output_tokens(&self, model: M, input_tokens: u64) -> Option<u64> {
        self.limiter(model).max_output_tokens(model, input_tokens)
    }

    /// Pauses a model: no request is admitted before a time. See [`Limiter::pause_until`].
    pub fn pause_until(&self, model: M, until: Instant) {
        self.limiter(model).pause_until(until);
    }

    /// Ends a pause of a model. See [`Limiter::resume`].
    pub fn resume(&self, model: M) {
        self.limiter(model).resume();
    }

    /// Replaces all limits of a model, or of its pool. See [`Limiter::set_limits`].
    ///
    /// To replace only some of the limits of the table, use
    /// [`Limits::with_overlay`](model_studio_limits::Limits::with_overlay).
    pub fn set_limits(&self, model: M, limits: impl AsRef<[Limit]>) {
        self.limiter(model).set_limits(limits);
    }

    /// Sets the weight and the headroom of a class for a model, or for its pool. See
    /// [`Limiter::set_class`].
    pub fn set_class(&self, model: M, key: impl Into<ClassKey>, class: Class) {
        self.limiter(model).set_class(key, class);
    }

    /// Returns the usage of each limit of a model, and other counts. See [`Limiter::usage`].
    #[must_use]
    pub fn usage(&self, model: M) -> Usage {
        self.limiter(model).usage()
    }

    /// Ends a task by its lease, whichever process submitted it. See [`Limiter::finish_task`].
    #[cfg(feature = "redis")]
    pub fn finish_task(&self, model: M, lease: &str) {
        self.limiter(model).finish_task(lease);
    }

    /// Waits until the store knows everything that has happened to the models so far. See
    /// [`Limiter::flush`].
    ///
    /// Call this before the process exits.
    #[cfg(feature = "redis")]
    pub async fn flush(&self) {
        for limiter in self.limiters.iter().filter_map(OnceLock::get) {
            limiter.flush().await;
        }
    }

    pub(crate) fn with_settings(settings: LimiterSettings, limits: Vec<(M, Box<[Limit]>)>) -> Self {
        let mut pools = HashMap::new();
        let first_of_pool = M::ALL.iter().map(|model| match model.pool() {
            Some(pool) => *pools.entry(pool).or_insert(*model),
            None => *model,
        });
        let first_of_pool: Box<[M]> = first_of_pool.collect();
        // The limits of a pool can be given for any of its models. The last ones count.
        let limits = limits.into_iter();
        let limits = limits.map(|(model, limits)| (first_of_pool[model.index()], limits));
        Self {
            settings,
            limits: limits.collect(),
            limiters: M::ALL.iter().map(|_| OnceLock::new()).collect(),
            first_of_pool,
        }
    }
}

/// Lists the limiters that are in use.
impl<M: Catalogue> fmt::Debug for Account<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let models = M::ALL.iter().zip(&self.limiters);
        let in_use = models.filter_map(|(model, limiter)| Some((model, limiter.get()?.usage())));
        f.debug_map().entries(in_use).finish()
    }
}
