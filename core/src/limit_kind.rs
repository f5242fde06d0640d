//! Limit kinds, and their keys in tables.

use core::time::Duration;

use crate::suggest::distance_within;

const SECOND: Option<Duration> = Some(Duration::from_secs(1));
const MINUTE: Option<Duration> = Some(Duration::from_secs(60));
const DAY: Option<Duration> = Some(Duration::from_secs(86_400));

/// Defines [`LimitKind`] from a single list of its variants: the singular and plural nouns, whether
/// the provider measures how much of the kind a request uses, such as its tokens, the key for any
/// window, the largest count, and the short keys.
macro_rules! limit_kinds {
    ($(
        $(#[$doc:meta])*
        $variant:ident {
            $one:literal, $many:literal, measured: $measured:literal, key: $key:expr, max: $max:expr,
            short: [$($short:expr),*]
        }
    )*) => {
        /// The kind of a limit: what it counts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum LimitKind {
            $($(#[$doc])* $variant,)*
        }

        impl LimitKind {
            /// Every kind, in the order in which limits are listed.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            const DETAILS: &'static [Details] = &[$(Details {
                words: ($one, $many),
                is_measured: $measured,
                key: $key,
                max: $max,
                short_keys: &[$($short),*],
            }),*];
        }
    };
}

struct Details {
    words: (&'static str, &'static str),
    is_measured: bool,
    key: Option<&'static str>,
    max: u64,
    short_keys: &'static [LimitKey],
}

/// A short key of `limits` in a table. Its value is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitKey {
    /// The key, such as `qpm`.
    pub name: &'static str,
    /// The window of the limit; `None` for a concurrency limit.
    pub per: Option<Duration>,
    /// The column heading in the reference, such as `QPM`.
    pub heading: &'static str,
}

const fn short(name: &'static str, per: Option<Duration>, heading: &'static str) -> LimitKey {
    LimitKey { name, per, heading }
}

const MAX_SMALL: u64 = u32::MAX as u64;

limit_kinds! {
    /// Requests of any size. The provider calls them queries.
    Requests {
        "query", "queries", measured: false, key: Some("requests"), max: MAX_SMALL, short: [
            short("rps", SECOND, "RPS"),
            short("qpm", MINUTE, "QPM"),
            short("rpm", MINUTE, "QPM"),
            short("rpd", DAY, "RPD")
        ]
    }
    /// Tokens, input and output combined.
    Tokens {
        "token", "tokens", measured: true, key: Some("tokens"), max: u64::MAX, short: [
            short("tpm", MINUTE, "TPM"),
            short("tpd", DAY, "TPD")
        ]
    }
    /// Input tokens.
    InputTokens {
        "input token", "input tokens", measured: true, key: Some("input_tokens"), max: u64::MAX,
        short: [short("itpm", MINUTE, "input TPM")]
    }
    /// Output tokens.
    OutputTokens {
        "output token", "output tokens", measured: true, key: Some("output_tokens"), max: u64::MAX,
        short: [short("otpm", MINUTE, "output TPM")]
    }
    /// Submissions of asynchronous tasks, as used by image and video models.
    Submissions {
        "submission", "submissions", measured: false, key: Some("submissions"), max: MAX_SMALL,
        short: [
            short("submissions_per_second", SECOND, "submissions/s"),
            short("submissions_per_minute", MINUTE, "submissions/min")
        ]
    }
    /// Images.
    Images {
        "image", "images", measured: false, key: Some("images"), max: MAX_SMALL,
        short: [short("ipm", MINUTE, "images/min")]
    }
    /// Characters of text.
    Characters {
        "character", "characters", measured: true, key: Some("characters"), max: u64::MAX,
        short: []
    }
    /// Seconds of audio.
    AudioSeconds {
        "second of audio", "seconds of audio", measured: true, key: Some("audio_seconds"),
        max: u64::MAX, short: []
    }
    /// Requests that run at the same time.
    ConcurrentRequests {
        "concurrent request", "concurrent requests", measured: false, key: None, max: MAX_SMALL,
        short: [short("concurrent_requests", None, "concurrent requests")]
    }
    /// Asynchronous tasks that run at the same time.
    ConcurrentTasks {
        "concurrent task", "concurrent tasks", measured: false, key: None, max: MAX_SMALL,
        short: [short("concurrent_tasks", None, "concurrent tasks")]
    }
}

