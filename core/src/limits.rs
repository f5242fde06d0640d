//! The rate limits of a model.

use core::fmt;
use core::num::{NonZeroU32, NonZeroU64};
use core::slice;
use core::time::Duration;

use crate::window::Compact;
use crate::{Grouped, LimitKind};

/// The rate limits of a model.
///
/// They apply per account, across all of its API keys. When usage exceeds one of them, further
/// requests are rejected until usage drops. The list is empty if the provider sets no limit.
///
/// ```
/// use std::num::NonZeroU64;
/// use std::time::Duration;
///
/// use model_studio_limits_core::{Limit, LimitKind, Limits};
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

    /// Returns `true` if a table can contain the limit.
    #[cfg(feature = "serde")]
    fn is_in_tables(&self) -> bool {
        let has_window = || self.per.is_some_and(crate::window::is_valid);
        self.kind.short_key(self.per).is_some() || self.kind.key().is_some() && has_window()
    }
}

impl Limits {
    /// Creates limits from a slice.
    #[must_use]
    pub const fn new(limits: &'static [Limit]) -> Self {
        Self { limits }
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

    /// Merges the limits of an overlay into these limits, in the same way as an overlay file.
    ///
    /// A limit replaces the one of the same kind and window. Limits that are not in the overlay
    /// are kept. An empty overlay, which a file writes as `none`, removes all limits.
    ///
    /// Each distinct list of limits is leaked once, and lives until the program exits.
    ///
    /// ```
    /// use std::num::NonZeroU64;
    /// use std::time::Duration;
    ///
    /// use model_studio_limits_core::{Limit, LimitKind, Limits};
    ///
    /// const fn per_minute(kind: LimitKind, count: u64) -> Limit {
    ///     Limit {
    ///         kind,
    ///         count: NonZeroU64::new(count).unwrap(),
    ///         per: Some(Duration::from_secs(60)),
    ///     }
    /// }
    /// const TABLE: Limits = Limits::new(&[
    ///     per_minute(LimitKind::Requests, 600),
    ///     per_minute(LimitKind::Tokens, 1_000_000),
    /// ]);
    /// const OVERLAY: Limits = Limits::new(&[per_minute(LimitKind::Requests, 1_200)]);
    ///
    /// let limits = TABLE.with_overlay(OVERLAY);
    /// assert_eq!(limits.to_string(), "1,200 queries and 1,000,000 tokens per minute");
    /// ```
    #[cfg(feature = "std")]
    #[must_use]
    pub fn with_overlay(self, overlay: Self) -> Self {
        intern(merge(self.limits, overlay.limits))
    }

    /// Returns the number of requests allowed per minute (QPM, also called RPM).
    ///
    /// Saturates at `u32::MAX`, which no table exceeds.
    #[inline]
    #[must_use]
    pub const fn queries_per_minute(self) -> Option<NonZeroU32> {
        to_u32(self.count(LimitKind::Requests, 60))
    }

    /// Returns the number of tokens allowed per minute (TPM), input and output combined.
    #[inline]
    #[must_use]
    pub const fn tokens_per_minute(self) -> Option<NonZeroU64> {
        self.count(LimitKind::Tokens, 60)
    }

    /// Returns the number of asynchronous tasks that may be submitted per second.
    ///
    /// Saturates at `u32::MAX`, which no table exceeds.
    #[inline]
    #[must_use]
    pub const fn submissions_per_second(self) -> Option<NonZeroU32> {
        to_u32(self.count(LimitKind::Submissions, 1))
    }

    /// Returns the number of asynchronous tasks that may run at the same time.
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
            let limit_seconds = match limit.per {
                Some(per) if per.subsec_nanos() == 0 => per.as_secs(),
                Some(_) => u64::MAX,
                None => 0,
            };
            if limit.kind as u8 == kind as u8 && limit_seconds == seconds {
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

/// Writes the limits as text, such as `600 queries and 1,000,000 tokens per minute`.
impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        DisplayLimits(self.limits).fmt(f)
    }
}

/// Displays a list of limits in the same way as [`Limits`].
#[derive(Clone, Copy, Debug)]
pub struct DisplayLimits<'a>(pub &'a [Limit]);

