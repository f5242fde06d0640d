//! Calls of the script, by its arguments.

use std::sync::LazyLock;

use redis::{Connection, Script, ScriptInvocation, cmd};

/// The source of the script.
const SCRIPT: &str = concat!(
    include_str!("../../../limiter/src/redis/state.lua"),
    include_str!("../../../limiter/src/redis/rates.lua"),
    include_str!("../../../limiter/src/redis/running.lua"),
    include_str!("../../../limiter/src/redis/line.lua"),
    include_str!("../../../limiter/src/redis/requests.lua"),
    include_str!("../../../limiter/src/redis/classes.lua"),
    include_str!("../../../limiter/src/redis/passing.lua"),
    include_str!("../../../limiter/src/redis/turns.lua"),
    include_str!("../../../limiter/src/redis/call.lua")
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
    /// Whether requests differ in the amount, such as tokens.
    pub is_measured: bool,
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
            is_measured: false,
        }
    }
}

/// A class of a call, as a process states it.
#[derive(Clone, Debug)]
pub struct RawClass {
    /// The name. Empty for the default class.
    pub name: String,
    /// The weight.
    pub weight: i64,
    /// How long ago the weight was set, in microseconds. -1 if it was not set.
    pub age: i64,
    /// The headroom of the other classes, in millionths.
    pub left: i64,
    /// The headroom of the class, in millionths.
    pub headroom: i64,
    /// The requests.
    pub requests: Vec<Asked>,
}

impl RawClass {
    /// Returns a class that was not set, without requests.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            weight: 1,
            age: -1,
            left: 0,
            headroom: 0,
            requests: Vec::new(),
        }
    }
}

