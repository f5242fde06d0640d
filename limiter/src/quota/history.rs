//! Counts requests and their outcomes, by the time at which they were admitted.

use crate::time::{Nanos, Time};

/// The number of slots of a history, a power of two.
const SLOTS: usize = 64;
const COUNT: u64 = SLOTS as u64;

/// The last 9 seconds in slots of 134 ms, to react quickly to many requests.
pub(crate) type Seconds = History<27>;

/// The last 69 seconds in slots of 1.07 s, to notice what happens to few requests.
pub(crate) type Minute = History<30>;

/// The largest fraction of requests that providers normally refuse although there is room.
const NORMAL: f64 = 0.02;

/// The outcomes of the requests that were admitted in a stretch of time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// All requests, including those in flight.
    pub(crate) admitted: u32,
    /// Those that exceeded a limit.
    pub(crate) throttled: u32,
    /// Those for which the provider lacked capacity.
    pub(crate) failed: u32,
    /// The sum of the delays that all requests caused at full pace, in units of `2^DELAY_SHIFT` ns.
    delay: u32,
}

/// With this unit, a slot has room for delays of 18 minutes.
const DELAY_SHIFT: u32 = 8;

impl Counts {
    /// Counts a refused request: one that failed for a lack of capacity, or one that was throttled.
    pub(crate) fn refused(&mut self, is_failure: bool) {
        let refused = if is_failure {
            &mut self.failed
        } else {
            &mut self.throttled
        };
        *refused = refused.saturating_add(1);
    }

    fn add(&mut self, other: Self) {
        self.admitted = self.admitted.saturating_add(other.admitted);
        self.throttled = self.throttled.saturating_add(other.throttled);
        self.failed = self.failed.saturating_add(other.failed);
        self.delay = self.delay.saturating_add(other.delay);
    }

    /// Returns the number of requests that were not refused.
    pub(crate) fn accepted(&self) -> u32 {
        let refused = self.throttled.saturating_add(self.failed);
        self.admitted.saturating_sub(refused)
    }

    /// Returns the sum of the delays of all requests.
    pub(crate) fn delay(&self) -> Nanos {
        Nanos(u64::from(self.delay) << DELAY_SHIFT)
    }

    /// Returns the average delay of a request.
    pub(crate) fn mean_delay(&self) -> Nanos {
        Nanos(self.delay().0 / u64::from(self.admitted.max(1)))
    }

    /// Returns the sum of the delays of the requests that were not refused. All delays are assumed
    /// to be equal, because only their sum is known.
    pub(crate) fn accepted_delay(&self) -> Nanos {
        Nanos(self.mean_delay().0 * u64::from(self.accepted()))
    }
}

/// The requests of successive slots.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stretch {
    pub(crate) counts: Counts,
    /// The length of the slots together.
    pub(crate) time: Nanos,
}

/// The counts of the last 64 slots. A slot takes `2^SHIFT` ns.
#[derive(Debug)]
pub(crate) struct History<const SHIFT: u32> {
    slots: [Counts; SLOTS],
    /// The number of the newest slot.
    newest: u64,
}

impl<const SHIFT: u32> History<SHIFT> {
    /// The length of a slot.
    pub(crate) const SLOT: Nanos = Nanos(1 << SHIFT);

    pub(crate) fn new(now: Time) -> Self {
        Self {
            slots: [Counts::default(); SLOTS],
            newest: now.0 >> SHIFT,
        }
    }

    /// Counts an admitted request that delays the next one at full pace.
    #[inline]
    pub(crate) fn admitted(&mut self, at: Time, delay: Nanos) {
        self.advance(at);
        if let Some(counts) = self.at(at) {
            counts.admitted = counts.admitted.saturating_add(1);
            counts.delay = counts.delay.saturating_add(units(delay));
        }
    }

    /// Forgets a request that was not sent.
    pub(crate) fn taken_back(&mut self, at: Time, delay: Nanos) {
        if let Some(counts) = self.at(at) {
            counts.admitted = counts.admitted.saturating_sub(1);
            counts.delay = counts.delay.saturating_sub(units(delay));
        }
    }

    /// Returns the counts of the slot of a time, unless it is too old.
    #[inline]
    pub(crate) fn at(&mut self, at: Time) -> Option<&mut Counts> {
        let slot = at.0 >> SHIFT;
        (slot <= self.newest && slot + COUNT > self.newest).then(|| &mut self.slots[index(slot)])
    }

    /// Forgets the slots that are too old at a time.
    #[inline]
    fn advance(&mut self, now: Time) {
        let slot = now.0 >> SHIFT;
        if slot > self.newest {
            self.clear_until(slot);
        }
    }

