//! Requests that any of several models can serve.

use std::borrow::Borrow;
use std::time::Duration;

use model_studio_limits::Catalogue;

use crate::acquire_any::try_any;
use crate::{Account, AccountClass, AcquireAny, AcquireError, Cost, Limiter, Permit};

impl<M: Catalogue> Account<M> {
    /// Waits until the limits of any of several models allow a request, and returns the model with
    /// the permit. Each model has a cost, because a request can cost a different number of tokens.
    ///
    /// The request waits in the queues of all models. It uses the limits only of the model that
    /// admits it, and leaves the other queues at that moment. If several models can admit it, it
    /// gets the first one of the list. With [`patience`](AcquireAny::patience), it waits some time
    /// for an earlier one.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use model_studio_limiter::Account;
    /// use model_studio_limits::{Model, model};
    ///
    /// # pollster::block_on(async {
    /// let account = Account::<Model>::new();
    /// let models = [(model!("qwen-plus"), 1_200), (model!("qwen-turbo"), 1_200)];
    /// let (model, permit) = account
    ///     .acquire_any(models)
    ///     .patience(Duration::from_millis(200))
    ///     .await?;
    /// // Send the request to `model`. Then settle the tokens that it used.
    /// # assert_eq!(model, model!("qwen-plus"));
    /// permit.settle(950);
    /// # Ok::<(), model_studio_limiter::AcquireError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// For models of several accounts, see [`Limiter::acquire_any`]. For threads instead of async,
    /// see [`AcquireAny::blocking`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves all queues and uses none of the
    /// limits.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Limiter::acquire_any`].
    pub fn acquire_any<C: Into<Cost>>(
        &self,
        models: impl IntoIterator<Item = (M, C)>,
    ) -> AcquireAny<M> {
        AcquireAny::new(self.limiters_of(models), None)
    }

    /// Like [`acquire_any`](Self::acquire_any), but waits at most until `timeout` after the first
    /// poll. See [`Limiter::acquire_any_timeout`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves all queues and uses none of the
    /// limits.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Limiter::acquire_any_timeout`].
    pub fn acquire_any_timeout<C: Into<Cost>>(
        &self,
        models: impl IntoIterator<Item = (M, C)>,
        timeout: Duration,
    ) -> AcquireAny<M> {
        AcquireAny::new(self.limiters_of(models), Some(timeout))
    }

    /// Acquires a permit of the first model whose limits allow the request now. See
    /// [`Limiter::try_acquire_any`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Limiter::try_acquire_any`].
    pub fn try_acquire_any<C: Into<Cost>>(
        &self,
        models: impl IntoIterator<Item = (M, C)>,
    ) -> Result<(M, Permit), AcquireError> {
        try_any(self.limiters_of(models))
    }

    fn limiters_of<C>(
        &self,
        models: impl IntoIterator<Item = (M, C)>,
    ) -> impl Iterator<Item = (M, &Limiter, C)> {
        let models = models.into_iter();
        models.map(|(model, cost)| (model, self.limiter(model), cost))
    }
}

impl<M: Catalogue> AccountClass<'_, M> {
    /// Waits until the limits of any of several models allow a request of the class, and returns the
    /// model with the permit. See [`Account::acquire_any`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Limiter::acquire_any`].
    pub fn acquire_any<C: Into<Cost>>(
        &self,
        models: impl IntoIterator<Item = (M, C)>,
    ) -> AcquireAny<M> {
        AcquireAny::new(self.limiters_of(models), None)
    }

    /// Like [`acquire_any`](Self::acquire_any), but waits at most until `timeout` after the first
    /// poll. See [`Limiter::acquire_any_timeout`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Limiter::acquire_any_timeout`].
    pub fn acquire_any_timeout<C: Into<Cost>>(
        &self,
        models: impl IntoIterator<Item = (M, C)>,
        timeout: Duration,
    ) -> AcquireAny<M> {
        AcquireAny::new(self.limiters_of(models), Some(timeout))
    }

    /// Acquires a permit of the first model whose limits allow a request of the class now. See
    /// [`Limiter::try_acquire_any`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Limiter::try_acquire_any`].
    pub fn try_acquire_any<C: Into<Cost>>(
        &self,
        models: impl IntoIterator<Item = (M, C)>,
    ) -> Result<(M, Permit), AcquireError> {
        try_any(self.limiters_of(models))
    }

    fn limiters_of<C>(
        &self,
        models: impl IntoIterator<Item = (M, C)>,
    ) -> impl Iterator<Item = (M, Limiter, C)> {
        let models = models.into_iter();
        models.map(|(model, cost)| (model, self.limiter(model), cost))
    }
}

