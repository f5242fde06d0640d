//! Calls of the script, by its arguments.

use redis::{Connection, Script, cmd};

/// The source of the script.
const SCRIPT: &str = concat!(
    include_str!("../../../limiter/src/redis/state.lua"),
    include_str!("../../../limiter/src/redis/rates.lua"),
    include_str!("../../../limiter/src/redis/running.lua"),
    include_str!("../../../limiter/src/redis/line.lua"),
    include_str!("../../../limiter/src/redis/admit.lua")
);

/// The keys that every call has, except for that of its reply.
const KEYS: [&str; 3] = ["version", "state", "line"];

/// The length of a turn, in microseconds.
pub const TURN: i64 = 100_000;

/// How late a process may be for its turn, in microseconds.
pub const GRACE: i64 = 270_000;

/// The time before its turn at which a process calls, in microseconds.
pub const LEAD: i64 = 20_000;

/// A limit with a window, as a process states it. Times are in microseconds.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// The amount that is allowed.
    pub limit: i64,
    /// The window.
    pub window: i64,
    /// By how much the window is widened.
    pub guard: i64,
    /// The credit of the pace. -1 for no pace.
    pub credit: i64,
    /// When the pace is ready, as far as the process knows.
    pub known_next: i64,
}

impl Rate {
    /// Returns a limit per minute without credit.
    #[must_use]
    pub fn per_minute(limit: i64) -> Self {
        Self {
            limit,
            window: 60_000_000,
            guard: 1_000_000,
            credit: 0,
            known_next: 0,
        }
    }
}

/// A request of a call.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The ID of a task. Empty for other requests.
    pub task: String,
    /// The amount of each limit with a window.
    pub amounts: Vec<i64>,
    /// The amount of each limit on concurrency.
    pub weights: Vec<i64>,
}

/// The arguments of a call.
#[derive(Clone, Debug)]
pub struct RawCall {
    /// The version of the protocol.
    pub version: &'static str,
    /// The process that calls.
    pub process: String,
    /// The number of the call.
    pub sequence: i64,
    /// How long a task is counted, in microseconds.
    pub lease: i64,
    /// Whether a pause ends.
    pub resumes: bool,
    /// The length of a new pause, in microseconds.
    pub pause: i64,
    /// The slowdown of the pace, in thousandths.
    pub slowdown: i64,
    /// The limits with a window.
    pub rates: Vec<Rate>,
    /// The limits on concurrency: the amount that is allowed, and what this process has running.
    pub concurrency: Vec<(i64, i64)>,
    /// When requests started, and the change of each amount.
    pub corrections: Vec<(i64, Vec<i64>)>,
    /// Tasks that have ended, with their weights.
    pub ended: Vec<(String, i64)>,
    /// The requests.
    pub requests: Vec<Asked>,
}

impl RawCall {
    /// Returns a call without limits and requests.
    #[must_use]
    pub fn new(process: &str, sequence: i64) -> Self {
        Self {
            version: "1",
            process: process.to_owned(),
            sequence,
            lease: 3_600_000_000,
            resumes: false,
            pause: 0,
            slowdown: 1_000,
            rates: Vec::new(),
            concurrency: Vec::new(),
            corrections: Vec::new(),
            ended: Vec::new(),
            requests: Vec::new(),
        }
    }

    /// Returns the call with limits on amounts, and one request for each amount of the first.
    #[must_use]
    pub fn ask(mut self, rates: &[Rate], amounts: &[i64]) -> Self {
        self.rates = rates.to_vec();
        let requests = amounts.iter().map(|amount| Asked {
            task: String::new(),
            amounts: vec![*amount; rates.len()],
            weights: vec![1; self.concurrency.len()],
        });
        self.requests = requests.collect();
        self
    }

    /// Returns the call with a limit on concurrency, of which this process has `held`.
    #[must_use]
    pub fn hold(mut self, limit: i64, held: i64) -> Self {
        self.concurrency.push((limit, held));
        self
    }

