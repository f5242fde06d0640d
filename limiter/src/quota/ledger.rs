//! A ledger counts the amounts that were used within the window of a limit.

use crate::time::{Nanos, Time};

/// Counts amounts by the time at which they were taken, and forgets them when they have left the
/// window of the limit.
///
/// Time is divided into slots. A ring holds the amount of each slot of the last `span`, which is
/// the window plus a guard. An amount is forgotten up to one slot late, but never early.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    limit: u64,
    /// The length of a slot, in nanoseconds.
    slot: u64,
    /// The amount of each slot. The length is a power of two.
    ring: Box<[u64]>,
    /// The number of the current slot, and the time at which it ends.
    current: u64,
    current_end: Time,
    /// The sum of `ring`.
    used: u128,
}

impl Ledger {
    /// Creates an empty ledger with `2^bits` slots, where `bits` is at least 1.
    pub(crate) fn new(limit: u64, span: Nanos, bits: u32, now: Time) -> Self {
        let len = 1_usize << bits;
        // One slot is spare, because an amount at the end of a slot expires one span after that.
        let slot = span.0.div_ceil(len as u64 - 1).max(1);
        let current = now.0 / slot;
        Self {
            limit,
            slot,
            ring: vec![0; len].into_boxed_slice(),
            current,
            current_end: start_of(current.saturating_add(1), slot),
            used: 0,
        }
    }

    /// Forgets the amounts of expired slots, and returns the time at which the next slot can
    /// expire. `now` must not go back.
    pub(crate) fn advance(&mut self, now: Time) -> Time {
        if now < self.current_end {
            return self.current_end;
        }
        let target = now.0 / self.slot;
        let len = self.ring.len() as u64;
        // After a long time, every slot is cleared only once.
        self.current = self.current.max(target.saturating_sub(len));
        while self.current < target {
            self.current += 1;
            if self.used > 0 {
                let index = self.index(self.current);
                self.used -= u128::from(self.ring[index]);
                self.ring[index] = 0;
            }
        }
        self.current_end = start_of(target.saturating_add(1), self.slot);
        self.current_end
    }

    /// Returns `true` if the amount can be taken now.
    pub(crate) fn has_room(&self, amount: u128) -> bool {
        self.used + amount <= u128::from(self.limit)
    }

    /// Returns the earliest time at which the amount can be taken, if another amount is given back
    /// now and nothing else changes. Returns [`Time::NEVER`] if waiting is not enough.
    pub(crate) fn room_at(&self, amount: u128, given_back: u128) -> Time {
        let needed = (self.used + amount).saturating_sub(u128::from(self.limit) + given_back);
        if needed == 0 {
            return Time::MIN;
        }
        let len = self.ring.len() as u64;
        let oldest = self.current.saturating_sub(len - 1);
        let (newer, older) = self.ring.split_at(self.index(oldest));
        let mut freed = 0;
        let position = older.iter().chain(newer).position(|amount| {
            freed += u128::from(*amount);
            freed >= needed
        });
        match position {
            Some(position) => start_of(
                oldest.saturating_add(position as u64).saturating_add(len),
                self.slot,
            ),
            None => Time::NEVER,
        }
    }

    /// Takes an amount at the current time, whether or not there is room.
    pub(crate) fn take(&mut self, amount: u64) {
        self.add(self.current, amount);
    }

    /// Changes an amount that was taken at a time in the past. If that time has expired, a decrease
    /// has no effect, and an increase is taken at the current time.
    pub(crate) fn change(&mut self, at: Time, from: u64, to: u64) {
        let slot = at.0 / self.slot;
        let expired = !self.remembers(at);
        if to >= from {
            let slot = if expired { self.current } else { slot };
            self.add(slot, to - from);
        } else if !expired {
            let index = self.index(slot);
            let removed = (from - to).min(self.ring[index]);
            self.ring[index] -= removed;
            self.used -= u128::from(removed);
        }
    }

