//! Where the requests of a simulated process come from.

use std::collections::VecDeque;

use fastrand::Rng;

use crate::script::{Asked, Rate, RawClass};

/// The number of requests that wait of a source that always has some.
const BACKLOG: usize = 64;

/// Returns the amount of each limit of a random request.
pub type Amounts = fn(&mut Rng) -> Vec<i64>;

/// When the requests of a source arrive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// Some are always waiting.
    Saturated,
    /// At random times, so many per second on average.
    PerSecond(f64),
}

/// The requests of a class in one process. Times are in microseconds from the start.
#[derive(Clone, Debug)]
pub struct Source {
    /// The class.
    pub class: RawClass,
    /// When requests arrive.
    pub arrivals: Arrivals,
    /// The estimate of the next request.
    pub amounts: Amounts,
    /// The true cost of a request, as a part of its estimate. It is known after a second.
    pub truth: f64,
    /// The time in which requests arrive.
    pub active: (i64, i64),
}

impl Source {
    /// Returns a source that is always active and whose estimates are right.
    #[must_use]
    pub fn new(class: RawClass, arrivals: Arrivals, amounts: Amounts) -> Self {
        Self {
            class,
            arrivals,
            amounts,
            truth: 1.0,
            active: (0, i64::MAX),
        }
    }

    /// Returns the true amounts of a request.
    pub(crate) fn true_amounts(&self, rates: &[Rate], estimate: &[i64]) -> Vec<i64> {
        let amounts = rates.iter().zip(estimate);
        let amounts = amounts.map(|(rate, amount)| {
            if rate.is_measured {
                whole(float(*amount) * self.truth)
            } else {
                *amount
            }
        });
        amounts.collect()
    }
}

/// The requests of a source that wait.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) source: Source,
    /// When each has arrived, and its estimate.
    queue: VecDeque<(i64, Vec<i64>)>,
    pub(crate) next_arrival: i64,
    /// Whether the process is in the line of the store.
    pub(crate) is_in_line: bool,
}

impl Waiting {
    pub(crate) fn new(source: Source, random: &mut Rng) -> Self {
        Self {
            next_arrival: source.active.0 + source.arrivals.wait(random),
            source,
            queue: VecDeque::new(),
            is_in_line: false,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Adds the requests that have arrived. Returns `true` if the process has to call.
    pub(crate) fn arrive(&mut self, now: i64, random: &mut Rng) -> bool {
        let was_empty = self.is_empty();
        if now >= self.source.active.1 {
            self.queue.clear();
            self.next_arrival = i64::MAX;
        }
        while self.next_arrival <= now {
            match self.source.arrivals {
                Arrivals::Saturated => {
                    self.refill(now, random);
                    self.next_arrival = self.source.active.1;
                }
                Arrivals::PerSecond(_) => {
                    let amounts = (self.source.amounts)(random);
                    self.queue.push_back((self.next_arrival, amounts));
                    self.next_arrival += self.source.arrivals.wait(random);
                }
            }
        }
        was_empty != self.is_empty() && (was_empty || self.is_in_line)
    }

    /// Adds requests of a source that always has some.
    pub(crate) fn refill(&mut self, now: i64, random: &mut Rng) {
        let is_active = now < self.source.active.1;
        while is_active && self.source.arrivals == Arrivals::Saturated && self.queue.len() < BACKLOG
        {
            let amounts = (self.source.amounts)(random);
            self.queue.push_back((now, amounts));
        }
    }

    /// Returns the first requests.
    pub(crate) fn asked(&self, most: usize) -> Vec<Asked> {
        let requests = self.queue.iter().take(most).map(|(_, amounts)| Asked {
            task: String::new(),
            amounts: amounts.clone(),
            weights: Vec::new(),
        });
        requests.collect()
    }

    /// Removes the first request.
    pub(crate) fn pop(&mut self) -> (i64, Vec<i64>) {
        self.queue.pop_front().expect("it was offered")
    }
}

impl Arrivals {
    /// Returns the time until the next request, in microseconds.
    fn wait(self, random: &mut Rng) -> i64 {
        match self {
            Self::Saturated => 0,
            Self::PerSecond(rate) => whole(-(1.0 - random.f64()).ln() / rate * 1e6).max(1),
        }
    }
}

/// Returns how long the amounts of a request take at the pace, in microseconds.
#[must_use]
pub fn dominant(rates: &[Rate], amounts: &[i64]) -> f64 {
    let paced = rates.iter().zip(amounts);
    let paced = paced.filter(|(rate, _)| rate.credit >= 0);
    let delays =
        paced.map(|(rate, amount)| float(*amount) * float(rate.window) / float(rate.limit));
    delays.fold(0.0, f64::max)
}

/// Converts a number of a simulation.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
pub fn float(number: i64) -> f64 {
    number as f64
}

/// Rounds a number of a simulation.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the numbers are small")]
pub fn whole(number: f64) -> i64 {
    number as i64
}
