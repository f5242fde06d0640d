//! A quota whose usage is tracked in this process, without a clock, threads or async code.
//!
//! Each rate limit, such as a number of requests per minute, has two parts: a ledger counts what
//! was used within the window of the limit, and a pace spaces requests evenly. A request is
//! admitted when all ledgers have room for it and all paces are ready. After refusals, the paces
//! are slowed down.
//!
//! Every method takes the current time. Time never goes back: an earlier time counts as the latest
//! one seen.

pub(crate) mod class_table;
pub(crate) mod counters;
pub(crate) mod feedback;
mod growth;
mod history;
mod ledger;
mod limit_set;
mod pace;
mod passing;
pub(crate) mod queue;
mod rate_limit;
pub(crate) mod request;
pub(crate) mod requests;
pub(crate) mod rise;
pub(crate) mod rules;
pub(crate) mod tags;
#[cfg(test)]
mod tests;
mod turns;

use model_studio_limits::Limit;

use crate::time::{Nanos, Time};
use crate::usage::{ClassUsage, Usage};
use crate::{Class, ClassKey};
use class_table::{ClassId, ClassTable};
use counters::Counters;
use feedback::Feedback;
use limit_set::LimitSet;
use passing::Passing;
use queue::Queue;
use request::Request;
use rules::Rules;
use tags::Tags;

/// The limits, what was used of them, and the waiting requests.
#[derive(Debug)]
pub(crate) struct LocalQuota {
    limits: LimitSet,
    queue: Queue,
    classes: ClassTable,
    tags: Tags,
    passing: Passing,
    /// The time at which the next request should start. `None` if it is not known, or if the request
    /// waits for another one to end.
    turn: Option<Time>,
    /// Until this time, new requests make up for the time that late requests have lost.
    late_until: Time,
    feedback: Feedback,
    paused_until: Time,
    counters: Counters,
}

impl LocalQuota {
    pub(crate) fn new(limits: &[Limit], rules: Rules, classes: ClassTable, now: Time) -> Self {
        let mut tags = Tags::default();
        for (_, id) in classes.all() {
            tags.set_weight(*id, classes.get(*id).class.weight);
        }
        Self {
            limits: LimitSet::new(limits, rules, now),
            queue: Queue::default(),
            classes,
            tags,
            passing: Passing::new(now),
            turn: None,
            late_until: Time::MIN,
            feedback: Feedback::new(now),
            paused_until: Time::MIN,
            counters: Counters::default(),
        }
    }

    /// Returns the time at which a request that is added now is admitted if the known costs stay as
    /// they are, and if the other classes that wait get their shares.
    pub(crate) fn expected_at(&self, request: &Request) -> Time {
        let Request { cost, class, .. } = request;
        let class = self.classes.find(class).unwrap_or(ClassId::DEFAULT);
        let weight = u128::from(self.classes.get(class).class.weight);
        let weight_of_others = u128::from(self.tags.weight_of_others(class));
        let ahead = |kind| {
            let own = self.queue.amount_of(class, kind);
            let share = (own + u128::from(cost.amount(kind))) * weight_of_others / weight;
            own + share.min(self.queue.amount(kind) - own)
        };
        self.earliest().max(self.limits.expected_at(ahead, cost))
    }

    /// Returns a lower bound for the time at which a request that is added now is admitted, unless
    /// requests ahead of it are cancelled.
    ///
    /// Only its own class counts as ahead of it, because others may come later, and only requests
    /// that cannot be admitted elsewhere.
    pub(crate) fn lower_bound(&self, request: &Request) -> Time {
        let Request { cost, class, .. } = request;
        let class = self.classes.find(class).unwrap_or(ClassId::DEFAULT);
        let ahead = |kind| self.queue.certain_amount_of(class, kind);
        let passes = self.passing.passes_debt(class);
        self.earliest()
            .max(self.limits.lower_bound(ahead, passes, cost))
    }

    /// Returns `true` if requests are waiting.
    #[inline]
    pub(crate) fn has_waiters(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Admits nothing before a time, unless the pause is already longer.
    pub(crate) fn pause_until(&mut self, until: Time) {
        self.paused_until = self.paused_until.max(until);
    }

    /// Ends a pause.
    pub(crate) fn resume(&mut self, now: Time) {
        self.limits.advance(now);
        self.paused_until = self.paused_until.min(self.limits.now());
    }

    /// Replaces the limits. Usage stays counted.
    pub(crate) fn set_limits(&mut self, limits: &[Limit], now: Time) {
        self.limits.advance(now);
        // Requests that were admitted before, even at this very time, are not in a new ledger.
        let since = if self.counters.admitted == 0 {
            Time::MIN
        } else {
            self.limits.now() + Nanos(1)
        };
        self.limits.replace(limits, since);
        // The costs of requests depend on the limits.
        for class in self.tags.waiting().collect::<Vec<_>>() {
            self.tags.set_head(class, self.head(class));
        }
        self.turn = None;
        // The lateness that the old limits allowed may be unlimited.
        self.late_until = Time::MIN;
    }

    /// Returns `true` if a new quota with the same classes and the same rise would behave the same.
    pub(crate) fn is_idle(&mut self, now: Time) -> bool {
        self.limits.advance(now);
        self.queue.is_empty()
            && self.limits.is_unused()
            && !self.is_paused()
            && self.feedback.is_idle(self.limits.now())
    }

    /// Returns the usage and the counts since the start.
    pub(crate) fn usage(&mut self, now: Time) -> Usage {
        self.limits.advance(now);
        let pace = self.feedback.factor(self.limits.now());
        let counters = Counters {
            in_flight: self.limits.in_flight(),
            ..self.counters.clone()
        };
        counters.usage(self.queue.len(), self.limits.usage(), pace)
    }

    /// Returns the usage of all classes.
    pub(crate) fn class_usages(&mut self, now: Time) -> Vec<ClassUsage> {
        self.limits.advance(now);
        let waiting = |class| self.queue.len_of(class);
        self.classes.usage(waiting, self.limits.now())
    }

    /// Returns the usage of a class.
    pub(crate) fn class_usage(&mut self, key: &ClassKey, now: Time) -> ClassUsage {
        self.limits.advance(now);
        let class = self.classes.find(key);
        let waiting = class.map_or(0, |class| self.queue.len_of(class));
        self.classes.usage_of(key, waiting, self.limits.now())
    }

    /// Returns the settings and the estimators of the classes.
    pub(crate) fn classes(&mut self) -> &mut ClassTable {
        &mut self.classes
    }

    /// Returns the reaction to refusals.
    pub(crate) fn feedback(&mut self) -> &mut Feedback {
        &mut self.feedback
    }

    /// Sets the weight and the headroom of a class.
    pub(crate) fn set_class(&mut self, key: &ClassKey, class: Class, now: Time) {
        self.limits.advance(now);
        let id = self.class(key);
        self.classes.set(id, class);
        self.tags.set_weight(id, class.weight);
        // There may be room earlier.
        self.turn = None;
    }

    /// Returns the earliest time at which a request can be admitted: now, or the end of a pause.
    fn earliest(&self) -> Time {
        self.limits.now().max(self.paused_until)
    }

    #[inline]
    fn is_paused(&self) -> bool {
        self.limits.now() < self.paused_until
    }
}
