//! The limits of a model, and what was counted.

use std::time::Duration;

use model_studio_limits::{Limit, LimitKind};
use serde::Serialize;
use tokio::time::Instant;

use super::ledger::Ledger;

/// What the mock provider has counted for a model, since it started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// The number of calls that were accepted.
    pub accepted: u64,
    /// The number of calls that were refused, because they exceeded a limit.
    pub refused: u64,
    /// The number of calls that are being answered.
    pub running: u64,
    /// The number of calls whose client disconnected before the end of the answer.
    pub cancelled: u64,
    /// The input tokens of all accepted calls.
    pub input_tokens: u64,
    /// The output tokens that were sent.
    pub output_tokens: u64,
    /// The most requests in any second.
    pub requests_in_a_second: u64,
    /// The most tokens in any second, if all tokens count when a call arrives.
    pub tokens_in_a_second: u64,
    /// What was used of each limit, in the order in which they were set.
    pub limits: Vec<Peak>,
}

/// The largest use of a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Peak {
    /// The limit.
    #[serde(serialize_with = "display")]
    pub limit: Limit,
    /// The largest sum in any window of the limit, or for a limit on concurrency the most that ran
    /// at the same time.
    pub largest: u64,
}

/// What a call uses.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Amounts {
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) is_task: bool,
}

/// Counts the calls of a model.
#[derive(Debug)]
pub(super) struct Meter {
    limits: Vec<LimitMeter>,
    requests_in_a_second: Ledger,
    tokens_in_a_second: Ledger,
    counts: Counts,
}

#[derive(Debug)]
struct LimitMeter {
    limit: Limit,
    usage: Usage,
}

#[derive(Debug)]
enum Usage {
    /// A limit with a window. `by_arrival` counts all of a call when it arrives. `by_end` counts the
    /// output at the end.
    Window { by_arrival: Ledger, by_end: Ledger },
    /// A limit on concurrency.
    Running { now: u64, largest: u64 },
}

impl Meter {
    pub(super) fn new(limits: &[Limit]) -> Self {
        let second = Duration::from_secs(1);
        Self {
            limits: limits.iter().map(|&limit| LimitMeter::new(limit)).collect(),
            requests_in_a_second: Ledger::new(second),
            tokens_in_a_second: Ledger::new(second),
            counts: Counts::default(),
        }
    }

    /// Accepts a call, or returns the kind of the limit that it would exceed. A refused call does not
    /// count for the limits.
    pub(super) fn arrive(&mut self, now: Instant, amounts: Amounts) -> Result<(), LimitKind> {
        for meter in &mut self.limits {
            if !meter.fits(now, amounts) {
                self.counts.refused += 1;
                return Err(meter.limit.kind);
            }
        }
        for meter in &mut self.limits {
            meter.arrive(now, amounts);
        }
        self.requests_in_a_second.add(now, 1);
        self.tokens_in_a_second
            .add(now, amounts.input + amounts.output);
        self.counts.accepted += 1;
        self.counts.running += 1;
        self.counts.input_tokens += amounts.input;
        Ok(())
    }

    /// Ends the answer to a call, after a number of output tokens.
    pub(super) fn end(&mut self, now: Instant, output: u64, is_complete: bool) {
        self.counts.running -= 1;
        self.counts.output_tokens += output;
        self.counts.cancelled += u64::from(!is_complete);
        for meter in &mut self.limits {
            meter.end(now, output);
        }
    }

    /// Ends a task.
    pub(super) fn end_task(&mut self) {
        for meter in &mut self.limits {
            meter.release(LimitKind::ConcurrentTasks);
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let peak = |meter: &LimitMeter| Peak {
            limit: meter.limit,
            largest: meter.largest(),
        };
        Counts {
            requests_in_a_second: self.requests_in_a_second.largest(),
            tokens_in_a_second: self.tokens_in_a_second.largest(),
            limits: self.limits.iter().map(peak).collect(),
            ..self.counts.clone()
        }
    }
}

impl LimitMeter {
    fn new(limit: Limit) -> Self {
        let usage = match limit.per {
            Some(window) => Usage::Window {
                by_arrival: Ledger::new(window),
                by_end: Ledger::new(window),
            },
            None => Usage::Running { now: 0, largest: 0 },
        };
        Self { limit, usage }
    }

    fn fits(&mut self, now: Instant, amounts: Amounts) -> bool {
        let amount = amount(self.limit.kind, amounts);
        let used = match &mut self.usage {
            Usage::Window { by_arrival, by_end } => by_arrival.sum(now).max(by_end.sum(now)),
            Usage::Running { now, .. } => *now,
        };
        amount == 0 || used.saturating_add(amount) <= self.limit.count.get()
    }

    fn arrive(&mut self, now: Instant, amounts: Amounts) {
        let total = amount(self.limit.kind, amounts);
        let without_output = Amounts {
            output: 0,
            ..amounts
        };
        match &mut self.usage {
            Usage::Window { by_arrival, by_end } => {
                by_arrival.add(now, total);
                by_end.add(now, amount(self.limit.kind, without_output));
            }
            Usage::Running { now, largest } => {
                *now += total;
                *largest = (*largest).max(*now);
            }
        }
    }

    fn end(&mut self, now: Instant, output: u64) {
        if let Usage::Window { by_end, .. } = &mut self.usage {
            if matches!(self.limit.kind, LimitKind::Tokens | LimitKind::OutputTokens) {
                by_end.add(now, output);
            }
        }
        self.release(LimitKind::ConcurrentRequests);
    }

    fn release(&mut self, kind: LimitKind) {
        if let Usage::Running { now, .. } = &mut self.usage {
            if self.limit.kind == kind {
                *now = now.saturating_sub(1);
            }
        }
    }

    fn largest(&self) -> u64 {
        match &self.usage {
            Usage::Window { by_arrival, by_end } => by_arrival.largest().max(by_end.largest()),
            Usage::Running { largest, .. } => *largest,
        }
    }
}

/// Returns how much a call uses of a kind of limit.
fn amount(kind: LimitKind, amounts: Amounts) -> u64 {
    match kind {
        LimitKind::Requests | LimitKind::ConcurrentRequests => 1,
        LimitKind::Tokens => amounts.input + amounts.output,
        LimitKind::InputTokens => amounts.input,
        LimitKind::OutputTokens => amounts.output,
        LimitKind::Submissions | LimitKind::ConcurrentTasks => u64::from(amounts.is_task),
        _ => 0,
    }
}

fn display<S: serde::Serializer>(limit: &Limit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(limit)
}
