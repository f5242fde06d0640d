//! What happens while the store cannot be reached.

use model_studio_limits::Limit;

use crate::quota::LocalQuota;
use crate::quota::class_table::ClassTable;
use crate::quota::request::{CountedAt, Request};
use crate::quota::rules::Rules;
use crate::time::{Nanos, Time};

/// How long calls must have failed before the fallback is used.
const DELAY: Nanos = Nanos::SECOND;

/// Whether the store can be reached, and what admits requests while it cannot.
#[derive(Debug)]
pub(super) struct Outage {
    /// The time since which calls have failed.
    down_since: Option<Time>,
    /// `None` if requests wait for the store instead.
    fallback: Option<LocalQuota>,
}

impl Outage {
    /// Creates the state of a store that can be reached. While it cannot, the fallback uses this
    /// share of the limits, if there is one.
    pub(super) fn new(
        limits: &[Limit],
        rules: &Rules,
        classes: &ClassTable,
        share: Option<(u64, u64)>,
        now: Time,
    ) -> Self {
        let fallback = share.map(|share| {
            let rules = Rules {
                share,
                ..rules.clone()
            };
            LocalQuota::new(limits, rules, classes.renewed(), now)
        });
        Self {
            down_since: None,
            fallback,
        }
    }

    /// A call has failed.
    pub(super) fn failed(&mut self, now: Time) {
        self.down_since.get_or_insert(now);
    }

    /// The store has answered.
    pub(super) fn ended(&mut self) {
        self.down_since = None;
    }

    /// Returns the fallback, whether or not it is used now.
    pub(super) fn fallback(&mut self) -> Option<&mut LocalQuota> {
        self.fallback.as_mut()
    }

    /// Returns the time at which the fallback can admit a request.
    pub(super) fn ready_at(&self, request: &Request, now: Time) -> Option<Time> {
        let used_at = self.down_since? + DELAY;
        let ready_at = self.fallback.as_ref()?.ready_at(now, request)?;
        Some(ready_at.max(used_at))
    }

    /// Admits a request by the fallback, if that is used now.
    pub(super) fn try_acquire(&mut self, request: &Request, now: Time) -> Option<CountedAt> {
        let used_at = self.down_since? + DELAY;
        let fallback = self.fallback.as_mut().filter(|_| now >= used_at)?;
        fallback.try_acquire(request, now).ok()
    }

    /// Returns `true` if a request that the fallback has admitted at a time is so late that it has
    /// to be spaced again.
    pub(super) fn is_late(&self, at: Time, now: Time) -> bool {
        let fallback = self.fallback.as_ref();
        fallback.is_some_and(|fallback| fallback.is_late(at, now))
    }

    /// Returns `true` if a new fallback would behave the same.
    pub(super) fn is_idle(&mut self, now: Time) -> bool {
        let fallback = self.fallback.as_mut();
        fallback.is_none_or(|fallback| fallback.is_idle(now))
    }
}
