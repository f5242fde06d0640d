//! The queue of requests that wait.

use std::collections::BTreeMap;

use model_studio_limits::LimitKind;

use super::grant::Request;
use crate::cost::Total;

/// A queue in the order of arrival, from which any entry can be removed.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// By their IDs, which are in the order of arrival.
    entries: BTreeMap<u64, Request>,
    next_id: u64,
    /// The total cost of the entries.
    costs: Total,
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds an entry at the end and returns its ID.
    pub(crate) fn push(&mut self, request: Request) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.insert(id, request);
        id
    }

    /// Inserts an entry at the place of its ID, such as one that was removed before.
    pub(crate) fn insert(&mut self, id: u64, request: Request) {
        self.costs.add(&request.cost);
        self.entries.insert(id, request);
    }

    /// Returns the entries in order.
    #[cfg(feature = "redis")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, Request)> {
        self.entries.iter().map(|(id, request)| (*id, *request))
    }

    /// Returns an entry.
    #[cfg(feature = "redis")]
    pub(crate) fn get(&self, id: u64) -> Option<Request> {
        self.entries.get(&id).copied()
    }

    /// Returns the first entry.
    pub(crate) fn front(&self) -> Option<(u64, &Request)> {
        let (id, request) = self.entries.first_key_value()?;
        Some((*id, request))
    }

    /// Removes an entry and returns it.
    pub(crate) fn remove(&mut self, id: u64) -> Option<Request> {
        let request = self.entries.remove(&id)?;
        self.costs.remove(&request.cost);
        Some(request)
    }

    /// Returns the total amount of a kind that waits.
    pub(crate) fn amount(&self, kind: LimitKind) -> u128 {
        self.costs.amount(kind)
    }
}
