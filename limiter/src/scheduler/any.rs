//! Requests that wait in the queues of several limiters.

use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::Duration;

use super::Shared;
use super::claim::{AfterUnlock, Claim, Queued, Ticket};
use super::waiters::Waiter;
use crate::quota::request::{Grant, Request};
use crate::time::Time;
use crate::{AcquireError, Alarm};

/// What a limiter says to a request before it waits.
pub(crate) enum Offer {
    /// It was admitted.
    Granted(Grant),
    /// It has to wait, and is expected to be admitted after this time.
    Expected(Duration),
}

/// Since when a request waits, and its deadline, in the time of one limiter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub(crate) since: Time,
    pub(crate) deadline: Option<Time>,
}

impl Shared {
    /// Starts to wait, without a place in the queue.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> Wait {
        let since = self.now();
        let deadline = timeout.map(|timeout| since + timeout.into());
        Wait { since, deadline }
    }

    /// Admits a request if it is next, or returns when it would be admitted.
    pub(crate) fn offer(
        self: &Arc<Self>,
        request: &Request,
        wait: Wait,
    ) -> Result<Offer, AcquireError> {
        let now = wait.since;
        let mut state = self.lock();
        if let Some(grant) = self.admit_now(&mut state, request, wait.deadline, now)? {
            return Ok(Offer::Granted(grant));
        }
        let expected_at = state.gate.expected_at(request);
        Ok(Offer::Expected(expected_at.since(now).into()))
    }

    /// Returns the time after which a request that is added now is expected to be admitted.
    pub(crate) fn expected_wait(&self, request: &Request) -> Duration {
        let now = self.now();
        self.lock().gate.expected_at(request).since(now).into()
    }

    /// Adds a request to the queue, unless it has a place there or another limiter has admitted it.
    /// Returns an error if it cannot be admitted here any more.
    pub(crate) fn join(
        self: &Arc<Self>,
        claim: &Arc<Claim>,
        index: usize,
        request: &Request,
        wait: Wait,
    ) -> Result<(), AcquireError> {
        let ticket = Ticket {
            claim: Arc::clone(claim),
            index,
        };
        let now = self.now();
        let mut state = self.lock();
        if let Some(id) = claim.id(index) {
            match state.waiters.get(&id).map(|waiter| &waiter.outcome) {
                Some(Some(Err(error))) => {
                    let error = error.clone();
                    let waiter = state.remove_waiter(id);
                    drop(state);
                    drop(waiter);
                    return Err(error);
                }
                Some(_) => return Ok(()),
                None => {}
            }
        }
        let id = state.gate.enqueue(request.clone())?;
        let limiter: Weak<Self> = Arc::downgrade(self);
        if !ticket.add_place(limiter, id) {
            state.gate.cancel(id, &request.class);
            return Ok(());
        }
        let waker = Waker::from(Arc::clone(claim));
        let waiter = Waiter {
            ticket: Some(ticket),
            ..Waiter::new(&request.class, wait.since, wait.deadline, waker)
        };
        state.add_waiter(id, waiter);
        self.admit_and_wake(state, now, Vec::new());
        Ok(())
    }

    /// Rings an alarm of a claim at a time, to wake the task of its request.
    pub(crate) fn wake_at(&self, claim: &Arc<Claim>, at: Time) {
        self.clock
            .schedule(self.instant_at(at), Alarm::new(claim, at));
    }
}

impl Queued for Shared {
    fn leave(self: Arc<Self>, ticket: &Ticket, id: u64, after: &mut AfterUnlock) {
        let now = self.now();
        let mut state = self.lock();
        // It may wait here again, because the one that has admitted it was late.
        if !ticket.is_lost() {
            return;
        }
        let Some(waiter) = state.remove_waiter(id) else {
            return;
        };
        if waiter.outcome.is_none() {
            state.gate.cancel(id, &waiter.class);
        }
        self.admit(state, now, after);
        // It is dropped after the lock is released, with its waker.
        drop(waiter);
    }
}
