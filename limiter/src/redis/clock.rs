//! What a process knows about the time of the store.

use crate::time::{Nanos, StoreTime, Time};

/// Converts between the time of the limiter and that of the store, and measures round trips.
#[derive(Debug)]
pub(super) struct StoreClock {
    /// A time of the limiter, and the store's time then, which can be too early by up to the last
    /// round trip.
    known: (Time, StoreTime),
    /// A moving average of the duration of a call. Zero before the first one.
    round_trip: Nanos,
    last_round_trip: Nanos,
    /// What the store adds to the time of its server, because that has gone back.
    offset: u64,
}

impl StoreClock {
    pub(super) fn new(now: Time) -> Self {
        Self {
            known: (now, StoreTime(0)),
            round_trip: Nanos::ZERO,
            last_round_trip: Nanos::ZERO,
            offset: 0,
        }
    }

    /// Updates the clock with the time in a reply. Returns `true` if the server's clock has stepped
    /// back.
    pub(super) fn replied(
        &mut self,
        store_now: StoreTime,
        offset: u64,
        sent_at: Time,
        now: Time,
    ) -> bool {
        // The latest possible relation, so that requests start late rather than early.
        self.known = (now, store_now);
        self.last_round_trip = now.since(sent_at);
        self.round_trip = match self.round_trip {
            Nanos::ZERO => self.last_round_trip,
            // One long round trip, such as of a suspended process, must not make late requests
            // acceptable.
            Nanos(average) => Nanos((average * 7 + self.last_round_trip.0.min(4 * average)) / 8),
        };
        let has_stepped = offset != self.offset;
        self.offset = offset;
        has_stepped
    }

    /// Returns the time of the store at a time of the limiter.
    pub(super) fn store_at(&self, at: Time) -> StoreTime {
        let (local, store) = self.known;
        let ahead = at.since(local).as_micros();
        let behind = local.since(at).as_micros();
        StoreTime(store.0.saturating_add(ahead).saturating_sub(behind))
    }

    /// Returns the time of the limiter at a time of the store.
    pub(super) fn local_at(&self, at: StoreTime) -> Time {
        let (local, store) = self.known;
        let ahead = Nanos(at.0.saturating_sub(store.0).saturating_mul(1_000));
        let behind = Nanos(store.0.saturating_sub(at.0).saturating_mul(1_000));
        local + ahead - behind
    }

    /// Returns an upper bound for how late it is for a time of the store. The store can be ahead of
    /// the known time by the last round trip.
    pub(super) fn lateness(&self, at: StoreTime, now: Time) -> Nanos {
        let latest_now = self.store_at(now + self.last_round_trip);
        Nanos(latest_now.0.saturating_sub(at.0).saturating_mul(1_000))
    }

    pub(super) fn round_trip(&self) -> Nanos {
        self.round_trip
    }
}