impl LimitKind {
    /// Returns the position of the kind in [`ALL`](Self::ALL).
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns the noun for a count, such as `query` for 1 and `queries` for 2.
    #[must_use]
    pub const fn noun(self, count: u64) -> &'static str {
        let (one, many) = self.details().words;
        if count == 1 { one } else { many }
    }

    /// Returns `true` if the provider measures how much of this kind a request uses, such as tokens.
    ///
    /// The exact amount may then be known only when the request has ended. For the other kinds it is
    /// known before: a request counts as one request, and as one image unless it asks for several.
    #[inline]
    #[must_use]
    pub const fn is_measured(self) -> bool {
        self.details().is_measured
    }

    /// Returns the largest count that a table can set.
    #[must_use]
    pub const fn max_count(self) -> u64 {
        self.details().max
    }

    /// Returns the key for limits with any window, such as `requests`. Concurrency limits have
    /// none.
    #[must_use]
    pub const fn key(self) -> Option<&'static str> {
        self.details().key
    }

    /// Returns the short keys, such as `qpm`.
    #[must_use]
    pub const fn short_keys(self) -> &'static [LimitKey] {
        self.details().short_keys
    }

    /// Returns the first short key for a window.
    #[must_use]
    pub fn short_key(self, per: Option<Duration>) -> Option<LimitKey> {
        let mut keys = self.short_keys().iter();
        keys.find(|key| key.per == per).copied()
    }

    /// Returns the kind for a key such as `requests`, which can have any window.
    #[must_use]
    pub fn from_key(name: &str) -> Option<Self> {
        let mut kinds = Self::ALL.iter();
        kinds.find(|kind| kind.key() == Some(name)).copied()
    }

    /// Returns the kind and the short key for a name such as `qpm`.
    #[must_use]
    pub fn from_short_key(name: &str) -> Option<(Self, LimitKey)> {
        let mut kinds = Self::ALL.iter();
        kinds.find_map(|kind| {
            let mut keys = kind.short_keys().iter();
            let key = keys.find(|key| key.name == name)?;
            Some((*kind, *key))
        })
    }

    /// Returns all keys of `limits` in a table.
    pub fn all_keys() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().flat_map(|kind| {
            let short = kind.short_keys().iter().map(|key| key.name);
            short.chain(kind.key())
        })
    }

    /// Returns the key to suggest for an unknown one.
    ///
    /// Short keys that differ in one letter, such as `tpm` and `tpd`, have different meanings. A
    /// key of up to five letters is therefore only suggested if `unknown` has the same set of
    /// letters and is at most one edit away. For longer keys, `unknown` may be up to two edits
    /// away.
    #[must_use]
    pub fn suggest_key(unknown: &str) -> Option<&'static str> {
        let letters = |name: &str| {
            let letters = name.bytes().map(|byte| byte.to_ascii_lowercase());
            letters.fold(0_u32, |set, byte| set | 1 << (byte % 32))
        };
        let candidates = Self::all_keys().filter_map(|key| {
            let max = if key.len() > 5 { 2 } else { 1 };
            let has_letters = key.len() > 5 || letters(key) == letters(unknown);
            let distance = distance_within(unknown, key, max).filter(|_| has_letters)?;
            Some((distance, key))
        });
        candidates
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, key)| key)
    }

    const fn details(self) -> &'static Details {
        &Self::DETAILS[self.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::LimitKind;

    #[test]
    fn the_nearest_key_is_suggested_and_never_another_kind() {
        for (unknown, key) in [
            ("ouput_tokens", Some("output_tokens")),
            ("input_token", Some("input_tokens")),
            ("qmp", Some("qpm")),
            ("rph", None),
            ("tpx", None),
            ("submissions_per_hour", None),
        ] {
            assert_eq!(LimitKind::suggest_key(unknown), key, "{unknown}");
        }
    }
}
