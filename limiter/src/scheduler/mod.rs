//! The state that limiters, permits and futures share: which requests are waiting, and when the
//! next one is woken.

mod any;
mod claim;
#[cfg(feature = "redis")]
mod store_calls;
mod waiters;

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::clock::Ring;
use crate::gate::Gate;
use crate::quota::request::{CountedAt, Grant, Rejection, Request};
#[cfg(feature = "redis")]
use crate::redis::Signal;
use crate::sync::{Mutex, MutexGuard};
use crate::time::{Nanos, Time};
use crate::{AcquireError, Alarm, Clock, events};
pub(crate) use any::{Offer, Wait};
use claim::AfterUnlock;
pub(crate) use claim::Claim;
pub(crate) use waiters::LimiterState;
use waiters::{Waiter, wake_all};

/// The outcome of a new request.
pub(crate) enum Admission {
    /// It was admitted.
    Granted(Grant),
    /// It is waiting, with this ID in the queue.
    Queued(u64),
}

/// The state that limiters, permits and futures share.
///
/// One mutex protects all of it. Foreign code, such as wakers, runs only after the mutex is
/// released, except for the clock.
pub(crate) struct Shared {
    clock: Arc<dyn Clock>,
    /// The start of the limiter's time.
    start: Instant,
    state: Mutex<LimiterState>,
    /// Wakes the task that calls the store.
    #[cfg(feature = "redis")]
    calls: Option<Arc<Signal>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(clock: Arc<dyn Clock>, gate: Gate) -> Self {
        Self {
            start: clock.now(),
            clock,
            state: Mutex::new(LimiterState::new(gate)),
            #[cfg(feature = "redis")]
            calls: None,
        }
    }

