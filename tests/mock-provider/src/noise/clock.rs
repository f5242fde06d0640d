//! A clock whose alarms ring late.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fastrand::Rng;
use model_studio_limiter::{Alarm, Clock};

/// How late timers are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delay {
    /// Not at all.
    None,
    /// Evenly distributed up to a maximum.
    UpTo(Duration),
    /// Mostly up to `short`, and with the probability `rare` up to `long`.
    Tail {
        /// The longest of most delays.
        short: Duration,
        /// The longest delay.
        long: Duration,
        /// The probability of a delay of up to `long`.
        rare: f64,
    },
}

impl Delay {
    pub(crate) fn draw(self, rng: &mut Rng) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::UpTo(most) => most.mul_f64(rng.f64()),
            Self::Tail { short, long, rare } => {
                let most = if rng.f64() < rare { long } else { short };
                most.mul_f64(rng.f64())
            }
        }
    }
}

/// A clock that a simulation advances, and whose alarms ring late.
///
/// Clones share the time.
#[derive(Clone, Debug)]
pub struct NoisyClock {
    start: Instant,
    time: Arc<Mutex<NoisyTime>>,
}

#[derive(Debug)]
struct NoisyTime {
    now: Duration,
    delay: Delay,
    rng: Rng,
    /// The times at which alarms ring, and their numbers.
    times: BinaryHeap<Reverse<(Duration, u64)>>,
    alarms: BTreeMap<u64, Alarm>,
    /// The number of the next alarm.
    next: u64,
}

impl NoisyClock {
    /// Creates a clock.
    #[must_use]
    pub fn new(delay: Delay, seed: u64) -> Self {
        let time = NoisyTime {
            now: Duration::ZERO,
            delay,
            rng: Rng::with_seed(seed),
            times: BinaryHeap::new(),
            alarms: BTreeMap::new(),
            next: 0,
        };
        Self {
            start: Instant::now(),
            time: Arc::new(Mutex::new(time)),
        }
    }

    /// Advances the time to `at` after the start. Each alarm on the way rings at its time.
    pub fn advance_to(&self, at: Duration) {
        while let Some(alarm) = self.with(|time| time.pop_due(at)) {
            alarm.ring();
        }
        self.with(|time| time.now = time.now.max(at));
    }

    /// Returns the time at which the next alarm rings, if there is one.
    #[must_use]
    pub fn next_alarm(&self) -> Option<Duration> {
        self.with(|time| time.times.peek().map(|Reverse((at, _))| *at))
    }

    fn with<T>(&self, f: impl FnOnce(&mut NoisyTime) -> T) -> T {
        f(&mut self.time.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clock for NoisyClock {
    fn now(&self) -> Instant {
        self.start + self.with(|time| time.now)
    }

    fn schedule(&self, at: Instant, alarm: Alarm) {
        let at = at.saturating_duration_since(self.start);
        self.with(|time| {
            let at = at.max(time.now) + time.delay.draw(&mut time.rng);
            time.times.push(Reverse((at, time.next)));
            time.alarms.insert(time.next, alarm);
            time.next += 1;
        });
    }
}

impl NoisyTime {
    /// Moves the time to the next alarm and removes it, if it rings no later than `until`.
    fn pop_due(&mut self, until: Duration) -> Option<Alarm> {
        let Reverse((at, number)) = *self.times.peek()?;
        if at > until {
            return None;
        }
        self.times.pop();
        self.now = self.now.max(at);
        self.alarms.remove(&number)
    }
}
