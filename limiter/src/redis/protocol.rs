//! A call of the script: its keys, its arguments and its reply.
//!
//! The script is in the files of [`SCRIPT`]. It reads the arguments in the order in which
//! [`Call::arguments`] writes them.

use std::fmt::Display;

use model_studio_limits::LimitKind;
use model_studio_limits_core::{KeyWindow, LimitKey};

use super::StoreError;
use crate::Cost;
use crate::quota::rules::RateRule;
use crate::time::{Nanos, StoreTime};

/// The version of the keys, the state and the arguments. Programs with different versions must not
/// share a quota, because each version would only count its own requests.
const VERSION: &str = "1";

/// The source of the script.
pub(super) const SCRIPT: &str = concat!(
    include_str!("state.lua"),
    include_str!("rates.lua"),
    include_str!("running.lua"),
    include_str!("line.lua"),
    include_str!("admit.lua")
);

/// The length of a turn in microseconds. The requests of a call may start within a turn. A longer
/// turn means fewer calls, but other processes wait longer.
pub(super) const TURN: u64 = 100_000;

/// How late a process may be for its turn, in microseconds.
const GRACE: u64 = 250_000;

/// The largest amount in a call. The numbers of the script are doubles, which are exact up to here.
const MAX_AMOUNT: u64 = 1 << 53;

/// The maximum number of units of a task, because the store has an entry for each.
const MAX_WEIGHT: u64 = 1_000;

/// A year, in microseconds. Longer times make no difference.
const MAX_TIME: u64 = 365 * 86_400_000_000;

/// The keys of a quota.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// Keeps the keys of a quota on one node of a cluster.
    tag: String,
    process: String,
}

impl Keys {
    pub(super) fn new(account: &str, quota: &str, process: &str) -> Self {
        Self {
            tag: format!(
                "{{model-studio-limiter:{}:{}}}",
                escape(account),
                escape(quota)
            ),
            process: process.to_owned(),
        }
    }

    /// Returns the keys of a call:
    ///
    /// - the version, a string;
    /// - the state, a hash;
    /// - the line of waiting processes, a sorted set by the time at which they joined it;
    /// - the last reply to this process, a string;
    /// - for each limit on concurrency, the running tasks and the processes with running requests,
    ///   both sorted sets by expiry.
    pub(super) fn of(&self, call: &Call) -> Vec<String> {
        let Self { tag, process } = self;
        let key = |name: &str| format!("{tag}:v{VERSION}:{name}");
        let mut keys = vec![
            // The only key that all versions use.
            format!("{tag}:version"),
            key("state"),
            key("line"),
            key(&format!("reply:{process}")),
        ];
        for limit in &call.concurrency {
            let name = name_of(limit.kind);
            keys.push(key(&format!("tasks:{name}")));
            keys.push(key(&format!("held:{name}")));
        }
        keys
    }
}

/// Escapes the characters that separate the parts of a key.
fn escape(name: &str) -> String {
    name.replace('%', "%25")
        .replace(':', "%3A")
        .replace('}', "%7D")
}

/// Returns the name of a kind in keys and fields. It must never change, like the keys of tables.
fn name_of(kind: LimitKind) -> &'static str {
    // Only limits on concurrency have no key for any window.
    let concurrent = || LimitKey::find(kind, KeyWindow::Fixed(None));
    let key = LimitKey::find(kind, KeyWindow::Any).or_else(concurrent);
    key.map(|key| key.name).unwrap_or_default()
}

/// What a process sends to the script in one call.
///
/// A call that failed is sent again with the same number. If the script has executed it before, it
/// returns the same reply.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Identifies the process.
    pub(super) process: String,
    /// The number of the call. The script refuses a call that arrives after a later one.
    pub(super) sequence: u64,
    /// How long before its turn the process calls, in microseconds.
    pub(super) lead: u64,
    /// How long ago the call was made, if it is sent again.
    pub(super) age: Nanos,
    /// How long a task that was not finished counts as running.
    pub(super) max_task_duration: Nanos,
    /// Whether to end the current pause, before `pause` starts a new one.
    pub(super) resumes: bool,
    /// How long to pause, from the time at which the call was made.
    pub(super) pause: Nanos,
    /// The factor by which refusals slow down the pace.
    pub(super) slowdown: f64,
    pub(super) rates: Vec<StatedRate>,
    pub(super) concurrency: Vec<StatedConcurrency>,
    pub(super) corrections: Vec<Correction>,
    pub(super) ended: Vec<Lease>,
    /// The waiting requests, in order.
    pub(super) requests: Vec<Offered>,
}

