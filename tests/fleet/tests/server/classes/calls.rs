//! What the script does with single calls.

use fleet_tests::script::{Corrected, LEAD, Rate, RawCall, RawClass, RawReply, state};
use redis::{Connection, cmd};
use redis_server::RedisServer;

use super::{SECOND, class};

const RATES: [Rate; 1] = [Rate {
    limit: 600,
    window: 60 * SECOND,
    guard: SECOND,
    credit: 0,
    known_next: 0,
    is_measured: false,
}];

/// A quota on a server of its own, whose time is set.
struct Quota {
    server: RedisServer,
    connection: Connection,
    now: i64,
}

impl Quota {
    fn new() -> Self {
        let server = RedisServer::start();
        let mut connection = server.connection();
        let first = call("first", 1).call(&mut connection);
        Self {
            server,
            connection,
            now: first.now + 3_600 * SECOND,
        }
    }

    fn call(&mut self, call: &RawCall) -> RawReply {
        call.call_at(self.now, &mut self.connection)
    }

    /// Goes on at the time at which a process calls again.
    fn wait_for(&mut self, reply: &RawReply) {
        self.now = self.now.max(reply.retry);
    }

    /// Returns a field of the state.
    fn field(&mut self, name: &str) -> String {
        let fields = state(&mut self.connection);
        let mut fields = fields.into_iter();
        let found = fields.find(|(field, _)| field == name);
        found.expect("the state has the field").1
    }

    /// Calls with these classes again and again, each of which always has requests. Returns how many
    /// requests of each were admitted.
    fn saturate(&mut self, classes: &[RawClass], calls: i64) -> Vec<usize> {
        let mut sums = vec![0; classes.len()];
        for sequence in 1..=calls {
            let mut all = call("saturated", sequence);
            for class in classes {
                all = all.class(class.clone(), &[1; 8]);
            }
            let reply = self.call(&all);
            for (sum, starts) in sums.iter_mut().zip(&reply.starts[1..]) {
                *sum += starts.len();
            }
            self.wait_for(&reply);
        }
        sums
    }
}

fn call(process: &str, sequence: i64) -> RawCall {
    RawCall::new(process, sequence).ask(&RATES, &[])
}

/// Returns the number of admitted requests of each class.
fn counts(reply: &RawReply) -> Vec<usize> {
    reply.starts.iter().map(Vec::len).collect()
}

#[test]
fn a_process_shares_its_turns_by_weight() {
    let mut quota = Quota::new();
    let classes = [class("chat", 3), class("batch", 1)];
    let admitted = quota.saturate(&classes, 80);
    assert_eq!(admitted.iter().sum::<usize>(), 80);
    assert!((59..=61).contains(&admitted[0]), "{admitted:?}");
}

/// Each of two processes has its turn until its class is ahead.
#[test]
fn a_class_waits_for_one_of_another_process_that_is_behind() {
    let mut quota = Quota::new();
    let ask = |process, sequence, quota: &mut Quota| {
        let call = call(process, sequence).class(class(process, 1), &[1; 8]);
        quota.call(&call)
    };
    assert_eq!(counts(&ask("a", 1, &mut quota)), [0, 1]);
    // It starts 100 ms later.
    let reply = ask("b", 1, &mut quota);
    assert_eq!(counts(&reply), [0, 1]);
    let again = ask("b", 2, &mut quota);
    assert_eq!(counts(&again), [0, 0], "it is ahead");
    quota.now += SECOND / 4;
    assert_eq!(counts(&ask("a", 2, &mut quota)), [0, 1]);
    let reply = ask("a", 3, &mut quota);
    assert_eq!(counts(&reply), [0, 0], "it is the turn of the other");
    // The process is killed, and holds up the other no longer than its grace.
    quota.now += SECOND;
    assert_eq!(counts(&ask("a", 4, &mut quota)), [0, 1]);
}

/// What a class left unused is not saved up.
#[test]
fn a_class_that_returns_starts_like_a_new_one() {
    let mut quota = Quota::new();
    let alone = quota.saturate(&[class("batch", 1)], 50);
    assert_eq!(alone, [50], "an idle share is used by others");
    let mut counts = [0, 0];
    for sequence in 1..=40 {
        let both = call("other", sequence)
            .class(class("batch", 1), &[1; 8])
            .class(class("chat", 1), &[1; 8]);
        let reply = quota.call(&both);
        counts[0] += reply.starts[1].len();
        counts[1] += reply.starts[2].len();
        if sequence == 2 {
            assert!(counts[1] > 0, "it is given back at once");
        }
        quota.wait_for(&reply);
    }
    assert!(counts[0].abs_diff(counts[1]) <= 2, "{counts:?}");
}

