//! The order of classes: start-time fair queueing.
//!
//! Each class has a tag, the time at which its next request starts in a virtual time. A request
//! advances the tag of its class by its cost, divided by the weight of the class, and the class with
//! the smallest tag is next. So classes that wait advance evenly. A class that did not wait starts at
//! the virtual time, which is the tag of the latest admission: what it left unused is not saved up.
//!
//! Goyal, Vin, Cheng: Start-time Fair Queueing, SIGCOMM 1996, <https://doi.org/10.1145/248156.248171>.

use std::collections::BTreeSet;

use super::class_table::ClassId;
use crate::time::Nanos;

/// Units of virtual time per nanosecond, so that division by a weight loses next to nothing.
pub(super) const UNITS: u128 = 1 << 10;

/// The virtual time at the start. It is not 0, because a refund can move a tag before it.
const START: u128 = 1 << 100;

/// The tags of all classes.
#[derive(Debug)]
pub(crate) struct Tags {
    /// By ID.
    classes: Vec<Tag>,
    /// The classes that wait, by the tag of their first request and its ID: by the start, and by
    /// the finish, which is the start of the request after it.
    by_start: BTreeSet<(u128, u64, ClassId)>,
    by_finish: BTreeSet<(u128, u64, ClassId)>,
    /// The virtual time, and the latest tag of all classes.
    now: u128,
    latest: u128,
    /// The sum of the weights of the classes that wait.
    weight: u64,
}

/// The tag of a class.
#[derive(Clone, Copy, Debug)]
struct Tag {
    start: u128,
    weight: u32,
    /// The first request, while the class waits.
    head: Option<Head>,
}

/// The first request of a class that waits.
#[derive(Clone, Copy, Debug)]
struct Head {
    id: u64,
    cost: Nanos,
}

impl Tag {
    const NEW: Self = Self {
        start: 0,
        weight: 1,
        head: None,
    };

    /// Returns the virtual time that a cost takes.
    #[inline]
    fn time(&self, cost: Nanos) -> u128 {
        let units = u128::from(cost.0) * UNITS;
        match self.weight {
            1 => units,
            // Most costs fit into 64 bits, which are faster to divide.
            weight => u64::try_from(units).map_or_else(
                |_| units / u128::from(weight),
                |units| u128::from(units / u64::from(weight)),
            ),
        }
    }
}

impl Default for Tags {
    fn default() -> Self {
        Self {
            classes: Vec::new(),
            by_start: BTreeSet::new(),
            by_finish: BTreeSet::new(),
            now: START,
            latest: START,
            weight: 0,
        }
    }
}

impl Tags {
    /// Returns the class that is next, and the cost of its first request.
    pub(crate) fn first(&self) -> Option<(ClassId, Nanos)> {
        let (.., class) = self.by_start.first()?;
        Some((*class, self.classes[class.index()].head?.cost))
    }

    /// Returns the class whose first request finishes first, and the cost of that request.
    pub(super) fn first_to_finish(&self) -> Option<(ClassId, Nanos)> {
        let (.., class) = self.by_finish.first()?;
        Some((*class, self.classes[class.index()].head?.cost))
    }

    /// Returns the tag of a class.
    #[cfg(test)]
    pub(super) fn start(&self, class: ClassId) -> u128 {
        self.classes[class.index()].start
    }

    /// Returns the classes that wait, the next one first.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = ClassId> {
        self.by_start.iter().map(|(.., class)| *class)
    }

    /// Returns `true` if a class that does not wait would be next, or finish first, with a request of
    /// this cost.
    pub(super) fn would_lead(&self, class: ClassId, cost: Nanos) -> bool {
        let mut tag = self.classes.get(class.index()).copied().unwrap_or(Tag::NEW);
        tag.start = tag.start.max(self.now);
        let finish = tag.start + tag.time(cost);
        let first = self.by_start.first();
        let first_to_finish = self.by_finish.first();
        first.is_none_or(|(start, ..)| tag.start < *start)
            || first_to_finish.is_none_or(|(other, ..)| finish < *other)
    }

    /// Returns the sum of the weights of the classes that wait, except for one class.
    pub(super) fn weight_of_others(&self, class: ClassId) -> u64 {
        match self.classes.get(class.index()) {
            Some(tag) if tag.head.is_some() => self.weight - u64::from(tag.weight),
            _ => self.weight,
        }
    }

    /// Returns `true` if a class waits with this request as its first one.
    pub(super) fn is_first(&self, class: ClassId, id: u64) -> bool {
        let head = self.classes.get(class.index()).and_then(|tag| tag.head);
        head.is_some_and(|head| head.id == id)
    }

    /// Returns `true` if a class has used more than a new one.
    pub(super) fn is_ahead(&self, class: ClassId) -> bool {
        let tag = self.classes.get(class.index());
        tag.is_some_and(|tag| tag.start > self.now)
    }

    /// Starts a busy period: what was used before no longer matters.
    #[inline]
    pub(crate) fn restart(&mut self) {
        self.now = self.latest;
    }

    /// Sets the first request of a class, with its ID and its cost. Without one, the class does not
    /// wait.
    pub(crate) fn set_head(&mut self, class: ClassId, head: Option<(u64, Nanos)>) {
        let now = self.now;
        self.update(class, |tag| {
            if tag.head.is_none() {
                tag.start = tag.start.max(now);
            }
            tag.head = head.map(|(id, cost)| Head { id, cost });
        });
    }

    /// Charges an admitted request to its class, whose first request is then the next one, if it
    /// has one.
    #[inline]
    pub(crate) fn charge(&mut self, class: ClassId, cost: Nanos, next: Option<(u64, Nanos)>) {
        let mut now = self.now;
        self.update(class, |tag| {
            if tag.head.is_none() {
                tag.start = tag.start.max(now);
            }
            now = now.max(tag.start);
            tag.start += tag.time(cost);
            tag.head = next.map(|(id, cost)| Head { id, cost });
        });
        self.now = now;
    }

    /// Changes the cost of a request that was charged to its class.
    #[inline]
    pub(super) fn correct(&mut self, class: ClassId, from: Nanos, to: Nanos) {
        if from != to {
            self.update(class, |tag| {
                let start = tag.start + tag.time(to);
                tag.start = start.saturating_sub(tag.time(from));
            });
        }
    }

    pub(crate) fn set_weight(&mut self, class: ClassId, weight: u32) {
        self.update(class, |tag| tag.weight = weight);
    }

    /// Forgets a class that does not wait.
    pub(crate) fn forget(&mut self, class: ClassId) {
        self.update(class, |tag| *tag = Tag::NEW);
    }

    /// Changes a tag and the place of its class.
    #[inline]
    fn update(&mut self, class: ClassId, change: impl FnOnce(&mut Tag)) {
        if self.classes.len() <= class.index() {
            self.classes.resize(class.index() + 1, Tag::NEW);
        }
        let tag = &mut self.classes[class.index()];
        if let Some(head) = tag.head {
            let finish = tag.start + tag.time(head.cost);
            self.by_start.remove(&(tag.start, head.id, class));
            self.by_finish.remove(&(finish, head.id, class));
            self.weight -= u64::from(tag.weight);
        }
        change(tag);
        self.latest = self.latest.max(tag.start);
        if let Some(head) = tag.head {
            let finish = tag.start + tag.time(head.cost);
            self.by_start.insert((tag.start, head.id, class));
            self.by_finish.insert((finish, head.id, class));
            self.weight += u64::from(tag.weight);
        }
    }
}