    #[inline]
    pub(crate) fn now(&self) -> Time {
        self.time_at(self.clock.now())
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, LimiterState> {
        self.state.lock()
    }

    #[inline]
    pub(crate) fn try_acquire(self: &Arc<Self>, request: Request) -> Result<Grant, AcquireError> {
        let now = self.now();
        let mut state = self.lock();
        match state.gate.try_acquire(&request, now) {
            Ok(counted_at) => {
                // Those of other classes may start earlier now.
                if state.gate.has_waiters() {
                    self.schedule(&mut state);
                }
                Ok(grant(counted_at, None, request))
            }
            Err(Rejection::TooLarge(error)) => Err(AcquireError::TooLarge(error)),
            Err(Rejection::Paused(until)) => Err(self.paused(until)),
            Err(Rejection::NotYet) => {
                let at = state.gate.expected_at(&request);
                // If the request waits for the end of another one, the time is not known. A loop
                // that retries at this time must not spin.
                let at = at.max(now + Nanos::from_millis(1));
                let at = self.instant_at(at);
                Err(AcquireError::NotYet { at })
            }
            #[cfg(feature = "redis")]
            Err(Rejection::AskStore) => Err(AcquireError::AskStore),
        }
    }

    /// Admits a request or adds it to the queue.
    pub(crate) fn acquire_or_enqueue(
        self: &Arc<Self>,
        request: &Request,
        timeout: Option<Duration>,
        waker: &Waker,
    ) -> Result<Admission, AcquireError> {
        let waker = waker.clone();
        let now = self.now();
        let deadline = timeout.map(|timeout| now + timeout.into());
        let mut state = self.lock();
        if let Some(grant) = self.admit_now(&mut state, request, deadline, now)? {
            return Ok(Admission::Granted(grant));
        }
        let id = state.gate.enqueue(request.clone())?;
        state.add_waiter(id, Waiter::new(&request.class, now, deadline, waker));
        self.schedule(&mut state);
        self.notify_store();
        Ok(Admission::Queued(id))
    }

    /// Returns the outcome of a request in the queue, or `None` while it is waiting.
    pub(crate) fn poll_waiter(
        self: &Arc<Self>,
        id: u64,
        request: &Request,
        waker: &Waker,
    ) -> Option<Result<Grant, AcquireError>> {
        // Wakers run foreign code when they are cloned or dropped, so neither happens under the
        // lock.
        let mut waker = waker.clone();
        let now = self.now();
        let mut state = self.lock();
        let waiter = state.waiters.get_mut(&id)?;
        let Some(outcome) = waiter.outcome.take() else {
            mem::swap(&mut waiter.waker, &mut waker);
            return None;
        };
        let since = waiter.since;
        let mut removed = state.remove_waiter(id);
        let mut grant = match outcome {
            Ok(counted_at) => grant(counted_at, Some(id), request.clone()),
            Err(error) => {
                drop(state);
                drop(removed);
                return Some(Err(error));
            }
        };
        // The request is sent now, which can be later than it was admitted.
        if !state.gate.renew(id, &mut grant, now) {
            if let Some(mut waiter) = removed.take() {
                // Other limiters may admit it again.
                if let Some(ticket) = &waiter.ticket {
                    ticket.give_up();
                }
                waiter.waker = waker;
                state.add_waiter(id, waiter);
            }
            self.admit_and_wake(state, now, Vec::new());
            // It may be its turn again at once.
            state = self.lock();
            let outcome = &mut state.waiters.get_mut(&id)?.outcome;
            match outcome.take_if(|outcome| outcome.is_ok()) {
                Some(Ok(counted_at)) => grant.counted_at = counted_at,
                _ => return None,
            }
            removed = state.remove_waiter(id);
        }
        let wait = Duration::from(now.since(since));
        state.waited(&request.class, wait);
        drop(state);
        drop(removed);
        events::waited(wait);
        Some(Ok(grant))
    }

    /// Removes a request from the queue, or from the usage if it was admitted.
    pub(crate) fn cancel_waiter(self: &Arc<Self>, id: u64, request: &Request) {
        // The waiter is dropped after the lock is released, with its waker.
        let _waiter = self.update(|state, shared| {
            let waiter = state.remove_waiter(id)?;
            match waiter.outcome {
                None => state.gate.cancel(id, &request.class),
                Some(Ok(counted_at)) => {
                    let grant = grant(counted_at, Some(id), request.clone());
                    state.gate.take_back(&grant, shared.now());
                }
                Some(Err(_)) => {}
            }
            Some(waiter)
        });
    }

    /// Changes the state, and admits the requests that it then allows.
    pub(crate) fn update<T>(
        self: &Arc<Self>,
        change: impl FnOnce(&mut LimiterState, &Self) -> T,
    ) -> T {
        let mut state = self.lock();
        let result = change(&mut state, self);
        // If no requests are waiting, nothing depends on the time.
        if state.gate.has_waiters() {
            self.admit_and_wake(state, self.now(), Vec::new());
        }
        self.notify_store();
        result
    }

    /// Decides the requests that can be decided, and releases the lock. Then wakes them, and
    /// `wakers`.
    fn admit_and_wake(
        self: &Arc<Self>,
        state: MutexGuard<'_, LimiterState>,
        now: Time,
        wakers: Vec<Waker>,
    ) {
        let after = AfterUnlock {
            wakers,
            ..AfterUnlock::default()
        };
        self.admit_and_leave(state, now, after);
    }

    /// Decides the requests that can be decided, and releases the lock. Then does the rest.
    fn admit_and_leave(
        self: &Arc<Self>,
        state: MutexGuard<'_, LimiterState>,
        now: Time,
        mut after: AfterUnlock,
    ) {
        self.admit(state, now, &mut after);
        after.leave_others();
        wake_all(after.wakers);
    }

    /// Decides the requests that can be decided, and releases the lock.
    fn admit(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, LimiterState>,
        now: Time,
        after: &mut AfterUnlock,
    ) {
        if state.decide_due(now, after) {
            self.schedule(&mut state);
        } else {
            self.schedule_alarm(&mut state, now);
        }
        drop(state);
        self.notify_store();
    }

    /// Admits a request if it is next. Otherwise, it has to wait, or the result is an error if it is
    /// certain that it cannot be admitted before the deadline.
    fn admit_now(
        self: &Arc<Self>,
        state: &mut LimiterState,
        request: &Request,
        deadline: Option<Time>,
        now: Time,
    ) -> Result<Option<Grant>, AcquireError> {
        let rejection = match state.gate.try_acquire(request, now) {
            Ok(counted_at) => {
                // Those of other classes may start earlier now.
                if state.gate.has_waiters() {
                    self.schedule(state);
                }
                return Ok(Some(grant(counted_at, None, request.clone())));
            }
            Err(Rejection::TooLarge(error)) => return Err(error.into()),
            Err(rejection) => rejection,
        };
        if deadline.is_some_and(|deadline| state.gate.lower_bound(request) > deadline) {
            return Err(match rejection {
                Rejection::Paused(until) => self.paused(until),
                _ => AcquireError::Timeout,
            });
        }
        Ok(None)
    }

    /// Schedules an alarm for the next event, unless an earlier one is scheduled.
    fn schedule(self: &Arc<Self>, state: &mut LimiterState) {
        let deadline = state.deadlines.first().map(|(deadline, _)| *deadline);
        if let Some(at) = state.gate.next_event().into_iter().chain(deadline).min() {
            self.schedule_alarm(state, at);
        }
    }

    fn schedule_alarm(self: &Arc<Self>, state: &mut LimiterState, at: Time) {
        if state.alarm.is_none_or(|alarm| at < alarm) {
            state.alarm = Some(at);
            self.clock
                .schedule(self.instant_at(at), Alarm::new(self, at));
        }
    }

    /// Wakes the task that calls the store, so that it checks whether there is something to send.
    #[cfg_attr(
        not(feature = "redis"),
        expect(clippy::unused_self, reason = "there is no store")
    )]
    fn notify_store(&self) {
        #[cfg(feature = "redis")]
        if let Some(calls) = &self.calls {
            calls.notify();
        }
    }

    fn paused(&self, until: Time) -> AcquireError {
        AcquireError::Paused {
            until: self.instant_at(until),
        }
    }

    #[inline]
    pub(crate) fn time_at(&self, instant: Instant) -> Time {
        Time::START + instant.saturating_duration_since(self.start).into()
    }

    /// Returns the time as an `Instant`, or a time in a year if it is too far in the future.
    fn instant_at(&self, at: Time) -> Instant {
        const YEAR: Duration = Duration::from_secs(365 * 86_400);
        let instant = self.start.checked_add(at.since(Time::START).into());
        instant.unwrap_or_else(|| self.clock.now() + YEAR)
    }
}

impl Ring for Shared {
    /// Admits the requests whose time has come.
    fn ring(self: Arc<Self>, at: Time) {
        let now = self.now();
        let mut state = self.lock();
        // It may ring early, and then has to be scheduled again.
        if state.alarm == Some(at) {
            state.alarm = None;
        }
        self.admit_and_wake(state, now, Vec::new());
    }
}

#[inline]
fn grant(counted_at: CountedAt, id: Option<u64>, request: Request) -> Grant {
    Grant {
        counted_at,
        id,
        request,
    }
}
