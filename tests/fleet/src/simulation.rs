//! A fleet in simulated time: processes call the script on a real server, and the time of the quota is
//! set for each call.
//!
//! A process calls as a limiter does: when a class starts to wait, when the reply said so, and for
//! corrections after 20 ms. Calls take no time.

use std::collections::VecDeque;

use fastrand::Rng;
use redis::Connection;

use crate::script::{Corrected, LEAD, Rate, RawCall, RawClass, RawReply};
use crate::source::{Source, Waiting, dominant, whole};

/// The maximum number of requests in a call.
const MAX_REQUESTS: usize = 64;

/// How long after a request starts its true cost is sent.
const LATENCY: i64 = 1_020_000;

const HOUR: i64 = 3_600_000_000;

/// A request that was admitted. Times are in microseconds from the start.
#[derive(Clone, Debug)]
pub struct Started {
    /// When it arrived.
    pub arrived: i64,
    /// When it starts.
    pub at: i64,
    /// The name of its class.
    pub class: String,
    /// The true amount of each limit.
    pub amounts: Vec<i64>,
}

/// A fleet on one quota.
#[derive(Debug)]
pub struct Simulation {
    /// `None` for those that were killed.
    processes: Vec<Option<Process>>,
    random: Rng,
    /// The time of the store at the start, and the time from then on.
    epoch: i64,
    now: i64,
    /// What was admitted.
    pub started: Vec<Started>,
    /// The number of calls.
    pub calls: usize,
}

#[derive(Debug)]
struct Process {
    call: RawCall,
    waiting: Vec<Waiting>,
    /// Corrections with the index of the source, and when they are sent.
    corrections: VecDeque<(i64, usize, Corrected)>,
    call_at: i64,
}

impl Simulation {
    /// Creates a fleet with the sources of each process.
    pub fn new(rates: &[Rate], processes: Vec<Vec<Source>>, connection: &mut Connection) -> Self {
        let first = RawCall::new("first", 1).ask(rates, &[]).call(connection);
        let mut random = Rng::with_seed(1);
        let processes = processes.into_iter().zip(1..).map(|(sources, number)| {
            let name = format!("process{number}");
            let sources = sources.into_iter();
            let waiting = sources.map(|source| Waiting::new(source, &mut random));
            Some(Process {
                call: RawCall::new(&name, 0).ask(rates, &[]),
                waiting: waiting.collect(),
                corrections: VecDeque::new(),
                call_at: i64::MAX,
            })
        });
        let processes = processes.collect();
        Self {
            processes,
            random,
            // Ahead of the server, even if the test is slower than the simulated time.
            epoch: first.now + HOUR,
            now: 0,
            started: Vec::new(),
            calls: 0,
        }
    }

    /// Runs the fleet until a time.
    pub fn run(&mut self, until: i64, connection: &mut Connection) {
        loop {
            let running = self.processes.iter().flatten();
            let next = running.map(Process::next_event).min();
            let Some(next) = next.filter(|next| *next < until) else {
                return;
            };
            self.now = self.now.max(next);
            for process in self.processes.iter_mut().flatten() {
                process.arrive(self.now, &mut self.random);
                if process.next_call() <= self.now {
                    let offered = process.prepare(self.now);
                    let time = self.epoch + self.now;
                    let reply = process.call.call_at(time, connection);
                    self.calls += 1;
                    let started = process.apply(&reply, &offered, self.epoch, self.now);
                    self.started.extend(started);
                    for waiting in &mut process.waiting {
                        waiting.refill(self.now, &mut self.random);
                    }
                    process.plan(&reply, &offered, self.epoch, self.now);
                }
            }
        }
    }

    /// Kills a process, which cannot do anything before it ends.
    pub fn kill(&mut self, process: usize) {
        self.processes[process] = None;
    }
}

impl Process {
    fn next_event(&self) -> i64 {
        let arrivals = self.waiting.iter().map(|waiting| waiting.next_arrival);
        arrivals.min().unwrap_or(i64::MAX).min(self.next_call())
    }

