//! How quickly the rate of requests may rise, as learned from refusals. All rates are fractions of
//! the full pace.
//!
//! Some providers refuse requests below all limits if their number rises too quickly. The rule is
//! not published, and it moves. So this assumes only that a rule compares the present rate with an
//! earlier one: the rate may exceed the average of the last minute by a fraction, and a low rate is
//! always accepted. Both are learned. They fall with each refusal, and rise slowly while requests
//! are held back and accepted. If a rate always exceeds its average by a fraction of 0.2, it grows
//! by a factor of 1.5 per minute; with 0.4 by 2, and with 1.6 by 10.
//!
//! If limits are replaced, the fractions stay, so what was learned applies to the new full pace in
//! proportion. Refusals correct that.
//!
//! A constant rate is not held back, because the fraction is never 0. Neither is a limiter of which
//! no rise was ever refused.

use crate::quota::history::{Minute, Seconds, excess};
use crate::time::{Nanos, Time};

/// What is left of what was learned after a refusal, and at least after many.
const LESS: f64 = 0.7;
const LEAST_REST: f64 = 0.5;

/// The number of requests that must be sent after each refusal before more is tried, and the most of
/// them. So at most about one in this number is refused.
const DEBT: f64 = 50.0;
const MAX_DEBT: f64 = 500.0;

/// The number of requests that must then be held back to make up for a refusal, and the seconds in
/// which what was learned rises by at most a factor of e, because a rule can be about the number of
/// requests in a minute.
const REQUESTS: f64 = 60.0;
const TIME: f64 = 60.0;

/// The same after an idle time.
const FIRST_REQUESTS: f64 = 30.0;
const FIRST_TIME: f64 = 30.0;

/// The bounds of the fraction by which the rate may exceed the average of the last minute. With the
/// upper one, the rate grows by a factor of 8,000 per minute.
const MIN_EXCESS: f64 = 0.2;
const MAX_EXCESS: f64 = 8.0;

/// This fraction after the first refusals, at most.
const FIRST_EXCESS: f64 = 0.5;

/// The rate that is assumed to be always accepted if the first refusals did not follow an idle time.
const FIRST_FLOOR: f64 = 0.1;

/// The lowest rate that is assumed to be always accepted: a request in this time, and at least this
/// fraction of the full pace.
const MAX_INTERVAL: Nanos = Nanos::from_millis(5_000);
const MIN_FLOOR: f64 = 1e-6;

/// Refusals within this time after a reaction are due to the same cause.
const EVENT: Nanos = Nanos::from_millis(1_500);

/// The rate has risen if that of the last ten seconds exceeds the average by this factor.
const RISE: f64 = 1.2;
const RECENT: Nanos = Nanos::from_millis(10_000);

/// In constant use, so much time can pass without a request and is made up for later, so that
/// requests that arrive at random are not held back.
const CREDIT: Nanos = Nanos::from_millis(10_000);

/// The longest time for which a single request can hold back the next ones.
const MAX_DELAY: Nanos = Nanos::from_millis(60_000);

/// What was learned about the provider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Learned {
    /// The rate that is accepted even after an idle time.
    floor: f64,
    /// By how much the rate may exceed the average of the last minute, as a fraction of it.
    excess: f64,
}

/// Holds back requests if their rate would rise more quickly than the provider accepts.
#[derive(Debug)]
pub(crate) struct Rise {
    /// `None` until a rise is refused.
    learned: Option<Learned>,
    /// The average rate of the last minute, and the slot in which it was computed.
    average: f64,
    averaged_at: Time,
    /// The time of the last request.
    last_at: Time,
    /// The time at which the allowed rate would have admitted what was sent.
    used_until: Time,
    /// The time of the last reaction. Refusals of earlier requests do not count again.
    reacted_at: Time,
    /// The number of requests that must be sent before more is tried.
    debt: f64,
    /// The time of the last one that has lowered the rate.
    explained_at: Time,
}

