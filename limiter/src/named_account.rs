//! The limiters of an account whose models are known only at run time.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use model_studio_limits::Limit;

use crate::quota::class_table::ClassTable;
use crate::quota::rise::Rise;
use crate::settings::LimiterSettings;
use crate::sync::Mutex;
use crate::{Acquire, Class, ClassKey, Cost, Limiter, Usage};

/// The limiters of an account's models by name, for programs that learn of models while they run.
///
/// For models of an enum, use an [`Account`](crate::Account) instead.
///
/// The limiter of a model is created on first use. It is dropped when nobody uses it and its usage
/// has expired, so models that are no longer called take little memory. The settings of its classes
/// and what it has learned are kept: its estimates, and how quickly the rate of requests [may
/// rise](crate::guide#a-sudden-rise).
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
    settings: LimiterSettings,
    models: Mutex<Models>,
}

#[derive(Debug, Default)]
struct Models {
    by_name: HashMap<Box<str>, NamedModel>,
    /// The limiters that were used and not dropped, by the names of their models.
    limiters: HashMap<Box<str>, Limiter>,
    /// The number of limiters that were left when idle ones were last dropped.
    limiters_in_use: usize,
    /// The classes that were set after the account was built.
    classes: HashMap<ClassKey, Class>,
}

#[derive(Debug)]
struct NamedModel {
    limits: Arc<[Limit]>,
    /// What was set and learned when the limiter was dropped.
    learned: Option<(ClassTable, Rise)>,
}

impl NamedAccount {
    /// Returns the limiter of a model.
    ///
    /// Use one name for models that share a quota, such as the name of their pool. For a class of
    /// requests, call [`Limiter::class`], and for a request that any of several models can serve,
    /// [`Limiter::acquire_any`].
    ///
    /// # Errors
    ///
    /// Returns an error if the account has no limits for the model.
    pub fn limiter(&self, name: &str) -> Result<Limiter, UnknownModel> {
        let mut models = self.models.lock();
        if let Some(limiter) = models.limiters.get(name) {
            return Ok(limiter.clone());
        }
        if models.limiters.len() > 2 * models.limiters_in_use + 16 {
            models.drop_idle();
        }
        let model = models.by_name.get_mut(name);
        let model = model.ok_or_else(|| UnknownModel(name.into()))?;
        let limiter = if let Some((classes, rise)) = model.learned.take() {
            let limiter = self.settings.limiter(name, &model.limits, classes);
            limiter.set_rise(rise);
            limiter
        } else {
            let classes = self.settings.classes();
            self.settings.limiter(name, &model.limits, classes)
        };
        for (key, class) in &models.classes {
            limiter.set_class(key, *class);
        }
        models.limiters.insert(name.into(), limiter.clone());
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

    /// Adds a model with its limits, or replaces the limits that it has. See
    /// [`Limiter::set_limits`].
    pub fn set_limits(&self, name: &str, limits: impl AsRef<[Limit]>) {
        let mut limits: Arc<[Limit]> = limits.as_ref().into();
        let mut models = self.models.lock();
        if let Some(model) = models.by_name.get_mut(name) {
            model.limits = Arc::clone(&limits);
        } else {
            let model = NamedModel {
                limits: Arc::clone(&limits),
                learned: None,
            };
            models.by_name.insert(name.into(), model);
        }
        // The limiter wakes tasks, which may use the account. So the lock is released before the
        // call, and the call is repeated if the limits were replaced in the meantime.
        while let Some(limiter) = models.limiters.get(name).cloned() {
            drop(models);
            limiter.set_limits(&limits);
            models = self.models.lock();
            match models.by_name.get(name) {
                Some(model) if !Arc::ptr_eq(&model.limits, &limits) => {
                    limits = Arc::clone(&model.limits);
                }
                _ => return,
            }
        }
    }

    /// Sets the weight and the headroom of a class for each model, also for those that are added
    /// later. See [`Limiter::set_class`].
    pub fn set_class(&self, key: impl Into<ClassKey>, class: Class) {
        let key = key.into();
        let mut models = self.models.lock();
        models.classes.insert(key.clone(), class);
        let limiters: Vec<Limiter> = models.limiters.values().cloned().collect();
        // The limiters wake tasks, which may use the account.
        drop(models);
        for limiter in limiters {
            limiter.set_class(&key, class);
        }
    }

    /// Returns the usage of each model whose limiter is in use, by name.
    #[must_use]
    pub fn usage(&self) -> BTreeMap<Box<str>, Usage> {
        let models = self.models.lock();
        let limiters = models.limiters.iter();
        limiters
            .map(|(name, limiter)| (name.clone(), limiter.usage()))
            .collect()
    }

    /// Removes a model.
    ///
    /// Requests that are waiting or running are not affected. If the model is added again, its new
    /// limiter does not count them.
    pub fn remove(&self, name: &str) {
        let mut models = self.models.lock();
        models.by_name.remove(name);
        let limiter = models.limiters.remove(name);
        drop(models);
        drop(limiter);
    }

    /// Drops the limiters that nobody uses and whose usage has expired. Their limits stay.
    ///
    /// This also happens from time to time when a limiter is created.
    pub fn drop_idle(&self) {
        self.models.lock().drop_idle();
    }

    /// Waits until the store knows everything that has happened so far. See [`Limiter::flush`].
    ///
    /// This does not include models that were [removed](Self::remove): to wait for one, get its
    /// limiter before you remove it, and flush that. Limiters that were dropped because they were
    /// idle had nothing left to send.
    #[cfg(feature = "redis")]
    pub async fn flush(&self) {
        let limiters: Vec<Limiter> = self.models.lock().limiters.values().cloned().collect();
        for limiter in limiters {
            limiter.flush().await;
        }
    }

    pub(crate) fn with_settings(
        settings: LimiterSettings,
        limits: Vec<(Box<str>, Box<[Limit]>)>,
    ) -> Self {
        let account = Self {
            settings,
            models: Mutex::default(),
        };
        for (name, limits) in limits {
            account.set_limits(&name, limits);
        }
        account
    }
}

impl Models {
    fn drop_idle(&mut self) {
        let by_name = &mut self.by_name;
        self.limiters.retain(|name, limiter| {
            let is_idle = limiter.is_idle();
            if let (true, Some(model)) = (is_idle, by_name.get_mut(name)) {
                model.learned = Some((limiter.classes(), limiter.rise()));
            }
            !is_idle
        });
        self.limiters_in_use = self.limiters.len();
    }
}

/// Lists the limiters that are in use.
impl fmt::Debug for NamedAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.usage()).finish()
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
