//! What a limit counts, and the keys that tables use.

use core::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Defines [`LimitKind`] from the only list of its variants: the words for one and for many, the
/// largest count, and the keys that set such a limit in a table.
macro_rules! limit_kinds {
    ($(
        $(#[$doc:meta])*
        $variant:ident { $one:literal, $many:literal, max: $max:expr, keys: [$($key:expr),*] }
    )*) => {
        /// What a limit counts.
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
                max: $max,
                keys: &[$($key),*],
            }),*];
        }
    };
}

struct Details {
    words: (&'static str, &'static str),
    max: u64,
    keys: &'static [LimitKey],
}

/// A key of `limits` in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitKey {
    /// The key, such as `qpm`.
    pub name: &'static str,
    /// The time that the limit refers to; `None` for a limit on what runs at the same time.
    pub per: Option<Duration>,
    /// The column heading in the reference, such as `QPM`.
    pub heading: &'static str,
}

const fn rate(name: &'static str, per: Duration, heading: &'static str) -> LimitKey {
    LimitKey {
        name,
        per: Some(per),
        heading,
    }
}

const fn concurrency(name: &'static str, heading: &'static str) -> LimitKey {
    LimitKey {
        name,
        per: None,
        heading,
    }
}

limit_kinds! {
    /// Requests, called queries by the provider: calls of any size.
    Requests {
        "query", "queries", max: u32::MAX as u64, keys: [rate("qpm", MINUTE, "QPM")]
    }
    /// Tokens, input and output together.
    Tokens {
        "token", "tokens", max: u64::MAX, keys: [rate("tpm", MINUTE, "TPM")]
    }
    /// Submissions of asynchronous tasks, as image and video models take them.
    Submissions {
        "submission", "submissions", max: u32::MAX as u64,
        keys: [rate("submissions_per_second", SECOND, "submissions/s")]
    }
    /// Asynchronous tasks that run at the same time.
    ConcurrentTasks {
        "concurrent task", "concurrent tasks", max: u32::MAX as u64,
        keys: [concurrency("concurrent_tasks", "concurrent tasks")]
    }
}

impl LimitKind {
    /// Returns the noun for a count, such as `query` for 1 and `queries` for 2.
    #[must_use]
    pub const fn noun(self, count: u64) -> &'static str {
        let (one, many) = self.details().words;
        if count == 1 { one } else { many }
    }

    /// Returns the largest count that a table can set.
    #[must_use]
    pub const fn max_count(self) -> u64 {
        self.details().max
    }

    /// Returns the keys that set a limit of this kind in a table.
    #[must_use]
    pub const fn keys(self) -> &'static [LimitKey] {
        self.details().keys
    }

    /// Returns the keys of all kinds, each with its kind, in the order in which limits are listed.
    pub fn all_keys() -> impl Iterator<Item = (Self, LimitKey)> {
        let kinds = Self::ALL.iter();
        kinds.flat_map(|kind| kind.keys().iter().map(|key| (*kind, *key)))
    }

    const fn details(self) -> &'static Details {
        &Self::DETAILS[self as usize]
    }
}
