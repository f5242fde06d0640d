//! Random calls of the script, and what must hold for all replies.
//!
//! The time is that of a real server, which is moved forward instead of waiting. A test that fails
//! prints all calls of its quota.

use std::collections::HashMap;
use std::thread;

use fastrand::Rng;

use fleet_tests::script::{Asked, Corrected, Rate, RawCall, RawClass, RawReply, TURN, state, step};
use redis::{Connection, cmd};
use redis_server::RedisServer;

const QUOTAS: u64 = 150;
const CALLS: i64 = 80;

const SECOND: i64 = 1_000_000;

/// How long what a process has running counts without a call.
const HELD: i64 = 30 * SECOND;

/// A process, and what it knows from earlier calls.
struct Process {
    sequence: i64,
    last: RawCall,
    last_reply: String,
    nexts: Vec<i64>,
    /// What it has running of each limit, as it will state it.
    held: Vec<i64>,
    /// The same as the store knows it, and until when.
    stated: Vec<(i64, i64)>,
    requests: i64,
}

/// A request that was admitted. Its amounts change when it is corrected.
struct Started {
    at: i64,
    amounts: Vec<i64>,
}

/// A quota, and what must hold for its replies.
struct Quota {
    rates: Vec<Rate>,
    limits: Vec<i64>,
    has_classes: bool,
    processes: Vec<Process>,
    started: Vec<Started>,
    /// The tasks that run: the name, the weight of each limit, and when it expires.
    tasks: HashMap<String, (Vec<i64>, i64)>,
    last_start: i64,
    admitted: usize,
    log: Log,
}

/// What was done with a quota. It is printed if the test fails.
struct Log(Vec<String>);

impl Drop for Log {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.0.join("\n"));
        }
    }
}

fn pick<T: Copy>(random: &mut Rng, values: &[T]) -> T {
    values[random.usize(..values.len())]
}

fn random_rate(random: &mut Rng) -> Rate {
    let window = pick(random, &[SECOND, 2 * SECOND, 60 * SECOND, 86_400 * SECOND]);
    Rate {
        limit: pick(random, &[1, 3, 60, 600, 30_000, 5_000_000_000, 1 << 53]),
        window,
        guard: pick(random, &[20_000, window / 60, window / 20]),
        credit: pick(random, &[-1, 0, 10_000, SECOND]),
        known_next: 0,
        is_measured: random.bool(),
    }
}

/// Returns an amount that is often at the edge.
fn random_amount(random: &mut Rng, limit: i64) -> i64 {
    match random.u8(..8) {
        0 => 0,
        1 => 1,
        2 => limit,
        3 => random.i64(0..=limit),
        _ => random.i64(0..=limit / 20 + 1).min(limit),
    }
}

/// Returns the index of a random class in a call, to which it is added unless it is there already.
fn random_class(call: &mut RawCall, random: &mut Rng) -> usize {
    // One class has a headroom of 5%, which the others leave.
    let (name, weight, left, headroom) = pick(
        random,
        &[
            ("", 1, 50_000, 0),
            ("a", 3, 50_000, 0),
            ("b", 10, 0, 50_000),
        ],
    );
    let found = call.classes.iter().position(|class| class.name == name);
    let index = found.unwrap_or(call.classes.len());
    if found.is_none() {
        call.classes.push(RawClass::new(name));
    }
    let class = &mut call.classes[index];
    (class.weight, class.left, class.headroom) = (weight, left, headroom);
    class.age = pick(random, &[-1, 0, SECOND, 1_000 * SECOND]);
    index
}

impl Quota {
    fn new(seed: u64, random: &mut Rng) -> Self {
        let rates = (0..random.usize(..4)).map(|_| random_rate(random));
        let rates: Vec<Rate> = rates.collect();
        let limits: Vec<i64> = (0..random.usize(..3)).map(|_| random.i64(1..6)).collect();
        let processes = (0..random.usize(1..5)).map(|index| Process {
            sequence: 0,
            last: RawCall::new(&format!("process{index}"), 0),
            last_reply: String::new(),
            nexts: vec![0; rates.len()],
            held: vec![0; limits.len()],
            stated: vec![(0, 0); limits.len()],
            requests: 0,
        });
        Self {
            processes: processes.collect(),
            rates,
            limits,
            has_classes: seed % 3 > 0,
            started: Vec::new(),
            tasks: HashMap::new(),
            last_start: 0,
            admitted: 0,
            log: Log(vec![format!("quota {seed}")]),
        }
    }