impl fmt::Display for DisplayLimits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no limit");
        }
        for (index, limit) in self.0.iter().enumerate() {
            let next = self.0.get(index + 1);
            f.write_str(match next {
                _ if index == 0 => "",
                Some(_) => ", ",
                None => " and ",
            })?;
            let count = limit.count.get();
            write!(f, "{} {}", Grouped(count), limit.kind.noun(count))?;
            // Consecutive limits with the same window share one suffix.
            if next.is_none_or(|next| next.per != limit.per) {
                write_window(f, limit.per)?;
            }
        }
        Ok(())
    }
}

/// Writes the limit as text, such as `600 queries per minute`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        DisplayLimits(slice::from_ref(self)).fmt(f)
    }
}

/// Writes the limits as in [`Display`](fmt::Display).
impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Limits({self})")
    }
}

fn write_window(f: &mut fmt::Formatter<'_>, per: Option<Duration>) -> fmt::Result {
    match per {
        None => Ok(()),
        Some(per) if per == Duration::from_secs(1) => f.write_str(" per second"),
        Some(per) if per == Duration::from_secs(60) => f.write_str(" per minute"),
        Some(per) if per == Duration::from_secs(3_600) => f.write_str(" per hour"),
        Some(per) if per == Duration::from_secs(86_400) => f.write_str(" per day"),
        Some(per) => write!(f, " per {}", Compact(per)),
    }
}

/// Serializes in the format of tables: a map such as `{ "qpm": 600, "tokens": "500000 per 6s" }`.
///
/// Limits without a short key are strings, or a list of strings if a kind has several. An empty list
/// of limits is the string `none`. A limit that tables cannot contain, such as one whose window has a
/// fraction of a second, is an error.
#[cfg(feature = "serde")]
impl serde::Serialize for Limits {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error as _, SerializeMap as _};

        if self.limits.is_empty() {
            return serializer.serialize_str("none");
        }
        if let Some(limit) = self.iter().find(|limit| !limit.is_in_tables()) {
            return Err(S::Error::custom(format_args!(
                "a table cannot contain the limit `{limit}`"
            )));
        }
        let mut map = serializer.serialize_map(None)?;
        for limit in *self {
            if let Some(key) = limit.kind.short_key(limit.per) {
                map.serialize_entry(key.name, &limit.count)?;
            }
        }
        for kind in LimitKind::ALL {
            let windows = ser::Windows(*self, *kind);
            let mut items = windows.iter();
            match (kind.key(), items.next(), items.next()) {
                (Some(key), Some(only), None) => map.serialize_entry(key, &only)?,
                (Some(key), Some(_), Some(_)) => map.serialize_entry(key, &windows)?,
                _ => {}
            }
        }
        map.end()
    }
}

#[cfg(feature = "serde")]
mod ser {
    use serde::{Serialize, Serializer};

    use super::{Limit, Limits};
    use crate::{LimitKind, Window};

    /// The limits of a kind that have no short key.
    pub(super) struct Windows(pub(super) Limits, pub(super) LimitKind);

    impl Windows {
        pub(super) fn iter(&self) -> impl Iterator<Item = Window> {
            self.0.iter().filter_map(|limit| {
                let Limit { kind, count, per } = *limit;
                let is_listed = kind == self.1 && kind.short_key(per).is_none();
                is_listed.then_some(Window { count, per: per? })
            })
        }
    }

    impl Serialize for Windows {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.iter())
        }
    }
}

/// Deserializes from a map such as `{ "qpm": 600, "tokens": "500000 per 6s" }`, or from the string
/// `none`.
///
/// Each distinct list of limits is leaked once, and lives until the program exits.
#[cfg(all(feature = "serde", feature = "std"))]
impl<'de> serde::Deserialize<'de> for Limits {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(de::LimitsVisitor)
    }
}

#[cfg(all(feature = "serde", feature = "std"))]
mod de {
    use std::string::String;
    use std::vec::Vec;

