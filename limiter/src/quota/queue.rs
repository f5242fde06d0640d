//! The queue of waiting requests.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use model_studio_limits::LimitKind;

use super::class_table::ClassId;
use super::request::Request;
use crate::cost::Total;

/// The waiting requests. Those of one class are in the order of arrival, and any of them can be
/// removed.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// By class and ID. IDs are in the order of arrival.
    requests: BTreeMap<(ClassId, u64), Request>,
    next_id: u64,
    /// By class.
    lines: Vec<Line>,
    /// The total cost of all requests.
    costs: Total,
    /// The number and the total cost of the requests that wait in other queues too, by class.
    any: BTreeMap<ClassId, Line>,
}

/// The requests of a class.
#[derive(Clone, Debug, Default)]
struct Line {
    len: usize,
    costs: Total,
}

impl Queue {
    /// Returns the number of requests of all classes.
    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Returns `true` if no request of any class is waiting.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Returns the number of requests of a class.
    pub(crate) fn len_of(&self, class: ClassId) -> usize {
        self.lines.get(class.index()).map_or(0, |line| line.len)
    }

    /// Adds a request at the end of its class and returns its ID.
    pub(crate) fn push(&mut self, class: ClassId, request: Request) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.insert(class, id, request);
        id
    }

    /// Inserts a request at the place of its ID, after it was removed.
    pub(crate) fn insert(&mut self, class: ClassId, id: u64, request: Request) {
        if self.lines.len() <= class.index() {
            self.lines.resize_with(class.index() + 1, Line::default);
        }
        let line = &mut self.lines[class.index()];
        line.len += 1;
        line.costs.add(&request.cost);
        self.costs.add(&request.cost);
        if request.is_any {
            let line = self.any.entry(class).or_default();
            line.len += 1;
            line.costs.add(&request.cost);
        }
        self.requests.insert((class, id), request);
    }

    /// Returns the requests of a class from an ID on, in order.
    #[cfg(feature = "redis")]
    pub(crate) fn iter_from(
        &self,
        class: ClassId,
        id: u64,
    ) -> impl Iterator<Item = (u64, &Request)> {
        let requests = self.requests.range((class, id)..=(class, u64::MAX));
        requests.map(|((_, id), request)| (*id, request))
    }

    /// Returns the IDs of all requests with their classes.
    #[cfg(feature = "redis")]
    pub(crate) fn ids(&self) -> impl Iterator<Item = (ClassId, u64)> {
        self.requests.keys().copied()
    }

    /// Returns a request.
    #[cfg(feature = "redis")]
    pub(crate) fn get(&self, class: ClassId, id: u64) -> Option<&Request> {
        self.requests.get(&(class, id))
    }

    /// Returns the first request of a class.
    pub(crate) fn front(&self, class: ClassId) -> Option<(u64, &Request)> {
        let mut requests = self.requests.range((class, 0)..);
        let ((of, id), request) = requests.next()?;
        (*of == class).then_some((*id, request))
    }

    /// Removes a request and returns it.
    pub(crate) fn remove(&mut self, class: ClassId, id: u64) -> Option<Request> {
        let request = self.requests.remove(&(class, id))?;
        let line = &mut self.lines[class.index()];
        line.len -= 1;
        line.costs.remove(&request.cost);
        self.costs.remove(&request.cost);
        if let (true, Entry::Occupied(mut entry)) = (request.is_any, self.any.entry(class)) {
            entry.get_mut().len -= 1;
            entry.get_mut().costs.remove(&request.cost);
            if entry.get().len == 0 {
                entry.remove();
            }
        }
        Some(request)
    }

    /// Returns the total amount of a kind that the requests of a class need.
    pub(crate) fn amount_of(&self, class: ClassId, kind: LimitKind) -> u128 {
        let line = self.lines.get(class.index());
        line.map_or(0, |line| line.costs.amount(kind))
    }

    /// Returns the total amount of a kind that the requests of a class need which wait only in this
    /// queue.
    pub(crate) fn certain_amount_of(&self, class: ClassId, kind: LimitKind) -> u128 {
        let any = self.any.get(&class);
        self.amount_of(class, kind) - any.map_or(0, |line| line.costs.amount(kind))
    }

    /// Returns the total amount of a kind that the requests of all classes need.
    pub(crate) fn amount(&self, kind: LimitKind) -> u128 {
        self.costs.amount(kind)
    }
}
