//! Alarms in the order of their times.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use crate::Alarm;

/// The alarms of a clock.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    /// By time and address of the limiter.
    queue: BTreeMap<(Instant, usize), Alarm>,
    /// The time of each limiter's next alarm, by address.
    times: HashMap<usize, Instant>,
    /// The number of alarms that were left when those of dropped limiters were last removed.
    purged_len: usize,
}

impl Alarms {
    /// Adds an alarm, which replaces a later one of the same limiter. An earlier one is kept too,
    /// because the new alarm may come from a runtime that has ended.
    pub(crate) fn push(&mut self, at: Instant, alarm: Alarm) {
        if self.queue.len() > 2 * self.purged_len + 64 {
            self.purge();
        }
        let limiter = alarm.limiter_address();
        let first = self.times.entry(limiter).or_insert(at);
        if at < *first {
            self.queue.remove(&(*first, limiter));
            *first = at;
        }
        self.queue.insert((at, limiter), alarm);
    }

    /// Returns the time of the next alarm.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// Removes the next alarm if its time is not after `now`.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(Instant, Alarm)> {
        if self.next_at()? > now {
            return None;
        }
        let ((at, limiter), alarm) = self.queue.pop_first()?;
        if self.times.get(&limiter) == Some(&at) {
            self.times.remove(&limiter);
        }
        Some((at, alarm))
    }

    /// Removes the alarms of dropped limiters, which may be far in the future.
    fn purge(&mut self) {
        let times = &mut self.times;
        self.queue.retain(|(_, limiter), alarm| {
            let is_needed = alarm.is_needed();
            if !is_needed {
                times.remove(limiter);
            }
            is_needed
        });
        self.purged_len = self.queue.len();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Alarms;
    use crate::time::Time;
    use crate::{Alarm, Limiter};

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn a_limiter_has_one_alarm() {
        let (limiter, now) = (Limiter::new([]), Instant::now());
        let mut alarms = Alarms::default();
        for hours in (1..=24).rev() {
            let alarm = Alarm::new(&limiter.shared, Time::START);
            alarms.push(now + hours * DAY / 24, alarm);
        }
        assert_eq!(alarms.queue.len(), 1);
        assert_eq!(alarms.next_at(), Some(now + DAY / 24));
        assert!(alarms.pop_due(now).is_none());
        assert!(alarms.pop_due(now + DAY).is_some());
        assert!(alarms.times.is_empty());
    }

    #[test]
    fn a_later_alarm_does_not_replace_an_earlier_one() {
        let (limiter, now) = (Limiter::new([]), Instant::now());
        let mut alarms = Alarms::default();
        for days in [1, 2] {
            let alarm = Alarm::new(&limiter.shared, Time::START);
            alarms.push(now + days * DAY, alarm);
        }
        for days in [1, 2] {
            assert!(alarms.pop_due(now + days * DAY).is_some());
        }
        assert!(alarms.times.is_empty());
    }

    #[test]
    fn alarms_of_dropped_limiters_do_not_pile_up() {
        let now = Instant::now();
        let mut alarms = Alarms::default();
        let kept = Limiter::new([]);
        alarms.push(now + DAY, Alarm::new(&kept.shared, Time::START));
        for _ in 0..10_000 {
            let limiter = Limiter::new([]);
            alarms.push(now + DAY, Alarm::new(&limiter.shared, Time::START));
        }
        assert!(alarms.queue.len() <= 100, "{} alarms", alarms.queue.len());
        assert!(alarms.times.contains_key(&alarms_key(&kept)));
    }

    fn alarms_key(limiter: &Limiter) -> usize {
        Alarm::new(&limiter.shared, Time::START).limiter_address()
    }
}