/// A change of the cost of a request.
#[derive(Clone, Debug)]
pub struct Corrected {
    /// The index of the class in the call.
    pub class: usize,
    /// When the request started.
    pub at: i64,
    /// The change of its cost, in microseconds of a limit.
    pub cost: i64,
    /// The change of each amount.
    pub amounts: Vec<i64>,
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
    /// The changes of costs.
    pub corrections: Vec<Corrected>,
    /// Tasks that have ended, with their weights.
    pub ended: Vec<(String, i64)>,
    /// The classes with their requests. The first one is the default class.
    pub classes: Vec<RawClass>,
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
            classes: vec![RawClass::new("")],
        }
    }

    /// Returns the call with limits on amounts, and one request for each amount of the first.
    #[must_use]
    pub fn ask(mut self, rates: &[Rate], amounts: &[i64]) -> Self {
        self.rates = rates.to_vec();
        self.classes[0].requests = self.plain_requests(amounts);
        self
    }

    /// Returns the call with one more class, and one request for each amount. The limits have to be
    /// set before.
    #[must_use]
    pub fn class(mut self, class: RawClass, amounts: &[i64]) -> Self {
        let requests = self.plain_requests(amounts);
        self.classes.push(RawClass { requests, ..class });
        self
    }

    fn plain_requests(&self, amounts: &[i64]) -> Vec<Asked> {
        let requests = amounts.iter().map(|amount| Asked {
            task: String::new(),
            amounts: vec![*amount; self.rates.len()],
            weights: vec![1; self.concurrency.len()],
        });
        requests.collect()
    }

    /// Returns the call with a change of the first amount of a request of the default class.
    #[must_use]
    pub fn correct(mut self, at: i64, amounts: Vec<i64>) -> Self {
        self.corrections.push(Corrected {
            class: 0,
            at,
            cost: 0,
            amounts,
        });
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
            push(&i64::from(rate.is_measured));
        }
        push(&self.concurrency.len());
        for (index, (limit, held)) in self.concurrency.iter().enumerate() {
            push(&format!("limit{index}"));
            push(limit);
            push(held);
        }
        push(&self.classes.len());
        for class in &self.classes {
            push(&class.name);
            for number in [class.weight, class.age, class.left, class.headroom] {
                push(&number);
            }
        }
        push(&self.corrections.len());
        for correction in &self.corrections {
            push(&(correction.class + 1));
            push(&correction.cost);
            push(&correction.at);
            for difference in &correction.amounts {
                push(difference);
            }
        }
        push(&self.ended.len());
        for (task, weight) in &self.ended {
            push(task);
            push(weight);
        }
        for class in &self.classes {
            push(&class.requests.len());
            for request in &class.requests {
                push(&request.task);
                for amount in &request.amounts {
                    push(amount);
                }
                for weight in &request.weights {
                    push(weight);
                }
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
        self.invocation().invoke(connection).unwrap()
    }

    /// Calls the script at a time of the quota, which must not be before its last time. The script
    /// must have been called before.
    ///
    /// # Panics
    ///
    /// Panics if the call fails or if the script refuses it.
    pub fn call_at(&self, time: i64, connection: &mut Connection) -> RawReply {
        const SET_TIME: &str = "
            local time = redis.call('TIME')
            local offset = ARGV[1] - time[1] * 1000000 - time[2]
            redis.call('HSET', 'state', 'offset', string.format('%.0f', offset))";
        let mut pipe = redis::pipe();
        pipe.atomic();
        pipe.cmd("EVAL").arg(SET_TIME).arg(0).arg(time).ignore();
        pipe.invoke_script(&self.invocation());
        let (reply,): (String,) = pipe.query(connection).unwrap();
        RawReply::parse(&reply, self)
    }

    fn invocation(&self) -> ScriptInvocation<'static> {
        static COMPILED: LazyLock<Script> = LazyLock::new(|| Script::new(SCRIPT));
        let mut invocation = COMPILED.prepare_invoke();
        for key in KEYS {
            invocation.key(key);
        }
        invocation.key(format!("reply:{}", self.process));
        invocation.key("waiting").key("idle");
        for index in 0..self.concurrency.len() {
            invocation.key(format!("tasks:{index}"));
            invocation.key(format!("held:{index}"));
        }
        for class in &self.classes[1..] {
            invocation.key(format!("line:{}", class.name));
            invocation.key(format!("entries:{}", class.name));
        }
        invocation.arg(self.arguments());
        invocation
    }

    /// Calls the script, and returns its reply.
    ///
    /// # Panics
    ///
    /// Panics if the call fails or if the script refuses it.
    pub fn call(&self, connection: &mut Connection) -> RawReply {
        RawReply::parse(&self.send(connection), self)
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
    /// The number of the limit that the next request exceeds by itself, or 0, by class.
    pub too_large: Vec<i64>,
    /// When each admitted request starts, by class.
    pub starts: Vec<Vec<i64>>,
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
    pub fn parse(reply: &str, call: &RawCall) -> Self {
        let numbers = reply.split(' ').map(|one| one.parse().expect(reply));
        let numbers: Vec<i64> = numbers.collect();
        let mut rest = &numbers[5..];
        let mut take = |count: usize| {
            let (taken, left) = rest.split_at(count);
            rest = left;
            taken.to_vec()
        };
        let classes = call.classes.iter().map(|_| {
            let head = take(2);
            let count = usize::try_from(head[1]).unwrap();
            (head[0], take(count))
        });
        let (too_large, starts) = classes.unzip();
        let rates = call.rates.iter().map(|_| take(3).try_into().unwrap());
        Self {
            now: numbers[0],
            retry: numbers[1],
            paused: numbers[2],
            resets: numbers[4],
            too_large,
            starts,
            rates: rates.collect(),
            running: take(call.concurrency.len()),
        }
    }
}

impl RawReply {
    /// Returns the admitted requests of a call with their starts, in order.
    #[must_use]
    pub fn admitted<'a>(&self, call: &'a RawCall) -> Vec<(i64, &'a Asked)> {
        let classes = call.classes.iter().zip(&self.starts);
        let admitted =
            classes.flat_map(|(class, starts)| starts.iter().copied().zip(&class.requests));
        let mut admitted: Vec<(i64, &Asked)> = admitted.collect();
        admitted.sort_by_key(|(at, _)| *at);
        admitted
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