    /// Returns `true` if amounts that were taken at a time have not expired.
    pub(crate) fn remembers(&self, at: Time) -> bool {
        (at.0 / self.slot).saturating_add(self.ring.len() as u64) > self.current
    }

    /// Returns the amount in use. It exceeds the limit if requests cost more than estimated.
    pub(crate) fn used(&self) -> u128 {
        self.used
    }

    /// Takes over the amounts of another ledger. If its slots have another length, each amount
    /// moves to the end of its slot, so that it is not forgotten early.
    pub(crate) fn copy_from(&mut self, other: &Self, now: Time) {
        if (self.slot, self.ring.len()) == (other.slot, other.ring.len()) {
            let limit = self.limit;
            self.clone_from(other);
            self.limit = limit;
            return;
        }
        let len = other.ring.len() as u64;
        for slot in other.current.saturating_sub(len - 1)..=other.current {
            let last = start_of(slot.saturating_add(1), other.slot) - Nanos(1);
            let target = last.min(now);
            if self.remembers(target) {
                self.add(target.0 / self.slot, other.ring[other.index(slot)]);
            }
        }
    }

    fn add(&mut self, slot: u64, amount: u64) {
        let index = self.index(slot);
        let before = self.ring[index];
        self.ring[index] = before.saturating_add(amount);
        self.used += u128::from(self.ring[index] - before);
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "only the low bits are used"
    )]
    fn index(&self, slot: u64) -> usize {
        slot as usize & (self.ring.len() - 1)
    }
}

/// Returns the time at which a slot starts.
fn start_of(slot: u64, length: u64) -> Time {
    Time(slot.saturating_mul(length))
}

#[cfg(test)]
mod tests {
    use super::Ledger;
    use crate::time::{Nanos, Time};

    #[test]
    fn an_amount_expires_after_the_span_and_at_most_one_slot_later() {
        for taken_at in [0_u64, 1, 9, 10, 11, 99, 1_000, 1_234] {
            let mut ledger = Ledger::new(5, Nanos(105), 4, Time(taken_at));
            ledger.take(5);
            let Time(room_at) = ledger.room_at(1, 0);
            assert!(
                (taken_at + 105..=taken_at + 112).contains(&room_at),
                "{taken_at} {room_at}"
            );
            ledger.advance(Time(room_at - 1));
            assert_eq!(ledger.used(), 5);
            ledger.advance(Time(room_at));
            assert_eq!(ledger.used(), 0);
        }
    }

    #[test]
    fn a_refund_of_an_expired_amount_is_void_and_a_debt_is_taken_now() {
        let mut ledger = Ledger::new(100, Nanos(100), 4, Time(0));
        ledger.take(50);
        ledger.change(Time(0), 50, 20);
        assert_eq!(ledger.used(), 20);
        ledger.advance(Time(200));
        ledger.take(7);
        ledger.change(Time(0), 20, 0);
        assert_eq!(ledger.used(), 7);
        ledger.change(Time(0), 20, 30);
        assert_eq!(ledger.used(), 17);
        assert_eq!(ledger.room_at(84, 0), Time(308));
    }

    #[test]
    fn a_ledger_works_until_the_end_of_time() {
        let mut ledger = Ledger::new(1, Nanos(1), 4, Time(0));
        ledger.advance(Time::NEVER);
        ledger.take(1);
        assert_eq!(ledger.room_at(1, 0), Time::NEVER);
        let mut longer = Ledger::new(1, Nanos(100), 4, Time::NEVER);
        longer.copy_from(&ledger, Time::NEVER);
        assert_eq!(longer.used(), 1);
    }

    #[test]
    fn amounts_saturate() {
        let mut ledger = Ledger::new(u64::MAX, Nanos(100), 4, Time(0));
        ledger.take(u64::MAX);
        ledger.change(Time(0), 0, u64::MAX);
        assert_eq!(ledger.used(), u128::from(u64::MAX));
        ledger.advance(Time::NEVER);
        assert_eq!(ledger.used(), 0);
        assert!(ledger.has_room(u128::from(u64::MAX)));
    }
}
