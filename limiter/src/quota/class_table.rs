//! The classes that a quota knows, with their settings and counts.

use std::collections::HashMap;
use std::mem;
use std::time::Duration;

use crate::class::Headroom;
use crate::time::{Nanos, Time};
use crate::usage::ClassUsage;
use crate::{Class, ClassKey, Estimator};

/// The number of a class in a quota. It is reused after the class was forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClassId(usize);

impl ClassId {
    /// The default class, which always exists.
    pub(crate) const DEFAULT: Self = Self(0);

    #[inline]
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

/// The classes of a quota.
///
/// A class is created when it is first used. When the number of classes has doubled, those are
/// forgotten that nobody needs.
#[derive(Debug)]
pub(crate) struct ClassTable {
    /// All classes but the default one.
    ids: HashMap<ClassKey, ClassId>,
    /// By ID, including unused ones.
    members: Vec<Member>,
    unused: Vec<ClassId>,
    /// The number of classes that were left when others were last forgotten.
    kept: usize,
    /// The headroom of all classes together.
    headroom: Headroom,
    /// The estimator of a new class.
    estimator: Estimator,
}

/// A class of a quota.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) class: Class,
    pub(crate) estimator: Estimator,
    /// The number of permits that have not ended.
    pub(crate) in_flight: u64,
    pub(crate) admitted: u64,
    pub(crate) wait_time: Duration,
    recent: Recent,
    /// The time of the last admission.
    used_at: Time,
}

impl ClassTable {
    /// A class that nobody needs is remembered for at least this long after its last admission.
    pub(crate) const REMEMBERED: Nanos = Nanos::MINUTE;

    /// Creates a table with the default class and others, if a key has several settings with the last
    /// ones.
    pub(crate) fn new(classes: &[(ClassKey, Class)], estimator: &Estimator) -> Self {
        let mut table = Self {
            ids: HashMap::new(),
            members: vec![Member::new(estimator)],
            unused: Vec::new(),
            kept: 0,
            headroom: Headroom::NONE,
            estimator: estimator.clone(),
        };
        for (key, class) in classes {
            let id = table.find(key).unwrap_or_else(|| table.insert(key));
            table.set(id, *class);
        }
        table
    }

    /// Returns a table with the settings and the estimators of this one, for a new quota. Only
    /// classes with settings of their own are in it.
    pub(crate) fn renewed(&self) -> Self {
        let mut table = Self::new(&[], &self.estimator);
        for (key, id) in self.all() {
            let member = self.get(*id);
            if key.is_default() || member.class != Class::default() {
                let id = table.find(key).unwrap_or_else(|| table.insert(key));
                table.set(id, member.class);
                table.get_mut(id).estimator = member.estimator.clone();
            }
        }
        table
    }

    /// Returns the keys and IDs of all classes, the default class first.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&ClassKey, &ClassId)> {
        const DEFAULT: (&ClassKey, &ClassId) = (&ClassKey::DEFAULT, &ClassId::DEFAULT);
        [DEFAULT].into_iter().chain(&self.ids)
    }

    /// Returns the ID of a class, if it exists.
    #[inline]
    pub(crate) fn find(&self, key: &ClassKey) -> Option<ClassId> {
        if key.is_default() {
            return Some(ClassId::DEFAULT);
        }
        self.ids.get(key).copied()
    }

    /// Returns `true` if there is only the default class.
    #[inline]
    pub(crate) fn is_alone(&self) -> bool {
        self.ids.is_empty()
    }

    /// Creates a class that does not exist.
    pub(crate) fn insert(&mut self, key: &ClassKey) -> ClassId {
        let member = Member::new(&self.estimator);
        let id = self.unused.pop().unwrap_or(ClassId(self.members.len()));
        if id.index() < self.members.len() {
            self.members[id.index()] = member;
        } else {
            self.members.push(member);
        }
        self.ids.insert(key.clone(), id);
        id
    }

    /// Returns `true` if classes that nobody needs should be forgotten before another is created.
    pub(crate) fn is_crowded(&self) -> bool {
        self.ids.len() > 2 * self.kept + 16
    }

    /// Forgets the classes that are not needed. Those with settings of their own are kept.
    pub(crate) fn forget(&mut self, mut is_needed: impl FnMut(ClassId, &Member) -> bool) {
        self.ids.retain(|_, id| {
            let member = &self.members[id.index()];
            let is_kept = member.class != Class::default() || is_needed(*id, member);
            if !is_kept {
                self.unused.push(*id);
            }
            is_kept
        });
        self.kept = self.ids.len();
    }

    #[inline]
    pub(crate) fn get(&self, id: ClassId) -> &Member {
        &self.members[id.index()]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: ClassId) -> &mut Member {
        &mut self.members[id.index()]
    }

    /// Returns the estimated output tokens of a request of a class.
    pub(crate) fn estimate(&self, key: &ClassKey, upper_bound: u64) -> u64 {
        let estimator = match self.find(key) {
            Some(id) => &self.get(id).estimator,
            None => &self.estimator,
        };
        estimator.estimate(upper_bound)
    }

    /// Adds an observation to the estimator of a class: the output tokens of a request.
    pub(crate) fn observe(&mut self, key: &ClassKey, output_tokens: u64) {
        if let Some(id) = self.find(key) {
            self.get_mut(id).estimator.observe(output_tokens);
        }
    }

    /// Sets the weight and the headroom of a class.
    pub(crate) fn set(&mut self, id: ClassId, class: Class) {
        let before = mem::replace(&mut self.get_mut(id).class, class);
        self.headroom = self.headroom - before.headroom + class.headroom;
    }

    /// Returns what a class leaves unused for the others, whether or not it exists.
    pub(crate) fn left_by(&self, key: &ClassKey) -> Headroom {
        self.find(key)
            .map_or(self.headroom, |id| self.headroom_of_others(id))
    }

    /// Returns what a class leaves unused for the others.
    #[inline]
    pub(crate) fn headroom_of_others(&self, id: ClassId) -> Headroom {
        self.headroom - self.get(id).class.headroom
    }

    /// Returns the usage of all classes, by key. `waiting` returns how many requests of a class wait.
    pub(crate) fn usage(&self, waiting: impl Fn(ClassId) -> usize, now: Time) -> Vec<ClassUsage> {
        let all = self.recent(now);
        let usage = self.all().map(|(key, id)| {
            let member = self.get(*id);
            member.usage(key, waiting(*id), all, now)
        });
        let mut usage: Vec<_> = usage.collect();
        usage.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        usage
    }

    /// Returns the usage of a class.
    pub(crate) fn usage_of(&self, key: &ClassKey, waiting: usize, now: Time) -> ClassUsage {
        let all = self.recent(now);
        match self.find(key) {
            Some(id) => self.get(id).usage(key, waiting, all, now),
            None => Member::new(&self.estimator).usage(key, waiting, all, now),
        }
    }

    /// Returns what all classes used in the last minute.
    fn recent(&self, now: Time) -> f64 {
        self.all()
            .map(|(_, id)| self.get(*id).recent.amount(now))
            .sum()
    }
}