    fn arguments(&self) -> Vec<String> {
        let mut all = vec![self.version.to_owned(), self.process.clone()];
        let mut push = |value: &dyn ToString| all.push(value.to_string());
        // Twice the longest span, and a minute.
        let spans = self.rates.iter().map(|rate| rate.window + rate.guard);
        let ttl = 2 * spans.max().unwrap_or(0) / 1_000 + 60_000;
        for number in [self.sequence, TURN, LEAD, GRACE, ttl, self.lease] {
            push(&number);
        }
        push(&i64::from(self.resumes));
        push(&self.pause);
        push(&self.slowdown);
        push(&self.rates.len());
        for (index, rate) in self.rates.iter().enumerate() {
            push(&format!("rate{index}"));
            let span = rate.window + rate.guard;
            for number in [rate.limit, rate.window, span, rate.credit, 0, 0] {
                push(&number);
            }
            push(&rate.known_next);
        }
        push(&self.concurrency.len());
        for (index, (limit, held)) in self.concurrency.iter().enumerate() {
            push(&format!("limit{index}"));
            push(limit);
            push(held);
        }
        push(&self.corrections.len());
        for (at, differences) in &self.corrections {
            push(at);
            for difference in differences {
                push(difference);
            }
        }
        push(&self.ended.len());
        for (task, weight) in &self.ended {
            push(task);
            push(weight);
        }
        push(&self.requests.len());
        for request in &self.requests {
            push(&request.task);
            for amount in &request.amounts {
                push(amount);
            }
            for weight in &request.weights {
                push(weight);
            }
        }
        all
    }

    /// Calls the script, and returns the text of its reply.
    ///
    /// # Panics
    ///
    /// Panics if the call fails.
    pub fn send(&self, connection: &mut Connection) -> String {
        let script = Script::new(SCRIPT);
        let mut invocation = script.prepare_invoke();
        for key in KEYS {
            invocation.key(key);
        }
        invocation.key(format!("reply:{}", self.process));
        for index in 0..self.concurrency.len() {
            invocation.key(format!("tasks:{index}"));
            invocation.key(format!("held:{index}"));
        }
        let reply = invocation.arg(self.arguments()).invoke(connection);
        reply.unwrap()
    }

    /// Calls the script, and returns its reply.
    ///
    /// # Panics
    ///
    /// Panics if the call fails or if the script refuses it.
    pub fn call(&self, connection: &mut Connection) -> RawReply {
        RawReply::parse(&self.send(connection), self.rates.len())
    }
}

/// The numbers of a reply.
#[derive(Clone, Debug)]
pub struct RawReply {
    /// The time of the quota.
    pub now: i64,
    /// When to call again.
    pub retry: i64,
    /// The end of a pause.
    pub paused: i64,
    /// Whether the state was damaged.
    pub resets: i64,
    /// When each admitted request starts.
    pub starts: Vec<i64>,
    /// The effective limit, the used amount and the pace of each limit with a window.
    pub rates: Vec<[i64; 3]>,
    /// What runs of each limit on concurrency.
    pub running: Vec<i64>,
}

impl RawReply {
    /// Parses the text of a reply.
    ///
    /// # Panics
    ///
    /// Panics if it has another form.
    #[must_use]
    pub fn parse(reply: &str, rates: usize) -> Self {
        let numbers = reply.split(' ').map(|one| one.parse().expect(reply));
        let numbers: Vec<i64> = numbers.collect();
        let count = usize::try_from(numbers[6]).unwrap();
        let (starts, rest) = numbers[7..].split_at(count);
        let (of_rates, running) = rest.split_at(3 * rates);
        let of_rates = of_rates.chunks(3);
        Self {
            now: numbers[0],
            retry: numbers[1],
            paused: numbers[3],
            resets: numbers[5],
            starts: starts.to_vec(),
            rates: of_rates.map(|rate| [rate[0], rate[1], rate[2]]).collect(),
            running: running.to_vec(),
        }
    }
}

/// Moves the clock of a quota that has a state.
///
/// # Panics
///
/// Panics if that fails.
pub fn step(connection: &mut Connection, micros: i64) {
    let mut step = cmd("HINCRBY");
    step.arg("state").arg("offset").arg(micros);
    let _: i64 = step.query(connection).unwrap();
}

/// Returns the fields of the state.
///
/// # Panics
///
/// Panics if that fails.
pub fn state(connection: &mut Connection) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = cmd("HGETALL").arg("state").query(connection).unwrap();
    fields.sort_unstable();
    fields
}