/// A rate limit, as the process states it.
#[derive(Clone, Debug)]
pub(super) struct StatedRate {
    pub(super) kind: LimitKind,
    pub(super) rule: RateRule,
    /// When the pace is ready, as far as the process knows, or 0.
    pub(super) next: StoreTime,
}

/// A limit on concurrency, as the process states it.
#[derive(Clone, Debug)]
pub(super) struct StatedConcurrency {
    pub(super) kind: LimitKind,
    pub(super) allowed: u64,
    /// What the process holds.
    pub(super) held: u64,
}

/// A change of a request's cost.
#[derive(Clone, Debug)]
pub(super) struct Correction {
    /// When the request started.
    pub(super) at: StoreTime,
    pub(super) from: Cost,
    /// `None` if the request was not sent.
    pub(super) to: Option<Cost>,
}

/// A request that the process offers.
#[derive(Clone, Debug)]
pub(super) struct Offered {
    /// The ID in the queue.
    pub(super) id: u64,
    pub(super) cost: Cost,
    /// The lease, if it is a task.
    pub(super) lease: Option<Lease>,
}

/// A task in the store, which any process can end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lease {
    /// Identifies the task.
    task: String,
    /// The number of units that it counts as, for the limit on concurrency where that is largest.
    weight: u64,
}

impl Lease {
    pub(super) fn new(process: &str, id: u64, cost: &Cost) -> Self {
        let kinds = crate::cost::CONCURRENCY.into_iter();
        let weights = kinds.map(|kind| cost.amount(kind).min(MAX_WEIGHT));
        Self {
            task: format!("{process}:{id}"),
            weight: weights.max().unwrap_or_default(),
        }
    }

    /// Parses what `Display` writes. Returns `None` for any other text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (task, weight) = text.rsplit_once('*')?;
        Some(Self {
            task: task.to_owned(),
            weight: weight.parse::<u64>().ok()?.min(MAX_WEIGHT),
        })
    }
}

impl Display for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}*{}", self.task, self.weight)
    }
}

impl Call {
    /// Returns the arguments of the script.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![VERSION.to_owned(), self.process.clone()];
        let mut push = |argument: &dyn Display| arguments.push(argument.to_string());
        let amount = |cost: &Cost, kind| cost.amount(kind).min(MAX_AMOUNT);
        let micros = |duration: Nanos| duration.as_micros().min(MAX_TIME);
        push(&self.sequence);
        push(&TURN);
        push(&self.lead);
        push(&(GRACE + self.lead));
        // How long the state is kept, in milliseconds: longer than anything in it is needed.
        let spans = self.rates.iter().map(|rate| micros(rate.rule.span));
        push(&(2 * spans.max().unwrap_or_default() / 1_000 + 60_000));
        push(&micros(self.max_task_duration));
        push(&u8::from(self.resumes));
        push(&micros(self.pause - self.age));
        // In thousandths.
        push(&format_args!("{:.0}", self.slowdown * 1_000.0));

