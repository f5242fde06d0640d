//! The changes that the store does not know yet, and when they are sent.

use std::mem;

use model_studio_limits::LimitKind;

use super::protocol::{Correction, Lease};
use crate::Cost;
use crate::cost::CONCURRENCY;
use crate::time::{Nanos, Time};

/// The maximum number of corrections and of ended tasks in a call. A longer call would block the
/// server for other processes.
pub(super) const MAX_CHANGES: usize = 512;

/// How long changes wait, in case a call for other reasons can include them.
const DELAY: Nanos = Nanos::from_millis(20);

/// How long after a call the next one follows while requests of this process are running. The store
/// forgets them after three times as long.
const RENEWAL: Nanos = Nanos(10 * Nanos::SECOND.0);

/// The changes that the store does not know yet.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    corrections: Vec<Correction>,
    /// Tasks that have ended.
    ended: Vec<Lease>,
    pause: Pause,
    /// What this process holds.
    held: Held,
    /// What the store knows of `held`.
    stated: Held,
    /// Whether there are limits on concurrency.
    counts_running: bool,
    /// Whether the limits were replaced and the store does not know the new ones.
    has_new_limits: bool,
    /// When to send the changes, if there are any.
    due: Option<Time>,
    /// When to state `held` again.
    renew_at: Option<Time>,
}

/// A change of the pause: whether to end the current one, and then until when to pause.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pause {
    pub(super) resumes: bool,
    pub(super) until: Option<Time>,
}

/// What a process holds of the limits on concurrency: its running requests, except for tasks that
/// the store has admitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Held([u64; CONCURRENCY.len()]);

/// The changes that one call sends.
#[derive(Debug)]
pub(super) struct Changes {
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
    /// Adds a change of a request's cost.
    pub(super) fn correct(&mut self, correction: Correction, now: Time) {
        self.corrections.push(correction);
        self.send_soon(now);
    }

    /// Adds a task that has ended.
    pub(super) fn end_task(&mut self, lease: Lease, now: Time) {
        self.ended.push(lease);
        self.send_soon(now);
    }

    /// Adds a running request to what this process holds. `is_known` is `true` if the store has
    /// admitted it.
    pub(super) fn hold(&mut self, cost: &Cost, is_known: bool) {
        self.held.add(cost);
        if is_known {
            self.stated.add(cost);
        }
    }

    /// Removes a request that has ended from what this process holds.
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

    /// Returns the change of the pause that the store does not know yet.
    pub(super) fn pause(&self) -> Pause {
        self.pause
    }

    pub(super) fn replace_limits(&mut self, counts_running: bool) {
        self.has_new_limits = true;
        self.counts_running = counts_running;
    }

    /// Returns `true` if the limits were replaced since the last call was made.
    pub(super) fn has_new_limits(&self) -> bool {
        self.has_new_limits
    }

    /// Returns when to call for these changes, if there are any.
    pub(super) fn due(&self) -> Option<Time> {
        self.due.into_iter().chain(self.renew_at).min()
    }

    /// Sends the changes at a time or earlier, if there are any.
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

    /// Returns the number of calls that are needed to send everything.
    pub(super) fn calls(&self) -> u64 {
        let changes = self.corrections.len().max(self.ended.len());
        let calls = changes.div_ceil(MAX_CHANGES) as u64;
        calls.max(u64::from(!self.is_empty()))
    }

    /// Takes the changes for the next call, at most this number of each kind.
    pub(super) fn take(&mut self, most: usize, now: Time) -> Changes {
        let (corrections, ended) = (self.corrections.len(), self.ended.len());
        self.has_new_limits = false;
        self.stated = self.held;
        self.due = None;
        self.renew(now);
        Changes {
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
