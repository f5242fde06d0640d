//! The waiting requests of a process, from the queue to their start.

use std::collections::VecDeque;
use std::mem;

use super::protocol::{Call, Offered};
use crate::quota::class_table::ClassId;
use crate::quota::queue::Queue;
use crate::quota::request::Request;
use crate::time::{Nanos, StoreTime, Time};

/// The maximum number of requests in a call.
const MAX_REQUESTS: usize = 64;

/// The waiting requests, and when to offer them to the store.
#[derive(Debug, Default)]
pub(super) struct Pending {
    queue: Queue,
    /// The requests at the front of the queue that the store has admitted and that wait for their
    /// start.
    admitted: VecDeque<Admitted>,
    /// The requests in the current call, if there is one.
    in_call: Option<Vec<(u64, Request)>>,
    /// The number of calls that have ended.
    ended_calls: u64,
    /// The request for which this process waits in the store's line of processes.
    waits_for: Option<u64>,
    /// When to call next. `None` if no request has to be offered.
    call_at: Option<Time>,
}

/// A request that the store has admitted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admitted {
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

    /// Adds a request. It is offered `lead` before the last admitted request starts, so that
    /// requests that arrive in the meantime share the call.
    pub(super) fn push(&mut self, request: Request, lead: Nanos, now: Time) -> u64 {
        // If others are waiting, the time of the next call is known already.
        if self.queue.len() == self.admitted.len() && self.in_call.is_none() {
            self.call_at = Some(self.offer_at(lead, now));
        }
        self.queue.push(ClassId::DEFAULT, request)
    }

    /// Puts a request back to its place, and offers it at once.
    pub(super) fn put_back(&mut self, id: u64, request: Request, now: Time) {
        self.queue.insert(ClassId::DEFAULT, id, request);
        self.call_at = Some(now);
    }

    /// Returns the first request, and its admission if the store has admitted it.
    pub(super) fn front(&self) -> Option<(u64, Request, Option<Admitted>)> {
        let (id, request) = self.queue.front(ClassId::DEFAULT)?;
        Some((id, request.clone(), self.admitted.front().copied()))
    }

    /// Removes a request, and returns it with its admission if the store has admitted it.
    pub(super) fn remove(&mut self, id: u64, now: Time) -> Option<(Request, Option<Admitted>)> {
        let request = self.queue.remove(ClassId::DEFAULT, id)?;
        let index = self.admitted.iter().position(|one| one.id == id);
        let admitted = index.and_then(|index| self.admitted.remove(index));
        // The process may be in the store's line only for this request.
        if self.waits_for == Some(id) && self.in_call.is_none() {
            self.call_at = Some(now);
        }
        Some((request, admitted))
    }

    /// Returns the requests that the store has admitted and that are still in the queue. They count
    /// as not admitted from now on.
    pub(super) fn withdraw_all(&mut self) -> Vec<(Request, Admitted)> {
        let admitted = mem::take(&mut self.admitted).into_iter();
        let withdrawn = admitted
            .filter_map(|one| Some((self.queue.get(ClassId::DEFAULT, one.id)?.clone(), one)));
        withdrawn.collect()
    }

    /// Returns `true` if the admitted requests are not the first ones, because one was put back.
    pub(super) fn is_overtaken(&self) -> bool {
        let waiting = self.queue.iter(ClassId::DEFAULT).map(|(id, _)| id);
        let admitted = self.admitted.iter().map(|one| one.id);
        !waiting.take(self.admitted.len()).eq(admitted)
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

    /// Returns `true` if the process may be in the store's line.
    pub(super) fn is_in_line(&self) -> bool {
        self.waits_for.is_some()
    }

    /// Starts a call, and returns its requests.
    pub(super) fn offer(&mut self) -> Vec<(u64, Request)> {
        self.call_at = None;
        let requests = self.queue.iter(ClassId::DEFAULT).skip(self.admitted.len());
        let requests = requests.take(MAX_REQUESTS);
        let requests: Vec<_> = requests
            .map(|(id, request)| (id, request.clone()))
            .collect();
        self.in_call = Some(requests.clone());
        requests
    }

    /// Ends the current call, and returns its requests.
    pub(super) fn end_call(&mut self) -> Vec<(u64, Request)> {
        self.ended_calls += u64::from(self.is_in_call());
        self.in_call.take().unwrap_or_default()
    }

    pub(super) fn ended_calls(&self) -> u64 {
        self.ended_calls
    }

    /// Marks a request as admitted by the store. Returns `false` if it was cancelled during the
    /// call.
    pub(super) fn admit(&mut self, admitted: Admitted) -> bool {
        let is_waiting = self.queue.get(ClassId::DEFAULT, admitted.id).is_some();
        if is_waiting {
            self.admitted.push_back(admitted);
        }
        is_waiting
    }

    /// Plans the next call after one that admitted the first `count` of its requests. The store
    /// expects it at `retry_at`.
    pub(super) fn plan(
        &mut self,
        call: &Call,
        count: usize,
        retry_at: Time,
        lead: Nanos,
        now: Time,
    ) {
        let next = self.queue.iter(ClassId::DEFAULT).nth(self.admitted.len());
        let next = next.map(|(id, _)| id);
        self.waits_for = call.requests.get(count).map(|Offered { id, .. }| *id);
        self.call_at = match (next, self.waits_for) {
            (Some(next), Some(asked)) if next == asked => Some(retry_at),
            (None, None) => None,
            // All requests of the call were admitted, and new ones have arrived.
            (Some(_), None) => Some(self.offer_at(lead, now)),
            // Another request is the first one now, or there is none, and the process leaves the
            // line.
            _ => Some(now),
        };
    }

    /// Removes all requests, and ends the current call. Returns the IDs of all requests, and those
    /// that were admitted.
    pub(super) fn give_up(&mut self) -> (Vec<u64>, Vec<(Request, Admitted)>) {
        let withdrawn = self.withdraw_all();
        let ids: Vec<u64> = self
            .queue
            .iter(ClassId::DEFAULT)
            .map(|(id, _)| id)
            .collect();
        for id in &ids {
            self.queue.remove(ClassId::DEFAULT, *id);
        }
        self.end_call();
        (self.waits_for, self.call_at) = (None, None);
        (ids, withdrawn)
    }

    fn offer_at(&self, lead: Nanos, now: Time) -> Time {
        let last = self.admitted.back();
        now.max(last.map_or(Time::MIN, |last| last.ready_at - lead))
    }
}