        push(&self.rates.len());
        for StatedRate { kind, rule, next } in &self.rates {
            push(&format_args!("{}:{}", name_of(*kind), micros(rule.span)));
            push(&rule.allowed.min(MAX_AMOUNT));
            push(&micros(rule.window));
            push(&micros(rule.span));
            match rule.pace {
                Some(credit) => {
                    push(&micros(credit.full));
                    push(&micros(credit.idle));
                    push(&micros(credit.initial));
                }
                None => [-1, 0, 0].iter().for_each(|none| push(none)),
            }
            push(&next.0);
        }
        push(&self.concurrency.len());
        for limit in &self.concurrency {
            push(&name_of(limit.kind));
            push(&limit.allowed.min(MAX_AMOUNT));
            push(&limit.held.min(MAX_AMOUNT));
        }
        push(&self.corrections.len());
        for Correction { at, from, to } in &self.corrections {
            push(&at.0);
            for rate in &self.rates {
                // Twice the limit blocks a whole window, so a larger amount makes no difference.
                let most = rate.rule.allowed.saturating_mul(2);
                let of = |cost: &Cost| i128::from(amount(cost, rate.kind).min(most));
                push(&(to.as_ref().map_or(0, of) - of(from)));
            }
        }
        push(&self.ended.len());
        for Lease { task, weight } in &self.ended {
            push(task);
            push(weight);
        }
        push(&self.requests.len());
        for Offered { cost, lease, .. } in &self.requests {
            push(&lease.as_ref().map_or("", |lease| &lease.task));
            for rate in &self.rates {
                push(&amount(cost, rate.kind));
            }
            for limit in &self.concurrency {
                let most = lease.as_ref().map_or(MAX_AMOUNT, |_| MAX_WEIGHT);
                push(&amount(cost, limit.kind).min(most));
            }
        }
        arguments
    }

    /// Removes decreases of amounts. They must not be executed twice, and the script does not
    /// remember a call for long.
    pub(super) fn remove_refunds(&mut self) {
        self.corrections.retain_mut(|Correction { from, to, .. }| {
            let to = to.insert(to.map_or(*from, |to| to.max(from)));
            to != from
        });
    }
}

/// A reply of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(super) now: StoreTime,
    /// When to call again for the requests that were not admitted.
    pub(super) retry: StoreTime,
    /// The number of the limit that the next request exceeds by itself, starting at 1, or 0.
    pub(super) too_large: u64,
    pub(super) paused_until: StoreTime,
    /// What is added to the time of the server, because that has gone back.
    pub(super) clock_offset: u64,
    /// 1 if the state was damaged and the quota has started again.
    pub(super) resets: u64,
    /// When each admitted request may start.
    pub(super) starts: Vec<StoreTime>,
    pub(super) rates: Vec<RateReply>,
    /// The running amount of each limit on concurrency.
    pub(super) running: Vec<u64>,
}

/// What a reply says about a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RateReply {
    /// The limit that applies, which another process may have stated.
    pub(super) allowed: u64,
    pub(super) used: u64,
    /// When the pace is ready.
    pub(super) next: StoreTime,
}

/// Why a reply cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ReplyError {
    /// Programs with another version of the protocol use the store.
    Version(StoreError),
    /// The script has already executed a call with this higher number.
    Stale(u64),
    /// The reply has an unexpected format.
    Format(StoreError),
}

impl Reply {
    /// Parses the reply to a call.
    pub(super) fn parse(text: &str, call: &Call) -> Result<Self, ReplyError> {
        if let Some(version) = text.strip_prefix("version ") {
            let error = StoreError::version(version, VERSION);
            return Err(ReplyError::Version(error));
        }
        let stale = text.strip_prefix("stale ");
        if let Some(sequence) = stale.and_then(|sequence| sequence.parse().ok()) {
            return Err(ReplyError::Stale(sequence));
        }
        let (rates, concurrency) = (call.rates.len(), call.concurrency.len());
        Self::parse_numbers(text, rates, concurrency).ok_or_else(|| {
            let error = StoreError::new("the reply of the script has an unexpected format");
            ReplyError::Format(error)
        })
    }

    fn parse_numbers(text: &str, rates: usize, concurrency: usize) -> Option<Self> {
        // A total can be negative after the state was lost, until it is counted again.
        let mut numbers = text.split(' ').map(|number| {
            let number = number.parse::<i64>().ok()?;
            Some(u64::try_from(number).unwrap_or(0))
        });
        let mut next = || numbers.next().flatten();
        let (now, retry, too_large) = (StoreTime(next()?), StoreTime(next()?), next()?);
        let (paused_until, clock_offset, resets) = (StoreTime(next()?), next()?, next()?);
        let starts = next()?;
        let reply = Self {
            now,
            retry,
            too_large,
            paused_until,
            clock_offset,
            resets,
            starts: (0..starts)
                .map(|_| next().map(StoreTime))
                .collect::<Option<_>>()?,
            rates: (0..rates)
                .map(|_| {
                    Some(RateReply {
                        allowed: next()?,
                        used: next()?,
                        next: StoreTime(next()?),
                    })
                })
                .collect::<Option<_>>()?,
            running: (0..concurrency).map(|_| next()).collect::<Option<_>>()?,
        };
        Some(reply)
    }
}
