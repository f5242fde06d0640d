//! The calls that wait for a permit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// The calls that wait for a permit, in the order in which they have arrived.
#[derive(Debug, Default)]
pub(crate) struct WaitingCalls(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    next: u64,
    calls: BTreeMap<u64, WaitingCall>,
}

/// A call that waits for a permit.
#[derive(Clone, Debug)]
pub(crate) struct WaitingCall {
    pub(crate) model: Arc<str>,
    pub(crate) class: Arc<str>,
    pub(crate) since: Instant,
}

/// The place of a call among those that wait. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    calls: &'a WaitingCalls,
    number: u64,
}

impl WaitingCalls {
    /// Adds a call, unless `max` calls are waiting.
    pub(crate) fn add(&self, model: &Arc<str>, class: &Arc<str>, max: usize) -> Option<Place<'_>> {
        let call = WaitingCall {
            model: Arc::clone(model),
            class: Arc::clone(class),
            since: Instant::now(),
        };
        let mut state = self.state();
        if state.calls.len() >= max {
            return None;
        }
        let number = state.next;
        state.next += 1;
        state.calls.insert(number, call);
        Some(Place {
            calls: self,
            number,
        })
    }

    /// Returns the calls, the oldest first.
    pub(crate) fn all(&self) -> Vec<WaitingCall> {
        self.state().calls.values().cloned().collect()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.calls.state().calls.remove(&self.number);
    }
}