impl Limiter {
    /// Waits until any of several limiters allows a request, and returns the index of the limiter
    /// with the permit. The limiters can belong to several accounts or classes, and to a
    /// [`NamedAccount`](crate::NamedAccount).
    ///
    /// The request waits in the queues of all limiters. It uses the limits only of the one that
    /// admits it, and leaves the other queues at that moment, even if its task is not polled. If
    /// several limiters can admit it, it gets the first one of the list. With
    /// [`patience`](AcquireAny::patience), it waits some time for an earlier one. [The
    /// guide](crate::guide#fall-back-to-another-model) has more about the order, and about stores.
    ///
    /// There is no form for tasks, which wait for one limiter.
    ///
    /// ```
    /// use model_studio_limiter::{Account, Limiter};
    /// use model_studio_limits::{Model, model};
    ///
    /// # pollster::block_on(async {
    /// let accounts = [Account::<Model>::new(), Account::<Model>::new()];
    /// let limiters = accounts.each_ref().map(|account| account.limiter(model!("qwen-plus")));
    /// let candidates = limiters.map(|limiter| (limiter, 1_200));
    /// let (index, permit) = Limiter::acquire_any(candidates).await?;
    /// // Send the request with the key of `accounts[index]`. Then settle the tokens that it used.
    /// # assert_eq!(index, 0);
    /// permit.settle(950);
    /// # Ok::<(), model_studio_limiter::AcquireError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves all queues and uses none of the
    /// limits.
    ///
    /// # Errors
    ///
    /// Returns an error only if no limiter can admit the request any more. A limiter whose limits
    /// are too small, or whose store cannot be used, is skipped while another one is left.
    ///
    /// Returns [`AcquireError::TooLarge`] if the request is too large for all limiters, and
    /// [`AcquireError::NoCandidates`] if there are none.
    pub fn acquire_any<L: Borrow<Self>, C: Into<Cost>>(
        limiters: impl IntoIterator<Item = (L, C)>,
    ) -> AcquireAny<usize> {
        AcquireAny::new(numbered(limiters), None)
    }

    /// Like [`acquire_any`](Self::acquire_any), but waits at most until `timeout` after the first
    /// poll.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if the future is dropped, its request leaves all queues and uses none of the
    /// limits.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`acquire_any`](Self::acquire_any), and [`AcquireError::Timeout`] after
    /// the timeout. If it is certain that no limiter can admit the request in time, the future fails
    /// at its first poll, as that of [`acquire_timeout`](Self::acquire_timeout) does.
    pub fn acquire_any_timeout<L: Borrow<Self>, C: Into<Cost>>(
        limiters: impl IntoIterator<Item = (L, C)>,
        timeout: Duration,
    ) -> AcquireAny<usize> {
        AcquireAny::new(numbered(limiters), Some(timeout))
    }

    /// Acquires a permit of the first limiter that allows the request now, and returns the index of
    /// the limiter with the permit.
    ///
    /// # Errors
    ///
    /// Returns [`AcquireError::NotYet`] or [`AcquireError::Paused`] with the earliest time if no
    /// limiter allows it now, and otherwise the errors of [`acquire_any`](Self::acquire_any). A
    /// limiter with a store never allows it: see [`try_acquire`](Self::try_acquire).
    pub fn try_acquire_any<L: Borrow<Self>, C: Into<Cost>>(
        limiters: impl IntoIterator<Item = (L, C)>,
    ) -> Result<(usize, Permit), AcquireError> {
        try_any(numbered(limiters))
    }
}

fn numbered<L, C>(
    limiters: impl IntoIterator<Item = (L, C)>,
) -> impl Iterator<Item = (usize, L, C)> {
    let limiters = limiters.into_iter().enumerate();
    limiters.map(|(index, (limiter, cost))| (index, limiter, cost))
}