    use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

    use super::{Limit, Limits, fmt, intern};
    use crate::{LimitKey, LimitKind, Window};

    pub(super) struct LimitsVisitor;

    impl<'de> Visitor<'de> for LimitsVisitor {
        type Value = Limits;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of limits or `none`")
        }

        fn visit_str<E: Error>(self, string: &str) -> Result<Limits, E> {
            match string {
                "none" => Ok(Limits::new(&[])),
                _ => Err(E::invalid_value(serde::de::Unexpected::Str(string), &self)),
            }
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Limits, A::Error> {
            let mut limits = Vec::<Limit>::new();
            while let Some(name) = map.next_key::<String>()? {
                let short_key = LimitKind::from_short_key(&name);
                let new = match (short_key, LimitKind::from_key(&name)) {
                    (Some((kind, LimitKey { per, .. })), _) => {
                        let count = map.next_value()?;
                        [Limit { kind, count, per }].into()
                    }
                    (None, Some(kind)) => map.next_value_seed(LimitsOf(kind))?,
                    (None, None) => {
                        return Err(A::Error::custom(format_args!("unknown limit `{name}`")));
                    }
                };
                for limit in new {
                    if limits.iter().any(|other| other.slot() == limit.slot()) {
                        return Err(A::Error::custom(format_args!("duplicate limit `{name}`")));
                    }
                    limits.push(limit);
                }
            }
            if limits.is_empty() {
                return Err(A::Error::custom("expected at least one limit, or `none`"));
            }
            limits.sort_by_key(Limit::slot);
            Ok(intern(limits))
        }
    }

    /// Deserializes the limits of a kind from one window or a list of windows.
    struct LimitsOf(LimitKind);

    impl<'de> DeserializeSeed<'de> for LimitsOf {
        type Value = Vec<Limit>;

        fn deserialize<D: Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<Vec<Limit>, D::Error> {
            deserializer.deserialize_any(self)
        }
    }

    impl<'de> Visitor<'de> for LimitsOf {
        type Value = Vec<Limit>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string such as `500 per 6s`, or a list of such strings")
        }

        fn visit_str<E: Error>(self, string: &str) -> Result<Vec<Limit>, E> {
            let window = Window::parse(string).map_err(E::custom)?;
            Ok([window.limit(self.0)].into())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Limit>, A::Error> {
            let mut limits = Vec::new();
            while let Some(string) = seq.next_element::<String>()? {
                let window = Window::parse(&string).map_err(A::Error::custom)?;
                limits.push(window.limit(self.0));
            }
            if limits.is_empty() {
                return Err(A::Error::custom("the list is empty"));
            }
            Ok(limits)
        }
    }
}

/// Merges the limits of an overlay into those of a model. A limit replaces that of the same kind and
/// window. An empty overlay removes all limits.
#[cfg(feature = "std")]
#[must_use]
pub fn merge(limits: &[Limit], overlay: &[Limit]) -> std::vec::Vec<Limit> {
    if overlay.is_empty() {
        return std::vec::Vec::new();
    }
    let is_kept = |limit: &&Limit| !overlay.iter().any(|other| other.slot() == limit.slot());
    let kept = limits.iter().filter(is_kept);
    let mut merged: std::vec::Vec<Limit> = kept.chain(overlay).copied().collect();
    merged.sort_by_key(Limit::slot);
    merged
}

/// Returns limits with static lifetime. Equal lists share their memory.
#[cfg(feature = "std")]
fn intern(limits: std::vec::Vec<Limit>) -> Limits {
    use std::sync::{Mutex, PoisonError};
    use std::vec::Vec;

    static INTERNED: Mutex<Vec<&'static [Limit]>> = Mutex::new(Vec::new());

    let mut interned = INTERNED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = interned.iter().find(|known| **known == limits) {
        return Limits::new(known);
    }
    let limits: &'static [Limit] = limits.leak();
    interned.push(limits);
    Limits::new(limits)
}

