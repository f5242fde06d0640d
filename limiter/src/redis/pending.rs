//! The waiting requests of a process, from the queue to their start.

mod calls;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem;

use super::protocol::Offered;
use crate::ClassKey;
use crate::quota::class_table::ClassId;
use crate::quota::queue::Queue;
use crate::quota::request::Request;
use crate::quota::tags::Tags;
use crate::time::{Nanos, StoreTime, Time};
pub(super) use calls::{Offer, Outcome};

/// The waiting requests, and when to offer them to the store.
#[derive(Debug, Default)]
pub(super) struct Pending {
    queue: Queue,
    /// The order of the classes that have requests which the store has not admitted, if there are
    /// more of them than a call can have.
    tags: Tags,
    /// The classes that are not empty.
    lines: BTreeMap<ClassId, Line>,
    /// The requests that the store has admitted and that wait for their start, by start. Those of
    /// each class are at the front of its queue.
    admitted: VecDeque<Admitted>,
    /// The requests in the current call, if there is one.
    in_call: Option<Vec<(u64, Request)>>,
    /// The classes that have started to wait since the current call was made.
    arrived: BTreeSet<ClassId>,
    /// The number of calls that have ended.
    ended_calls: u64,
    /// When to call next. `None` if no request has to be offered.
    call_at: Option<Time>,
}

/// What the store knows of the requests of a class.
#[derive(Debug, Default)]
struct Line {
    /// The key of the class, if the process may be in the store's line.
    key: ClassKey,
    /// The number of requests in `admitted`, and the ID of the last one.
    admitted: usize,
    last_admitted: u64,
    /// The request for which this process waits in the store's line of processes.
    waits_for: Option<u64>,
    /// Whether the next request exceeds a tighter limit that the store applies.
    is_too_large: bool,
}

/// A request that the store has admitted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admitted {
    pub(super) class: ClassId,
    pub(super) id: u64,
    /// When it may start.
    pub(super) ready_at: Time,
    /// The same, by the store's clock.
    pub(super) at: StoreTime,
}

impl Pending {
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn len_of(&self, class: ClassId) -> usize {
        self.queue.len_of(class)
    }

    /// Returns `true` if a class has requests, or the process may be in the store's line for it.
    pub(super) fn needs(&self, class: ClassId) -> bool {
        self.queue.len_of(class) > 0 || self.lines.contains_key(&class)
    }

    pub(super) fn set_weight(&mut self, class: ClassId, weight: u32) {
        self.tags.set_weight(class, weight);
    }

    pub(super) fn forget(&mut self, class: ClassId) {
        self.tags.forget(class);
    }

    /// Adds a request. It is offered `lead` before the last admitted request of its class starts, so
    /// that requests that arrive in the meantime share the call.
    pub(super) fn push(&mut self, class: ClassId, request: Request, lead: Nanos, now: Time) -> u64 {
        // If others of the class are waiting, the time of the next call is known already.
        let starts_to_wait = self.next(class).is_none();
        let id = self.queue.push(class, request);
        if starts_to_wait {
            self.update_tag(class);
            if self.is_in_call() {
                self.arrived.insert(class);
            } else {
                self.call_by(self.offer_at(class, lead, now));
            }
        }
        id
    }

    /// Puts a request back to its place, and offers it at once.
    pub(super) fn put_back(&mut self, class: ClassId, id: u64, request: Request, now: Time) {
        self.queue.insert(class, id, request);
        self.update_tag(class);
        self.call_at = Some(now);
    }

    /// Returns the request that starts next of those that the store has admitted.
    pub(super) fn first_admitted(&self) -> Option<(Admitted, Request)> {
        let first = self.admitted.front()?;
        let request = self.queue.get(first.class, first.id)?;
        Some((*first, request.clone()))
    }

    /// Returns the request that is next of those that the store has not admitted.
    pub(super) fn first_waiting(&self) -> Option<(ClassId, u64, Request)> {
        let (class, _) = self.tags.first()?;
        let (id, request) = self.next(class)?;
        Some((class, id, request.clone()))
    }

    /// Returns the requests that the store has found to exceed a limit by themselves.
    pub(super) fn too_large(&self) -> impl Iterator<Item = (ClassId, u64, &Request)> {
        let lines = self.lines.iter().filter(|(_, line)| line.is_too_large);
        lines.filter_map(|(class, _)| {
            let (id, request) = self.next(*class)?;
            Some((*class, id, request))
        })
    }

    /// Returns `true` if the store has admitted requests that wait in other queues too.
    pub(super) fn has_admitted_any(&self) -> bool {
        let mut admitted = self.admitted.iter();
        admitted.any(|one| {
            let request = self.queue.get(one.class, one.id);
            request.is_some_and(|request| request.is_any)
        })
    }

