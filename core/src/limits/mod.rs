//! The rate limits of a model.

#[cfg(all(feature = "serde", feature = "std"))]
mod deserialize;
mod display;
#[cfg(feature = "std")]
mod overlay;
#[cfg(feature = "schemars")]
mod schema;
#[cfg(feature = "serde")]
mod serialize;

use core::num::{NonZeroU32, NonZeroU64};
use core::slice;
use core::time::Duration;

use crate::LimitKind;

pub use display::DisplayLimits;
#[cfg(feature = "std")]
pub use overlay::merge;

/// The rate limits of a model.
///
/// They apply per account, across all of its API keys. When usage exceeds one of them, the provider
/// refuses further requests until usage drops. The list is empty if the provider sets no limit.
///
/// Most limits are per minute, and have an accessor. Some models have limits with other windows, such
/// as 500 requests per second, and the accessors for limits per minute return `None` for them. Code
/// that has to know all limits iterates over the list.
///
/// ```
/// use std::num::NonZeroU64;
/// use std::time::Duration;
///
/// # use model_studio_limits_core as model_studio_limits;
/// use model_studio_limits::{Limit, LimitKind, Limits};
///
/// const LIMITS: Limits = Limits::new(&[Limit {
///     kind: LimitKind::Requests,
///     count: NonZeroU64::new(600).unwrap(),
///     per: Some(Duration::from_secs(60)),
/// }]);
/// assert_eq!(LIMITS.queries_per_minute().unwrap().get(), 600);
/// assert_eq!(LIMITS.tokens_per_minute(), None);
/// assert_eq!(LIMITS.to_string(), "600 queries per minute");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    limits: &'static [Limit],
}

/// One rate limit: at most `count` of a kind, within a time window or concurrently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// What is counted.
    pub kind: LimitKind,
    /// The maximum count.
    pub count: NonZeroU64,
    /// The length of the window; `None` for a concurrency limit.
    pub per: Option<Duration>,
}

impl Limit {
    /// Returns the kind and the window. A model has at most one limit for each pair, and its limits
    /// are sorted by this pair.
    #[doc(hidden)]
    #[must_use]
    pub const fn slot(&self) -> (LimitKind, Option<Duration>) {
        (self.kind, self.per)
    }
}

impl Limits {
    /// Creates limits from a slice, for example for a model that no table has.
    #[must_use]
    pub const fn new(limits: &'static [Limit]) -> Self {
        Self { limits }
    }

    /// Returns limits with static lifetime. Each distinct list is leaked once.
    #[cfg(feature = "std")]
    fn leaked(limits: std::vec::Vec<Limit>) -> Self {
        use std::sync::{Mutex, PoisonError};
        use std::vec::Vec;

        static LEAKED: Mutex<Vec<&'static [Limit]>> = Mutex::new(Vec::new());

        let mut leaked = LEAKED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = leaked.iter().find(|known| **known == limits) {
            return Self::new(known);
        }
        let limits: &'static [Limit] = limits.leak();
        leaked.push(limits);
        Self::new(limits)
    }

    /// Returns the limits as a slice.
    #[inline]
    #[must_use]
    pub const fn as_slice(self) -> &'static [Limit] {
        self.limits
    }

    /// Returns an iterator over the limits.
    #[inline]
    pub fn iter(self) -> slice::Iter<'static, Limit> {
        self.limits.iter()
    }

    /// Returns the number of requests allowed per minute (QPM, also called RPM), if there is a limit
    /// with this window.
    ///
    /// Saturates at `u32::MAX`, which no table exceeds.
    #[inline]
    #[must_use]
    pub const fn queries_per_minute(self) -> Option<NonZeroU32> {
        to_u32(self.count(LimitKind::Requests, 60))
    }

    /// Returns the number of tokens allowed per minute (TPM), input and output combined, if there is
    /// a limit with this window.
    #[inline]
    #[must_use]
    pub const fn tokens_per_minute(self) -> Option<NonZeroU64> {
        self.count(LimitKind::Tokens, 60)
    }

    /// Returns the number of asynchronous tasks that may be submitted per second, if there is a limit
    /// with this window.
    ///
    /// Saturates at `u32::MAX`, which no table exceeds.
    #[inline]
    #[must_use]
    pub const fn submissions_per_second(self) -> Option<NonZeroU32> {
        to_u32(self.count(LimitKind::Submissions, 1))
    }

    /// Returns the number of asynchronous tasks that may run at the same time, if it is limited.
    ///
    /// Saturates at `u32::MAX`, which no table exceeds.
    #[inline]
    #[must_use]
    pub const fn concurrent_tasks(self) -> Option<NonZeroU32> {
        to_u32(self.count(LimitKind::ConcurrentTasks, 0))
    }

    /// Returns the count of the limit of this kind and window; `seconds` is 0 for a concurrency
    /// limit.
    const fn count(self, kind: LimitKind, seconds: u64) -> Option<NonZeroU64> {
        let mut rest = self.limits;
        while let Some((limit, tail)) = rest.split_first() {
            let nanos = match limit.per {
                Some(per) => per.as_nanos(),
                None => 0,
            };
            if limit.kind as u8 == kind as u8 && nanos == Duration::from_secs(seconds).as_nanos() {
                return Some(limit.count);
            }
            rest = tail;
        }
        None
    }
}

const fn to_u32(count: Option<NonZeroU64>) -> Option<NonZeroU32> {
    match count {
        Some(count) if count.get() > u32::MAX as u64 => Some(NonZeroU32::MAX),
        #[expect(clippy::cast_possible_truncation, reason = "checked by the arm above")]
        Some(count) => NonZeroU32::new(count.get() as u32),
        None => None,
    }
}

/// As a slice, for code that also takes limits that are not `'static`.
impl AsRef<[Limit]> for Limits {
    fn as_ref(&self) -> &[Limit] {
        self.limits
    }
}

impl IntoIterator for Limits {
    type Item = &'static Limit;
    type IntoIter = slice::Iter<'static, Limit>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
