//! The limiters of an account whose models are known at run time.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use model_studio_limits::Limit;

use crate::builder::Settings;
use crate::sync::Mutex;
use crate::{Acquire, Builder, Cost, Estimator, Limiter};

/// The limiters of an account's models by name, for programs that learn of models while they run.
///
/// It is the counterpart of [`Account`](crate::Account) for models without an enum. Each limiter is
/// created on first use. It is dropped when nobody uses it and nothing that it counts matters any
/// more, so models that are no longer called take little memory. What their estimators learned is
/// kept.
///
/// ```
/// use std::num::NonZeroU64;
/// use std::time::Duration;
///
/// use model_studio_limiter::NamedAccount;
/// use model_studio_limits::{Limit, LimitKind};
///
/// # pollster::block_on(async {
/// let account = NamedAccount::new();
/// let limit = Limit {
///     kind: LimitKind::Requests,
///     count: NonZeroU64::new(600).unwrap(),
///     per: Some(Duration::from_secs(60)),
/// };
/// account.set_limits("my-model", [limit]);
///
/// let permit = account.limiter("my-model")?.acquire(1_200).await?;
/// permit.settle(950);
/// assert!(account.limiter("another-model").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct NamedAccount {
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    models: HashMap<Box<str>, Model>,
    /// The limiters that were used and not dropped, by the names of their models.
    limiters: HashMap<Box<str>, Limiter>,
    /// The number of limiters that were left when idle ones were last dropped.
    limiters_in_use: usize,
}

#[derive(Debug)]
struct Model {
    limits: Arc<[Limit]>,
    /// What the limiter had learned when it was dropped.
    estimator: Option<Estimator>,
}

/// The limits that the builder of a [`NamedAccount`] sets.
#[derive(Clone, Debug, Default)]
pub struct NamedLimits(pub(crate) Vec<(Box<str>, Box<[Limit]>)>);

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

    pub(crate) fn from_parts(settings: Settings, NamedLimits(limits): NamedLimits) -> Self {
        let account = Self {
            settings,
            state: Mutex::new(State::default()),
        };
        for (name, limits) in limits {
            account.set_limits(&name, limits);
        }
        account
    }

    /// Returns the limiter of a model. Models that share a quota must be looked up by one name, such
    /// as that of their pool.
    ///
    /// # Errors
    ///
    /// Returns an error if the account has no limits for the model.
    pub fn limiter(&self, name: &str) -> Result<Limiter, UnknownModel> {
        let mut state = self.state.lock();
        if let Some(limiter) = state.limiters.get(name) {
            return Ok(limiter.clone());
        }
        if state.limiters.len() > 2 * state.limiters_in_use + 16 {
            state.drop_idle();
        }
        let model = state.models.get_mut(name);
        let model = model.ok_or_else(|| UnknownModel(name.into()))?;
        let limiter = self.settings.limiter(name, &model.limits);
        if let Some(estimator) = model.estimator.take() {
            limiter.set_estimator(estimator);
        }
        state.limiters.insert(name.into(), limiter.clone());
        Ok(limiter)
    }

    /// Waits until the limits of a model allow a request of this cost. See [`Limiter::acquire`].
    ///
    /// # Errors
    ///
    /// Returns an error if the account has no limits for the model.
    pub fn acquire(&self, name: &str, cost: impl Into<Cost>) -> Result<Acquire, UnknownModel> {
        Ok(self.limiter(name)?.acquire(cost))
    }

    /// Adds a model with its limits, or replaces those that it has. See [`Limiter::set_limits`].
    pub fn set_limits(&self, name: &str, limits: impl AsRef<[Limit]>) {
        let mut limits: Arc<[Limit]> = limits.as_ref().into();
        let mut state = self.state.lock();
        if let Some(model) = state.models.get_mut(name) {
            model.limits = Arc::clone(&limits);
        } else {
            let model = Model {
                limits: Arc::clone(&limits),
                estimator: None,
            };
            state.models.insert(name.into(), model);
        }
        // The limiter wakes tasks, which may use the account. So it is called without the lock, and
        // again if the limits were replaced in the meantime.
        while let Some(limiter) = state.limiters.get(name).cloned() {
            drop(state);
            limiter.set_limits(&limits);
            state = self.state.lock();
            match state.models.get(name) {
                Some(model) if !Arc::ptr_eq(&model.limits, &limits) => {
                    limits = Arc::clone(&model.limits);
                }
                _ => return,
            }
        }
    }

    /// Removes a model. Requests that wait for its limits or run are not affected. If the model is
    /// added again, its new limiter does not know them.
    pub fn remove(&self, name: &str) {
        let mut state = self.state.lock();
        state.models.remove(name);
        let limiter = state.limiters.remove(name);
        drop(state);
        drop(limiter);
    }

    /// Drops the limiters that nobody uses and that count nothing any more. The limits stay. This
    /// also happens from time to time when a limiter is created.
    pub fn drop_idle(&self) {
        self.state.lock().drop_idle();
    }

    /// Waits until the store knows all that has happened. See [`Limiter::flush`].
    #[cfg(feature = "redis")]
    pub async fn flush(&self) {
        let limiters: Vec<Limiter> = {
            let state = self.state.lock();
            state.limiters.values().cloned().collect()
        };
        for limiter in limiters {
            limiter.flush().await;
        }
    }
}

impl State {
    fn drop_idle(&mut self) {
        let models = &mut self.models;
        self.limiters.retain(|name, limiter| {
            let is_idle = limiter.is_idle();
            if let (true, Some(model)) = (is_idle, models.get_mut(name)) {
                model.estimator = Some(limiter.estimator());
            }
            !is_idle
        });
        self.limiters_in_use = self.limiters.len();
    }
}

impl Default for NamedAccount {
    fn default() -> Self {
        Self::new()
    }
}

/// Lists the limiters that are in use.
impl fmt::Debug for NamedAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        let limiters = state.limiters.iter();
        let in_use = limiters.map(|(name, limiter)| (name, limiter.usage()));
        f.debug_map().entries(in_use).finish()
    }
}

/// Error returned when an account has no limits for a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownModel(Box<str>);

impl UnknownModel {
    /// Returns the name of the model.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UnknownModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the account has no limits for the model `{}`", self.0)
    }
}

impl Error for UnknownModel {}
