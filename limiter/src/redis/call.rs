//! One call of the script: its arguments and its reply.

use std::fmt::Display;

use model_studio_limits::{Limit, LimitKind};

use crate::Cost;
use crate::quota::RateRule;

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

/// What a call is made of.
#[derive(Debug)]
pub(crate) struct Content<'a> {
    /// Identifies the process.
    pub(crate) process: &'a str,
    /// Identifies the call.
    pub(crate) sequence: u64,
    pub(crate) times: Times,
    /// How long all processes pause from now on, in nanoseconds.
    pub(crate) pause: u64,
    /// The factor by which the pace of the process is slower, at least 1.
    pub(crate) slowdown: f64,
    pub(crate) rates: &'a [StoredRate],
    pub(crate) concurrency: &'a [StoredConcurrency],
    pub(crate) corrections: Vec<Correction>,
    /// Requests that have ended, by their IDs in the store.
    pub(crate) ended: Vec<String>,
    pub(crate) requests: Vec<(u64, Cost)>,
}

/// The largest amount that a call contains. The script has doubles, which are exact up to here.
const MAX_AMOUNT: u64 = 1 << 53;

impl Call {
    pub(crate) fn new(content: Content<'_>) -> Self {
        let Content {
            process,
            sequence,
            times,
            pause,
            slowdown,
            rates,
            concurrency,
            corrections,
            ended,
            requests,
        } = content;
        let mut arguments = vec![process.to_owned()];
        let mut push = |argument: &dyn Display| arguments.push(argument.to_string());
        let amount = |cost: &Cost, kind| cost.amount(kind).min(MAX_AMOUNT);
        push(&sequence);
        // Longer than anything in the state can matter.
        let longest = rates.iter().map(|rate| rate.rule.span / 1_000_000).max();
        let ttl = 2 * longest.unwrap_or_default() + 60_000;
        for time in [times.turn, times.lead, times.grace, ttl, times.lease] {
            push(&time);
        }
        push(&(pause / 1_000));
        push(&format_args!("{:.0}", slowdown * 1_000.0));

        push(&rates.len());
        for rate in rates {
            let (window, span) = (rate.rule.window / 1_000, rate.rule.span / 1_000);
            push(&format_args!("{:?}:{span}", rate.limit.kind));
            push(&rate.available.min(MAX_AMOUNT));
            push(&window);
            push(&span);
            match rate.rule.credit {
                Some(credit) => push(&(credit / 1_000)),
                None => push(&-1),
            }
            push(&(rate.rule.idle_credit / 1_000));
            push(&rate.next);
        }
        push(&concurrency.len());
        for limit in concurrency {
            push(&limit.available);
        }
        push(&corrections.len());
        for Correction { at, from, to } in &corrections {
            push(at);
            for rate in rates {
                let kind = rate.limit.kind;
                // Twice the limit blocks a whole window, so more makes no difference.
                let most = rate.available.saturating_mul(2);
                let of = |cost: &Option<Cost>| {
                    let cost = cost.as_ref();
                    cost.map_or(0, |cost| amount(cost, kind).min(most))
                };
                push(&(i128::from(of(to)) - i128::from(of(from))));
            }
        }
        push(&ended.len());
        for id in &ended {
            push(id);
        }
        push(&requests.len());
        for (id, cost) in &requests {
            push(&format_args!("{process}:{id}"));
            for rate in rates {
                push(&amount(cost, rate.limit.kind));
            }
        }
        Self {
            arguments,
            rates: rates.len(),
            concurrency: concurrency.iter().map(|limit| limit.limit.kind).collect(),
            requests,
        }
    }
}

/// The times that every call has, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// How long requests may start from the first one that a call admits.
    pub(crate) turn: u64,
    /// How much earlier than its turn a process calls.
    pub(crate) lead: u64,
    /// How late a process may be for its turn.
    pub(crate) grace: u64,
    /// How long a request counts as running, unless it ends.
    pub(crate) lease: u64,
}

/// A limit with a window, and what the last reply said about it.
#[derive(Clone, Debug)]
pub(crate) struct StoredRate {
    pub(crate) limit: Limit,
    /// The share of the count that this process states.
    pub(crate) available: u64,
    pub(crate) rule: RateRule,
    /// The amount that the store allows, which is lower if another process knows a tighter limit.
    pub(crate) effective: u64,
    pub(crate) used: u64,
    /// The time at which the pace is ready, in microseconds of the store.
    pub(crate) next: u64,
}

/// A limit on concurrency, and what the last reply said about it.
#[derive(Clone, Debug)]
pub(crate) struct StoredConcurrency {
    pub(crate) limit: Limit,
    pub(crate) available: u64,
    pub(crate) running: u64,
}

/// A change of what a request costs.
#[derive(Clone, Debug)]
pub(crate) struct Correction {
    /// The time at which the request started, in microseconds of the store.
    pub(crate) at: u64,
    pub(crate) from: Option<Cost>,
    pub(crate) to: Option<Cost>,
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
