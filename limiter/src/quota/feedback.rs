//! The reaction to refusals: pauses, and a slower pace.
//!
//! Providers refuse some requests although there is room, so a single refusal changes nothing. What
//! counts is the fraction of recent requests that were refused. A refusal takes milliseconds and an
//! answer takes seconds, so requests are counted by the time at which they were admitted, and those
//! in flight count as accepted.

use std::time::Duration;

use crate::Refusal;
use crate::quota::growth::{Growth, Recovery};
use crate::quota::history::{Minute, Seconds, Stretch, excess};
use crate::quota::rise::Rise;
use crate::time::{Nanos, Time};

/// The first pause. Each further one is twice as long, so that five attempts of one request span 14
/// seconds.
const FIRST_PAUSE: Nanos = Nanos::from_millis(2_000);

/// The longest pause without a `Retry-After`. According to the provider, calls normally succeed
/// again within a minute: <https://www.alibabacloud.com/help/en/model-studio/rate-limit>.
const MAX_PAUSE: Nanos = Nanos::from_millis(60_000);

/// The longest pause if requests were accepted in the last minute. A window that contains them has
/// room again soon.
const MAX_PAUSE_IN_USE: Nanos = Nanos::from_millis(12_000);

/// The longest pause for a `Retry-After`.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);

/// The fraction of a limit that was found to use, to stay a little below it.
const DISTANCE: f64 = 0.97;

/// A reaction leaves at least this fraction of the requests that were not refused. Otherwise, a
/// client that sent few requests would be slowed down too much.
const LEAST_REST: f64 = 0.7;

/// A window is exhausted if at least this fraction of the latest requests was refused.
const EXHAUSTED: f64 = 0.75;

/// It is still exhausted if at least this fraction of all requests after a pause was refused.
const STILL_EXHAUSTED: f64 = 0.5;

/// With fewer requests than this, the last minute shows little about a limit.
const FEW: u32 = 20;

/// How long only few requests are sent after a pause. Most refusals arrive in this time.
const PROBING: Nanos = Nanos::from_millis(500);

/// The number of requests per second in this time.
const PROBES: f64 = 3.0;

/// The longest time for which a refusal is waited for.
const MAX_REFUSAL_TIME: Nanos = Nanos::from_millis(1_000);

/// Reactions within this time are to the same event, such as an exhausted window.
const EVENT: Nanos = Nanos::from_millis(5_000);

/// An idle time of this length shows when the requests of a window began.
const IDLE: Nanos = Nanos::from_millis(5_000);

/// The time that a request takes to reach the provider.
const TRAVEL: Nanos = Nanos::from_millis(200);

/// The recent requests and refusals, and how they have changed the pace.
#[derive(Debug)]
pub(crate) struct Feedback {
    started_at: Time,
    seconds: Seconds,
    minute: Minute,
    growth: Growth,
    recovery: Recovery,
    rise: Rise,
    /// The time of the last reaction to throttling, and to a lack of capacity. Refusals of requests
    /// that were admitted earlier do not count again.
    throttled_at: Time,
    failed_at: Time,
    /// The longest time that recent refusals took.
    refusal_time: Nanos,
    /// The time of the first reaction to the current event, and the pace before it.
    event_at: Time,
    before_event: f64,
    series: Series,
}

/// Successive pauses, between which no request is known to have been accepted.
#[derive(Debug)]
struct Series {
    pauses: u32,
    /// The time at which the first pause began.
    start: Time,
    /// The time at which a limit per minute has room again at the latest.
    room_at: Time,
    /// Until this time after a pause, only this fraction of the pace is used.
    probing_until: Time,
    probing: f64,
}

impl Feedback {
    pub(crate) fn new(now: Time) -> Self {
        Self {
            started_at: now,
            seconds: Seconds::new(now),
            minute: Minute::new(now),
            growth: Growth::new(),
            recovery: Recovery::new(),
            rise: Rise::new(),
            throttled_at: now,
            failed_at: now,
            refusal_time: Nanos::ZERO,
            event_at: now,
            before_event: 1.0,
            series: Series {
                pauses: 0,
                start: now,
                room_at: Time::NEVER,
                probing_until: now,
                probing: 1.0,
            },
        }
    }

    /// Returns what was learned of a sudden rise, for a new quota.
    pub(crate) fn rise(&self) -> Rise {
        self.rise.renewed()
    }

    /// Uses what another quota has learned of a sudden rise.
    pub(crate) fn set_rise(&mut self, rise: Rise) {
        self.rise = rise;
    }

    /// Returns `true` if the feedback of a new quota with the same [`rise`](Self::rise) would behave
    /// the same.
    pub(crate) fn is_idle(&self, now: Time) -> bool {
        let is_risen = self.rise.has_learned() && self.minute.last_minute(now).accepted() > 0;
        self.slowdown(now) <= 1.0 && !is_risen
    }

