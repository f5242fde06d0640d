//! The limiters of an account whose models are known at run time.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;

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
    quotas: HashMap<Box<str>, Quota>,
    /// The number of limiters, and what it was after idle ones were last dropped.
    limiters: usize,
    limiters_in_use: usize,
}

#[derive(Debug)]
struct Quota {
    limits: Box<[Limit]>,
    limiter: Option<Limiter>,
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
        if state.limiters > 2 * state.limiters_in_use + 16 {
            state.drop_idle();
        }
        let quota = state.quotas.get_mut(name);
        let quota = quota.ok_or_else(|| UnknownModel(name.into()))?;
        if let Some(limiter) = &quota.limiter {
            return Ok(limiter.clone());
        }
        let limiter = self.settings.limiter(name, &quota.limits);
        if let Some(estimator) = quota.estimator.take() {
            limiter.set_estimator(estimator);
        }
        quota.limiter = Some(limiter.clone());
        state.limiters += 1;
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
        let limits = limits.as_ref();
        let mut state = self.state.lock();
        let Some(quota) = state.quotas.get_mut(name) else {
            let quota = Quota {
                limits: limits.into(),
                limiter: None,
                estimator: None,
            };
            state.quotas.insert(name.into(), quota);
            return;
        };
        quota.limits = limits.into();
        let limiter = quota.limiter.clone();
        drop(state);
        if let Some(limiter) = limiter {
            limiter.set_limits(limits);
        }
    }

    /// Removes a model. Requests that wait for its limits or run are not affected.
    pub fn remove(&self, name: &str) {
        let mut state = self.state.lock();
        let quota = state.quotas.remove(name);
        let limiter = quota.and_then(|quota| quota.limiter);
        state.limiters -= usize::from(limiter.is_some());
        drop(state);
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
            let limiters = state.quotas.values();
            limiters.filter_map(|quota| quota.limiter.clone()).collect()
        };
        for limiter in limiters {
            limiter.flush().await;
        }
    }
}

impl State {
    fn drop_idle(&mut self) {
        for quota in self.quotas.values_mut() {
            if let Some(limiter) = quota.limiter.take_if(|limiter| limiter.is_idle()) {
                quota.estimator = Some(limiter.estimator());
            }
        }
        let limiters = self.quotas.values();
        self.limiters = limiters.filter(|quota| quota.limiter.is_some()).count();
        self.limiters_in_use = self.limiters;
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
        let in_use = state.quotas.iter();
        let in_use =
            in_use.filter_map(|(name, quota)| Some((name, quota.limiter.as_ref()?.usage())));
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