    fn random_call(&mut self, index: usize, random: &mut Rng) -> RawCall {
        let process = &mut self.processes[index];
        process.sequence += 1;
        let mut call = RawCall::new(&process.last.process, process.sequence);
        call.lease = pick(random, &[SECOND, 60 * SECOND, 3_600 * SECOND]);
        call.resumes = random.u8(..30) == 0;
        if random.u8(..30) == 0 {
            call.pause = random.i64(0..3 * SECOND);
        }
        call.slowdown = pick(random, &[1_000, 1_000, 1_111, 2_000]);
        call.rates.clone_from(&self.rates);
        for (rate, next) in call.rates.iter_mut().zip(&process.nexts) {
            rate.known_next = *next;
        }
        for (limit, held) in self.limits.iter().zip(&mut process.held) {
            *held -= random.i64(0..=*held);
            call.concurrency.push((*limit, *held));
        }
        // Of some of the last requests.
        for started in self.started.iter().rev().take(30) {
            if random.u8(..10) == 0 {
                // A refund of a part, of which the script knows all unless it has expired.
                let amounts = started.amounts.iter();
                let differences = amounts.map(|amount| -random.i64(0..=*amount));
                call = call.correct(started.at, differences.collect());
            }
        }
        let mut names: Vec<String> = self.tasks.keys().cloned().collect();
        names.sort_unstable();
        for name in names.into_iter().filter(|_| random.u8(..4) == 0) {
            let (weights, _) = &self.tasks[&name];
            let weight = weights.iter().max().copied().unwrap_or(0);
            call.ended.push((name, weight));
        }
        for _ in 0..pick(random, &[0, 1, 1, 2, 4, 20]) {
            process.requests += 1;
            let amounts = self
                .rates
                .iter()
                .map(|rate| random_amount(random, rate.limit));
            let amounts = amounts.collect();
            let weights = self
                .limits
                .iter()
                .map(|limit| random.i64(0..=(*limit).min(2)));
            let weights = weights.collect();
            let task = match random.u8(..3) {
                0 => format!("{}:{}", call.process, process.requests),
                _ => String::new(),
            };
            let class = if self.has_classes {
                random_class(&mut call, random)
            } else {
                0
            };
            call.classes[class].requests.push(Asked {
                task,
                amounts,
                weights,
            });
        }
        for correction in &mut call.corrections {
            correction.class = random.usize(..call.classes.len());
            correction.cost = random.i64(-SECOND..SECOND);
        }
        call
    }

    /// Makes one call, or repeats the last one, or sends one that is late.
    fn call(&mut self, random: &mut Rng, connection: &mut Connection) -> i64 {
        let index = random.usize(..self.processes.len());
        let process = &self.processes[index];
        if process.sequence > 0 && random.u8(..10) == 0 {
            let before = state(connection);
            let text = process.last.send(connection);
            let reply = text.split_once(' ').map(|(_, reply)| reply);
            let first = process.last_reply.split_once(' ').map(|(_, reply)| reply);
            assert_eq!(reply, first, "a repetition has the same reply");
            let mut late = process.last.clone();
            late.sequence -= 1;
            let stale = format!("stale {}", process.sequence);
            assert_eq!(late.send(connection), stale, "a late call is refused");
            assert_eq!(state(connection), before, "neither changes anything");
            return 0;
        }
        let call = self.random_call(index, random);
        let text = call.send(connection);
        self.log.0.push(format!("{call:?}\n  {text}"));
        let reply = RawReply::parse(&text, &call);
        self.check_running(index, &call, &reply);
        self.check_starts(&call, &reply);
        self.check_state(&reply, connection);
        let admitted = reply.admitted(&call).len();
        let process = &mut self.processes[index];
        process.nexts = reply.rates.iter().map(|rate| rate[2]).collect();
        process.last = call;
        process.last_reply = text;
        self.admitted += admitted;
        reply.retry - reply.now
    }

    /// The store counts what processes and tasks have running, and never more than is allowed.
    fn check_running(&mut self, index: usize, call: &RawCall, reply: &RawReply) {
        for (name, _) in &call.ended {
            self.tasks.remove(name);
        }
        self.tasks.retain(|_, (_, expiry)| *expiry > reply.now);
        let admitted = || reply.admitted(call).into_iter();
        for (start, request) in admitted() {
            if !request.task.is_empty() {
                let expiry = start + call.lease;
                self.tasks
                    .insert(request.task.clone(), (request.weights.clone(), expiry));
            }
        }
        for (number, limit) in self.limits.iter().enumerate() {
            let plain = admitted().filter(|(_, request)| request.task.is_empty());
            let plain: i64 = plain.map(|(_, request)| request.weights[number]).sum();
            let process = &mut self.processes[index];
            process.held[number] = call.concurrency[number].1 + plain;
            process.stated[number] = (process.held[number], reply.now + HELD);
            let held = self.processes.iter().map(|process| process.stated[number]);
            let held = held.filter(|(_, until)| *until > reply.now);
            let held: i64 = held.map(|(amount, _)| amount).sum();
            let tasks: i64 = self
                .tasks
                .values()
                .map(|(weights, _)| weights[number])
                .sum();
            assert_eq!(reply.running[number], held + tasks, "what runs of {number}");
            // What is stated can exceed the limit only after a process was thought to be gone.
            let grew = admitted().any(|(_, request)| request.weights[number] > 0);
            assert!(!grew || held + tasks <= *limit, "too many run");
        }
    }