    /// Returns the start of the slot of a time.
    pub(crate) fn slot_start(at: Time) -> Time {
        Time((at.0 >> SHIFT) << SHIFT)
    }

    /// Returns the start of the first slot that is not before a time.
    pub(crate) fn slot_from(at: Time) -> Time {
        Self::slot_start(at + (Self::SLOT - Nanos(1)))
    }

    /// Returns the stretches that end with the slot of `last`, from the shortest to the one that
    /// begins with the slot of `first`.
    pub(crate) fn stretches(&self, first: Time, last: Time) -> impl Iterator<Item = Stretch> {
        let oldest = (first.0 >> SHIFT).max((self.newest + 1).saturating_sub(COUNT));
        let last = (last.0 >> SHIFT).min(self.newest);
        (oldest..=last).rev().scan(Stretch::default(), |sum, slot| {
            sum.counts.add(self.slots[index(slot)]);
            sum.time = sum.time + Self::SLOT;
            Some(*sum)
        })
    }

    /// Returns the counts of the slots from that of `first` to that of `last`.
    pub(crate) fn since(&self, first: Time, last: Time) -> Counts {
        let all = self.stretches(first, last).last();
        all.unwrap_or_default().counts
    }

    #[cold]
    fn clear_until(&mut self, slot: u64) {
        // After a long time, every slot is cleared only once.
        let first = (self.newest + 1).max(slot.saturating_sub(COUNT - 1));
        for cleared in first..=slot {
            self.slots[index(cleared)] = Counts::default();
        }
        self.newest = slot;
    }
}

impl Minute {
    /// Returns the counts of the last minute.
    pub(crate) fn last_minute(&self, now: Time) -> Counts {
        self.since(now - Nanos::MINUTE, now)
    }
}

/// Returns the fraction of requests that were refused, if that is more than by chance.
pub(crate) fn excess(refused: u32, all: u32) -> Option<f64> {
    let (refused, all) = (f64::from(refused), f64::from(all.max(1)));
    let normal = all * NORMAL;
    // Three standard deviations above the normal number.
    let is_significant = refused > normal + 3.0 * normal.sqrt() + 1.0;
    is_significant.then(|| (refused / all).min(1.0))
}

fn units(delay: Nanos) -> u32 {
    u32::try_from(delay.0 >> DELAY_SHIFT).unwrap_or(u32::MAX)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "only the low bits are used"
)]
fn index(slot: u64) -> usize {
    slot as usize & (SLOTS - 1)
}

#[cfg(test)]
mod tests {
    use super::History;
    use crate::time::{Nanos, Time};

    /// Slots of 16 ns.
    type Short = History<4>;

    #[test]
    fn stretches_end_at_a_time_and_begin_at_another() {
        let mut history = Short::new(Time(0));
        for at in [0, 15, 16, 40, 41, 70] {
            history.admitted(Time(at), Nanos(256));
        }
        let admitted = |first, last| -> Vec<u32> {
            let stretches = history.stretches(Time(first), Time(last));
            stretches.map(|stretch| stretch.counts.admitted).collect()
        };
        assert_eq!(admitted(0, 70), [1, 1, 3, 4, 6]);
        assert_eq!(admitted(16, 47), [2, 3]);
        assert!(admitted(48, 47).is_empty());
        assert_eq!(
            history.stretches(Time(0), Time(70)).last().unwrap().time,
            Nanos(80)
        );
    }

    #[test]
    fn refused_requests_are_not_accepted() {
        let mut history = Short::new(Time(0));
        for _ in 0..4 {
            history.admitted(Time(5), Nanos(1_024));
        }
        history.at(Time(5)).unwrap().refused(false);
        history.taken_back(Time(5), Nanos(1_024));
        let counts = history.since(Time(0), Time(5));
        assert_eq!(counts.accepted(), 2);
        assert_eq!(counts.accepted_delay(), Nanos(2 * 1_024));
    }

    fn remembered(history: &Short) -> u32 {
        let all = history.stretches(Time::MIN, Time::NEVER).last();
        all.unwrap().counts.admitted
    }

    #[test]
    fn old_slots_are_forgotten() {
        let mut history = Short::new(Time(0));
        history.admitted(Time(0), Nanos::ZERO);
        history.admitted(Time(63 * 16), Nanos::ZERO);
        assert!(history.at(Time(0)).is_some());
        history.admitted(Time(64 * 16), Nanos::ZERO);
        assert!(history.at(Time(0)).is_none());
        assert_eq!(remembered(&history), 2);
        history.admitted(Time(1_000_000), Nanos::ZERO);
        assert_eq!(remembered(&history), 1);
    }
}
