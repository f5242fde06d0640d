//! When there is room for a request.

use model_studio_limits::LimitKind;

use super::LimitSet;
use crate::Cost;
use crate::class::Headroom;
use crate::quota::pace::Pace;
use crate::time::{Nanos, Time};

impl LimitSet {
    /// Returns the first time from `from` on at which a request may be sent that leaves a headroom.
    /// Returns `None` if only a change can make room for it.
    pub(crate) fn ready_at(&self, from: Time, cost: &Cost, left: Headroom) -> Option<Time> {
        let paced_until = self.paced_until(true).max(self.paced_until(false));
        self.room_at(from.max(paced_until), cost, left)
    }

    /// Returns the first time from `from` on at which there is room for a request, whether or not
    /// the paces are ready. Returns `None` if only a change can make room for it.
    pub(crate) fn room_at(&self, from: Time, cost: &Cost, left: Headroom) -> Option<Time> {
        let rates = self.rates.iter();
        let room_at = rates.map(|rate| rate.ledger.room_at(self.needed(rate, cost, left), 0));
        let at = room_at.max().unwrap_or(Time::MIN).max(from);
        // If waiting is not enough, the end of a request is needed.
        if at == Time::NEVER || !self.has_free_concurrency(cost) {
            return self.next_abandoned();
        }
        Some(at)
    }

    /// Returns the time until which the paces of the kinds that are measured, or of the others, are
    /// not ready.
    pub(crate) fn paced_until(&self, measured: bool) -> Time {
        let rates = self.rates.iter();
        let rates = rates.filter(|rate| rate.limit.kind.is_measured() == measured);
        let paces = rates.filter_map(|rate| rate.pace.as_ref());
        let ready_at = paces.map(Pace::ready_at);
        ready_at.max().unwrap_or(Time::MIN)
    }

    /// Returns the time at which a request can be sent after `ahead` of each kind, if the known
    /// costs stay as they are.
    pub(crate) fn expected_at(&self, ahead: impl Fn(LimitKind) -> u128, cost: &Cost) -> Time {
        let at = self.rates.iter().map(|rate| {
            let ahead = ahead(rate.limit.kind);
            rate.room_after(ahead, cost, 0)
                .max(rate.ready_after(ahead, 0))
        });
        at.max().unwrap_or(Time::MIN).max(self.next_end(cost))
    }

    /// Returns a lower bound for the time at which a request can be sent after `ahead` of each kind,
    /// and which may pass what the paces of measured kinds wait for.
    ///
    /// The amounts of running and waiting requests do not count, because they are estimates: any of
    /// them could still be settled with 0.
    pub(crate) fn lower_bound(
        &self,
        ahead: impl Fn(LimitKind) -> u128,
        passes: bool,
        cost: &Cost,
    ) -> Time {
        let at = self.rates.iter().map(|rate| {
            let kind = rate.limit.kind;
            if !kind.is_measured() {
                let ahead = ahead(kind);
                return rate
                    .room_after(ahead, cost, 0)
                    .max(rate.ready_after(ahead, 0));
            }
            let given_back = self.unsettled.amount(kind);
            let room_at = rate.room_after(0, cost, given_back);
            if passes {
                room_at
            } else {
                room_at.max(rate.ready_after(0, given_back))
            }
        });
        at.max().unwrap_or(Time::MIN).max(self.next_end(cost))
    }

    /// Returns `true` if all paces are ready.
    pub(crate) fn is_ready(&self) -> bool {
        self.rates.iter().all(|rate| rate.is_ready(self.now))
    }

    /// Returns the largest part of a limit that a request needs.
    pub(crate) fn largest_part(&self, cost: &Cost) -> f64 {
        let parts = self.rates.iter().map(|rate| rate.part(cost));
        parts.fold(0.0, f64::max)
    }

    /// Returns the windows of the limits that have a pace.
    pub(crate) fn paced_windows(&self) -> impl Iterator<Item = Nanos> {
        let paced = self.rates.iter().filter(|rate| rate.pace.is_some());
        paced.map(|rate| rate.limit.per.unwrap_or_default().into())
    }

    /// Returns `true` if limits on concurrency have room for a request.
    #[inline]
    pub(crate) fn has_free_concurrency(&self, cost: &Cost) -> bool {
        self.concurrency.iter().all(|concurrency| {
            let kind = concurrency.limit.kind;
            let running = self.running[kind.index()].saturating_add(cost.amount(kind));
            running <= concurrency.allowed
        })
    }

    /// Returns a lower bound for the time at which a running request ends, if a request has to wait
    /// for that.
    fn next_end(&self, cost: &Cost) -> Time {
        // Any of them can end now, except for abandoned tasks.
        let only_abandoned = self.in_flight == self.abandoned.len() as u64;
        if only_abandoned && !self.has_free_concurrency(cost) {
            self.next_abandoned().unwrap_or(Time::NEVER)
        } else {
            Time::MIN
        }
    }

    /// Returns the time at which the first abandoned task stops counting as running, if there is
    /// one.
    fn next_abandoned(&self) -> Option<Time> {
        let expiries = self.abandoned.iter().map(|(until, _)| *until);
        expiries.min().filter(|until| *until != Time::NEVER)
    }
}
