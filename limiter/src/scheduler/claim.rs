//! What the places of one request in several queues share.

use std::fmt;
use std::mem;
use std::sync::{Arc, Weak};
use std::task::{Wake, Waker};

use crate::clock::Ring;
use crate::sync::{Mutex, MutexGuard};
use crate::time::Time;

/// The right to admit a request that waits in several queues. Only one limiter can have it.
///
/// A limiter takes it while it holds its own lock, at the moment at which it would admit the
/// request, or when a store has admitted it for a later time. If another one has it, the limiter removes the request from its queue instead, and
/// counts nothing. The lock of a claim is taken after that of a limiter, never before it.
#[derive(Debug)]
pub(crate) struct Claim(Mutex<ClaimState>);

#[derive(Debug)]
struct ClaimState {
    owner: Owner,
    /// Wakes the task of the request.
    waker: Waker,
    /// By the index of the candidate.
    places: Vec<Option<Place>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Nobody,
    /// The candidate with this index has admitted the request.
    Candidate(usize),
    /// The request was cancelled.
    Cancelled,
}

/// A place in the queue of a limiter.
#[derive(Clone, Debug)]
struct Place {
    limiter: Weak<dyn Queued>,
    id: u64,
}

impl Claim {
    /// Creates a claim that nobody has, for a number of candidates.
    pub(crate) fn new(candidates: usize, waker: Waker) -> Self {
        Self(Mutex::new(ClaimState {
            owner: Owner::Nobody,
            waker,
            places: vec![None; candidates],
        }))
    }

    /// Returns the index of the candidate that has admitted the request.
    pub(crate) fn owner(&self) -> Option<usize> {
        match self.0.lock().owner {
            Owner::Candidate(index) => Some(index),
            Owner::Nobody | Owner::Cancelled => None,
        }
    }

    /// Returns the ID of the last place of a candidate.
    pub(crate) fn id(&self, index: usize) -> Option<u64> {
        self.0.lock().places[index].as_ref().map(|place| place.id)
    }

    /// Keeps every limiter from admitting the request from now on.
    pub(crate) fn cancel(&self) {
        self.0.lock().owner = Owner::Cancelled;
    }

    pub(crate) fn set_waker(&self, waker: &Waker) {
        self.replace_waker(waker.clone());
    }

    /// Wakes the task of the request, once for each time at which it sets a waker.
    fn wake_task(&self) {
        self.replace_waker(Waker::noop().clone()).wake();
    }

    /// Wakers run foreign code when they are cloned or dropped, so neither happens under the lock.
    fn replace_waker(&self, waker: Waker) -> Waker {
        mem::replace(&mut self.0.lock().waker, waker)
    }
}

/// Lets the claim stand for the task in each queue, so that a task changes its waker in one place.
impl Wake for Claim {
    fn wake(self: Arc<Self>) {
        self.wake_task();
    }
}

impl Ring for Claim {
    /// Wakes the task at the end of its patience.
    fn ring(self: Arc<Self>, _: Time) {
        self.wake_task();
    }
}

/// The claim of a request, as one of its candidates has it.
#[derive(Clone, Debug)]
pub(super) struct Ticket {
    pub(super) claim: Arc<Claim>,
    pub(super) index: usize,
}

impl Ticket {
    /// Takes the claim. Returns `false` if the request must not start here.
    pub(super) fn take(&self) -> bool {
        let mut claim = self.lock();
        if claim.owner == Owner::Nobody {
            claim.owner = Owner::Candidate(self.index);
        }
        claim.owner == Owner::Candidate(self.index)
    }

    /// Gives the claim up, because the request goes back to its queue or fails.
    pub(super) fn give_up(&self) {
        let mut claim = self.lock();
        if claim.owner == Owner::Candidate(self.index) {
            claim.owner = Owner::Nobody;
        }
    }

    /// Returns `true` if another candidate has admitted the request.
    pub(super) fn is_lost(&self) -> bool {
        let owner = self.lock().owner;
        matches!(owner, Owner::Candidate(index) if index != self.index)
    }

    /// Notes a new place. Returns `false` if it is too late.
    pub(super) fn add_place(&self, limiter: Weak<dyn Queued>, id: u64) -> bool {
        let mut claim = self.lock();
        let is_waiting = claim.owner == Owner::Nobody;
        if is_waiting {
            claim.places[self.index] = Some(Place { limiter, id });
        }
        is_waiting
    }

    fn lock(&self) -> MutexGuard<'_, ClaimState> {
        self.claim.0.lock()
    }

    /// Returns the other places of the request, each with its ticket.
    fn others(&self) -> Vec<(Place, Self)> {
        let claim = self.lock();
        let places = claim.places.iter().enumerate();
        let others = places.filter(|(index, _)| *index != self.index);
        let others = others.filter_map(|(index, place)| {
            let claim = Arc::clone(&self.claim);
            Some((place.clone()?, Self { claim, index }))
        });
        others.collect()
    }
}

/// A limiter, as another one uses it that has admitted one of its requests.
pub(super) trait Queued: Send + Sync {
    /// Removes a request from the queue, if another limiter has admitted it. Adds what follows to
    /// `after`.
    fn leave(self: Arc<Self>, ticket: &Ticket, id: u64, after: &mut AfterUnlock);
}

impl fmt::Debug for dyn Queued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queued").finish_non_exhaustive()
    }
}

/// What to do after a lock is released.
#[derive(Debug, Default)]
pub(super) struct AfterUnlock {
    pub(super) wakers: Vec<Waker>,
    /// Requests that were admitted, and have to leave the other queues.
    pub(super) admitted: Vec<Ticket>,
    /// Requests that have left the queue. They have claims with wakers, which must not be dropped
    /// under the lock.
    pub(super) left: Vec<Ticket>,
}

impl AfterUnlock {
    /// Removes the admitted requests from the other queues. What that admits is removed too.
    pub(super) fn leave_others(&mut self) {
        while let Some(ticket) = self.admitted.pop() {
            for (place, ticket) in ticket.others() {
                if let Some(limiter) = place.limiter.upgrade() {
                    limiter.leave(&ticket, place.id, self);
                }
            }
        }
    }
}
