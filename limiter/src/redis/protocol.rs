//! A call of the script, and its arguments.
//!
//! The script is in the files of [`SCRIPT`]. It reads the arguments in the order in which
//! [`Call::arguments`] writes them.

use std::collections::HashMap;
use std::fmt::Display;

use model_studio_limits::LimitKind;

use super::kind_name::name_of;
use crate::class::Headroom;
use crate::quota::rules::RateRule;
use crate::time::{Nanos, StoreTime};
use crate::{Class, ClassKey, Cost};

/// The version of the keys and of what they contain. Programs with different versions must not share
/// a quota, because each version would only count its own requests.
///
/// The arguments can change without a new version, because a program brings its script along. So can
/// the state, if older scripts ignore what is new and count all requests.
pub(super) const VERSION: &str = "1";

/// The source of the script.
pub(super) const SCRIPT: &str = concat!(
    include_str!("state.lua"),
    include_str!("rates.lua"),
    include_str!("running.lua"),
    include_str!("line.lua"),
    include_str!("requests.lua"),
    include_str!("classes.lua"),
    include_str!("passing.lua"),
    include_str!("turns.lua"),
    include_str!("call.lua")
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
    /// The classes with their waiting requests. The first one is the default class.
    pub(super) classes: Vec<StatedClass>,
}

/// A class, as the process states it, with its waiting requests.
#[derive(Clone, Debug)]
pub(super) struct StatedClass {
    pub(super) key: ClassKey,
    pub(super) class: Class,
    /// How long before the call the class was set. `None` if it was not. Of several weights that
    /// processes state, the one that was set last holds.
    pub(super) age: Option<Nanos>,
    /// The headroom of the other classes.
    pub(super) left: Headroom,
    /// In order.
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
    pub(super) class: ClassKey,
    /// How much more of the limits the class has used, in microseconds of a limit.
    pub(super) charge: i64,
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
            push(&u8::from(kind.is_measured()));
        }
        push(&self.concurrency.len());
        for limit in &self.concurrency {
            push(&name_of(limit.kind));
            push(&limit.allowed.min(MAX_AMOUNT));
            push(&limit.held.min(MAX_AMOUNT));
        }
        push(&self.classes.len());
        for class in &self.classes {
            push(&class.key);
            push(&class.class.weight);
            match class.age {
                Some(age) => push(&micros(age + self.age)),
                None => push(&-1),
            }
            push(&class.left.parts());
            push(&class.class.headroom.parts());
        }
        let numbers = self.classes.iter().map(|class| &class.key).zip(1..);
        let numbers: HashMap<&ClassKey, usize> = numbers.collect();
        push(&self.corrections.len());
        for Correction {
            at,
            from,
            to,
            class,
            charge,
        } in &self.corrections
        {
            // A call has the classes of all corrections.
            push(&numbers.get(class).unwrap_or(&1));
            push(charge);
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
        for class in &self.classes {
            push(&class.requests.len());
            for Offered { cost, lease, .. } in &class.requests {
                push(&lease.as_ref().map_or("", |lease| &lease.task));
                for rate in &self.rates {
                    push(&amount(cost, rate.kind));
                }
                for limit in &self.concurrency {
                    let most = lease.as_ref().map_or(MAX_AMOUNT, |_| MAX_WEIGHT);
                    push(&amount(cost, limit.kind).min(most));
                }
            }
        }
        arguments
    }

    /// Removes decreases of amounts. They must not be executed twice, and the script does not
    /// remember a call for long.
    pub(super) fn remove_refunds(&mut self) {
        self.corrections.retain_mut(|correction| {
            let from = correction.from;
            let to = correction.to.map_or(from, |to| to.max(&from));
            correction.to = Some(to);
            correction.charge = correction.charge.max(0);
            to != from
        });
    }
}
