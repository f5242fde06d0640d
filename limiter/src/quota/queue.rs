//! The queue of waiting requests.

use std::collections::BTreeMap;

use model_studio_limits::LimitKind;

use super::request::Request;
use crate::cost::Total;

/// A queue in the order of arrival, from which any request can be removed.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// By ID. IDs are in the order of arrival.
    requests: BTreeMap<u64, Request>,
    next_id: u64,
    /// The total cost of the requests.
    costs: Total,
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Adds a request at the end and returns its ID.
    pub(crate) fn push(&mut self, request: Request) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.insert(id, request);
        id
    }

    /// Inserts a request at the place of its ID, after it was removed.
    pub(crate) fn insert(&mut self, id: u64, request: Request) {
        self.costs.add(&request.cost);
        self.requests.insert(id, request);
    }

    /// Returns the requests in order.
    #[cfg(feature = "redis")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, Request)> {
        self.requests.iter().map(|(id, request)| (*id, *request))
    }

    /// Returns a request.
    #[cfg(feature = "redis")]
    pub(crate) fn get(&self, id: u64) -> Option<Request> {
        self.requests.get(&id).copied()
    }

    /// Returns the first request.
    pub(crate) fn front(&self) -> Option<(u64, &Request)> {
        let (id, request) = self.requests.first_key_value()?;
        Some((*id, request))
    }

    /// Removes a request and returns it.
    pub(crate) fn remove(&mut self, id: u64) -> Option<Request> {
        let request = self.requests.remove(&id)?;
        self.costs.remove(&request.cost);
        Some(request)
    }

    /// Returns the total amount of a kind that the requests need.
    pub(crate) fn amount(&self, kind: LimitKind) -> u128 {
        self.costs.amount(kind)
    }
}
