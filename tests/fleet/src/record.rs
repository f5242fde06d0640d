//! The times at which a fleet sent requests.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use crate::micros;

/// A request that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sent {
    /// The time, in microseconds since the epoch.
    pub at: u64,
    /// What it cost.
    pub tokens: u64,
}

/// The sends of several processes.
#[derive(Clone, Debug)]
pub struct Record {
    /// By process, each in order.
    processes: Vec<Vec<Sent>>,
    /// Of all processes, in order.
    sends: Vec<Sent>,
}

impl Record {
    /// Merges what each process sent.
    ///
    /// # Panics
    ///
    /// Panics if a process sent nothing.
    #[must_use]
    pub fn new(processes: Vec<Vec<Sent>>) -> Self {
        for (index, sends) in processes.iter().enumerate() {
            assert!(!sends.is_empty(), "process {index} sent nothing");
        }
        let mut sends = processes.concat();
        sends.sort_unstable();
        Self { processes, sends }
    }

    /// Returns all sends, in order.
    #[must_use]
    pub fn sends(&self) -> &[Sent] {
        &self.sends
    }

    /// Returns the largest number of sends in any window of this length.
    #[must_use]
    pub fn most_in_any(&self, window: Duration) -> u64 {
        self.most_of(window, |_| 1)
    }

    /// Returns the largest number of sends between two times in any window of this length.
    #[must_use]
    pub fn most_between(&self, times: Range<u64>, window: Duration) -> u64 {
        self.most_of(window, |sent| u64::from(times.contains(&sent.at)))
    }

    /// Returns the largest number of tokens in any window of this length.
    #[must_use]
    pub fn most_tokens_in_any(&self, window: Duration) -> u64 {
        self.most_of(window, |sent| sent.tokens)
    }

    fn most_of(&self, window: Duration, amount: impl Fn(&Sent) -> u64) -> u64 {
        let window = micros(window);
        let mut first = 0;
        let (mut sum, mut most) = (0, 0);
        for last in &self.sends {
            sum += amount(last);
            while last.at - self.sends[first].at >= window {
                sum -= amount(&self.sends[first]);
                first += 1;
            }
            most = most.max(sum);
        }
        most
    }

    /// Returns the time in which all processes were sending, in microseconds since the epoch.
    fn common(&self) -> (u64, u64) {
        let starts = self.processes.iter().filter_map(|sends| sends.first());
        let ends = self.processes.iter().filter_map(|sends| sends.last());
        let start = starts.map(|sent| sent.at).max().unwrap_or_default();
        let end = ends.map(|sent| sent.at).min().unwrap_or_default();
        assert!(start < end, "the processes did not run together");
        (start, end)
    }

    /// Returns the sends while all processes were sending, as a part of what a limit allows.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
    pub fn utilisation(&self, limit: u64, window: Duration) -> f64 {
        let (start, end) = self.common();
        let sends = self
            .sends
            .iter()
            .filter(|sent| (start..end).contains(&sent.at));
        let windows = (end - start) as f64 / micros(window) as f64;
        sends.count() as f64 / (limit as f64 * windows)
    }

    /// Returns the sends of the process that sent least while all were sending, as a part of its
    /// equal share.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
    pub fn fairness(&self) -> f64 {
        let (start, end) = self.common();
        let counts = self.processes.iter().map(|sends| {
            let sends = sends.iter().filter(|sent| (start..end).contains(&sent.at));
            sends.count()
        });
        let counts: Vec<usize> = counts.collect();
        let least = counts.iter().min().copied().unwrap_or_default();
        (least * counts.len()) as f64 / counts.iter().sum::<usize>() as f64
    }

    /// Returns the longest time without a send.
    #[must_use]
    pub fn longest_pause(&self) -> Duration {
        let pauses = self.sends.windows(2).map(|pair| pair[1].at - pair[0].at);
        Duration::from_micros(pauses.max().unwrap_or_default())
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<usize> = self.processes.iter().map(Vec::len).collect();
        write!(f, "{} sends of processes with {counts:?}", self.sends.len())
    }
}
