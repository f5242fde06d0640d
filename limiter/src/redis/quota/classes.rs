//! The classes of a stored quota, as this process knows them.

use super::StoredQuota;
use crate::quota::class_table::{ClassId, ClassTable};
use crate::quota::request::Grant;
use crate::redis::protocol::{Offered, StatedClass};
use crate::time::{Nanos, Time};
use crate::usage::ClassUsage;
use crate::{Class, ClassKey, Cost};

impl StoredQuota {
    /// Returns the settings and the estimators of the classes.
    pub(crate) fn classes(&mut self) -> &mut ClassTable {
        &mut self.classes
    }

    /// Sets the weight and the headroom of a class.
    pub(crate) fn set_class(&mut self, key: &ClassKey, class: Class, now: Time) {
        self.advance(now);
        let id = self.class(key);
        self.classes.set(id, class);
        self.set_at.insert(key.clone(), self.now);
        self.pending.set_weight(id, class.weight);
        if let Some(fallback) = self.outage.fallback() {
            fallback.set_class(key, class, now);
        }
    }

    /// Returns the usage of all classes.
    pub(crate) fn class_usages(&mut self, now: Time) -> Vec<ClassUsage> {
        self.advance(now);
        let waiting = |class| self.pending.len_of(class);
        self.classes.usage(waiting, self.now)
    }

    /// Returns the usage of a class.
    pub(crate) fn class_usage(&mut self, key: &ClassKey, now: Time) -> ClassUsage {
        self.advance(now);
        let id = self.classes.find(key);
        let waiting = id.map_or(0, |id| self.pending.len_of(id));
        self.classes.usage_of(key, waiting, self.now)
    }

    /// Takes over the settings of the classes that the program has declared.
    pub(super) fn declare_classes(&mut self) {
        for (key, id) in self.classes.all() {
            let class = self.classes.get(*id).class;
            if class != Class::default() {
                self.set_at.insert(key.clone(), self.now);
                self.pending.set_weight(*id, class.weight);
            }
        }
    }

    /// Returns the ID of a class, which is created if it does not exist.
    pub(super) fn class(&mut self, key: &ClassKey) -> ClassId {
        if let Some(class) = self.classes.find(key) {
            return class;
        }
        if self.classes.is_crowded() {
            let (pending, now) = (&mut self.pending, self.now);
            self.classes.forget(|class, member| {
                let is_recent = now.since(member.used_at()) < ClassTable::REMEMBERED;
                let is_needed = member.in_flight > 0 || pending.needs(class) || is_recent;
                if !is_needed {
                    pending.forget(class);
                }
                is_needed
            });
            let classes = &self.classes;
            self.set_at.retain(|key, _| classes.find(key).is_some());
        }
        self.classes.insert(key)
    }

    /// Returns what a call states about a class, with these requests.
    pub(super) fn state_class(&mut self, key: &ClassKey, requests: Vec<Offered>) -> StatedClass {
        let id = self.class(key);
        StatedClass {
            key: key.clone(),
            class: self.classes.get(id).class,
            age: self.set_at.get(key).map(|set_at| self.now.since(*set_at)),
            left: self.classes.headroom_of_others(id),
            requests,
        }
    }

    /// Counts a request that starts.
    pub(super) fn started(&mut self, key: &ClassKey, cost: &Cost) {
        let (id, cost) = (self.class(key), self.limits.dominant(cost));
        self.classes.get_mut(id).admit(cost, self.now);
    }

    /// Counts a change of the cost of a request.
    pub(super) fn changed(&mut self, key: &ClassKey, from: Nanos, to: Nanos) {
        let id = self.class(key);
        self.classes.get_mut(id).correct(from, to, self.now);
    }

    /// Removes a request from what is running of its class.
    pub(super) fn ended(&mut self, grant: &Grant) {
        let id = self.class(&grant.request.class);
        self.classes.get_mut(id).in_flight -= 1;
    }
}