    fn next_call(&self) -> i64 {
        let corrections = self.corrections.front();
        let due = corrections.map_or(i64::MAX, |(due, ..)| *due);
        due.min(self.call_at)
    }

    /// Adds the requests that have arrived.
    fn arrive(&mut self, now: i64, random: &mut Rng) {
        for waiting in &mut self.waiting {
            if waiting.arrive(now, random) {
                self.call_at = now;
            }
        }
    }

    /// Prepares the next call. Returns the indexes of the sources that it offers and of their classes.
    fn prepare(&mut self, now: i64) -> Vec<(usize, usize)> {
        self.call.sequence += 1;
        self.call.classes.truncate(1);
        self.call.classes[0].requests.clear();
        self.call.corrections.clear();
        let sources = self.waiting.iter().enumerate();
        let sources = sources.filter(|(_, one)| !one.is_empty() || one.is_in_line);
        let sources: Vec<usize> = sources.map(|(index, _)| index).collect();
        let most = (MAX_REQUESTS / sources.len().max(1)).max(1);
        let mut offered = Vec::new();
        for source in sources {
            let waiting = &self.waiting[source];
            let class = section(&mut self.call, &waiting.source.class);
            self.call.classes[class].requests = waiting.asked(most);
            offered.push((source, class));
        }
        let due = self.corrections.iter().take_while(|(due, ..)| *due <= now);
        let due = due.count();
        for (_, source, correction) in self.corrections.drain(..due) {
            let class = section(&mut self.call, &self.waiting[source].source.class);
            self.call.corrections.push(Corrected {
                class,
                ..correction
            });
        }
        offered
    }

    /// Returns the admitted requests of a call, and plans their corrections.
    fn apply(
        &mut self,
        reply: &RawReply,
        offered: &[(usize, usize)],
        epoch: i64,
        now: i64,
    ) -> Vec<Started> {
        let mut started = Vec::new();
        for (source, class) in offered {
            let waiting = &mut self.waiting[*source];
            let asked = self.call.classes[*class].requests.len();
            waiting.is_in_line = reply.starts[*class].len() < asked;
            for at in &reply.starts[*class] {
                let (arrived, estimate) = waiting.pop();
                let rates = &self.call.rates;
                let amounts = waiting.source.true_amounts(rates, &estimate);
                if amounts != estimate {
                    let differences = amounts.iter().zip(&estimate);
                    let correction = Corrected {
                        class: 0,
                        at: *at,
                        cost: whole(dominant(rates, &amounts) - dominant(rates, &estimate)),
                        amounts: differences.map(|(to, from)| to - from).collect(),
                    };
                    let due = (at - epoch).max(now) + LATENCY;
                    self.corrections.push_back((due, *source, correction));
                }
                started.push(Started {
                    arrived,
                    at: at - epoch,
                    class: waiting.source.class.name.clone(),
                    amounts,
                });
            }
        }
        started
    }

    /// Plans the next call.
    fn plan(&mut self, reply: &RawReply, offered: &[(usize, usize)], epoch: i64, now: i64) {
        self.call_at = i64::MAX;
        for (source, class) in offered {
            let waiting = &self.waiting[*source];
            let next = if waiting.is_in_line {
                reply.retry - epoch
            } else if waiting.is_empty() {
                i64::MAX
            } else {
                let last = reply.starts[*class].last();
                last.map_or(now, |last| last - LEAD - epoch)
            };
            self.call_at = self.call_at.min(next.max(now));
        }
    }
}

/// Returns the index of a class in a call, to which it is added unless it is there already.
fn section(call: &mut RawCall, class: &RawClass) -> usize {
    let found = call.classes.iter().position(|one| one.name == class.name);
    found.unwrap_or_else(|| {
        call.classes.push(class.clone());
        call.classes.len() - 1
    })
}
