//! Limit kinds, and their keys in tables.

use core::time::Duration;

use crate::distance_within;

/// Defines [`LimitKind`] and its [keys](LimitKey) from a single list of the variants: the singular
/// and plural nouns, whether the provider measures how much of the kind a request uses, such as its
/// tokens, and the keys, each with its window and, if that is fixed, its column heading.
macro_rules! limit_kinds {
    ($(
        $(#[$doc:meta])*
        $variant:ident($one:literal, $many:literal, measured: $measured:literal) {
            $($key:literal: $window:ident $($heading:literal)?,)*
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

            const NOUNS: &'static [(&'static str, &'static str)] = &[$(($one, $many)),*];
            const MEASURED: &'static [bool] = &[$($measured),*];
        }

        impl LimitKey {
            /// Every key, in the order of the kinds.
            pub const ALL: &'static [Self] = &[$($(Self {
                name: $key,
                kind: LimitKind::$variant,
                window: $window,
                heading: concat!($($heading)?),
            },)*)*];
        }
    };
}

/// A key of `limits` in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitKey {
    /// The key, such as `qpm` or `requests`.
    pub name: &'static str,
    /// The kind of the limits that it sets.
    pub kind: LimitKind,
    /// The window of the limits that it sets.
    pub window: KeyWindow,
    /// The column heading of these limits, such as `QPM`. Empty if they can have any window.
    pub heading: &'static str,
}

/// The window of the limits that a key sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyWindow {
    /// The value of the key is a count for this window, or for `None` a limit on concurrency.
    Fixed(Option<Duration>),
    /// The value of the key contains the window, such as `500 per 6s`, or is a list of such values.
    Any,
}

const SECOND: KeyWindow = KeyWindow::Fixed(Some(Duration::from_secs(1)));
const MINUTE: KeyWindow = KeyWindow::Fixed(Some(Duration::from_secs(60)));
const DAY: KeyWindow = KeyWindow::Fixed(Some(Duration::from_secs(86_400)));
const CONCURRENT: KeyWindow = KeyWindow::Fixed(None);
const ANY: KeyWindow = KeyWindow::Any;

limit_kinds! {
    /// Requests of any size. The provider calls them queries.
    Requests("query", "queries", measured: false) {
        "rps": SECOND "RPS",
        "qpm": MINUTE "QPM",
        "rpm": MINUTE "QPM",
        "rpd": DAY "RPD",
        "requests": ANY,
    }
    /// Tokens, input and output combined.
    Tokens("token", "tokens", measured: true) {
        "tpm": MINUTE "TPM",
        "tpd": DAY "TPD",
        "tokens": ANY,
    }
    /// Input tokens.
    InputTokens("input token", "input tokens", measured: true) {
        "itpm": MINUTE "input TPM",
        "input_tokens": ANY,
    }
    /// Output tokens.
    OutputTokens("output token", "output tokens", measured: true) {
        "otpm": MINUTE "output TPM",
        "output_tokens": ANY,
    }
    /// Submissions of asynchronous tasks, as used by image and video models.
    Submissions("submission", "submissions", measured: false) {
        "submissions_per_second": SECOND "submissions/s",
        "submissions_per_minute": MINUTE "submissions/min",
        "submissions": ANY,
    }
    /// Images.
    Images("image", "images", measured: false) {
        "ipm": MINUTE "images/min",
        "images": ANY,
    }
    /// Characters of text.
    Characters("character", "characters", measured: true) {
        "characters": ANY,
    }
    /// Seconds of audio.
    AudioSeconds("second of audio", "seconds of audio", measured: true) {
        "audio_seconds": ANY,
    }
    /// Requests that run at the same time.
    ConcurrentRequests("concurrent request", "concurrent requests", measured: false) {
        "concurrent_requests": CONCURRENT "concurrent requests",
    }
    /// Asynchronous tasks that run at the same time.
    ConcurrentTasks("concurrent task", "concurrent tasks", measured: false) {
        "concurrent_tasks": CONCURRENT "concurrent tasks",
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
        let (one, many) = Self::NOUNS[self.index()];
        if count == 1 { one } else { many }
    }

    /// Returns `true` if the provider measures how much of this kind a request uses, such as tokens.
    ///
    /// The exact amount may then be known only when the request has ended. For the other kinds it is
    /// known before: a request counts as one request, and as one image unless it asks for several.
    #[inline]
    #[must_use]
    pub const fn is_measured(self) -> bool {
        Self::MEASURED[self.index()]
    }

    /// Returns the largest count that a table can set: 64 bits for what the provider measures, and
    /// 32 bits for the other kinds.
    #[must_use]
    pub const fn max_count(self) -> u64 {
        if self.is_measured() {
            u64::MAX
        } else {
            u32::MAX as u64
        }
    }
}

impl LimitKey {
    /// Returns the key with a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let mut keys = Self::ALL.iter();
        keys.find(|key| key.name == name).copied()
    }

    /// Returns the first key for limits of a kind with a window.
    #[must_use]
    pub fn find(kind: LimitKind, window: KeyWindow) -> Option<Self> {
        let mut keys = Self::ALL.iter();
        let found = keys.find(|key| key.kind == kind && key.window == window);
        found.copied()
    }

    /// Returns the key to suggest for an unknown one.
    ///
    /// Short keys that differ in one letter, such as `tpm` and `tpd`, have different meanings. A key of up
    /// to five letters is therefore only suggested if `unknown` has the same set of letters and is at most
    /// one edit away. For longer keys, `unknown` may be up to two edits away.
    #[must_use]
    pub fn suggest(unknown: &str) -> Option<Self> {
        let candidates = Self::ALL.iter().filter_map(|key| {
            let is_long = key.name.len() > 5;
            let distance = distance_within(unknown, key.name, if is_long { 2 } else { 1 })?;
            (is_long || has_same_letters(unknown, key.name)).then_some((distance, *key))
        });
        let (_, key) = candidates.min_by_key(|(distance, _)| *distance)?;
        Some(key)
    }
}

/// Returns `true` if every letter of one name is in the other. ASCII case is ignored.
fn has_same_letters(a: &str, b: &str) -> bool {
    let contains = |name: &str, letter: u8| {
        let mut letters = name.bytes();
        letters.any(|other| other.eq_ignore_ascii_case(&letter))
    };
    a.bytes().all(|letter| contains(b, letter)) && b.bytes().all(|letter| contains(a, letter))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let suggested = LimitKey::suggest(unknown).map(|key| key.name);
            assert_eq!(suggested, key, "{unknown}");
        }
    }
}