    /// Returns the fraction of the full pace to use.
    pub(crate) fn factor(&self, now: Time) -> f64 {
        let factor = self.growth.factor(now) * self.recovery.factor(now);
        factor.min(self.rise.allowed(&self.minute, now))
    }

    /// Returns the factor by which to multiply delays, at least 1.
    #[inline]
    pub(crate) fn slowdown(&self, now: Time) -> f64 {
        let is_probing = now < self.series.probing_until;
        let holds_back = self.rise.holds_back(now);
        if self.growth.is_full(now) && self.recovery.is_full(now) && !is_probing && !holds_back {
            return 1.0;
        }
        let probing = if is_probing { self.series.probing } else { 1.0 };
        let mut factor = self.growth.factor(now) * self.recovery.factor(now);
        if holds_back {
            factor = factor.min(self.rise.allowed(&self.minute, now));
        }
        1.0 / (factor * probing)
    }

    /// Counts an admitted request that delays the next one at full pace.
    #[inline]
    pub(crate) fn admitted(&mut self, at: Time, delay: Nanos) {
        self.seconds.admitted(at, delay);
        self.minute.admitted(at, delay);
        self.rise.admitted(at, delay, &self.minute);
    }

    /// Forgets a request that was not sent.
    pub(crate) fn taken_back(&mut self, at: Time, delay: Nanos) {
        self.seconds.taken_back(at, delay);
        self.minute.taken_back(at, delay);
        self.rise.taken_back(at, delay, &self.minute);
    }

    /// Notes that a request that was admitted at a time succeeded.
    #[inline]
    pub(crate) fn succeeded(&mut self, admitted_at: Time) {
        // Requests from before the first pause show nothing about the time after it.
        if admitted_at >= self.series.start {
            self.series.pauses = 0;
        }
    }

    /// Reacts to the refusal of a request that was admitted at a time. Returns how long to pause.
    pub(crate) fn refused(
        &mut self,
        admitted_at: Time,
        refusal: Refusal,
        retry_after: Option<Duration>,
        now: Time,
    ) -> Duration {
        if !refusal.is_retryable() {
            return Duration::ZERO;
        }
        let is_failure = refusal == Refusal::Capacity;
        let seconds = self.seconds.at(admitted_at);
        for counts in seconds.into_iter().chain(self.minute.at(admitted_at)) {
            counts.refused(is_failure);
        }
        if is_failure {
            self.failed(now);
            return Duration::ZERO;
        }
        if refusal == Refusal::Burst {
            self.rise
                .refused(admitted_at, now, &self.seconds, &self.minute);
        }
        let pause = self.throttled(admitted_at, now);
        pause.max(retry_after.unwrap_or_default().min(MAX_RETRY_AFTER))
    }

    /// Reacts if many requests failed for a lack of capacity. There is no pause, because such
    /// failures are known only when the answers are due.
    fn failed(&mut self, now: Time) {
        let start = Minute::slot_from(self.failed_at);
        let since = self.minute.stretches(start, now).last();
        let counts = since.unwrap_or_default().counts;
        if let Some(fraction) = excess(counts.failed, counts.admitted) {
            self.recovery.slow_down((1.0 - fraction) * DISTANCE, now);
            self.failed_at = now;
        }
    }

    /// Reacts if many requests exceed a limit, and returns how long to pause.
    fn throttled(&mut self, admitted_at: Time, now: Time) -> Duration {
        let refusal_time = now.since(admitted_at);
        let remembered = self.refusal_time - Nanos(self.refusal_time.0 / 64);
        self.refusal_time = refusal_time.max(remembered).min(MAX_REFUSAL_TIME);
        if admitted_at < Seconds::slot_from(self.throttled_at) {
            return Duration::ZERO;
        }
        // Requests that were admitted later may still be refused.
        let decided = now - self.refusal_time;
        let decided_seconds = Seconds::slot_start(decided) - Nanos(1);
        let decided_minute = Minute::slot_start(decided) - Nanos(1);
        if self.is_exhausted(admitted_at, admitted_at)
            || self.is_exhausted(decided_seconds, decided_minute)
        {
            return self.pause(now);
        }
        let excesses = self.stretches(decided_seconds, decided_minute);
        let excesses = excesses.filter_map(|stretch| {
            let fraction = excess(stretch.counts.throttled, stretch.counts.admitted)?;
            let accepted = stretch.counts.accepted_delay().as_secs_f64();
            Some((fraction, accepted / stretch.time.as_secs_f64()))
        });
        let largest = excesses.max_by(|(a, _), (b, _)| a.total_cmp(b));
        if let Some((fraction, accepted)) = largest {
            self.note_event(now);
            // The provider allows what it accepted while it refused others.
            let rest = self.growth.factor(now) * (1.0 - fraction);
            self.slow_down(accepted.clamp(rest * LEAST_REST, rest), now, now);
        }
        Duration::ZERO
    }

