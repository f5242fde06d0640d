//! The requests of one class, to one model or to the models of an account.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use model_studio_limits::Catalogue;

use crate::{
    Account, Acquire, AcquireError, AcquireTask, Class, ClassKey, ClassUsage, Cost, Limiter,
    Permit, TaskPermit,
};

impl Limiter {
    /// Returns a limiter for the requests of a class, which share the limits with those of other
    /// classes by weight.
    ///
    /// Everything else is the same: all classes have the same limits, pauses and usage. Requests of
    /// one class are admitted in order. Estimates are learned by class.
    ///
    /// A class needs no declaration. Its weight is 1, unless it was set with
    /// [`Builder::class`](crate::Builder::class) or [`set_class`](Self::set_class). It is forgotten
    /// when it has not been used for some minutes.
    ///
    /// ```
    /// use model_studio_limiter::{Class, Limiter};
    /// use model_studio_limits::Model;
    ///
    /// # pollster::block_on(async {
    /// let limiter = Limiter::builder(Model::QwenPlus.limits())
    ///     .class("chat", Class::weight(10))
    ///     .build();
    /// let batch = limiter.class("batch");
    /// batch.acquire(8_000).await?.settle(7_000);
    /// // Waits for earlier requests of this tenant, but not for all of the batch job.
    /// let tenant = 4_711;
    /// limiter.class(tenant).acquire(1_200).await?.settle(950);
    /// # Ok::<(), model_studio_limiter::AcquireError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn class(&self, key: impl Into<ClassKey>) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            class: key.into(),
        }
    }

    /// Sets the weight and the headroom of a class, which apply to waiting requests too.
    pub fn set_class(&self, key: impl Into<ClassKey>, class: Class) {
        let key = key.into();
        self.shared
            .update(|state, shared| state.gate.set_class(&key, class, shared.now()));
    }

    /// Returns the usage of the class of this limiter, which is the default class unless
    /// [`class`](Self::class) has returned it.
    #[must_use]
    pub fn class_usage(&self) -> ClassUsage {
        let now = self.shared.now();
        self.shared.lock().gate.class_usage(&self.class, now)
    }
}

/// The requests of one class to the models of an [`Account`], with its methods. Returned by
/// [`Account::class`].
pub struct AccountClass<'a, M: Catalogue> {
    account: &'a Account<M>,
    key: ClassKey,
}

impl<M: Catalogue> Account<M> {
    /// Returns a handle for the requests of a class, which share the limits of each model with those
    /// of other classes by weight. See [`Limiter::class`].
    pub fn class(&self, key: impl Into<ClassKey>) -> AccountClass<'_, M> {
        AccountClass {
            account: self,
            key: key.into(),
        }
    }
}

impl<M: Catalogue> AccountClass<'_, M> {
    /// Returns the limiter of a model, or of its pool, for the requests of the class. See
    /// [`Account::limiter`].
    #[must_use]
    pub fn limiter(&self, model: M) -> Limiter {
        self.account.limiter(model).class(&self.key)
    }

    /// Waits until the limits of a model allow a request of this cost. See [`Limiter::acquire`].
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
    /// # Errors
    ///
    /// Returns the errors of [`Limiter::acquire_task`].
    pub fn acquire_task(&self, model: M) -> AcquireTask {
        self.limiter(model).acquire_task()
    }

    /// Waits until the limits of a model allow a task of this cost, but at most until `timeout`
    /// after the first poll. See [`Limiter::acquire_task_timeout`].
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

    /// Estimates the cost of a request from the costs of settled ones of the class. See
    /// [`Limiter::estimate`].
    #[must_use]
    pub fn estimate(&self, model: M, input_tokens: u64, max_output_tokens: u64) -> Cost {
        self.limiter(model)
            .estimate(input_tokens, max_output_tokens)
    }

    /// Returns the most output tokens that a request with this input can use. See
    /// [`Account::max_output_tokens`].
    #[must_use]
    pub fn max_output_tokens(&self, model: M, input_tokens: u64) -> Option<u64> {
        self.limiter(model).max_output_tokens(model, input_tokens)
    }

    /// Returns the usage of the class for a model. See [`Limiter::class_usage`].
    #[must_use]
    pub fn usage(&self, model: M) -> ClassUsage {
        self.limiter(model).class_usage()
    }
}

impl<M: Catalogue> Clone for AccountClass<'_, M> {
    fn clone(&self) -> Self {
        self.account.class(&self.key)
    }
}

impl<M: Catalogue> fmt::Debug for AccountClass<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountClass")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
