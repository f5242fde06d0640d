//! What happens while the store cannot be reached.

use model_studio_limits::Limit;

use crate::quota::Quota;
use crate::quota::grant::Request;
use crate::quota::rules::Rules;
use crate::time::{Nanos, Time};

/// How long calls have to fail before the fallback is used.
const DELAY: Nanos = Nanos::SECOND;

/// Whether the store can be reached, and what admits requests while it cannot.
#[derive(Debug)]
pub(super) struct Outage {
    /// The time since which calls have failed.
    down_since: Option<Time>,
    /// `None` if requests wait for the store.
    fallback: Option<Quota>,
}

impl Outage {
    /// Creates the state. While the store is down, a share of the limits is used, or nothing.
    pub(super) fn new(
        limits: &[Limit],
        rules: &Rules,
        share: Option<(u64, u64)>,
        now: Time,
    ) -> Self {
        let fallback = share.map(|share| {
            let rules = Rules {
                share,
                ..rules.clone()
            };
            Quota::new(limits, rules, now)
        });
        Self {
            down_since: None,
            fallback,
        }
    }

    /// Notes that a call has failed.
    pub(super) fn failed(&mut self, now: Time) {
        self.down_since.get_or_insert(now);
    }

    /// Notes that the store has answered.
    pub(super) fn ended(&mut self) {
        self.down_since = None;
    }

    /// Returns the fallback, whether it is used now or not.
    pub(super) fn fallback(&mut self) -> Option<&mut Quota> {
        self.fallback.as_mut()
    }

    /// Returns the time at which the fallback can admit a request, unless that is paused.
    pub(super) fn ready_at(&self, request: &Request, now: Time) -> Option<Time> {
        let used_at = self.down_since? + DELAY;
        let ready_at = self.fallback.as_ref()?.ready_at(now, &request.cost)?;
        Some(ready_at.max(used_at))
    }

    /// Admits a request by the fallback, if the store is down. Returns the time at which it counts.
    pub(super) fn try_acquire(&mut self, request: &Request, now: Time) -> Option<Time> {
        let used_at = self.down_since? + DELAY;
        let fallback = self.fallback.as_mut().filter(|_| now >= used_at)?;
        fallback.try_acquire(request, now).ok()
    }

    /// Returns `true` if a request that the fallback has admitted at a time is so late that it has to
    /// take its place in the pace again.
    pub(super) fn is_late(&self, at: Time, now: Time) -> bool {
        let fallback = self.fallback.as_ref();
        fallback.is_some_and(|fallback| fallback.is_late(at, now))
    }

    /// Returns `true` if nothing that the fallback has counted matters any more.
    pub(super) fn is_idle(&mut self, now: Time) -> bool {
        let fallback = self.fallback.as_mut();
        fallback.is_none_or(|fallback| fallback.is_idle(now))
    }
}
