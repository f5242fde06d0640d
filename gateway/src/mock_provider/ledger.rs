//! The sum of what happened within a sliding window.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Adds amounts, each of which counts for the length of a window.
#[derive(Debug)]
pub(super) struct Ledger {
    window: Duration,
    entries: VecDeque<(Instant, u64)>,
    sum: u64,
    largest: u64,
}

impl Ledger {
    pub(super) const fn new(window: Duration) -> Self {
        Self {
            window,
            entries: VecDeque::new(),
            sum: 0,
            largest: 0,
        }
    }

    /// Returns the sum of the window that ends now. The times of calls must not go back.
    pub(super) fn sum(&mut self, now: Instant) -> u64 {
        while let Some(&(time, amount)) = self.entries.front() {
            if now.duration_since(time) < self.window {
                break;
            }
            self.sum -= amount;
            self.entries.pop_front();
        }
        self.sum
    }

    /// Adds an amount.
    pub(super) fn add(&mut self, now: Instant, amount: u64) {
        if amount == 0 {
            return;
        }
        self.sum(now);
        self.sum += amount;
        self.largest = self.largest.max(self.sum);
        self.entries.push_back((now, amount));
    }

    /// Returns the largest sum of any window so far.
    pub(super) const fn largest(&self) -> u64 {
        self.largest
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Ledger;

    #[test]
    fn an_amount_counts_for_one_window() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut ledger = Ledger::new(Duration::from_secs(60));
        ledger.add(at(0), 5);
        ledger.add(at(59), 7);
        assert_eq!(ledger.sum(at(59)), 12);
        assert_eq!(ledger.sum(at(60)), 7);
        ledger.add(at(60), 1);
        assert_eq!(ledger.sum(at(200)), 0);
        assert_eq!(ledger.largest(), 12);
    }
}
