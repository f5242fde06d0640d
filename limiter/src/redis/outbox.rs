//! What the store does not know yet, and when it is sent.

use std::mem;

use model_studio_limits::LimitKind;

use super::protocol::{Correction, Lease};
use crate::Cost;
use crate::cost::CONCURRENCY;
use crate::time::{Nanos, Time};

/// The largest number of corrections, and of tasks that have ended, of a call. A long call would keep
/// the server from others.
pub(super) const MAX_CHANGES: usize = 512;

/// How long changes wait for a call that is made anyway.
const DELAY: Nanos = Nanos::from_millis(20);

/// How long after a call the next one is made, if requests of this process run. The store forgets
/// them after three times as long.
const RENEWAL: Nanos = Nanos(10 * Nanos::SECOND.0);

/// What the store does not know yet.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    corrections: Vec<Correction>,
    /// Tasks that have ended.
    ended: Vec<Lease>,
    pause: Pause,
    /// What runs in this process, except for tasks that the store has admitted.
    held: Held,
    /// What the store knows of `held`.
    stated: Held,
    /// Whether there are limits on concurrency.
    counts_running: bool,
    /// Whether limits were replaced, so that the store does not know them.
    has_new_limits: bool,
    /// When to send, if there is something.
    due: Option<Time>,
    /// When to state again what runs.
    renew_at: Option<Time>,
}

/// The change of a pause. A pause that was set before the last end of a pause is void.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pause {
    /// Whether an earlier pause ends.
    pub(super) resumes: bool,
    pub(super) until: Option<Time>,
}

/// Amounts of the kinds of concurrency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Held([u64; CONCURRENCY.len()]);

/// What one call sends.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) corrections: Vec<Correction>,
    pub(super) ended: Vec<Lease>,
    pub(super) pause: Pause,
    pub(super) held: Held,
}

impl Held {
    /// Returns the amount of a kind.
    pub(super) fn amount(&self, kind: LimitKind) -> u64 {
        let mut amounts = CONCURRENCY.into_iter().zip(self.0);
        let found = amounts.find(|(other, _)| *other == kind);
        found.map_or(0, |(_, amount)| amount)
    }

    fn add(&mut self, cost: &Cost) {
        for (amount, kind) in self.0.iter_mut().zip(CONCURRENCY) {
            *amount = amount.saturating_add(cost.amount(kind));
        }
    }

    fn remove(&mut self, cost: &Cost) {
        for (amount, kind) in self.0.iter_mut().zip(CONCURRENCY) {
            *amount = amount.saturating_sub(cost.amount(kind));
        }
    }
}

impl Outbox {
    /// Notes a change of what a request costs.
    pub(super) fn correct(&mut self, correction: Correction, now: Time) {
        self.corrections.push(correction);
        self.send_soon(now);
    }

    /// Notes that a task has ended.
    pub(super) fn end_task(&mut self, lease: Lease, now: Time) {
        self.ended.push(lease);
        self.send_soon(now);
    }

    /// Notes that a request has started to occupy what it does while it runs. `is_known` is `true`
    /// if the store has admitted it.
    pub(super) fn hold(&mut self, cost: &Cost, is_known: bool) {
        self.held.add(cost);
        if is_known {
            self.stated.add(cost);
        }
    }

    /// Notes that a request has ended.
    pub(super) fn release(&mut self, cost: &Cost, now: Time) {
        self.held.remove(cost);
        self.send_soon(now);
    }

    pub(super) fn pause_until(&mut self, until: Time, now: Time) {
        self.pause.until = self.pause.until.max(Some(until));
        self.send_at(now);
    }

    pub(super) fn resume(&mut self, now: Time) {
        self.pause = Pause {
            resumes: true,
            until: None,
        };
        self.send_at(now);
    }

    /// Returns the change of the pause that the store does not know.
    pub(super) fn pause(&self) -> Pause {
        self.pause
    }

    pub(super) fn replace_limits(&mut self, counts_running: bool) {
        self.has_new_limits = true;
        self.counts_running = counts_running;
    }

    /// Returns `true` if limits were replaced since the last call was made.
    pub(super) fn has_new_limits(&self) -> bool {
        self.has_new_limits
    }

    /// Returns when to call for this, if there is something.
    pub(super) fn due(&self) -> Option<Time> {
        self.due.into_iter().chain(self.renew_at).min()
    }

    /// Sends at a time or earlier, if there is something.
    pub(super) fn send_at(&mut self, at: Time) {
        if !self.is_empty() {
            self.due = Some(self.due.map_or(at, |earlier| earlier.min(at)));
        }
    }

    pub(super) fn send_soon(&mut self, now: Time) {
        self.send_at(now + DELAY);
    }

    /// Returns `true` if the store knows everything.
    pub(super) fn is_empty(&self) -> bool {
        self.corrections.is_empty()
            && self.ended.is_empty()
            && !self.pause.resumes
            && self.pause.until.is_none()
            && (self.held == self.stated || !self.counts_running)
    }

    /// Returns the number of calls that it takes to send everything.
    pub(super) fn calls(&self) -> u64 {
        let changes = self.corrections.len().max(self.ended.len());
        let calls = changes.div_ceil(MAX_CHANGES) as u64;
        calls.max(u64::from(!self.is_empty()))
    }

    /// Returns what the next call sends, with at most this number of changes of each kind.
    pub(super) fn take(&mut self, most: usize, now: Time) -> Parcel {
        let (corrections, ended) = (self.corrections.len(), self.ended.len());
        self.has_new_limits = false;
        self.stated = self.held;
        self.due = None;
        self.renew(now);
        Parcel {
            corrections: self.corrections.drain(..corrections.min(most)).collect(),
            ended: self.ended.drain(..ended.min(most)).collect(),
            pause: mem::take(&mut self.pause),
            held: self.held,
        }
    }

    /// Plans the next calls after a reply.
    pub(super) fn replied(&mut self, now: Time) {
        self.send_soon(now);
        self.renew(now);
    }

    fn renew(&mut self, now: Time) {
        let is_running = self.counts_running && self.held != Held::default();
        self.renew_at = is_running.then(|| now + RENEWAL);
    }
}
