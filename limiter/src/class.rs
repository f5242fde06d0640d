//! Classes of requests, which share the limits by weight.

use std::fmt;
use std::ops::{Add, Sub};
use std::sync::Arc;

/// The name of a class of requests, such as `chat`, or the ID of a tenant.
///
/// Strings and integers convert into keys. The key of an integer is its decimal text, so `7` and
/// `"7"` name the same class. The empty key names the default class, to which all requests belong
/// that were not given another one.
///
/// ```
/// use model_studio_limiter::ClassKey;
///
/// assert_eq!(ClassKey::from("chat").as_str(), "chat");
/// assert_eq!(ClassKey::from(7), ClassKey::from("7"));
/// assert_eq!(ClassKey::default(), ClassKey::from(""));
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassKey(Option<Arc<Box<str>>>);

impl ClassKey {
    pub(crate) const DEFAULT: Self = Self(None);

    /// Returns the key as text, which is empty for the default class.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_deref().map_or("", |key| key)
    }

    #[inline]
    pub(crate) fn is_default(&self) -> bool {
        self.0.is_none()
    }
}

impl From<&str> for ClassKey {
    fn from(key: &str) -> Self {
        String::from(key).into()
    }
}

impl From<String> for ClassKey {
    fn from(key: String) -> Self {
        // One pointer, because every permit has a key.
        Self((!key.is_empty()).then(|| Arc::new(key.into())))
    }
}

impl From<&ClassKey> for ClassKey {
    fn from(key: &ClassKey) -> Self {
        key.clone()
    }
}

macro_rules! from_integers {
    ($($integer:ty)*) => {$(
        impl From<$integer> for ClassKey {
            fn from(key: $integer) -> Self {
                key.to_string().into()
            }
        }
    )*};
}

from_integers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

impl fmt::Display for ClassKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Debug for ClassKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// The weight and the headroom of a class.
///
/// While several classes wait, each gets a part of the limits in proportion to its weight. What a
/// class does not use is available to the others. [The guide](crate::guide#fair-shares) helps to
/// choose both numbers.
///
/// ```
/// use model_studio_limiter::{Account, Class};
/// use model_studio_limits::{Model, model};
///
/// # pollster::block_on(async {
/// let account = Account::<Model>::builder()
///     .class("chat", Class::weight(10).headroom(0.02))
///     .build();
///
/// // Ten times the share of requests without a class, while both wait.
/// let permit = account.class("chat").acquire(model!("qwen-plus"), 1_200).await?;
/// permit.settle(950);
/// # Ok::<(), model_studio_limiter::AcquireError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    pub(crate) weight: u32,
    pub(crate) headroom: Headroom,
}

impl Class {
    /// Creates a class with a weight from 1 to 1,000, and without headroom. Other weights are
    /// clamped to this range.
    #[must_use]
    pub fn weight(weight: u32) -> Self {
        Self {
            weight: weight.clamp(1, 1_000),
            headroom: Headroom::NONE,
        }
    }

    /// Sets the fraction of every limit with a window that the other classes leave unused, so that
    /// a request of this class finds room at once. It is clamped to the range from 0 to 1.
    ///
    /// Requests of this class can also pass larger ones more often. The fraction is lost for the
    /// other classes while this class is idle, and their requests cannot be larger than the rest of
    /// a limit. The headroom of several classes adds up.
    #[must_use]
    pub fn headroom(self, fraction: f64) -> Self {
        Self {
            headroom: Headroom::new(fraction),
            ..self
        }
    }
}

/// A class with weight 1 and without headroom, as every class has that was not given another
/// weight.
impl Default for Class {
    fn default() -> Self {
        Self::weight(1)
    }
}

/// A fraction of a limit, or the sum of several, in parts per million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headroom(u64);

impl Headroom {
    pub(crate) const NONE: Self = Self(0);

    const WHOLE: u32 = 1_000_000;

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast of a float saturates, and of NaN is 0"
    )]
    fn new(fraction: f64) -> Self {
        let parts = (fraction * f64::from(Self::WHOLE)).round() as u64;
        Self(parts.min(Self::WHOLE.into()))
    }

    pub(crate) fn fraction(self) -> f64 {
        let parts = u32::try_from(self.0).unwrap_or(Self::WHOLE);
        f64::from(parts) / f64::from(Self::WHOLE)
    }

    /// Returns the fraction in parts per million.
    #[cfg(feature = "redis")]
    pub(crate) fn parts(self) -> u64 {
        self.0
    }

    /// Returns this fraction of a limit, rounded up, and at most the limit.
    #[inline]
    pub(crate) fn of(self, limit: u64) -> u64 {
        if self == Self::NONE {
            return 0;
        }
        let parts = u128::from(limit) * u128::from(self.0);
        let part = parts.div_ceil(Self::WHOLE.into());
        u64::try_from(part).map_or(limit, |part| part.min(limit))
    }
}

impl Add for Headroom {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Headroom {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}