    /// Removes a request, and returns it with its admission if the store has admitted it.
    pub(super) fn remove(
        &mut self,
        class: ClassId,
        id: u64,
        now: Time,
    ) -> Option<(Request, Option<Admitted>)> {
        let request = self.queue.remove(class, id)?;
        let index = self.admitted.iter().position(|one| one.id == id);
        let admitted = index.and_then(|index| self.admitted.remove(index));
        let line = self.lines.entry(class).or_default();
        line.admitted -= usize::from(admitted.is_some());
        if line.waits_for == Some(id) && !self.is_in_call() {
            match self.next(class) {
                Some((next, other)) if other.cost.covers(&request.cost) => {
                    self.wait_for(class, next);
                }
                // The process may be in the store's line only for this request.
                _ => self.call_at = Some(now),
            }
        }
        self.update_tag(class);
        Some((request, admitted))
    }

    /// Returns the requests that the store has admitted and that are still in the queue. They count
    /// as not admitted from now on.
    pub(super) fn withdraw_all(&mut self) -> Vec<(Request, Admitted)> {
        let admitted = mem::take(&mut self.admitted);
        for one in &admitted {
            if let Some(line) = self.lines.get_mut(&one.class) {
                line.admitted = 0;
            }
            self.update_tag(one.class);
        }
        let withdrawn = admitted
            .into_iter()
            .filter_map(|one| Some((self.queue.get(one.class, one.id)?.clone(), one)));
        withdrawn.collect()
    }

    /// Returns `true` if the admitted requests of a class are not its first ones, because one was put
    /// back.
    pub(super) fn is_overtaken(&self) -> bool {
        let mut classes = BTreeSet::new();
        let mut first = self.admitted.iter().filter(|one| classes.insert(one.class));
        first.any(|one| {
            let front = self.queue.front(one.class);
            front.is_some_and(|(id, _)| id != one.id)
        })
    }

    /// Returns `true` if the process may be in a line of the store.
    pub(super) fn is_in_line(&self) -> bool {
        self.lines.values().any(|line| line.waits_for.is_some())
    }

    /// Returns the request that starts if the store has admitted this one: the same, or if that does
    /// not wait any more, the next one of its class, unless that needs more.
    pub(super) fn next_for(&self, class: ClassId, offered: &Offered) -> Option<(u64, &Request)> {
        let next = self.next(class);
        if next.is_some_and(|(id, _)| id == offered.id) {
            return next;
        }
        if !self.admitted.iter().any(|one| one.id == offered.id) {
            if let Some(request) = self.queue.get(class, offered.id) {
                return Some((offered.id, request));
            }
        }
        // The store has the lease of each task.
        next.filter(|(_, request)| {
            offered.lease.is_none() && !request.is_task && offered.cost.covers(&request.cost)
        })
    }

    /// Marks a request, which has this dominant cost, as admitted by the store.
    pub(super) fn admit(&mut self, admitted: Admitted, cost: Nanos) {
        let class = admitted.class;
        self.admitted.push_back(admitted);
        let line = self.lines.entry(class).or_default();
        line.admitted += 1;
        line.last_admitted = admitted.id;
        let next = self.next(class).map(|(id, _)| (id, Nanos::ZERO));
        self.tags.charge(class, cost, next);
    }

    /// Removes all requests, and ends the current call. Returns the IDs of all requests, and those
    /// that were admitted.
    pub(super) fn give_up(&mut self) -> (Vec<u64>, Vec<(Request, Admitted)>) {
        let withdrawn = self.withdraw_all();
        let ids: Vec<(ClassId, u64)> = self.queue.ids().collect();
        for (class, id) in &ids {
            self.queue.remove(*class, *id);
            self.tags.set_head(*class, None);
        }
        self.end_call();
        self.lines.clear();
        self.call_at = None;
        let mut ids: Vec<u64> = ids.into_iter().map(|(_, id)| id).collect();
        ids.sort_unstable();
        (ids, withdrawn)
    }

    /// Returns the first request of a class that the store has not admitted.
    fn next(&self, class: ClassId) -> Option<(u64, &Request)> {
        self.waiting(class).next()
    }

    fn wait_for(&mut self, class: ClassId, id: u64) {
        self.lines.entry(class).or_default().waits_for = Some(id);
    }

    /// Returns the requests of a class that the store has not admitted, in order.
    fn waiting(&self, class: ClassId) -> impl Iterator<Item = (u64, &Request)> {
        let line = self.lines.get(&class).filter(|line| line.admitted > 0);
        let from = line.map_or(0, |line| line.last_admitted + 1);
        self.queue.iter_from(class, from)
    }

    /// Updates the place of a class after a change of its requests.
    fn update_tag(&mut self, class: ClassId) {
        // Only starts matter, which do not depend on the cost of the next request.
        let next = self.next(class).map(|(id, _)| (id, Nanos::ZERO));
        self.tags.set_head(class, next);
        let is_empty = |line: &Line| line.admitted == 0 && line.waits_for.is_none();
        if next.is_none() && self.lines.get(&class).is_some_and(is_empty) {
            self.lines.remove(&class);
        }
    }
}
