//! Compares the script with a model of it, call by call.
//!
//! The calls are random, but each run makes the same ones. The time is that of a real server, which
//! is moved forward instead of waiting.

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
    last: Vec<String>,
    /// The requests that were admitted, and when they started.
    started: Vec<(String, i64)>,
    nexts: Vec<i64>,
    requests: i64,
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

/// Returns the arguments of a new call.
fn random_call(
    random: &mut Rng,
    process: &mut Process,
    rates: &[Rate],
    running: &[i64],
) -> Vec<String> {
    process.sequence += 1;
    let mut call = vec![process.name.clone(), process.sequence.to_string()];
    let mut push = |value: &dyn ToString| call.push(value.to_string());
    let lead = pick(random, &[20_000, 25_000, TURN]);
    let lease = pick(random, &[SECOND / 10, SECOND, 3_600 * SECOND]);
    let pause = match random.u8(..30) {
        0 => random.i64(0..3 * SECOND),
        _ => 0,
    };
    // Nothing may expire during the test.
    let ttl = 600_000;
    for number in [TURN, lead, 250_000 + lead, ttl, lease, pause] {
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

    let corrections = match process.started.len() {
        0 => 0,
        _ => pick(random, &[0, 0, 1, 2, 8]),
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
        push(&process.started.swap_remove(ended).0);
    }

    let count = pick(random, &[0, 1, 1, 2, 4, 20]);
    push(&count);
    for _ in 0..count {
        process.requests += 1;
        push(&format!("{}:{}", process.name, process.requests));
        for rate in rates {
            push(&random_amount(random, rate.limit));
        }
    }
    call
}

/// Takes what a process learns from the reply to its last call. Returns how long it has to wait.
fn learn(process: &mut Process, numbers: &[i64], rates: usize) -> i64 {
    let (now, retry) = (numbers[0], numbers[1]);
    let count = usize::try_from(numbers[5]).unwrap();
    let starts = &numbers[6..6 + count];
    let first = process.last.len() - (1 + rates) * requests_of(&process.last, rates);
    for (index, at) in starts.iter().enumerate() {
        let id = process.last[first + (1 + rates) * index].clone();
        process.started.push((id, *at));
    }
    let of_rates = numbers[6 + count..].chunks(3).take(rates);
    process.nexts = of_rates.map(|rate| rate[2]).collect();
    retry - now
}

/// Returns the number of requests of a call.
fn requests_of(call: &[String], rates: usize) -> usize {
    let number = |index: usize| call[index].parse::<usize>().unwrap();
    let concurrency = 10 + 7 * rates;
    let corrections = concurrency + 1 + number(concurrency);
    let ended = corrections + 1 + number(corrections) * (1 + rates);
    number(ended + 1 + number(ended))
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
            last: Vec::new(),
            started: Vec::new(),
            nexts: vec![0; rates.len()],
            requests: 0,
        })
        .collect();
    let mut model = ScriptModel::default();
    let mut wait = 0;
    let mut admitted = 0;
    let _: () = cmd("FLUSHDB").query(connection).unwrap();
    for step in 0..CALLS {
        if random.u8(..50) == 0 {
            let _: () = cmd("FLUSHDB").query(connection).unwrap();
            model = ScriptModel::default();
        } else if step > 0 {
            let micros = random_step(random, &rates, wait);
            let mut step = cmd("HINCRBY");
            step.arg("state").arg("offset").arg(micros);
            let _: i64 = step.query(connection).unwrap();
            model.step(micros);
        }
        let index = random.usize(..processes.len());
        let process = &mut processes[index];
        let is_repeated = is_repeated(random, process);
        if !is_repeated {
            process.last = random_call(random, process, &rates, &running);
        }

        let mut invocation = script.prepare_invoke();
        for key in KEYS {
            invocation.key(key);
        }
        invocation.key(format!("reply:{}", process.name));
        for index in 0..running.len() {
            invocation.key(format!("running:{index}"));
        }
        let reply: String = invocation.arg(&process.last).invoke(connection).unwrap();
        let numbers: Vec<i64> = reply.split(' ').map(|one| one.parse().unwrap()).collect();
        let (now, offset) = (numbers[0], numbers[4]);
        let expected = model.call(&process.last, now, offset);
        assert_eq!(
            reply, expected,
            "quota {seed}, call {step}, with {:?}",
            process.last
        );
        if !is_repeated {
            let of_server = now - offset;
            let clock = i64::try_from(clock()).unwrap();
            let difference = of_server.abs_diff(clock);
            assert!(difference < 1_000_000, "quota {seed}: {difference} µs off");
            wait = learn(process, &numbers, rates.len());
            admitted += usize::try_from(numbers[5]).unwrap();
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