    /// Pauses, because a window is exhausted.
    fn pause(&mut self, now: Time) -> Duration {
        if now.since(self.series.probing_until) > Nanos::MINUTE {
            self.series.pauses = 0;
        }
        let is_first = self.series.pauses == 0;
        if is_first {
            self.series.start = now;
            self.series.room_at = self.room_at(now);
        }
        let is_in_use = self.minute.last_minute(now).accepted() > 0;
        let longest = if is_in_use {
            MAX_PAUSE_IN_USE
        } else {
            MAX_PAUSE
        };
        let pause = Nanos(FIRST_PAUSE.0 << self.series.pauses.min(6));
        let mut end = now + pause.min(longest);
        if self.series.room_at > now {
            end = end.min(self.series.room_at);
        }
        if is_first {
            self.note_event(now);
            // Earlier reactions to the same event may have slowed down too much. The window allows
            // at most what was accepted in the last minute.
            let minute = self.minute.last_minute(now);
            let mut accepted = minute.accepted_delay().as_secs_f64() / Nanos::MINUTE.as_secs_f64();
            if minute.admitted < FEW {
                accepted = accepted.max(self.before_event / 2.0);
            }
            self.slow_down(self.before_event.min(accepted), now, end);
        } else {
            self.growth.start_at(end);
            self.throttled_at = now;
        }
        self.series.pauses = self.series.pauses.saturating_add(1);
        self.series.probing = (PROBES / self.calls_per_second(now)).min(1.0);
        self.series.probing_until = end + PROBING;
        self.rise.paused(end + PROBING);
        end.since(now).into()
    }

    /// Slows down to a little below what the provider allows. The pace grows again from a time on.
    fn slow_down(&mut self, allowed: f64, now: Time, growth_from: Time) {
        self.throttled_at = now;
        if self.rise.explains(now) {
            return;
        }
        let (start, per_second) = (allowed * DISTANCE, self.calls_per_second(now));
        self.growth
            .slow_down(start, allowed, per_second, growth_from);
    }

    fn note_event(&mut self, now: Time) {
        if now.since(self.event_at) > EVENT {
            self.event_at = now;
            self.before_event = self.growth.factor(now);
        }
    }

    /// Returns `true` if nearly all of the latest requests until a time were refused.
    fn is_exhausted(&self, until_seconds: Time, until_minute: Time) -> bool {
        let is_over = |stretch: Stretch, fewest, fraction| {
            let (refused, all) = (stretch.counts.throttled, stretch.counts.admitted);
            refused >= fewest && f64::from(refused) >= f64::from(all) * fraction
        };
        let mut stretches = self.stretches(until_seconds, until_minute);
        if stretches.any(|stretch| is_over(stretch, 2, EXHAUSTED)) {
            return true;
        }
        let all = self.stretches(until_seconds, until_minute).last();
        self.series.pauses > 0 && all.is_some_and(|all| is_over(all, 1, STILL_EXHAUSTED))
    }

    /// Returns stretches of different lengths since the last reaction, all of which end with the
    /// slot of a time.
    fn stretches(&self, until_seconds: Time, until_minute: Time) -> impl Iterator<Item = Stretch> {
        let start = Seconds::slot_from(self.throttled_at);
        let seconds = self.seconds.stretches(start, until_seconds);
        let start = Minute::slot_from(self.throttled_at);
        let minute = self.minute.stretches(start, until_minute);
        seconds.chain(minute)
    }

    /// Returns the time at which the window of an exhausted limit per minute has room again.
    /// Returns [`Time::NEVER`] if there was no idle time, because then requests leave the window
    /// all the time.
    fn room_at(&self, now: Time) -> Time {
        let end = Minute::slot_start(now) + Minute::SLOT;
        let mut first = end;
        let mut accepted = 0;
        for stretch in self.minute.stretches(now - Nanos::MINUTE, now) {
            if stretch.counts.accepted() > accepted {
                accepted = stretch.counts.accepted();
                first = end - stretch.time;
            }
        }
        if accepted == 0 || now.since(first) + IDLE > Nanos::MINUTE {
            return Time::NEVER;
        }
        first + Minute::SLOT + Nanos::MINUTE + TRAVEL
    }

    fn calls_per_second(&self, now: Time) -> f64 {
        let calls = self.minute.last_minute(now).accepted().max(1);
        let seconds = now.since(self.started_at).as_secs_f64().clamp(1.0, 60.0);
        f64::from(calls) / seconds
    }
}
