//! Lets much smaller requests pass one that waits.
//!
//! A request of 40% of a limit makes everybody wait twice, for half a minute each: until there is
//! room for it, and then until it is paid off. Fair shares alone do not help, because it is its turn.
//! So requests that are much smaller pass it. They may use two thirds of what it leaves, from an
//! account that fills with time: the large request is delayed, but not forever.

use super::class_table::ClassId;
use crate::time::{Nanos, Time};

/// The part of what the first request leaves of the limits that may be used to pass it.
const PART: f64 = 2.0 / 3.0;

/// A passing request must be this many times smaller than what it passes.
const SMALLER: u64 = 4;

/// The account holds at least this much.
const MIN_CAP: Nanos = Nanos::SECOND;

/// The account of requests that pass others, in seconds of a limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passing {
    account: f64,
    cap: f64,
    /// How fast the account fills. It stays the same while the pace of requests is not ready,
    /// because those that start meanwhile are not the one to pass.
    rate: f64,
    earned_at: Time,
    /// The class of the last request that started in its turn. It does not pass the time for which
    /// the limits wait because of that.
    debtor: Option<ClassId>,
}

/// The first request, which waits, and the one that would finish first, which may pass it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heads {
    /// Whether the limits wait for room, and not for the end of a time that was used already.
    pub(super) is_ready: bool,
    /// The time that was used already, of the limits on tokens and the like.
    pub(super) owed: Nanos,
    pub(super) first: (ClassId, Nanos),
    pub(super) passing: (ClassId, Nanos),
    /// The time that the class of the passing request has as headroom.
    pub(super) headroom: Nanos,
}

impl Passing {
    pub(super) fn new(now: Time) -> Self {
        Self {
            account: 0.0,
            cap: seconds(MIN_CAP),
            rate: 0.0,
            earned_at: now,
            debtor: None,
        }
    }

    /// Returns `true` if a class may start although the limits still wait because of another one.
    pub(super) fn passes_debt(&self, class: ClassId) -> bool {
        self.debtor.is_some_and(|debtor| debtor != class)
    }

    /// Returns `true` if the limits wait because of a class.
    pub(super) fn is_debtor(&self, class: ClassId) -> bool {
        self.debtor == Some(class)
    }

    /// Notes that a request of a class has started in its turn.
    #[inline]
    pub(super) fn started(&mut self, class: ClassId) {
        self.debtor = Some(class);
    }

    /// Fills the account.
    pub(super) fn earn(&mut self, now: Time) {
        let earned = seconds(now.since(self.earned_at)) * self.rate;
        self.account = (self.account + earned).min(self.cap);
        self.earned_at = now;
    }

    /// Notes that the first request waits, which needs this part of a limit, and what passing it
    /// costs.
    pub(super) fn wait(&mut self, part: f64, cost: Nanos) {
        self.rate = PART * (1.0 - part);
        self.cap = seconds(cost.max(MIN_CAP));
    }

    /// Returns the balance that a request needs to pass the first one, or `None` if it must not.
    pub(super) fn needed(&self, heads: &Heads) -> Option<f64> {
        let ((first, first_cost), (class, cost)) = (heads.first, heads.passing);
        let is_first = class == first;
        let may_pass = if heads.is_ready {
            !is_first
        } else {
            self.passes_debt(class)
        };
        let passed = match (heads.is_ready, is_first) {
            (true, _) => first_cost,
            (false, true) => heads.owed,
            (false, false) => heads.owed.max(first_cost),
        };
        let is_small = cost.0.saturating_mul(SMALLER) <= passed.0;
        (may_pass && (is_small || heads.headroom > Nanos::ZERO))
            .then(|| seconds(cost) - seconds(heads.headroom))
    }

    /// Returns `true` if the balance is high enough.
    pub(super) fn has(&self, needed: f64) -> bool {
        self.account >= needed
    }

    /// Returns the time at which the balance is high enough.
    pub(super) fn reached_at(&self, needed: f64) -> Time {
        let missing = needed - self.account;
        if missing <= 0.0 {
            return Time::MIN;
        }
        // A nanosecond more, because the sum of several amounts can be a little too low.
        let time = Nanos::from_secs_f64(missing / self.rate) + Nanos(1);
        self.earned_at + time
    }

    /// Pays for a request that has passed others.
    pub(super) fn pay(&mut self, cost: Nanos) {
        self.account -= seconds(cost);
    }
}

fn seconds(time: Nanos) -> f64 {
    time.as_secs_f64()
}
