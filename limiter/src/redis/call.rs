//! One call of the script: its arguments and its reply.

use model_studio_limits::LimitKind;

use crate::Cost;

/// What a process sends to the script in one call.
///
/// A call that failed is sent again unchanged. The script then returns the same reply.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The arguments of the script.
    pub(crate) arguments: Vec<String>,
    /// The number of limits with a window.
    pub(crate) rates: usize,
    /// The limits on concurrency, each of which has a key.
    pub(crate) concurrency: Vec<LimitKind>,
    /// The requests that wait, by their IDs in the queue.
    pub(crate) requests: Vec<(u64, Cost)>,
}

/// A reply of the script. Times are in microseconds of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) now: u64,
    /// When to call again for the requests that were not admitted.
    pub(crate) retry: u64,
    /// The number of the limit that the next request exceeds by itself, from 1. 0 for none.
    pub(crate) too_large: usize,
    pub(crate) paused_until: u64,
    /// What is added to the time of the server, because that went back.
    pub(crate) clock_offset: u64,
    /// When each admitted request may start.
    pub(crate) starts: Vec<u64>,
    /// The effective limit, the usage and the pace of each limit with a window.
    pub(crate) rates: Vec<[u64; 3]>,
    /// What runs of each limit on concurrency.
    pub(crate) running: Vec<u64>,
}

impl Reply {
    /// Parses a reply. Returns `None` if it does not have the expected form.
    pub(crate) fn parse(reply: &str, rates: usize, concurrency: usize) -> Option<Self> {
        // Totals can be negative for a moment after the state was lost.
        let mut numbers = reply.split(' ').map(|number| {
            let number = number.parse::<i64>().ok()?;
            Some(u64::try_from(number).unwrap_or(0))
        });
        let mut next = || numbers.next().flatten();
        let (now, retry, too_large) = (next()?, next()?, next()?);
        let (paused_until, clock_offset) = (next()?, next()?);
        let starts = next()?;
        let reply = Self {
            now,
            retry,
            too_large: usize::try_from(too_large).ok()?,
            paused_until,
            clock_offset,
            starts: (0..starts).map(|_| next()).collect::<Option<_>>()?,
            rates: (0..rates)
                .map(|_| Some([next()?, next()?, next()?]))
                .collect::<Option<_>>()?,
            running: (0..concurrency).map(|_| next()).collect::<Option<_>>()?,
        };
        Some(reply)
    }
}