    /// Requests start in order, not in a pause, and no window has more than the limit.
    fn check_starts(&mut self, call: &RawCall, reply: &RawReply) {
        for Corrected { at, amounts, .. } in &call.corrections {
            for (index, difference) in amounts.iter().enumerate() {
                self.refund(*at, index, *difference, reply.now);
            }
        }
        for (at, request) in reply.admitted(call) {
            assert!(at >= self.last_start, "a start before an earlier one");
            assert!(at >= reply.now.max(reply.paused), "a start in a pause");
            assert!(at <= reply.now + 3 * TURN, "a start long after the call");
            self.last_start = at;
            let amounts = request.amounts.clone();
            for (index, rate) in self.rates.iter().enumerate() {
                let started = self.started.iter().rev();
                let recent = started.take_while(|one| at - one.at < rate.window);
                let sum: i128 = recent.map(|one| i128::from(one.amounts[index])).sum();
                let sum = sum + i128::from(amounts[index]);
                assert!(sum <= rate.limit.into(), "{sum} of {} at {at}", rate.limit);
            }
            self.started.push(Started { at, amounts });
        }
    }

    /// A refund is taken from the requests that started at a time. One that comes after the window
    /// is void.
    fn refund(&mut self, at: i64, index: usize, difference: i64, now: i64) {
        let mut left = -difference;
        if now - at > self.rates[index].window {
            return;
        }
        for started in self.started.iter_mut().filter(|one| one.at == at) {
            let part = left.min(started.amounts[index]);
            started.amounts[index] -= part;
            left -= part;
        }
    }

    /// The total of each limit is the sum of its slots, and no pace is delayed by
    /// more than the window and its guard.
    fn check_state(&self, reply: &RawReply, connection: &mut Connection) {
        let fields = state(connection);
        for (index, rate) in self.rates.iter().enumerate() {
            let prefix = format!("rate{index}:");
            let of_rate = fields.iter().filter_map(|(field, value)| {
                let slot = field.strip_prefix(&prefix)?.parse::<i64>().ok()?;
                Some((slot, value.parse::<i64>().unwrap()))
            });
            let slots: Vec<(i64, i64)> = of_rate.collect();
            let sum: i64 = slots.iter().map(|(_, amount)| amount).sum();
            assert_eq!(sum, reply.rates[index][1], "the total of {index}");
            let slot = ((rate.window + rate.guard + 254) / 255).max(1);
            let oldest = reply.now / slot - 256;
            assert!(slots.iter().all(|(slot, _)| *slot >= oldest), "an old slot");
            let latest = self.last_start.max(reply.now) + rate.window + rate.guard;
            assert!(reply.rates[index][2] <= latest, "the pace of {index}");
        }
    }
}

fn random_step(random: &mut Rng, rates: &[Rate], wait: i64) -> i64 {
    let spans = rates.iter().map(|rate| rate.window + rate.guard);
    let span = spans.max().unwrap_or(SECOND);
    match random.u8(..20) {
        0..=5 => 0,
        6..=11 => wait.max(0),
        12 => random.i64(0..TURN),
        13 => TURN,
        14 => 11 * SECOND,
        15 => span / 255,
        16 => random.i64(0..=span),
        17 => span,
        18 => 4 * span,
        // The clock of the server goes back.
        _ => -random.i64(0..10 * SECOND),
    }
}

#[test]
fn random_calls_exceed_nothing() {
    let server = RedisServer::start();
    let mut connection = server.connection();
    let connection = &mut connection;
    let mut admitted = 0;
    for seed in 0..QUOTAS {
        let mut random = Rng::with_seed(seed);
        let random = &mut random;
        let _: () = cmd("FLUSHDB").query(connection).unwrap();
        let mut quota = Quota::new(seed, random);
        let mut wait = 0;
        for call in 0..CALLS {
            if call > 0 {
                let micros = random_step(random, &quota.rates, wait);
                step(connection, micros);
                quota.log.0.push(format!("a step of {micros} µs"));
            }
            wait = quota.call(random, connection);
        }
        admitted += quota.admitted;
        let keys: Vec<String> = cmd("KEYS").arg("*").query(connection).unwrap();
        for key in keys {
            let lasts: i64 = cmd("PTTL").arg(&key).query(connection).unwrap();
            assert!(lasts > 0, "{key} never expires");
        }
    }
    println!("{QUOTAS} quotas with {CALLS} calls each: {admitted} requests were admitted");
    assert!(admitted > 4_000, "{admitted} requests");
}
