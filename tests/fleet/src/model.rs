//! A model of the script that admits requests, for tests that compare the two.
//!
//! It takes the arguments of the script and returns the text of its reply. It keeps its state in
//! ordinary maps and writes everything at once, where the script saves commands. The state never
//! expires.

use std::collections::{BTreeMap, HashMap};
use std::slice;

/// The number of slots that a window and its guard are divided into, and one for the slot that is
/// only partly in them.
const SLOTS: f64 = 256.0;

/// The state of a quota. Times are in microseconds.
#[derive(Debug, Default)]
pub struct ScriptModel {
    /// The time of the last call. `None` before the first one.
    now: Option<f64>,
    offset: f64,
    paused: f64,
    start: f64,
    counters: HashMap<String, Counter>,
    line: HashMap<String, Waiting>,
    /// The requests that run, with the time at which each expires, by limit.
    running: Vec<HashMap<String, f64>>,
    /// The number of the last call of each process, and the reply to it.
    replies: HashMap<String, (String, String)>,
}

/// What is known of a limit with a window.
#[derive(Debug, Default)]
struct Counter {
    /// The tightest limit that was stated, and when.
    stated: Option<(f64, f64)>,
    total: f64,
    oldest: f64,
    next: Option<f64>,
    slots: BTreeMap<i64, i64>,
}

/// A limit with a window during a call.
#[derive(Debug)]
struct Rate {
    name: String,
    limit: f64,
    span: f64,
    credit: f64,
    idle_credit: f64,
    slot: f64,
    delay: f64,
    next: f64,
    counter: Counter,
}

/// A process in the line.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    since: f64,
    deadline: f64,
    demand: f64,
    turn: f64,
}

#[derive(Debug)]
struct Request {
    id: String,
    amounts: Vec<f64>,
    delay: f64,
}

/// The times that every call has.
#[derive(Clone, Copy, Debug)]
struct Times {
    turn: f64,
    lead: f64,
    grace: f64,
    lease: f64,
}

/// What a call admits.
#[derive(Debug, Default)]
struct Admission {
    starts: Vec<f64>,
    too_large: usize,
    retry: f64,
}

struct Arguments<'a>(slice::Iter<'a, String>);

impl Arguments<'_> {
    fn text(&mut self) -> String {
        self.0.next().expect("an argument is missing").clone()
    }

    fn number(&mut self) -> f64 {
        self.text().parse().expect("an argument is not a number")
    }

    /// Reads a number of values, and then the values.
    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count: usize = self.text().parse().expect("an argument is not a number");
        (0..count).map(|_| read(self)).collect()
    }

    fn numbers(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.number()).collect()
    }
}

impl ScriptModel {
    /// Moves the clock of the server.
    pub fn step(&mut self, micros: i64) {
        self.offset += float(micros);
    }

    /// Returns the reply to a call at a time of the quota, at which an offset has been added to the
    /// time of the server.
    ///
    /// # Panics
    ///
    /// Panics if the time or the offset cannot be right, or if the arguments have another form.
    #[must_use]
    pub fn call(&mut self, arguments: &[String], now: i64, offset: i64) -> String {
        let mut arguments = Arguments(arguments.iter());
        let (process, sequence) = (arguments.text(), arguments.text());
        if let Some((last, reply)) = self.replies.get(&process) {
            if *last == sequence {
                return format!("{now} {reply}");
            }
        }
        self.set_time(float(now), float(offset));
        let reply = self.reply(&process, &mut arguments);
        assert!(arguments.0.next().is_none(), "too many arguments");
        self.replies.insert(process, (sequence, reply.clone()));
        format!("{now} {reply}")
    }

    fn set_time(&mut self, now: f64, offset: f64) {
        let last = self.now.unwrap_or(0.0);
        assert!(now >= last, "the time goes back");
        if offset > self.offset {
            assert!(now <= last, "the offset grows, but not by what is missing");
            self.offset = offset;
        }
        assert!(offset >= self.offset, "the offset shrinks");
        self.now = Some(now);
    }