impl Rise {
    pub(crate) fn new() -> Self {
        Self {
            learned: None,
            average: 0.0,
            averaged_at: Time::MIN,
            last_at: Time::MIN,
            used_until: Time::MIN,
            reacted_at: Time::MIN,
            explained_at: Time::MIN,
            debt: 0.0,
        }
    }

    /// Returns what was learned, for a new quota.
    pub(crate) fn renewed(&self) -> Self {
        Self {
            learned: self.learned,
            debt: self.debt,
            ..Self::new()
        }
    }

    /// Returns `true` if a rise was refused.
    pub(crate) fn has_learned(&self) -> bool {
        self.learned.is_some()
    }

    /// Returns `true` if the next request has to wait longer than at full pace.
    #[inline]
    pub(crate) fn holds_back(&self, now: Time) -> bool {
        now < self.used_until
    }

    /// Returns the rate that is allowed.
    pub(crate) fn allowed(&self, minute: &Minute, now: Time) -> f64 {
        let learned = self.learned.as_ref();
        learned.map_or(1.0, |learned| learned.allowed(self.average(minute, now)))
    }

    /// Counts an admitted request that delays the next one at full pace. The history includes it.
    #[inline]
    pub(crate) fn admitted(&mut self, at: Time, delay: Nanos, minute: &Minute) {
        if let Some(learned) = self.learned {
            self.learned = Some(self.hold_back(learned, at, delay, minute));
        }
    }

    /// Forgets a request that was not sent.
    pub(crate) fn taken_back(&mut self, at: Time, delay: Nanos, minute: &Minute) {
        self.used_until = self.used_until - delay_at(self.allowed(minute, at), delay);
    }

    /// Learns from the refusal of a request because of a sudden rise.
    pub(crate) fn refused(
        &mut self,
        admitted_at: Time,
        now: Time,
        seconds: &Seconds,
        minute: &Minute,
    ) {
        self.debt = (self.debt + DEBT).min(MAX_DEBT);
        let start = Seconds::slot_from(self.reacted_at);
        if admitted_at < start {
            return;
        }
        let average = average(minute, now);
        let recent = minute.since(now - RECENT, now);
        let has_risen = recent.delay().as_secs_f64() > average * RISE * RECENT.as_secs_f64();
        let part = refused_part(seconds, start, now);
        let is_sudden = has_risen && part > 0.0;
        let accepted = recent.accepted_delay().as_secs_f64() / RECENT.as_secs_f64();
        let learned = match self.learned {
            Some(learned) if is_sudden || self.holds_back(admitted_at) => {
                learned.less(average, part)
            }
            None if is_sudden => Learned::new(accepted, average),
            _ => return,
        };
        let least = recent.mean_delay().as_secs_f64() / MAX_INTERVAL.as_secs_f64();
        let learned = Learned {
            floor: learned.floor.max(least).clamp(MIN_FLOOR, 1.0),
            ..learned
        };
        if self
            .learned
            .is_none_or(|before| learned.allowed(average) < before.allowed(average))
        {
            self.explained_at = now;
        }
        self.learned = Some(learned);
        self.reacted_at = now;
    }

    /// Notes that nothing is sent before a time. What could have been sent is no credit.
    pub(crate) fn paused(&mut self, until: Time) {
        self.used_until = self.used_until.max(until);
    }

    /// Returns `true` if this has just reacted to refusals, so that nothing else has to.
    pub(crate) fn explains(&self, now: Time) -> bool {
        self.learned.is_some() && now.since(self.explained_at) <= EVENT
    }

