//! Compares the script with a model of it, call by call, and checks what must hold for its replies.
//!
//! The model has the same rules as the script, but a simpler way to follow them. So the comparison
//! finds mistakes of what the script keeps, writes late, expires and prints. A rule that is wrong is
//! wrong in both: the checks find some of those, and they do not use the model.
//!
//! Each quota has a seed. The time is that of a real server, which is moved forward instead of
//! waiting. Later calls depend on it, so two runs do not make the same calls. A test that fails prints
//! all calls of the quota, with the time and the offset of each.

use std::thread;

use fastrand::Rng;
use fleet_tests::{ScriptModel, Server, now as clock};
use redis::{Connection, Script, cmd};

const SCRIPT: &str = include_str!("../../../limiter/src/redis/admit.lua");

const QUOTAS: u64 = 150;
const CALLS: i64 = 80;

const SECOND: i64 = 1_000_000;
const TURN: i64 = 100_000;

/// The largest number that calls contain.
const LARGEST: i64 = 1 << 53;

const KEYS: [&str; 2] = ["state", "line"];

/// A limit with a window, as the processes know it.
struct Rate {
    limit: i64,
    window: i64,
    guard: i64,
    credit: i64,
    idle_credit: i64,
}

/// A process, and what it knows from earlier calls.
struct Process {
    name: String,
    sequence: i64,
    last: Call,
    /// Whether the state has the reply to the last call.
    is_answered: bool,
    /// The requests that were admitted, and when they started.
    started: Vec<(String, i64)>,
    nexts: Vec<i64>,
    requests: i64,
}

/// A call, and what the checks need of it.
#[derive(Default)]
struct Call {
    arguments: Vec<String>,
    lease: i64,
    ended: Vec<String>,
    /// The ID and the amounts of each request.
    requests: Vec<(String, Vec<i64>)>,
}

/// The numbers of a reply.
struct Reply {
    now: i64,
    retry: i64,
    paused: i64,
    offset: i64,
    starts: Vec<i64>,
    nexts: Vec<i64>,
    running: Vec<usize>,
}

