//! A rate limit: a limit with a window.

use model_studio_limits::Limit;

use super::ledger::Ledger;
use super::pace::Pace;
use super::rules::RateRule;
use crate::Cost;
use crate::time::{Nanos, Time};

/// A limit with a window, and what was used of it.
#[derive(Debug)]
pub(crate) struct RateLimit {
    pub(crate) limit: Limit,
    /// The share of the count.
    pub(crate) allowed: u64,
    pub(crate) ledger: Ledger,
    /// `None` if other limits set the pace of the kind.
    pub(crate) pace: Option<Pace>,
    /// Only requests that were admitted from this time on are in the ledger.
    pub(crate) since: Time,
    /// Whether amounts are in the ledger only from the completion of their request.
    counts_at_completion: bool,
}

impl RateLimit {
    /// Creates a limit that is used from a time on.
    pub(crate) fn new(
        limit: &Limit,
        rule: &RateRule,
        counts_at_completion: bool,
        bits: u32,
        since: Time,
        now: Time,
    ) -> Self {
        Self {
            limit: *limit,
            allowed: rule.allowed,
            ledger: Ledger::new(rule.allowed, rule.span, bits, now),
            pace: rule.pace.map(|credit| Pace::new(rule, credit, now)),
            since,
            counts_at_completion,
        }
    }

    /// Takes over the usage of the limits that it replaces.
    pub(crate) fn copy_from(&mut self, replaced: &[Self], now: Time) {
        let same_kind = replaced
            .iter()
            .filter(|old| old.limit.kind == self.limit.kind);
        // The one with the same window, or else with the longest.
        let most_similar = same_kind
            .clone()
            .max_by_key(|old| (old.limit.per == self.limit.per, old.limit.per));
        if let Some(old) = most_similar {
            self.since = old.since;
            self.ledger.copy_from(&old.ledger, now);
        }
        let old_pace = same_kind.clone().find_map(|old| old.pace.as_ref());
        if let (Some(pace), Some(old)) = (&mut self.pace, old_pace) {
            pace.copy_from(old, now);
        }
    }

    /// Returns `true` if the pace is ready at a time.
    #[inline]
    pub(crate) fn is_ready(&self, now: Time) -> bool {
        let pace = self.pace.as_ref();
        pace.is_none_or(|pace| pace.ready_at() <= now)
    }

    /// Returns the earliest time at which there is room for a request, if an amount is taken before
    /// it and another one is given back.
    pub(crate) fn room_after(&self, ahead: u128, cost: &Cost, given_back: u128) -> Time {
        // Requests ahead can use more than one window.
        let amount = ahead + u128::from(cost.amount(self.limit.kind));
        self.ledger
            .room_at(amount.min(self.allowed.into()), given_back)
    }

    /// Returns the earliest time at which the pace is ready, if an amount is taken before and
    /// another one is given back.
    pub(crate) fn ready_after(&self, ahead: u128, given_back: u128) -> Time {
        let pace = self.pace.as_ref();
        pace.map_or(Time::MIN, |pace| pace.ready_after(ahead, given_back))
    }

    /// Returns the part of the limit that a request needs.
    #[expect(clippy::cast_precision_loss, reason = "the result need not be exact")]
    pub(crate) fn part(&self, cost: &Cost) -> f64 {
        cost.amount(self.limit.kind) as f64 / self.allowed.max(1) as f64
    }

    /// Returns how long a request delays the next one at full pace.
    pub(crate) fn delay(&self, cost: &Cost) -> Nanos {
        let pace = self.pace.as_ref();
        pace.map_or(Nanos::ZERO, |pace| pace.delay(cost.amount(self.limit.kind)))
    }

    /// Counts a request from now on, unless it is counted at its completion.
    #[inline]
    pub(crate) fn add(&mut self, cost: &Cost) {
        if !self.counts_at_completion {
            self.ledger.take(cost.amount(self.limit.kind));
        }
    }

    /// Removes a request that was admitted at a time.
    pub(crate) fn remove(&mut self, at: Time, cost: &Cost) {
        if !self.counts_at_completion && at >= self.since {
            self.ledger.change(at, cost.amount(self.limit.kind), 0);
        }
    }

    /// Delays the next request after one whose turn was at a time. Returns the delay at full pace.
    #[inline]
    pub(crate) fn delay_next(&mut self, cost: &Cost, turn: Time, slowdown: f64) -> Nanos {
        match &mut self.pace {
            Some(pace) => pace.take(turn, cost.amount(self.limit.kind), slowdown),
            None => Nanos::ZERO,
        }
    }

    /// Ends the delay by a request that was admitted at a time and not sent. The time that has passed
    /// is lost, so that many such requests do not cause a burst.
    pub(crate) fn end_delay(&mut self, at: Time, cost: &Cost, now: Time) {
        if let (true, Some(pace)) = (at >= self.since, &mut self.pace) {
            pace.give_back_rest(at, cost.amount(self.limit.kind), now);
        }
    }

    /// Changes the cost of a request that was admitted at a time.
    ///
    /// A decrease has no effect if the request has expired, because no other request waits for it.
    pub(crate) fn change(&mut self, at: Time, from: u64, to: u64, now: Time, slowdown: f64) {
        if from == to || at < self.since {
            return;
        }
        let is_remembered = self.ledger.remembers(at);
        if !self.counts_at_completion {
            self.ledger.change(at, from, to);
        }
        if let Some(pace) = &mut self.pace {
            if to > from {
                pace.take(now, to - from, slowdown);
            } else if is_remembered {
                // At full pace, because a slower one could give back more than was taken.
                pace.give_back(from - to);
            }
        }
    }

    /// Counts a request that completed at a time.
    pub(crate) fn complete(&mut self, at: Time, cost: &Cost) {
        if self.counts_at_completion && self.ledger.remembers(at) {
            self.ledger.change(at, 0, cost.amount(self.limit.kind));
        }
    }
}
