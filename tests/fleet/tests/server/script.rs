//! What the script does with single calls.

use fleet_tests::script::{Asked, LEAD, Rate, RawCall, RawReply, TURN, state, step};
use redis::{Connection, cmd};
use redis_server::RedisServer;

const SECOND: i64 = 1_000_000;

fn server() -> (RedisServer, Connection) {
    let server = RedisServer::start();
    let connection = server.connection();
    (server, connection)
}

fn task(name: &str, weight: i64) -> Asked {
    Asked {
        task: name.to_owned(),
        amounts: Vec::new(),
        weights: vec![weight],
    }
}

#[test]
fn refusals_slow_down_the_pace() {
    let (_server, mut connection) = server();
    let mut call = RawCall::new("a", 1).ask(&[Rate::per_minute(6_000)], &[1, 1, 1]);
    call.slowdown = 2_000;
    let starts = &call.call(&mut connection).starts[0];
    assert_eq!(starts[1] - starts[0], 20_000);
    assert_eq!(starts[2] - starts[1], 20_000);
}

#[test]
fn what_has_expired_makes_room() {
    let (_server, mut connection) = server();
    let rate = Rate {
        credit: -1,
        ..Rate::per_minute(3)
    };
    let reply = RawCall::new("a", 1)
        .ask(&[rate], &[1; 4])
        .call(&mut connection);
    assert_eq!(reply.starts[0].len(), 3);
    let after = |sequence, connection: &mut Connection| {
        RawCall::new("a", sequence)
            .ask(&[rate], &[1])
            .call(connection)
    };
    step(&mut connection, 30 * SECOND);
    let full = after(2, &mut connection);
    assert!(
        full.starts[0].is_empty() && full.rates[0][1] == 3,
        "{full:?}"
    );
    step(&mut connection, 32 * SECOND);
    let free = after(3, &mut connection);
    assert!(
        free.starts[0].len() == 1 && free.rates[0][1] == 1,
        "{free:?}"
    );
    // After several windows, nothing is left.
    step(&mut connection, 600 * SECOND);
    assert_eq!(after(4, &mut connection).rates[0][1], 1);
    let slots = state(&mut connection).into_iter();
    let slots = slots.filter(|(field, _)| is_slot(field));
    assert_eq!(slots.count(), 1);
}

fn is_slot(field: &str) -> bool {
    let slot = field.split_once(':').map(|(_, slot)| slot);
    slot.is_some_and(|slot| slot.parse::<i64>().is_ok())
}

#[test]
fn a_refund_gives_back_what_is_known_and_nothing_that_has_expired() {
    let (_server, mut connection) = server();
    let rates = [Rate::per_minute(6_000)];
    let reply = RawCall::new("a", 1)
        .ask(&rates, &[100])
        .call(&mut connection);
    let (at, next) = (reply.starts[0][0], reply.rates[0][2]);
    let correct = |sequence, difference, connection: &mut Connection| {
        let call = RawCall::new("a", sequence).ask(&rates, &[]);
        call.correct(at, vec![difference]).call(connection)
    };
    let [_, used, new_next] = correct(2, -40, &mut connection).rates[0];
    assert_eq!((used, next - new_next), (60, 400_000));
    let [_, used, new_next] = correct(3, -1_000, &mut connection).rates[0];
    assert_eq!((used, next - new_next), (0, 1_000_000));
    // A debt counts, and delays the next request.
    let reply = correct(4, 10, &mut connection);
    assert_eq!(
        (reply.rates[0][1], reply.rates[0][2] - reply.now),
        (10, 100_000)
    );
    step(&mut connection, 62 * SECOND);
    let late = correct(5, -5, &mut connection);
    assert_eq!((late.rates[0][1], late.rates[0][2]), (0, reply.rates[0][2]));
}

#[test]
fn requests_wait_for_a_pause_and_for_its_end() {
    let (_server, mut connection) = server();
    let rates = [Rate::per_minute(600)];
    let mut call = RawCall::new("a", 1).ask(&rates, &[1]);
    call.pause = 600 * SECOND;
    let reply = call.call(&mut connection);
    assert!(reply.starts[0].is_empty() && reply.paused == reply.now + call.pause);
    // The pause outlives an idle time.
    for key in ["state", "version"] {
        let lasts: i64 = cmd("PTTL").arg(key).query(&mut connection).unwrap();
        assert!(lasts > 600_000, "{key}: {lasts} ms");
    }
    let mut resume = RawCall::new("b", 1).ask(&rates, &[]);
    resume.resumes = true;
    resume.call(&mut connection);
    let again = RawCall::new("a", 2).ask(&rates, &[1]);
    assert_eq!(again.call(&mut connection).starts[0].len(), 1);
}

