use core::fmt;
use core::num::{NonZeroU32, NonZeroU64};

use model_studio_limits_core::InWords;

/// The rate limits of a model.
///
/// They hold for an account, over all its API keys together; past either one, calls fail until the
/// rate falls again. Each is `None` where the provider sets no such limit.
///
/// ```
/// # #[cfg(feature = "built-in")] {
/// use model_studio_limits::{Limits, Model};
///
/// const LIMITS: Limits = Model::QwenPlus.limits();
/// assert_eq!(LIMITS.queries_per_minute().unwrap().get(), 600);
/// assert_eq!(LIMITS.tokens_per_minute().unwrap().get(), 1_000_000);
/// assert_eq!(LIMITS.submissions_per_second(), None);
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    tpm: Option<NonZeroU64>,
    qpm: Option<NonZeroU32>,
    submissions_per_second: Option<NonZeroU32>,
    concurrent_tasks: Option<NonZeroU32>,
}

impl Limits {
    /// Queries per minute (QPM): calls, whatever their size.
    #[inline]
    #[must_use]
    pub const fn queries_per_minute(self) -> Option<NonZeroU32> {
        self.qpm
    }

    /// Tokens per minute (TPM): of input and output together.
    #[inline]
    #[must_use]
    pub const fn tokens_per_minute(self) -> Option<NonZeroU64> {
        self.tpm
    }

    /// Submissions of tasks per second, for models that generate images or videos.
    #[inline]
    #[must_use]
    pub const fn submissions_per_second(self) -> Option<NonZeroU32> {
        self.submissions_per_second
    }

    /// Tasks that are running at one time, for models that generate images or videos.
    #[inline]
    #[must_use]
    pub const fn concurrent_tasks(self) -> Option<NonZeroU32> {
        self.concurrent_tasks
    }
}

/// The limits in words: `600 queries and 1,000,000 tokens per minute`.
///
/// ```
/// # #[cfg(feature = "built-in")] {
/// use model_studio_limits::Model;
///
/// let limits = Model::from_name("wan2.1-t2i-turbo").unwrap().limits();
/// assert_eq!(limits.to_string(), "2 submissions per second and 2 concurrent tasks");
/// # }
/// ```
impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let small = |limit: Option<NonZeroU32>| limit.map_or(0, |limit| limit.get().into());
        let words = InWords([
            small(self.qpm),
            self.tpm.map_or(0, NonZeroU64::get),
            small(self.submissions_per_second),
            small(self.concurrent_tasks),
        ]);
        words.fmt(f)
    }
}

/// The limits that there are, by the names of their methods.
impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut limits = f.debug_struct("Limits");
        if let Some(limit) = self.qpm {
            limits.field("queries_per_minute", &limit);
        }
        if let Some(limit) = self.tpm {
            limits.field("tokens_per_minute", &limit);
        }
        if let Some(limit) = self.submissions_per_second {
            limits.field("submissions_per_second", &limit);
        }
        if let Some(limit) = self.concurrent_tasks {
            limits.field("concurrent_tasks", &limit);
        }
        limits.finish()
    }
}

/// Limits as generated code writes them, zero for none.
#[doc(hidden)]
#[must_use]
pub const fn limits(
    qpm: u32,
    tpm: u64,
    submissions_per_second: u32,
    concurrent_tasks: u32,
) -> Limits {
    Limits {
        tpm: NonZeroU64::new(tpm),
        qpm: NonZeroU32::new(qpm),
        submissions_per_second: NonZeroU32::new(submissions_per_second),
        concurrent_tasks: NonZeroU32::new(concurrent_tasks),
    }
}