    fn reply(&mut self, process: &str, arguments: &mut Arguments<'_>) -> String {
        let now = self.now.unwrap_or(0.0);
        let (turn, lead, grace) = (arguments.number(), arguments.number(), arguments.number());
        let (_ttl, lease) = (arguments.number(), arguments.number());
        let times = Times {
            turn,
            lead,
            grace,
            lease,
        };
        let (pause, slowdown) = (arguments.number(), arguments.number());
        if pause > 0.0 {
            self.paused = self.paused.max(now + pause);
        }
        self.start = self.start.max(now);

        let mut rates = arguments.list(|arguments| self.rate(arguments, now));
        let limits = arguments.list(Arguments::number);
        self.running.resize_with(limits.len(), HashMap::new);
        let mut running: Vec<usize> = Vec::new();
        for requests in &mut self.running {
            requests.retain(|_, expiry| *expiry > now);
            running.push(requests.len());
        }

        let corrections =
            arguments.list(|arguments| (arguments.number(), arguments.numbers(rates.len())));
        for (at, differences) in corrections {
            for (rate, difference) in rates.iter_mut().zip(differences) {
                rate.correct(at, difference, now, self.start, slowdown);
            }
        }
        for id in arguments.list(Arguments::text) {
            for (requests, running) in self.running.iter_mut().zip(&mut running) {
                *running -= usize::from(requests.remove(&id).is_some());
            }
        }
        let requests = arguments.list(|arguments| {
            let (id, amounts) = (arguments.text(), arguments.numbers(rates.len()));
            let delays = amounts.iter().zip(&rates);
            let delays = delays.map(|(amount, rate)| amount * rate.delay);
            Request {
                id,
                delay: delays.fold(0.0, f64::max),
                amounts,
            }
        });

        let mut admission = Admission::default();
        if self.is_first(process, requests.is_empty(), now) {
            admission = self.admit(
                &requests,
                &mut rates,
                &limits,
                &mut running,
                times,
                slowdown,
            );
            if !admission.starts.is_empty() {
                self.line.remove(process);
            }
        }
        let rest = &requests[admission.starts.len()..];
        if rest.is_empty() {
            self.line.remove(process);
        } else {
            self.join(process, now);
            admission.retry = self.retry(process, rest, &rates, times, admission.retry);
        }

        let Admission {
            starts,
            too_large,
            retry,
        } = admission;
        let head = [retry, float_of(too_large), self.paused, self.offset];
        let mut reply: Vec<f64> = head.into();
        reply.push(float_of(starts.len()));
        reply.extend(starts);
        for rate in &rates {
            reply.extend([rate.limit, rate.counter.total, rate.next]);
        }
        reply.extend(running.into_iter().map(float_of));
        for mut rate in rates {
            rate.counter.next = Some(rate.next.round_ties_even());
            self.counters.insert(rate.name, rate.counter);
        }
        let reply: Vec<String> = reply.iter().map(|number| format!("{number:.0}")).collect();
        reply.join(" ")
    }

    fn rate(&mut self, arguments: &mut Arguments<'_>, now: f64) -> Rate {
        let name = arguments.text();
        let (limit, window, span) = (arguments.number(), arguments.number(), arguments.number());
        let (credit, idle_credit) = (arguments.number(), arguments.number());
        let known_next = arguments.number();
        let mut counter = self.counters.remove(&name).unwrap_or_default();
        let tighter = counter.stated.filter(|(stated, since)| {
            *stated < limit && now - since < (2.0 * span).min(180_000_000.0)
        });
        if tighter.is_none() && limit > 0.0 {
            counter.stated = Some((limit, now));
        }
        let limit = tighter.map_or(limit, |(stated, _)| stated);
        let next = match counter.next {
            Some(next) => next,
            None if known_next <= now + span => now.max(known_next),
            None => now,
        };
        let mut rate = Rate {
            name,
            limit,
            span,
            credit,
            idle_credit,
            slot: (span / (SLOTS - 1.0)).ceil().max(1.0),
            delay: window / limit.max(1.0),
            next,
            counter,
        };
        rate.advance(now);
        rate
    }

    fn join(&mut self, process: &str, now: f64) {
        let waiting = Waiting {
            since: now,
            deadline: 0.0,
            demand: 0.0,
            turn: 0.0,
        };
        self.line.entry(process.to_owned()).or_insert(waiting);
    }

    /// Returns whether no other process waits before this one. Without requests, a process leaves
    /// the line.
    fn is_first(&mut self, process: &str, is_empty: bool, now: f64) -> bool {
        if is_empty {
            self.line.remove(process);
            return true;
        }
        for (first, waiting) in self.in_order() {
            if first == process {
                break;
            }
            if now <= waiting.deadline {
                return false;
            }
            self.line.remove(&first);
        }
        true
    }

    fn in_order(&self) -> Vec<(String, Waiting)> {
        let mut line: Vec<(String, Waiting)> = self
            .line
            .iter()
            .map(|(process, waiting)| (process.clone(), *waiting))
            .collect();
        line.sort_by(|(a, one), (b, other)| one.since.total_cmp(&other.since).then(a.cmp(b)));
        line
    }

    fn admit(
        &mut self,
        requests: &[Request],
        rates: &mut [Rate],
        limits: &[f64],
        running: &mut [usize],
        times: Times,
        slowdown: f64,
    ) -> Admission {
        let mut admission = Admission::default();
        let soon = self.now.unwrap_or(0.0) + times.turn + times.lead;
        let mut latest = soon;
        for request in requests {
            let mut at = self.start.max(self.paused);
            for (index, (rate, amount)) in rates.iter().zip(&request.amounts).enumerate() {
                if *amount > rate.limit {
                    admission.too_large = index + 1;
                }
                if rate.credit >= 0.0 {
                    at = at.max(rate.next.ceil());
                }
                at = at.max(rate.room_at(*amount, self.start));
            }
            let mut concurrency = limits.iter().zip(running.iter());
            let is_full = concurrency.any(|(limit, running)| float_of(*running) >= *limit);
            if is_full {
                at = at.max(soon + 1.0);
            }
            if admission.too_large > 0 {
                break;
            }
            if is_full || at > latest {
                admission.retry = at;
                break;
            }
            if admission.starts.is_empty() {
                latest = at + times.turn - 1.0;
            }
            for (rate, amount) in rates.iter_mut().zip(&request.amounts) {
                rate.advance(at);
                rate.take(at, *amount);
                rate.pace(at, *amount, slowdown);
            }
            for (requests, running) in self.running.iter_mut().zip(running.iter_mut()) {
                requests.insert(request.id.clone(), at + times.lease);
                *running += 1;
            }
            self.start = at;
            admission.starts.push(at);
        }
        admission
    }

