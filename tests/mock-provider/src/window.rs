//! Counts requests in windows of time.

use std::time::Duration;

/// Returns the largest number of requests in any window of this length. The times are sorted.
#[must_use]
pub fn most_within(times: &[Duration], window: Duration) -> usize {
    let mut first = 0;
    let mut most = 0;
    for (index, at) in times.iter().enumerate() {
        while times[first] + window <= *at {
            first += 1;
        }
        most = most.max(index + 1 - first);
    }
    most
}