#[test]
fn what_a_process_has_running_is_what_it_states_and_expires() {
    let (_server, mut connection) = server();
    let call = |process, sequence, held, count, connection: &mut Connection| {
        let call = RawCall::new(process, sequence).hold(3, held);
        call.ask(&[], &vec![1; count]).call(connection)
    };
    let reply = call("a", 1, 0, 2, &mut connection);
    assert_eq!((reply.starts[0].len(), &reply.running[..]), (2, &[2][..]));
    let reply = call("b", 1, 0, 2, &mut connection);
    assert_eq!((reply.starts[0].len(), &reply.running[..]), (1, &[3][..]));
    // One of two has ended.
    assert_eq!(call("a", 2, 1, 0, &mut connection).running, [2]);
    // Some keys of the store are lost: each process heals what it has.
    for key in ["state", "held:0"] {
        let _: i64 = cmd("DEL").arg(key).query(&mut connection).unwrap();
        let sequence = if key == "state" { 3 } else { 4 };
        assert_eq!(call("a", sequence, 1, 0, &mut connection).running[0], 1);
        assert_eq!(call("b", sequence, 1, 0, &mut connection).running[0], 2);
    }
    // One process is killed.
    step(&mut connection, 20 * SECOND);
    call("a", 5, 1, 0, &mut connection);
    step(&mut connection, 11 * SECOND);
    assert_eq!(call("c", 1, 0, 0, &mut connection).running, [1]);
    step(&mut connection, 31 * SECOND);
    assert_eq!(call("c", 2, 0, 0, &mut connection).running, [0]);
    assert!(
        !state(&mut connection)
            .iter()
            .any(|(field, _)| field.ends_with(":a"))
    );
}

#[test]
fn tasks_count_with_their_weights_until_they_end_or_expire() {
    let (_server, mut connection) = server();
    let mut call = RawCall::new("a", 1).hold(5, 0);
    call.classes[0].requests = vec![task("x", 2), task("y", 3), task("z", 1)];
    call.lease = 60 * SECOND;
    let reply = call.call(&mut connection);
    assert_eq!((reply.starts[0].len(), &reply.running[..]), (2, &[5][..]));
    // Another process ends one, and says so twice.
    for sequence in 1..3 {
        let mut end = RawCall::new("b", sequence).hold(5, 0);
        end.ended.push(("y".to_owned(), 3));
        assert_eq!(end.call(&mut connection).running, [2]);
    }
    step(&mut connection, 61 * SECOND);
    let reply = RawCall::new("b", 3).hold(5, 0).call(&mut connection);
    assert_eq!(reply.running, [0]);
}

#[test]
fn the_tightest_limit_of_the_last_seconds_holds_and_its_end_ends_waits() {
    let (_server, mut connection) = server();
    let slow = [Rate::per_minute(1)];
    let fast = [Rate::per_minute(600)];
    let reply = RawCall::new("a", 1)
        .ask(&slow, &[1, 1])
        .call(&mut connection);
    assert_eq!(reply.starts[0].len(), 1);
    // Another process with a higher limit has to wait.
    let reply = RawCall::new("b", 1).ask(&fast, &[]).call(&mut connection);
    assert_eq!(reply.rates[0][0], 1);
    // The process changes its own limit. What remains of the wait is that of the new rate.
    let reply = RawCall::new("a", 2).ask(&fast, &[1]).call(&mut connection);
    assert_eq!(reply.rates[0][0], 600);
    assert!(reply.starts[0][0] - reply.now <= 100_000, "{reply:?}");
    // A process that is gone does not hold back others for long.
    RawCall::new("c", 1).ask(&slow, &[]).call(&mut connection);
    step(&mut connection, 13 * SECOND);
    let reply = RawCall::new("b", 2).ask(&fast, &[]).call(&mut connection);
    assert_eq!(reply.rates[0][0], 600);
}

#[test]
fn the_line_is_served_in_order_and_skips_those_who_are_late() {
    let (_server, mut connection) = server();
    let rates = [Rate::per_minute(60)];
    let ask = |process, sequence, connection: &mut Connection| -> RawReply {
        RawCall::new(process, sequence)
            .ask(&rates, &[1])
            .call(connection)
    };
    assert_eq!(ask("a", 1, &mut connection).starts[0].len(), 1);
    let turns = ["b", "c", "d"].map(|process| {
        let reply = ask(process, 1, &mut connection);
        assert!(reply.starts[0].is_empty());
        reply.retry - reply.now
    });
    // Each asks for 100 ms at most, and looks again after a second.
    assert!(turns.is_sorted() && turns[0] > SECOND / 2, "{turns:?}");
    step(&mut connection, SECOND);
    assert!(
        ask("c", 2, &mut connection).starts[0].is_empty(),
        "b is first"
    );
    assert_eq!(ask("b", 2, &mut connection).starts[0].len(), 1);
    assert!(ask("c", 3, &mut connection).starts[0].is_empty());
    step(&mut connection, SECOND);
    assert!(
        ask("d", 2, &mut connection).starts[0].is_empty(),
        "c is first"
    );
    // It is killed, and d waits no longer than its grace.
    step(&mut connection, SECOND);
    assert_eq!(ask("d", 3, &mut connection).starts[0].len(), 1);
}