    /// Returns when a process calls again for the rest of its requests, the first of which starts at
    /// `next_at` at the earliest. That is 0 if none was looked at.
    fn retry(
        &mut self,
        process: &str,
        rest: &[Request],
        rates: &[Rate],
        times: Times,
        next_at: f64,
    ) -> f64 {
        let now = self.now.unwrap_or(0.0);
        let paced = rates.iter().filter(|rate| rate.credit >= 0.0);
        let paced = paced.map(|rate| rate.next);
        let next_start = paced.fold(self.start.max(self.paused), f64::max);
        let line = self.in_order();
        let ahead = line.iter().take_while(|(other, _)| other != process);
        let ahead: Vec<Waiting> = ahead.map(|(_, waiting)| *waiting).collect();
        let turn = match ahead.first() {
            None => next_at,
            Some(first) => {
                let demands = ahead.iter().map(|waiting| waiting.demand);
                demands.fold(next_start.max(first.turn), |sum, demand| sum + demand)
            }
        };
        let turn = turn.max(next_start);
        let demand = rest.iter().fold(0.0, |sum, request| {
            f64::min(sum + request.delay, times.turn)
        });
        let soonest = if ahead.is_empty() { 1_000.0 } else { 10_000.0 };
        let retry = turn.min(now + 1_000_000.0);
        if let Some(waiting) = self.line.get_mut(process) {
            waiting.demand = demand.round_ties_even();
            waiting.turn = turn.round_ties_even();
            waiting.deadline = (retry + times.grace).round_ties_even();
        }
        (retry - times.lead).max(now + soonest)
    }
}

impl Rate {
    fn slot_of(&self, at: f64) -> f64 {
        (at / self.slot).floor()
    }

    /// Forgets what has expired at a time.
    fn advance(&mut self, at: f64) {
        let oldest = self.slot_of(at) - SLOTS + 1.0;
        if oldest <= self.counter.oldest {
            return;
        }
        let alive = self.counter.slots.split_off(&integer(oldest));
        for amount in self.counter.slots.values() {
            self.counter.total -= float(*amount);
        }
        self.counter.slots = alive;
        self.counter.oldest = oldest;
    }

    fn take(&mut self, at: f64, amount: f64) {
        let slot = integer(self.slot_of(at));
        *self.counter.slots.entry(slot).or_default() += integer(amount);
        self.counter.total += amount;
    }

    fn pace(&mut self, at: f64, amount: f64, slowdown: f64) {
        if self.credit >= 0.0 {
            let from = if at - self.next > self.credit {
                at - self.idle_credit
            } else {
                self.next
            };
            let next = from + amount * self.delay * slowdown / 1_000.0;
            self.next = next.min(at + self.span);
        }
    }

    fn correct(&mut self, at: f64, difference: f64, now: f64, start: f64, slowdown: f64) {
        let at = at.min(start);
        let slot = self.slot_of(at);
        let is_alive = slot >= self.counter.oldest;
        if difference > 0.0 {
            self.take(if is_alive { at } else { start }, difference);
            self.pace(now, difference, slowdown);
        } else if difference < 0.0 && is_alive {
            let taken = self.counter.slots.get(&integer(slot)).copied();
            let difference = difference.max(-float(taken.unwrap_or(0).max(0)));
            self.take(at, difference);
            if self.credit >= 0.0 {
                self.next = (self.next + difference * self.delay).max(0.0);
            }
        }
    }

    /// Returns the earliest time at which there is room for an amount.
    fn room_at(&self, amount: f64, start: f64) -> f64 {
        let mut needed = amount - (self.limit - self.counter.total);
        if needed <= 0.0 {
            return 0.0;
        }
        for (slot, taken) in &self.counter.slots {
            needed -= float(*taken);
            if needed <= 0.0 {
                return (float(*slot) + SLOTS) * self.slot;
            }
        }
        start + self.span
    }
}

/// Returns the nearest double, as Lua does when it reads a number.
#[expect(clippy::cast_precision_loss, reason = "Lua rounds as well")]
fn float(number: i64) -> f64 {
    number as f64
}

fn float_of(number: usize) -> f64 {
    float(number.try_into().expect("a count is small"))
}

#[expect(clippy::cast_possible_truncation, reason = "amounts are integers")]
fn integer(number: f64) -> i64 {
    number as i64
}