impl Reply {
    fn parse(reply: &str, rates: usize) -> Self {
        let numbers: Vec<i64> = reply.split(' ').map(|one| one.parse().unwrap()).collect();
        let count = usize::try_from(numbers[5]).unwrap();
        let (starts, rest) = numbers[6..].split_at(count);
        let (of_rates, running) = rest.split_at(3 * rates);
        let running = running.iter().map(|one| usize::try_from(*one).unwrap());
        Self {
            now: numbers[0],
            retry: numbers[1],
            paused: numbers[3],
            offset: numbers[4],
            starts: starts.to_vec(),
            nexts: of_rates.chunks(3).map(|rate| rate[2]).collect(),
            running: running.collect(),
        }
    }
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

/// What must hold for all replies of a quota.
#[derive(Default)]
struct Checks {
    last_start: i64,
    /// The requests that run, with the time at which each expires.
    running: Vec<(String, i64)>,
    /// When requests started, and their amounts.
    started: Vec<(i64, Vec<i64>)>,
}

impl Checks {
    /// Checks the reply to a new call. The windows can only be checked if nothing was corrected and
    /// no state was lost.
    fn check(
        &mut self,
        call: &Call,
        reply: &Reply,
        rates: &[Rate],
        limits: &[i64],
        is_simple: bool,
    ) {
        let earliest = reply.now.max(reply.paused);
        self.running.retain(|(id, expiry)| {
            let has_ended = call.ended.contains(id);
            *expiry > reply.now && !has_ended
        });
        assert!(reply.starts.len() <= call.requests.len());
        for (at, (id, amounts)) in reply.starts.iter().zip(&call.requests) {
            assert!(*at >= self.last_start, "a start before an earlier one");
            assert!(*at >= earliest, "a start in the past or in a pause");
            self.last_start = *at;
            self.running.push((id.clone(), at + call.lease));
            self.started.push((*at, amounts.clone()));
        }
        for (running, limit) in reply.running.iter().zip(limits) {
            assert_eq!(*running, self.running.len(), "requests that run");
            assert!(i64::try_from(*running).unwrap() <= *limit, "too many run");
        }
        if !is_simple || reply.starts.is_empty() {
            return;
        }
        for (index, rate) in rates.iter().enumerate() {
            // Windows that end with a start of this reply. All earlier ones have been checked.
            let new = self.started.len() - reply.starts.len();
            for (last, (at, _)) in self.started.iter().enumerate().skip(new) {
                let started = self.started[..=last].iter().rev();
                let in_window = started.take_while(|(other, _)| at - other < rate.window);
                let sum: i128 = in_window
                    .map(|(_, amounts)| i128::from(amounts[index]))
                    .sum();
                assert!(sum <= rate.limit.into(), "{sum} of {}", rate.limit);
            }
        }
    }
}

fn pick<T: Copy>(random: &mut Rng, values: &[T]) -> T {
    values[random.usize(..values.len())]
}

fn random_rate(random: &mut Rng) -> Rate {
    let window = pick(
        random,
        &[
            1_000,
            SECOND,
            2 * SECOND,
            60 * SECOND,
            60 * SECOND,
            86_400 * SECOND,
        ],
    );
    let limits = [
        1,
        3,
        60,
        600,
        30_000,
        5_000_000_000,
        5_000_000_000,
        LARGEST - 1,
        LARGEST,
    ];
    Rate {
        limit: pick(random, &limits),
        window,
        guard: pick(random, &[0, window / 60, window / 20 + 1]),
        credit: pick(random, &[-1, 0, 10_000, SECOND]),
        idle_credit: pick(random, &[0, 0, SECOND]),
    }
}

/// Returns an amount that is often at the edge.
fn random_amount(random: &mut Rng, limit: i64) -> i64 {
    match random.u8(..10) {
        0 => 0,
        1 => 1,
        2 => limit,
        3 => (limit + 1).min(LARGEST),
        4 => limit - random.i64(0..=limit.min(3)),
        5 => random.i64(0..=limit),
        _ => random.i64(0..=limit / 20 + 1),
    }
}

/// Returns how a request is corrected. The sum of what is counted stays exact.
fn random_difference(random: &mut Rng, limit: i64) -> i64 {
    let raise = if limit < LARGEST / 64 { limit / 16 } else { 0 };
    match random.u8(..6) {
        0 => 0,
        1 => raise,
        2 => random.i64(0..=raise),
        3 => -limit,
        _ => -random.i64(0..=limit / 20 + 1),
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
        14 => SECOND,
        15 => span / 255,
        16 => random.i64(0..=span),
        17 => span,
        18 => 3 * span,
        // The clock of the server goes back.
        _ => -random.i64(0..10 * SECOND),
    }
}

/// Returns a new call. With `corrects`, it corrects earlier requests.
fn random_call(
    random: &mut Rng,
    process: &mut Process,
    rates: &[Rate],
    running: &[i64],
    corrects: bool,
) -> Call {
    process.sequence += 1;
    let mut call = Call {
        arguments: vec![process.name.clone(), process.sequence.to_string()],
        ..Call::default()
    };
    let mut push = |value: &dyn ToString| call.arguments.push(value.to_string());
    let lead = pick(random, &[20_000, 25_000, TURN]);
    call.lease = pick(random, &[SECOND / 10, SECOND, 3_600 * SECOND]);
    let pause = match random.u8(..30) {
        0 => random.i64(0..3 * SECOND),
        _ => 0,
    };
    // Nothing may expire during the test.
    let ttl = 600_000;
    for number in [TURN, lead, 250_000 + lead, ttl, call.lease, pause] {
        push(&number);
    }
    push(&pick(random, &[1_000, 1_000, 1_111, 2_000]));

    push(&rates.len());
    for (index, rate) in rates.iter().enumerate() {
        push(&format!("rate{index}"));
        // Some know a tighter limit.
        push(&match random.u8(..20) {
            0 => rate.limit / 2,
            _ => rate.limit,
        });
        push(&rate.window);
        push(&(rate.window + rate.guard));
        push(&rate.credit);
        push(&rate.idle_credit);
        push(&process.nexts[index]);
    }
    push(&running.len());
    for limit in running {
        push(limit);
    }

    let corrections = if process.started.is_empty() || !corrects {
        0
    } else {
        pick(random, &[0, 0, 1, 2, 8])
    };
    push(&corrections);
    for _ in 0..corrections {
        let (_, at) = process.started[random.usize(..process.started.len())];
        push(&at);
        for rate in rates {
            push(&random_difference(random, rate.limit));
        }
    }
    let count = random.usize(..4).min(process.started.len());
    push(&count);
    for _ in 0..count {
        let ended = random.usize(..process.started.len());
        let (id, _) = process.started.swap_remove(ended);
        push(&id);
        call.ended.push(id);
    }

    let count = pick(random, &[0, 1, 1, 2, 4, 20]);
    push(&count);
    for _ in 0..count {
        process.requests += 1;
        let id = format!("{}:{}", process.name, process.requests);
        push(&id);
        let amounts = rates.iter().map(|rate| random_amount(random, rate.limit));
        let amounts: Vec<i64> = amounts.collect();
        for amount in &amounts {
            push(amount);
        }
        call.requests.push((id, amounts));
    }
    call
}

/// Takes what a process learns from the reply to its last call.
fn learn(process: &mut Process, reply: &Reply) {
    for (at, (id, _)) in reply.starts.iter().zip(&process.last.requests) {
        process.started.push((id.clone(), *at));
    }
    process.nexts.clone_from(&reply.nexts);
}

fn is_repeated(random: &mut Rng, process: &Process) -> bool {
    process.sequence > 0 && random.u8(..10) == 0
}

/// Makes the calls of one quota.
fn compare(seed: u64, connection: &mut Connection, script: &Script) -> usize {
    let mut random = Rng::with_seed(seed);
    let random = &mut random;
    let rates: Vec<Rate> = (0..random.usize(..4))
        .map(|_| random_rate(random))
        .collect();
    let running: Vec<i64> = (0..random.usize(..3)).map(|_| random.i64(1..6)).collect();
    let mut processes: Vec<Process> = (0..random.usize(1..5))
        .map(|index| Process {
            name: format!("process{index}"),
            sequence: 0,
            last: Call::default(),
            is_answered: false,
            started: Vec::new(),
            nexts: vec![0; rates.len()],
            requests: 0,
        })
        .collect();
    // The windows of some quotas are checked, so nothing may be corrected or lost there.
    let is_simple = seed % 3 == 0;
    let mut model = ScriptModel::default();
    let mut checks = Checks::default();
    let mut log = Log(vec![format!("quota {seed}")]);
    let mut wait = 0;
    let mut admitted = 0;
    let _: () = cmd("FLUSHDB").query(connection).unwrap();
    for step in 0..CALLS {
        if !is_simple && random.u8(..50) == 0 {
            let _: () = cmd("FLUSHDB").query(connection).unwrap();
            (model, checks) = (ScriptModel::default(), Checks::default());
            for process in &mut processes {
                process.is_answered = false;
            }
            log.0.push("the state is lost".to_owned());
        } else if step > 0 {
            let micros = random_step(random, &rates, wait);
            let mut step = cmd("HINCRBY");
            step.arg("state").arg("offset").arg(micros);
            let _: i64 = step.query(connection).unwrap();
            model.step(micros);
            log.0.push(format!("a step of {micros} µs"));
        }
        let index = random.usize(..processes.len());
        let process = &mut processes[index];
        if !is_repeated(random, process) {
            process.is_answered = false;
            process.last = random_call(random, process, &rates, &running, !is_simple);
        }

        let mut invocation = script.prepare_invoke();
        for key in KEYS {
            invocation.key(key);
        }
        invocation.key(format!("reply:{}", process.name));
        for index in 0..running.len() {
            invocation.key(format!("running:{index}"));
        }
        let arguments = &process.last.arguments;
        let text: String = invocation.arg(arguments).invoke(connection).unwrap();
        let reply = Reply::parse(&text, rates.len());
        let (now, offset) = (reply.now, reply.offset);
        log.0
            .push(format!("call {step} at {now}, {offset}: {arguments:?}"));
        let expected = model.call(arguments, now, offset);
        assert_eq!(text, expected, "quota {seed}, call {step}");
        // A call that is repeated after a loss of the state is a new one.
        if !process.is_answered {
            process.is_answered = true;
            let of_server = now - offset;
            let clock = i64::try_from(clock()).unwrap();
            let difference = of_server.abs_diff(clock);
            assert!(difference < 1_000_000, "quota {seed}: {difference} µs off");
            checks.check(&process.last, &reply, &rates, &running, is_simple);
            learn(process, &reply);
            wait = reply.retry - now;
            admitted += reply.starts.len();
        }
    }
    for key in cmd("KEYS")
        .arg("*")
        .query::<Vec<String>>(connection)
        .unwrap()
    {
        let time: i64 = cmd("PTTL").arg(&key).query(connection).unwrap();
        assert!(time > 0, "{key} never expires");
    }
    admitted
}

#[test]
fn the_script_replies_what_the_model_replies() {
    let server = Server::start();
    let mut connection = server.connection();
    let script = Script::new(SCRIPT);
    let quotas = 0..QUOTAS;
    let admitted: usize = quotas
        .map(|seed| compare(seed, &mut connection, &script))
        .sum();
    println!("{QUOTAS} quotas with {CALLS} calls each: {admitted} requests were admitted");
    assert!(admitted > 4_000, "{admitted} requests");
}