/// Each limit has its own slots, however many there are.
#[test]
fn nine_limits_are_used_as_well_as_one() {
    const WINDOWS: i64 = 5;
    let (_server, mut connection) = server();
    let rate = Rate {
        credit: -1,
        ..Rate::per_minute(1_000)
    };
    let (mut first, mut admitted) = (None, 0);
    for sequence in 1.. {
        // Not all in one slot.
        let call = RawCall::new("a", sequence).ask(&[rate; 9], &[1; 8]);
        let reply = call.call(&mut connection);
        let first = *first.get_or_insert(reply.now);
        if reply.now - first >= WINDOWS * rate.window {
            break;
        }
        admitted += reply.starts[0].len();
        step(&mut connection, (reply.retry - reply.now).max(SECOND / 10));
    }
    let limit = usize::try_from(WINDOWS * rate.limit).unwrap();
    assert!(admitted * 100 >= limit * 97, "{admitted} of {limit}");
    assert!(admitted <= limit, "{admitted} of {limit}");
}

/// The cost of a call does not depend on how many processes wait, and those far back call seldom.
#[test]
fn a_long_line_costs_no_more_than_a_short_one() {
    let (server, mut connection) = server();
    let rates = [Rate::per_minute(600)];
    let commands = |connection: &mut Connection| {
        let _: String = server.run(cmd("CONFIG").arg("RESETSTAT"));
        RawCall::new("last", 1)
            .ask(&rates, &[1; 8])
            .call(connection);
        RawCall::new("last", 2).ask(&rates, &[]).call(connection);
        let info: String = server.run(cmd("INFO").arg("commandstats"));
        let calls = info.lines().filter_map(|line| {
            let (_, rest) = line.split_once("calls=")?;
            rest.split_once(',')?.0.parse::<u64>().ok()
        });
        let _: i64 = server.run(cmd("DEL").arg("reply:last"));
        calls.sum::<u64>()
    };
    let ask = |index: i64, connection: &mut Connection| {
        let call = RawCall::new(&format!("process{index}"), 1).ask(&rates, &[1; 8]);
        call.call(connection)
    };
    for index in 0..3 {
        ask(index, &mut connection);
    }
    let of_short = commands(&mut connection);
    let mut last = 0;
    for index in 3..400 {
        let reply = ask(index, &mut connection);
        last = reply.retry - reply.now;
    }
    let of_long = commands(&mut connection);
    assert!(
        of_long <= of_short + 2,
        "{of_long} commands, {of_short} in a short line"
    );
    // 400 turns of 100 ms are ahead.
    assert!(
        (9 * SECOND..=10 * SECOND).contains(&(last + LEAD)),
        "{last}"
    );
    const { assert!(TURN == 100_000) };
}

#[test]
fn another_version_is_refused() {
    let (_server, mut connection) = server();
    let rates = [Rate::per_minute(600)];
    RawCall::new("a", 1).ask(&rates, &[1]).call(&mut connection);
    let before = state(&mut connection);
    let mut other = RawCall::new("b", 1).ask(&rates, &[1]);
    other.version = "2";
    assert_eq!(other.send(&mut connection), "version 1");
    assert_eq!(state(&mut connection), before);
    // Damage is not another version.
    let _: () = cmd("SET")
        .arg("version")
        .arg("x")
        .query(&mut connection)
        .unwrap();
    RawCall::new("a", 2).ask(&rates, &[1]).call(&mut connection);
    assert_eq!(other.send(&mut connection), "version 1");
}

#[test]
fn every_key_expires_and_replies_soon() {
    let (_server, mut connection) = server();
    let day = Rate {
        window: 86_400 * SECOND,
        ..Rate::per_minute(10)
    };
    let mut call = RawCall::new("a", 1)
        .hold(5, 1)
        .hold(5, 1)
        .ask(&[day], &[1, 1]);
    call.classes[0].requests[0].task = "task".to_owned();
    call.call(&mut connection);
    // One process waits.
    RawCall::new("b", 1).ask(&[day], &[1]).call(&mut connection);
    let keys: Vec<String> = cmd("KEYS").arg("*").query(&mut connection).unwrap();
    assert_eq!(keys.len(), 9, "{keys:?}");
    for key in keys {
        let lasts: i64 = cmd("PTTL").arg(&key).query(&mut connection).unwrap();
        assert!(lasts > 0, "{key} never expires");
        assert!(
            lasts <= 120_000 || !key.starts_with("reply"),
            "{key}: {lasts}"
        );
    }
}
