//! The queue of requests that wait.

use std::collections::BTreeMap;

use model_studio_limits::LimitKind;

use crate::Cost;

/// A queue in the order of arrival, from which any entry can be removed.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// The cost of each entry, by its ID. IDs are in the order of arrival.
    entries: BTreeMap<u64, Cost>,
    next_id: u64,
    /// The total cost of the entries, by the position of the kind.
    costs: [u128; LimitKind::ALL.len()],
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds an entry at the end and returns its ID.
    pub(crate) fn push(&mut self, cost: Cost) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.insert(id, cost);
        id
    }

    /// Inserts an entry at the place of its ID, such as one that was removed before.
    pub(crate) fn insert(&mut self, id: u64, cost: Cost) {
        for kind in LimitKind::ALL {
            self.costs[kind.index()] += u128::from(cost.amount(*kind));
        }
        self.entries.insert(id, cost);
    }

    /// Returns the entries in order.
    #[cfg(feature = "redis")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, Cost)> {
        self.entries.iter().map(|(id, cost)| (*id, *cost))
    }

    /// Returns the cost of an entry.
    #[cfg(feature = "redis")]
    pub(crate) fn cost(&self, id: u64) -> Option<Cost> {
        self.entries.get(&id).copied()
    }

    /// Returns the first entry.
    pub(crate) fn front(&self) -> Option<(u64, &Cost)> {
        let (id, cost) = self.entries.first_key_value()?;
        Some((*id, cost))
    }

    /// Removes an entry and returns its cost.
    pub(crate) fn remove(&mut self, id: u64) -> Option<Cost> {
        let cost = self.entries.remove(&id)?;
        for kind in LimitKind::ALL {
            self.costs[kind.index()] -= u128::from(cost.amount(*kind));
        }
        Some(cost)
    }

    /// Returns the total amount of a kind that waits.
    pub(crate) fn amount(&self, kind: LimitKind) -> u128 {
        self.costs[kind.index()]
    }
}
