//! When to call the store, and what a call offers.

use std::collections::BTreeSet;
use std::mem;

use super::Pending;
use crate::quota::class_table::ClassId;
use crate::quota::request::Request;
use crate::time::{Nanos, Time};
use crate::{ClassKey, Cost};

/// The maximum number of requests in a call, and of classes that have requests in it.
const MAX_REQUESTS: usize = 64;

/// The requests of a class in a call, in order.
#[derive(Debug)]
pub(in crate::redis) struct Offer {
    pub(in crate::redis) key: ClassKey,
    pub(in crate::redis) requests: Vec<(u64, Request)>,
}

/// The outcome of a call for a class.
#[derive(Debug)]
pub(in crate::redis) struct Outcome {
    pub(in crate::redis) class: ClassId,
    pub(in crate::redis) key: ClassKey,
    /// Whether the call had requests of the class.
    pub(in crate::redis) is_offered: bool,
    /// The first request of the call that was not admitted, with its cost.
    pub(in crate::redis) waits_for: Option<(u64, Cost)>,
    /// Whether it exceeds a limit by itself.
    pub(in crate::redis) is_too_large: bool,
}

impl Pending {
    pub(in crate::redis) fn is_in_call(&self) -> bool {
        self.in_call.is_some()
    }

    pub(in crate::redis) fn call_at(&self) -> Option<Time> {
        self.call_at
    }

    pub(in crate::redis) fn call_now(&mut self, now: Time) {
        self.call_at = Some(now);
    }

    /// Starts a call, and returns its requests by class. The classes in whose lines the process may
    /// be are among them, so that it leaves those for which it offers no requests.
    pub(in crate::redis) fn offer(&mut self) -> Vec<Offer> {
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
            let requests = self.waiting(*class);
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
    pub(in crate::redis) fn end_call(&mut self) -> Vec<(u64, Request)> {
        self.ended_calls += u64::from(self.is_in_call());
        self.in_call.take().unwrap_or_default()
    }

    pub(in crate::redis) fn ended_calls(&self) -> u64 {
        self.ended_calls
    }

    /// Plans the next call after one with these outcomes. The store expects it at `retry_at`.
    pub(in crate::redis) fn plan(
        &mut self,
        outcomes: Vec<Outcome>,
        retry_at: Time,
        lead: Nanos,
        now: Time,
    ) {
        self.call_at = None;
        for outcome in outcomes {
            let class = outcome.class;
            let line = self.lines.entry(class).or_default();
            line.key = outcome.key;
            line.waits_for = outcome.waits_for.map(|(asked, _)| asked);
            line.is_too_large = outcome.is_too_large;
            match (self.next(class), outcome.waits_for) {
                // That one has started elsewhere or in place of another one, and the next one does
                // not need less.
                (Some((next, request)), Some((asked, cost)))
                    if next == asked || (next > asked && request.cost.covers(&cost)) =>
                {
                    self.wait_for(class, next);
                    self.call_by(retry_at);
                }
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

    pub(super) fn call_by(&mut self, at: Time) {
        self.call_at = Some(self.call_at.map_or(at, |earlier| earlier.min(at)));
    }

    pub(super) fn offer_at(&self, class: ClassId, lead: Nanos, now: Time) -> Time {
        let mut of_class = self.admitted.iter().rev().filter(|one| one.class == class);
        let last = of_class.next();
        now.max(last.map_or(Time::MIN, |last| last.ready_at - lead))
    }
}