#[test]
fn the_weight_that_was_set_last_holds() {
    let mut quota = Quota::new();
    let chat = |age, weight| RawClass {
        age,
        ..class("chat", weight)
    };
    let weight = |sequence, chat: RawClass, quota: &mut Quota| {
        let call = call("a", sequence).class(chat, &[1; 8]);
        quota.call(&call);
        let value = quota.field("class:chat");
        value.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(weight(1, chat(10 * SECOND, 3), &mut quota), "3");
    assert_eq!(weight(2, chat(20 * SECOND, 5), &mut quota), "3");
    assert_eq!(weight(3, chat(SECOND, 7), &mut quota), "7");
    // A process that has not set a weight does not replace it.
    assert_eq!(weight(4, RawClass::new("chat"), &mut quota), "7");
}

/// A class pays for what its requests have cost, not for their estimates.
#[test]
fn corrections_change_the_share_of_their_class() {
    let mut quota = Quota::new();
    let classes = [class("a", 1), class("b", 1)];
    quota.saturate(&classes, 20);
    let both = |sequence| {
        call("saturated", sequence)
            .class(class("a", 1), &[1; 8])
            .class(class("b", 1), &[1; 8])
    };
    let mut correct = both(100);
    correct.corrections.push(Corrected {
        class: 1,
        at: 0,
        cost: SECOND,
        amounts: vec![0],
    });
    quota.call(&correct);
    let mut ahead = 0;
    for sequence in 101..120 {
        let reply = quota.call(&both(sequence));
        if !reply.starts[1].is_empty() {
            break;
        }
        ahead += reply.starts[2].len();
        quota.wait_for(&reply);
    }
    assert!((8..=11).contains(&ahead), "{ahead} requests in a second");
}

#[test]
fn other_classes_leave_a_headroom() {
    let mut quota = Quota::new();
    let rates = [Rate {
        credit: -1,
        ..Rate::per_minute(100)
    }];
    let batch = RawClass {
        left: 20_000,
        ..class("batch", 1)
    };
    let chat = RawClass {
        headroom: 20_000,
        ..class("chat", 10)
    };
    let ask = |sequence, class, amounts: &[i64], quota: &mut Quota| {
        let call = RawCall::new("a", sequence).ask(&rates, &[]);
        quota.call(&call.class(class, amounts))
    };
    let reply = ask(1, batch.clone(), &[90, 8, 1], &mut quota);
    assert_eq!(counts(&reply), [0, 2]);
    let reply = ask(2, chat, &[2, 1], &mut quota);
    assert_eq!((counts(&reply), reply.rates[0][1]), (vec![0, 1], 100));
    // A request that could never leave the headroom is refused when it is its turn.
    quota.now += 2 * SECOND;
    let reply = ask(3, batch, &[99], &mut quota);
    assert_eq!(reply.too_large, [0, 1]);
}

/// A request of 40% of the limit waits for room. Small ones of another class pass it, and not all.
#[test]
fn small_requests_pass_a_large_one_that_waits() {
    let mut quota = Quota::new();
    let tokens = [Rate {
        credit: SECOND,
        is_measured: true,
        ..Rate::per_minute(100_000)
    }];
    let ask = |process, sequence, amounts: &[i64], quota: &mut Quota| {
        let call = RawCall::new(process, sequence).ask(&tokens, &[]);
        quota.call(&call.class(class(process, 1), amounts))
    };
    // The pace waits for 24 seconds.
    let reply = ask("batch", 1, &[40_000, 40_000], &mut quota);
    assert_eq!(counts(&reply), [0, 1]);
    let first = ask("chat", 1, &[100; 4], &mut quota);
    // The account is empty, and fills with two thirds of the time. A request takes 60 ms.
    let starts: Vec<i64> = first.starts[1].iter().map(|at| at - first.now).collect();
    assert!(
        starts.len() == 2 && (90_000..90_200).contains(&starts[0]),
        "{starts:?}"
    );
    let mut passed = 2;
    let mut last = first;
    for sequence in 2..200 {
        quota.wait_for(&last);
        last = ask("chat", sequence, &[100; 4], &mut quota);
        passed += last.starts[1].len();
        if last.now - reply.now > 10 * SECOND {
            break;
        }
    }
    assert!((105..=115).contains(&passed), "{passed} in ten seconds");
    // The class that has used the time does not pass it.
    let again = ask("batch", 2, &[100; 4], &mut quota);
    assert_eq!(counts(&again), [0, 0]);
}

/// A class with a headroom may pass with what it has not earned yet, but only as much as that.
#[test]
fn a_headroom_lets_requests_pass_at_once() {
    let mut quota = Quota::new();
    let tokens = [Rate {
        credit: SECOND,
        is_measured: true,
        ..Rate::per_minute(100_000)
    }];
    let ask = |sequence, class, amounts: &[i64], quota: &mut Quota| {
        let call = RawCall::new("a", sequence).ask(&tokens, &[]);
        quota.call(&call.class(class, amounts))
    };
    ask(1, class("batch", 1), &[40_000], &mut quota);
    let chat = RawClass {
        headroom: 20_000,
        ..class("chat", 1)
    };
    // The headroom is 1.2 seconds, and a request takes 0.6.
    let reply = ask(2, chat, &[1_000; 8], &mut quota);
    assert_eq!(reply.starts[1], [reply.now; 2]);
    let next = reply.retry + LEAD - reply.now;
    assert!((900_000..920_000).contains(&next), "{next}");
}

/// Programs that do not know classes use the same keys. The new ones see that by the time of the last
/// start.
#[test]
fn requests_of_older_programs_are_charged_to_the_default_class() {
    let mut quota = Quota::new();
    let ask = |sequence, quota: &mut Quota| {
        let call = call("a", sequence).class(class("chat", 1), &[1; 20]);
        quota.call(&call)
    };
    ask(1, &mut quota);
    let next: i64 = quota.field("rate0:next").parse().unwrap();
    let mut admit = cmd("HSET");
    admit.arg("state").arg("start").arg(next);
    admit.arg("rate0:next").arg(next + SECOND);
    let _: i64 = admit.query(&mut quota.connection).unwrap();
    ask(2, &mut quota);
    let mut tag = |name: &str| {
        let value = quota.field(name);
        value.split(' ').next().unwrap().parse::<f64>().unwrap()
    };
    let (default, chat) = (tag("class:"), tag("class:chat"));
    assert!((default - 1e6).abs() < 200_000.0, "{default}, {chat}");
}

/// What is stored of classes goes away with them.
#[test]
fn idle_classes_leave_nothing_behind() {
    let mut quota = Quota::new();
    for index in 0..300 {
        let name = format!("tenant{index}");
        let call = call("a", index + 1).class(class(&name, 1), &[1]);
        quota.call(&call);
        quota.now += SECOND / 5;
    }
    let of_classes = |quota: &mut Quota| {
        let fields = state(&mut quota.connection).into_iter();
        let fields = fields.filter(|(field, _)| field.starts_with("class") || field == "shares");
        fields.count()
    };
    let left = of_classes(&mut quota);
    assert!(left <= 4, "{left}");
    // Without other classes, a quota is as it was before classes.
    for sequence in 301..310 {
        let reply = quota.call(&call("a", sequence).ask(&RATES, &[1]));
        quota.now = reply.retry.max(quota.now) + SECOND;
    }
    assert_eq!(of_classes(&mut quota), 0);
    let connection = &mut quota.connection;
    let keys: Vec<String> = cmd("KEYS").arg("*").query(connection).unwrap();
    for key in keys {
        let lasts: i64 = cmd("PTTL").arg(&key).query(connection).unwrap();
        assert!(lasts > 0, "{key} never expires");
    }
}

/// A call touches the classes that it offers, and the first one of the others.
#[test]
fn ten_thousand_classes_cost_a_call_no_more_than_ten() {
    let mut quota = Quota::new();
    let add = |range: std::ops::Range<i64>, quota: &mut Quota| {
        for index in range {
            let mut all = call(&format!("process{index}"), 1);
            for tenant in 0..50 {
                all = all.class(class(&format!("tenant{}", 50 * index + tenant), 1), &[1]);
            }
            quota.call(&all);
        }
    };
    let commands = |sequence, quota: &mut Quota| {
        let _: String = quota.server.run(cmd("CONFIG").arg("RESETSTAT"));
        quota.call(&call("b", sequence).class(class("b", 1), &[1; 8]));
        quota.call(&call("b", sequence + 1).class(class("b", 1), &[]));
        let info: String = quota.server.run(cmd("INFO").arg("commandstats"));
        let calls = info.lines().filter_map(|line| {
            let (_, rest) = line.split_once("calls=")?;
            rest.split_once(',')?.0.parse::<u64>().ok()
        });
        calls.sum::<u64>()
    };
    add(0..1, &mut quota);
    let of_few = commands(1, &mut quota);
    add(1..200, &mut quota);
    let of_many = commands(3, &mut quota);
    let connection = &mut quota.connection;
    let waiting: u64 = cmd("ZCARD").arg("waiting").query(connection).unwrap();
    assert!(waiting > 9_900, "{waiting} classes wait");
    println!("{of_few} commands with 50 classes, {of_many} with {waiting}");
    assert!(of_many <= of_few + 8, "{of_few}, {of_many}");
}
