//! The queue of requests that wait.

use std::collections::VecDeque;

use model_studio_limits::LimitKind;

use crate::Cost;

/// A queue in the order of arrival, from which entries can be cancelled.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// In the order of their IDs.
    entries: VecDeque<Entry>,
    next_id: u64,
    /// The number of cancelled entries, which stay until they reach an end of the queue.
    cancelled: usize,
    /// The total cost of the entries that wait.
    costs: [u128; LimitKind::ALL.len()],
}

#[derive(Debug)]
struct Entry {
    id: u64,
    cost: Cost,
    is_cancelled: bool,
}

impl Queue {
    /// Returns the number of entries that wait.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.cancelled
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds an entry at the end and returns its ID.
    pub(crate) fn push(&mut self, cost: Cost) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.add_cost(&cost);
        self.entries.push_back(Entry {
            id,
            cost,
            is_cancelled: false,
        });
        id
    }

    /// Puts an entry back that was popped, in its place by its ID.
    pub(crate) fn reinsert(&mut self, id: u64, cost: Cost) {
        let index = self.entries.partition_point(|entry| entry.id < id);
        self.add_cost(&cost);
        self.entries.insert(
            index,
            Entry {
                id,
                cost,
                is_cancelled: false,
            },
        );
    }

    /// Returns the entries that wait, in order.
    #[cfg(feature = "redis")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, Cost)> {
        let entries = self.entries.iter().filter(|entry| !entry.is_cancelled);
        entries.map(|entry| (entry.id, entry.cost))
    }

    /// Returns the cost of an entry that waits.
    #[cfg(feature = "redis")]
    pub(crate) fn cost(&self, id: u64) -> Option<Cost> {
        let index = self.entries.binary_search_by_key(&id, |entry| entry.id);
        let entry = &self.entries[index.ok()?];
        (!entry.is_cancelled).then_some(entry.cost)
    }

    /// Returns the first entry.
    pub(crate) fn front(&self) -> Option<(u64, &Cost)> {
        let entry = self.entries.front()?;
        Some((entry.id, &entry.cost))
    }

    /// Removes the first entry.
    pub(crate) fn pop(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.subtract_cost(&entry.cost);
            self.trim();
        }
    }

    /// Removes an entry. Returns `false` if it is not in the queue.
    pub(crate) fn cancel(&mut self, id: u64) -> bool {
        let Ok(index) = self.entries.binary_search_by_key(&id, |entry| entry.id) else {
            return false;
        };
        let entry = &mut self.entries[index];
        if entry.is_cancelled {
            return false;
        }
        entry.is_cancelled = true;
        let cost = entry.cost;
        self.cancelled += 1;
        self.subtract_cost(&cost);
        self.trim();
        true
    }

    /// Returns the total amount of a kind that waits.
    pub(crate) fn amount(&self, kind: LimitKind) -> u128 {
        self.costs[kind.index()]
    }

    /// Removes cancelled entries at both ends, and all if they are the majority. An entry is moved
    /// at most once for each cancelled one, so this takes constant time on average.
    fn trim(&mut self) {
        while self.entries.front().is_some_and(|entry| entry.is_cancelled) {
            self.entries.pop_front();
            self.cancelled -= 1;
        }
        while self.entries.back().is_some_and(|entry| entry.is_cancelled) {
            self.entries.pop_back();
            self.cancelled -= 1;
        }
        if self.cancelled > self.entries.len() / 2 {
            self.entries.retain(|entry| !entry.is_cancelled);
            self.cancelled = 0;
        }
        // Frees the memory of a long queue.
        if self.entries.is_empty() && self.entries.capacity() > 64 {
            self.entries = VecDeque::new();
        }
    }

    fn add_cost(&mut self, cost: &Cost) {
        for kind in LimitKind::ALL {
            self.costs[kind.index()] += u128::from(cost.amount(*kind));
        }
    }

    fn subtract_cost(&mut self, cost: &Cost) {
        for kind in LimitKind::ALL {
            self.costs[kind.index()] -= u128::from(cost.amount(*kind));
        }
    }
}