impl Member {
    fn new(estimator: &Estimator) -> Self {
        Self {
            class: Class::default(),
            estimator: estimator.clone(),
            in_flight: 0,
            admitted: 0,
            wait_time: Duration::ZERO,
            recent: Recent::default(),
            used_at: Time::MIN,
        }
    }

    /// Returns the time of the last admission.
    pub(crate) fn used_at(&self) -> Time {
        self.used_at
    }

    /// Counts an admitted request with this dominant cost.
    #[inline]
    pub(crate) fn admit(&mut self, cost: Nanos, now: Time) {
        self.in_flight += 1;
        self.admitted += 1;
        self.used_at = now;
        self.recent.add(signed(cost), now);
    }

    /// Changes the dominant cost of a request.
    #[inline]
    pub(crate) fn correct(&mut self, from: Nanos, to: Nanos, now: Time) {
        self.recent.add(signed(to) - signed(from), now);
    }

    fn usage(&self, key: &ClassKey, waiting: usize, all: f64, now: Time) -> ClassUsage {
        let recent = self.recent.amount(now);
        ClassUsage {
            key: key.clone(),
            weight: self.class.weight,
            headroom: self.class.headroom.fraction(),
            waiting,
            in_flight: self.in_flight,
            admitted: self.admitted,
            wait_time: self.wait_time,
            share: if all > 0.0 { recent / all } else { 0.0 },
        }
    }
}

/// What a class used in about the last minute: in the current minute, and a part of the one before.
#[derive(Clone, Copy, Debug)]
struct Recent {
    /// The start of the current minute.
    since: Time,
    current: i64,
    previous: i64,
}

impl Recent {
    #[inline]
    fn add(&mut self, amount: i64, now: Time) {
        if now.since(self.since) >= Nanos::MINUTE {
            *self = self.at(now);
        }
        self.current = self.current.saturating_add(amount);
    }

    #[expect(clippy::cast_precision_loss, reason = "the result need not be exact")]
    fn amount(&self, now: Time) -> f64 {
        let Self {
            since,
            current,
            previous,
        } = self.at(now);
        let left = 1.0 - now.since(since).as_secs_f64() / Nanos::MINUTE.as_secs_f64();
        (current as f64 + previous as f64 * left).max(0.0)
    }

    fn at(self, now: Time) -> Self {
        match now.since(self.since).0 / Nanos::MINUTE.0 {
            0 => self,
            1 => Self {
                since: self.since + Nanos::MINUTE,
                current: 0,
                previous: self.current,
            },
            _ => Self {
                since: now,
                current: 0,
                previous: 0,
            },
        }
    }
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            since: Time::MIN,
            current: 0,
            previous: 0,
        }
    }
}

fn signed(cost: Nanos) -> i64 {
    i64::try_from(cost.0).unwrap_or(i64::MAX)
}
