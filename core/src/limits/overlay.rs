//! Overlays: the limits of an account, which replace those of a table.

use std::vec::Vec;

use super::{Limit, Limits};

impl Limits {
    /// Returns the limits after merging an overlay into them, in the same way as an overlay file.
    ///
    /// Use it for an account's limits that are only known at run time, for example from a
    /// configuration file. A limit in the overlay replaces the one of the same kind and window. Other
    /// limits are kept. An empty overlay, which a file writes as `none`, removes all limits.
    ///
    /// Because `Limits` refer to static data, each distinct result is leaked once, and lives until
    /// the program exits.
    ///
    /// ```
    /// use std::num::NonZeroU64;
    /// use std::time::Duration;
    ///
    /// # use model_studio_limits_core as model_studio_limits;
    /// use model_studio_limits::{Limit, LimitKind, Limits};
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
    #[must_use]
    pub fn with_overlay(self, overlay: Self) -> Self {
        Self::leaked(merge(self.as_slice(), overlay.as_slice()))
    }
}

/// Merges the limits of an overlay into those of a model. A limit replaces that of the same kind and
/// window. An empty overlay removes all limits.
#[must_use]
pub fn merge(limits: &[Limit], overlay: &[Limit]) -> Vec<Limit> {
    if overlay.is_empty() {
        return Vec::new();
    }
    let is_kept = |limit: &&Limit| !overlay.iter().any(|other| other.slot() == limit.slot());
    let kept = limits.iter().filter(is_kept);
    let mut merged: Vec<Limit> = kept.chain(overlay).copied().collect();
    merged.sort_by_key(Limit::slot);
    merged
}
