//! The limiter's side of calls to a store.

use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use super::Shared;
use super::claim::AfterUnlock;
use super::waiters::{LimiterState, may_start, wake_all};
use crate::AcquireError;
use crate::redis::{Call, Reply, Signal, StoreError};
use crate::time::Time;

impl Shared {
    /// Sets the signal that wakes the task that calls the store.
    pub(crate) fn with_signal(mut self, signal: Arc<Signal>) -> Self {
        self.calls = Some(signal);
        self
    }

    /// Returns the next call to the store, or how long to wait for it. Without a time, only a
    /// change leads to a call.
    pub(crate) fn next_call(&self) -> Result<Call, Option<Duration>> {
        let now = self.now();
        let mut state = self.lock();
        let quota = state.gate.stored().ok_or(None)?;
        quota
            .next_call(now)
            .map_err(|at| at.map(|at| at.since(now).into()))
    }

    /// Applies the reply to a call that was sent at a time.
    pub(crate) fn apply(self: &Arc<Self>, call: &Call, reply: &Reply, sent_at: Time) {
        let now = self.now();
        let mut state = self.lock();
        state.store_error = None;
        let mut after = AfterUnlock {
            wakers: mem::take(&mut state.flushes),
            ..AfterUnlock::default()
        };
        let LimiterState { gate, waiters, .. } = &mut *state;
        let Some(quota) = gate.stored() else {
            return;
        };
        let lost = quota.apply(call, reply, sent_at, now, &mut |id| {
            may_start(waiters, id, &mut after)
        });
        for id in lost {
            state.leave(id, &mut after);
        }
        self.admit_and_leave(state, now, after);
    }

    /// Handles the failure of a call that will be repeated.
    pub(crate) fn store_failed(self: &Arc<Self>, error: StoreError) {
        let now = self.now();
        let mut state = self.lock();
        if let Some(quota) = state.gate.stored() {
            quota.store_failed(now);
        }
        state.store_error = Some(error);
        self.admit_and_wake(state, now, Vec::new());
    }

    /// Fails all waiting requests, because the store can never admit them.
    pub(crate) fn store_refused(self: &Arc<Self>, error: &StoreError) {
        let mut state = self.lock();
        let mut wakers = Vec::new();
        if let Some(quota) = state.gate.stored() {
            for id in quota.give_up() {
                let outcome = Err(AcquireError::Store(error.clone()));
                wakers.extend(state.decide(id, outcome));
            }
        }
        state.store_error = Some(error.clone());
        wakers.append(&mut state.flushes);
        drop(state);
        wake_all(wakers);
    }

    /// Returns `true` if the store knows everything that had happened at the first poll, when
    /// `needed` was `None`. Otherwise, a call follows soon, after which the waker is woken.
    pub(crate) fn poll_flush(self: &Arc<Self>, needed: &mut Option<u64>, waker: &Waker) -> bool {
        let waker = waker.clone();
        let now = self.now();
        let mut state = self.lock();
        let is_flushed = state.gate.stored().is_none_or(|quota| {
            // It does not wait for later changes, which may never end.
            let calls = quota.flush(now);
            quota.ended_calls() >= *needed.get_or_insert(calls)
        });
        if !is_flushed {
            state.flushes.push(waker);
            drop(state);
            self.notify_store();
        }
        is_flushed
    }
}

/// Ends the task that calls the store, after a last call.
impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(calls) = &self.calls {
            let now = self.now();
            let mut state = self.lock();
            let last = state.gate.stored().and_then(|quota| quota.last_call(now));
            drop(state);
            calls.end(last);
        }
    }
}
