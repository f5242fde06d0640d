//! Alarms in the order of their times.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Instant;

use crate::Alarm;

#[derive(Debug, Default)]
pub(crate) struct Alarms(BinaryHeap<Entry>);

impl Alarms {
    pub(crate) fn push(&mut self, at: Instant, alarm: Alarm) {
        self.0.push(Entry { at, alarm });
    }

    /// Returns the time of the next alarm.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.0.peek().map(|entry| entry.at)
    }

    /// Removes the next alarm if its time is not after `now`.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(Instant, Alarm)> {
        if self.next_at()? > now {
            return None;
        }
        self.0.pop().map(|entry| (entry.at, entry.alarm))
    }
}

#[derive(Debug)]
struct Entry {
    at: Instant,
    alarm: Alarm,
}

/// The earliest entry is the greatest, because the heap returns the greatest first.
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.cmp(&self.at)
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Entry {}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}
