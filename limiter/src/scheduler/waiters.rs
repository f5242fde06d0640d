//! The waiting requests, with their wakers and deadlines.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
#[cfg(feature = "redis")]
use std::sync::Arc;
use std::task::Waker;
use std::thread;
use std::time::Duration;

use super::claim::{AfterUnlock, Ticket};
use crate::gate::Gate;
use crate::quota::request::{CountedAt, Removal};
#[cfg(feature = "redis")]
use crate::redis::StoreError;
use crate::time::Time;
use crate::{AcquireError, ClassKey};

/// The maximum number of requests that are decided while the lock is held. The next alarm decides
/// the rest, so that a million requests whose timeouts end together do not block all others.
const BATCH: usize = 4_096;

/// What the lock of a limiter protects.
#[derive(Debug)]
pub(crate) struct LimiterState {
    pub(crate) gate: Gate,
    /// By their IDs in the gate's queue.
    pub(super) waiters: BTreeMap<u64, Waiter>,
    /// The waiters with a deadline, by deadline and ID.
    pub(super) deadlines: BTreeSet<(Time, u64)>,
    /// The time of the next alarm.
    pub(super) alarm: Option<Time>,
    pub(crate) wait_time: Duration,
    /// The error of the last call to the store, if it failed.
    #[cfg(feature = "redis")]
    pub(super) store_error: Option<StoreError>,
    /// The wakers of `Limiter::flush`.
    #[cfg(feature = "redis")]
    pub(super) flushes: Vec<Waker>,
}

#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) waker: Waker,
    pub(super) class: ClassKey,
    /// The time at which it joined the queue.
    pub(super) since: Time,
    pub(super) deadline: Option<Time>,
    /// `None` while the request is waiting.
    pub(super) outcome: Option<Result<CountedAt, AcquireError>>,
    /// What it shares with its places in other queues, if it has some.
    pub(super) ticket: Option<Ticket>,
}

impl Waiter {
    pub(super) fn new(class: &ClassKey, since: Time, deadline: Option<Time>, waker: Waker) -> Self {
        Self {
            waker,
            class: class.clone(),
            since,
            deadline,
            outcome: None,
            ticket: None,
        }
    }
}

impl LimiterState {
    pub(super) fn new(gate: Gate) -> Self {
        Self {
            gate,
            waiters: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            alarm: None,
            wait_time: Duration::ZERO,
            #[cfg(feature = "redis")]
            store_error: None,
            #[cfg(feature = "redis")]
            flushes: Vec::new(),
        }
    }

    pub(super) fn add_waiter(&mut self, id: u64, waiter: Waiter) {
        let deadline = waiter.deadline.map(|deadline| (deadline, id));
        self.deadlines.extend(deadline);
        self.waiters.insert(id, waiter);
    }

    pub(super) fn remove_waiter(&mut self, id: u64) -> Option<Waiter> {
        let waiter = self.waiters.remove(&id)?;
        self.remove_deadline(id, waiter.deadline);
        Some(waiter)
    }

    /// Counts the time that an admitted request has waited.
    pub(super) fn waited(&mut self, class: &ClassKey, wait: Duration) {
        self.wait_time += wait;
        let classes = self.gate.classes();
        if let Some(class) = classes.find(class) {
            classes.get_mut(class).wait_time += wait;
        }
    }

    /// Decides the requests that can be decided now, and collects what to do once the lock is
    /// released. Returns `false` if there may be more of them.
    pub(super) fn decide_due(&mut self, now: Time, after: &mut AfterUnlock) -> bool {
        #[cfg(feature = "redis")]
        self.give_up_withdrawn(after);
        for _ in 0..BATCH {
            let waiters = &self.waiters;
            let next = self.gate.next(now, |id| may_start(waiters, id, after));
            if let Some((id, result)) = next {
                let outcome = match result {
                    Ok(counted_at) => Ok(counted_at),
                    Err(Removal::TooLarge(error)) => Err(error.into()),
                    Err(Removal::Elsewhere) => {
                        self.leave(id, after);
                        continue;
                    }
                };
                after.wakers.extend(self.decide(id, outcome));
                continue;
            }
            match self.deadlines.first() {
                Some(&(deadline, id)) if deadline <= now => {
                    // The requests behind it may be smaller, so the loop goes on.
                    if let Some(waiter) = self.waiters.get(&id) {
                        self.gate.cancel(id, &waiter.class);
                    }
                    let error = self.timeout_error();
                    after.wakers.extend(self.decide(id, Err(error)));
                }
                _ => return true,
            }
        }
        false
    }

    /// Removes a request that another limiter has admitted.
    pub(super) fn leave(&mut self, id: u64, after: &mut AfterUnlock) {
        let waiter = self.remove_waiter(id);
        after.left.extend(waiter.and_then(|waiter| waiter.ticket));
    }

    /// Lets other limiters admit the requests that a store had admitted, but that do not start as it
    /// had said. Their tasks join the other queues again.
    #[cfg(feature = "redis")]
    fn give_up_withdrawn(&mut self, after: &mut AfterUnlock) {
        let Some(quota) = self.gate.stored() else {
            return;
        };
        for id in quota.take_withdrawn() {
            let waiter = self.waiters.get(&id);
            if let Some(ticket) = waiter.and_then(|waiter| waiter.ticket.as_ref()) {
                ticket.give_up();
                after.wakers.push(Arc::clone(&ticket.claim).into());
            }
        }
    }

    /// Sets the outcome of a request in the queue and returns its waker.
    pub(super) fn decide(
        &mut self,
        id: u64,
        outcome: Result<CountedAt, AcquireError>,
    ) -> Option<Waker> {
        let waiter = self.waiters.get_mut(&id)?;
        if let (Some(ticket), Err(_)) = (&waiter.ticket, &outcome) {
            // A store can have admitted it for a later time.
            ticket.give_up();
        }
        waiter.outcome = Some(outcome);
        let waker = mem::replace(&mut waiter.waker, Waker::noop().clone());
        let deadline = waiter.deadline;
        self.remove_deadline(id, deadline);
        Some(waker)
    }

    /// Returns the error of a request whose deadline has passed.
    #[cfg_attr(
        not(feature = "redis"),
        expect(clippy::unused_self, reason = "there is no store")
    )]
    fn timeout_error(&self) -> AcquireError {
        #[cfg(feature = "redis")]
        if let Some(error) = &self.store_error {
            return AcquireError::Store(error.clone());
        }
        AcquireError::Timeout
    }

    fn remove_deadline(&mut self, id: u64, deadline: Option<Time>) {
        if let Some(deadline) = deadline {
            self.deadlines.remove(&(deadline, id));
        }
    }
}

/// Returns `true` if a request may start here, and keeps it from starting elsewhere.
pub(super) fn may_start(waiters: &BTreeMap<u64, Waiter>, id: u64, after: &mut AfterUnlock) -> bool {
    let ticket = waiters.get(&id).and_then(|waiter| waiter.ticket.as_ref());
    let may_start = ticket.is_none_or(Ticket::take);
    after.admitted.extend(ticket.filter(|_| may_start).cloned());
    may_start
}

/// Wakes all wakers, even if one of them panics.
pub(super) fn wake_all(wakers: Vec<Waker>) {
    let mut panic = None;
    for waker in wakers {
        let result = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        panic = panic.or(result.err());
    }
    if let Some(panic) = panic.filter(|_| !thread::panicking()) {
        resume_unwind(panic);
    }
}
