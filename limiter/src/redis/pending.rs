//! The waiting requests of a process, from the queue to their start.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem;

use crate::ClassKey;
use crate::quota::class_table::ClassId;
use crate::quota::queue::Queue;
use crate::quota::request::Request;
use crate::quota::tags::Tags;
use crate::time::{Nanos, StoreTime, Time};

/// The maximum number of requests in a call, and of classes that have requests in it.
const MAX_REQUESTS: usize = 64;

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
    /// The number of requests in `admitted`.
    admitted: usize,
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

/// The requests of a class in a call, in order.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) key: ClassKey,
    pub(super) requests: Vec<(u64, Request)>,
}

/// The outcome of a call for a class.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) class: ClassId,
    pub(super) key: ClassKey,
    /// Whether the call had requests of the class.
    pub(super) is_offered: bool,
    /// The first request of the call that was not admitted.
    pub(super) waits_for: Option<u64>,
    /// Whether it exceeds a limit by itself.
    pub(super) is_too_large: bool,
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
        // The process may be in the store's line only for this request.
        let waits_for = line.waits_for;
        if waits_for == Some(id) && !self.is_in_call() {
            self.call_at = Some(now);
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

    pub(super) fn is_in_call(&self) -> bool {
        self.in_call.is_some()
    }

    pub(super) fn call_at(&self) -> Option<Time> {
        self.call_at
    }

    pub(super) fn call_now(&mut self, now: Time) {
        self.call_at = Some(now);
    }

    /// Returns `true` if the process may be in a line of the store.
    pub(super) fn is_in_line(&self) -> bool {
        self.lines.values().any(|line| line.waits_for.is_some())
    }

    /// Starts a call, and returns its requests by class. The classes in whose lines the process may
    /// be are among them, so that it leaves those for which it offers no requests.
    pub(super) fn offer(&mut self) -> Vec<Offer> {
        self.call_at = None;
        self.arrived.clear();
        let offered = self.tags.waiting().take(MAX_REQUESTS);
        let offered: BTreeSet<ClassId> = offered.collect();
        let most = MAX_REQUESTS / offered.len().max(1);
        let in_line = self
            .lines
            .iter()
            .filter(|(_, line)| line.waits_for.is_some());
        let mut left: BTreeSet<ClassId> = in_line.map(|(class, _)| *class).collect();
        left.insert(ClassId::DEFAULT);
        let offers = offered.union(&left).map(|class| {
            let most = if offered.contains(class) { most } else { 0 };
            let line = self.lines.get(class);
            let first = self.next(*class).map(|(_, request)| &request.class);
            let key = first.or(line.map(|line| &line.key)).cloned();
            let requests = self.queue.iter(*class).skip(self.admitted_of(*class));
            let requests = requests.map(|(id, request)| (id, request.clone()));
            Offer {
                key: key.unwrap_or_default(),
                requests: requests.take(most).collect(),
            }
        });
        let offers: Vec<Offer> = offers.collect();
        let requests = offers
            .iter()
            .flat_map(|offer| offer.requests.iter().cloned());
        self.in_call = Some(requests.collect());
        offers
    }

    /// Ends the current call, and returns its requests.
    pub(super) fn end_call(&mut self) -> Vec<(u64, Request)> {
        self.ended_calls += u64::from(self.is_in_call());
        self.in_call.take().unwrap_or_default()
    }

    pub(super) fn ended_calls(&self) -> u64 {
        self.ended_calls
    }

    /// Marks a request, which has this dominant cost, as admitted by the store. Returns `false` if it
    /// was cancelled during the call.
    pub(super) fn admit(&mut self, admitted: Admitted, cost: Nanos) -> bool {
        let class = admitted.class;
        let is_waiting = self.queue.get(class, admitted.id).is_some();
        if is_waiting {
            self.admitted.push_back(admitted);
            self.lines.entry(class).or_default().admitted += 1;
            let next = self.next(class).map(|(id, _)| (id, Nanos::ZERO));
            self.tags.charge(class, cost, next);
        }
        is_waiting
    }

    /// Plans the next call after one with these outcomes. The store expects it at `retry_at`.
    pub(super) fn plan(&mut self, outcomes: Vec<Outcome>, retry_at: Time, lead: Nanos, now: Time) {
        self.call_at = None;
        for outcome in outcomes {
            let class = outcome.class;
            let line = self.lines.entry(class).or_default();
            line.key = outcome.key;
            line.waits_for = outcome.waits_for;
            line.is_too_large = outcome.is_too_large;
            let next = self.next(class).map(|(id, _)| id);
            match (next, outcome.waits_for) {
                (Some(next), Some(asked)) if next == asked => self.call_by(retry_at),
                // All requests of the call were admitted, and there are more.
                (Some(_), None) if outcome.is_offered => {
                    self.call_by(self.offer_at(class, lead, now));
                }
                (_, None) => {}
                // Another request is the first one now, or there is none, and the process leaves the
                // line.
                _ => self.call_by(now),
            }
            self.update_tag(class);
        }
        for class in mem::take(&mut self.arrived) {
            self.call_by(self.offer_at(class, lead, now));
        }
        // Classes that had no place in the call.
        if self.call_at.is_none() && self.queue.len() > self.admitted.len() {
            self.call_at = Some(now);
        }
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
        self.queue.iter(class).nth(self.admitted_of(class))
    }

    fn admitted_of(&self, class: ClassId) -> usize {
        self.lines.get(&class).map_or(0, |line| line.admitted)
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

    fn call_by(&mut self, at: Time) {
        self.call_at = Some(self.call_at.map_or(at, |earlier| earlier.min(at)));
    }

    fn offer_at(&self, class: ClassId, lead: Nanos, now: Time) -> Time {
        let mut of_class = self.admitted.iter().rev().filter(|one| one.class == class);
        let last = of_class.next();
        now.max(last.map_or(Time::MIN, |last| last.ready_at - lead))
    }
}