/// An object such as `{ "qpm": 600, "tokens": "500000 per 6s" }`, or the string `none`.
#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Limits {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limits".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut properties = schemars::Schema::default();
        let count = schemars::json_schema!({ "type": "integer", "minimum": 1 });
        let window = schemars::json_schema!({
            "type": "string",
            "pattern": "^[1-9][0-9]* per [1-9][0-9]*[smhd]$"
        });
        let windows = schemars::json_schema!({
            "oneOf": [window, { "type": "array", "items": window, "minItems": 1 }]
        });
        for kind in LimitKind::ALL {
            for key in kind.short_keys() {
                properties.insert(key.name.into(), count.clone().into());
            }
            if let Some(key) = kind.key() {
                properties.insert(key.into(), windows.clone().into());
            }
        }
        schemars::json_schema!({
            "oneOf": [
                { "const": "none" },
                {
                    "type": "object",
                    "properties": properties,
                    "additionalProperties": false,
                    "minProperties": 1
                }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;
    use std::vec::Vec;

    use super::*;

    /// Returns limits on requests and tokens per minute, submissions per second and concurrent
    /// tasks; a count of 0 omits the limit.
    fn limits(counts: [u64; 4]) -> Limits {
        let keys = ["qpm", "tpm", "submissions_per_second", "concurrent_tasks"];
        let limits = keys.iter().zip(counts).filter_map(|(key, count)| {
            let (kind, key) = LimitKind::from_short_key(key)?;
            let count = NonZeroU64::new(count)?;
            let per = key.per;
            Some(Limit { kind, count, per })
        });
        Limits::new(limits.collect::<Vec<_>>().leak())
    }

    #[test]
    fn limits_display_in_words() {
        for (counts, words) in [
            (
                [60, 100_000, 0, 0],
                "60 queries and 100,000 tokens per minute",
            ),
            ([1, 0, 0, 0], "1 query per minute"),
            (
                [1_000, 0, 0, 1],
                "1,000 queries per minute and 1 concurrent task",
            ),
            ([0, 5_000_000_000, 0, 0], "5,000,000,000 tokens per minute"),
            (
                [0, u64::MAX, 0, 0],
                "18,446,744,073,709,551,615 tokens per minute",
            ),
            (
                [0, 0, 2, 2],
                "2 submissions per second and 2 concurrent tasks",
            ),
            (
                [1, 1, 1, 1],
                "1 query, 1 token per minute, 1 submission per second and 1 concurrent task",
            ),
            ([0, 0, 0, 0], "no limit"),
        ] {
            assert_eq!(limits(counts).to_string(), words);
        }
    }

    #[test]
    fn accessors_return_the_limit_of_their_kind_and_window() {
        let some = |count| NonZeroU32::new(count);
        let all = limits([1, 2, 3, 4]);
        assert_eq!(all.queries_per_minute(), some(1));
        assert_eq!(all.tokens_per_minute(), NonZeroU64::new(2));
        assert_eq!(all.submissions_per_second(), some(3));
        assert_eq!(all.concurrent_tasks(), some(4));
        let per_second = Limit {
            per: Some(Duration::from_secs(1)),
            ..all.as_slice()[0]
        };
        let other = Limits::new(Vec::from([per_second]).leak());
        assert_eq!(other.queries_per_minute(), None);
        assert_eq!(other.to_string(), "1 query per second");
    }

    #[test]
    fn windows_display_with_their_fraction_of_a_second() {
        for (millis, words) in [
            (500, "1 query per 500ms"),
            (1_500, "1 query per 1.5s"),
            (90_000, "1 query per 90s"),
            (120_000, "1 query per 2m"),
        ] {
            let limit = Limit {
                per: Some(Duration::from_millis(millis)),
                ..limits([1, 0, 0, 0]).as_slice()[0]
            };
            assert_eq!(limit.to_string(), words);
        }
    }

    #[cfg(feature = "std")]
    #[test]
    fn an_overlay_replaces_limits_of_the_same_kind_and_window() {
        let table = limits([1, 2, 0, 0]);
        assert_eq!(
            table.with_overlay(limits([9, 0, 0, 0])),
            limits([9, 2, 0, 0])
        );
        assert_eq!(
            table.with_overlay(limits([0, 0, 0, 7])),
            limits([1, 2, 0, 7])
        );
        let per_second = Limit {
            per: Some(Duration::from_secs(1)),
            ..table.as_slice()[0]
        };
        let per_second = Limits::new(Vec::from([per_second]).leak());
        assert_eq!(
            table.with_overlay(per_second).to_string(),
            "1 query per second, 1 query and 2 tokens per minute"
        );
    }

    #[cfg(feature = "std")]
    #[test]
    fn an_overlay_without_limits_removes_all_limits() {
        let table = limits([1, 2, 0, 0]);
        assert_eq!(table.with_overlay(Limits::new(&[])), limits([0, 0, 0, 0]));
    }

    #[cfg(feature = "std")]
    #[test]
    fn equal_limits_with_an_overlay_share_their_memory() {
        let merge = || limits([1, 2, 0, 0]).with_overlay(limits([9, 0, 0, 0]));
        assert!(core::ptr::eq(merge().as_slice(), merge().as_slice()));
    }

    #[cfg(all(feature = "serde", feature = "std"))]
    #[test]
    fn limits_serialize_as_a_table_writes_them() {
        let all = limits([1, 2, 3, 4]);
        let json = serde_json::to_string(&all).unwrap();
        assert_eq!(
            json,
            r#"{"qpm":1,"tpm":2,"submissions_per_second":3,"concurrent_tasks":4}"#
        );
        let read: Limits = serde_json::from_str(&json).unwrap();
        assert_eq!(read, all);
        let again: Limits = serde_json::from_str(r#"{"tpm":2,"rpm":1}"#).unwrap();
        assert_eq!(again, limits([1, 2, 0, 0]));
        let json = r#"{"rps":9,"requests":["500 per 6s","30 per 1h"],"tokens":"7 per 3s"}"#;
        let windows: Limits = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&windows).unwrap(), json);
        assert_eq!(
            windows.to_string(),
            "9 queries per second, 500 queries per 6s, 30 queries per hour and 7 tokens per 3s"
        );
        let none: Limits = serde_json::from_str(r#""none""#).unwrap();
        assert_eq!(none, Limits::new(&[]));
        assert_eq!(serde_json::to_string(&none).unwrap(), r#""none""#);

        let error = |json: &str| {
            let error = serde_json::from_str::<Limits>(json).unwrap_err();
            error.to_string()
        };
        assert!(error(r#"{"qpx":1}"#).starts_with("unknown limit `qpx`"));
        assert!(error(r#"{"qpm":1,"rpm":2}"#).starts_with("duplicate limit `rpm`"));
        let twice = error(r#"{"requests":["5 per 6s","6 per 6s"]}"#);
        assert!(twice.starts_with("duplicate limit `requests`"), "{twice}");
        assert!(error(r#"{"requests":"5 per 0s"}"#).starts_with("the window must be"));
        assert!(error(r#"{"qpm":0}"#).contains("nonzero"));
        assert!(error(r#"{"requests":[]}"#).starts_with("the list is empty"));
        assert!(error("{}").starts_with("expected at least one limit, or `none`"));
    }

    #[cfg(all(feature = "serde", feature = "std"))]
    #[test]
    fn limits_that_tables_cannot_contain_do_not_serialize() {
        let window = |seconds| Some(Duration::from_secs_f64(seconds));
        for (kind, per, shown) in [
            (LimitKind::Requests, None, "1 query"),
            (LimitKind::Requests, window(0.5), "1 query per 500ms"),
            (LimitKind::Tokens, window(1e9), "1 token per 1000000000s"),
            (
                LimitKind::ConcurrentTasks,
                window(6.0),
                "1 concurrent task per 6s",
            ),
        ] {
            let count = NonZeroU64::MIN;
            let limits = [Limit { kind, count, per }].to_vec().leak();
            let error = serde_json::to_string(&Limits::new(limits)).unwrap_err();
            let expected = std::format!("a table cannot contain the limit `{shown}`");
            assert_eq!(error.to_string(), expected);
        }
    }
}