    #[cold]
    fn hold_back(
        &mut self,
        mut learned: Learned,
        at: Time,
        delay: Nanos,
        minute: &Minute,
    ) -> Learned {
        self.average = self.average(minute, at);
        self.averaged_at = Minute::slot_start(at);
        let allowed = learned.allowed(self.average);
        self.debt = (self.debt - 1.0).max(0.0);
        if allowed < 1.0 && self.holds_back(at) && self.debt <= 0.0 {
            learned = learned.more(self.average, at.since(self.last_at));
        }
        self.last_at = at;
        // After an idle time, there is no credit.
        let credit = CREDIT.as_secs_f64() * (self.average / allowed).min(1.0);
        let start = self.used_until.max(at - Nanos::from_secs_f64(credit));
        let used_until = start + delay_at(allowed, delay);
        self.used_until = used_until.min(at + MAX_DELAY);
        learned
    }

    /// Returns the average rate of the last minute, which is computed once for each slot.
    fn average(&self, minute: &Minute, now: Time) -> f64 {
        if Minute::slot_start(now) == self.averaged_at {
            self.average
        } else {
            average(minute, now)
        }
    }
}

impl Learned {
    /// Learns from the first refusals. `accepted` is the rate of the last ten seconds.
    fn new(accepted: f64, average: f64) -> Self {
        if average < accepted / 2.0 {
            return Self {
                floor: accepted,
                excess: FIRST_EXCESS,
            };
        }
        Self {
            floor: accepted.min(FIRST_FLOOR),
            excess: (accepted / average - 1.0).clamp(MIN_EXCESS, FIRST_EXCESS),
        }
    }

    fn allowed(&self, average: f64) -> f64 {
        self.floor.max(self.risen(average)).min(1.0)
    }

    /// Returns the rate to which an average may rise.
    fn risen(&self, average: f64) -> f64 {
        (1.0 + self.excess) * average
    }

    /// Returns what is left after a refusal. `part` is the fraction of requests that were refused.
    fn less(self, average: f64, part: f64) -> Self {
        let rest = (1.0 - part).max(LEAST_REST);
        // For a minute after an idle time, both can be the reason.
        let floor = if self.floor > average {
            self.floor * LESS.min(rest)
        } else {
            self.floor
        };
        let excess = if self.floor > self.risen(average) {
            self.excess
        } else {
            let excess = (self.excess * LESS).min((1.0 + self.excess) * rest - 1.0);
            excess.max(MIN_EXCESS)
        };
        Self { floor, excess }
    }

    /// Returns what may be tried after a request was held back. Time has passed since the last one.
    fn more(self, average: f64, passed: Nanos) -> Self {
        let passed = passed.as_secs_f64();
        let more =
            |requests: f64, time: f64| 1.0 + (passed / time).min((1.0 / LESS - 1.0) / requests);
        if self.floor <= self.risen(average) {
            let excess = (self.excess * more(REQUESTS, TIME)).min(MAX_EXCESS);
            Self { excess, ..self }
        } else if average < self.floor / 6.0 {
            // Within 10 seconds after an idle time.
            let floor = self.floor * more(FIRST_REQUESTS, FIRST_TIME);
            Self { floor, ..self }
        } else {
            self
        }
    }
}

/// Returns the average rate of what was accepted in the last minute.
fn average(minute: &Minute, now: Time) -> f64 {
    minute.last_minute(now).accepted_delay().as_secs_f64() / Nanos::MINUTE.as_secs_f64()
}

/// Returns the fraction of the latest requests that were refused, or 0 if that can be by chance.
fn refused_part(seconds: &Seconds, start: Time, now: Time) -> f64 {
    let stretches = seconds.stretches(start, now);
    let parts = stretches.filter_map(|stretch| {
        let (refused, all) = (stretch.counts.throttled, stretch.counts.admitted);
        let are_most = refused >= 2 && refused >= all - all / 4;
        if are_most {
            Some(1.0)
        } else {
            excess(refused, all)
        }
    });
    parts.max_by(f64::total_cmp).unwrap_or_default()
}

/// Returns how long a request delays the next one at a rate.
fn delay_at(rate: f64, delay: Nanos) -> Nanos {
    Nanos::from_secs_f64(delay.as_secs_f64() / rate)
}
