//! Data in the store that something has damaged.

use fastrand::Rng;

use fleet_tests::script::{Rate, RawCall, state, step};
use redis::{Connection, cmd};
use redis_server::RedisServer;

const SECOND: i64 = 1_000_000;

/// Any field of the state can be damaged. The quota goes on.
#[test]
fn damaged_data_stops_no_quota() {
    let server = RedisServer::start();
    let mut connection = server.connection();
    let connection = &mut connection;
    let mut random = Rng::with_seed(1);
    let rates = [Rate::per_minute(60_000)];
    let call = |sequence, connection: &mut Connection| {
        let call = RawCall::new("a", sequence).hold(100, 0).ask(&rates, &[1]);
        call.call(connection)
    };
    let rounds = 300;
    let mut resets = 0;
    for round in 0..rounds {
        // Two processes, one of which waits.
        call(3 * round + 1, connection);
        let mut other = RawCall::new("b", 2 * round + 1)
            .hold(100, 1)
            .ask(&rates, &[1, 60_000]);
        other.pause = if round % 2 == 0 { 0 } else { 1_000 };
        other.call(connection);
        let fields = state(connection);
        let (field, value) = &fields[random.usize(..fields.len())];
        let garbage = [
            "", "x", "nan", "inf", "-inf", "1e300", "-1", "0", "1.5", "12 34",
        ];
        let garbage = garbage[random.usize(..garbage.len())];
        let mut set = cmd("HSET");
        set.arg("state").arg(field).arg(garbage);
        let _: i64 = set.query(connection).unwrap();
        RawCall::new("b", 2 * round + 2)
            .ask(&rates, &[])
            .call(connection);
        step(connection, SECOND);
        call(3 * round + 2, connection);
        step(connection, SECOND);
        let reply = call(3 * round + 3, connection);
        resets += reply.resets;
        let case = format!("round {round}: {field} was {value:?}, is {garbage:?}: {reply:?}");
        assert!(reply.starts[0].len() == 1, "{case}");
        assert!(reply.rates[0][1] <= 60_000, "{case}");
        step(connection, 70 * SECOND);
    }
    println!("{resets} resets");
    // Keys of another type.
    for (index, key) in ["state", "line", "held:0", "tasks:0"].iter().enumerate() {
        for (number, ty) in ["SET", "LPUSH"].iter().enumerate() {
            let _: i64 = cmd("DEL").arg(key).query(connection).unwrap();
            let _: () = cmd(ty).arg(key).arg("x").query(connection).unwrap();
            let sequence = 10_000 + 2 * i64::try_from(2 * index + number).unwrap();
            // Without a wait, the line is not used.
            let mut wait = RawCall::new("a", sequence).hold(1, 0).ask(&rates, &[1, 1]);
            wait.classes[0].requests[0].task = "task".to_owned();
            let reply = wait.call(connection);
            assert_eq!((reply.resets, reply.starts[0].len()), (1, 1), "{key} {ty}");
            let mut end = RawCall::new("a", sequence + 1).hold(1, 0);
            end.ended.push(("task".to_owned(), 1));
            assert_eq!(end.call(connection).running, [0]);
        }
    }
}

/// The total of all processes is damaged, and not what each has stated.
#[test]
fn a_damaged_total_of_what_runs_is_counted_again() {
    let server = RedisServer::start();
    let mut connection = server.connection();
    let connection = &mut connection;
    for process in ["a", "b"] {
        RawCall::new(process, 1).hold(100, 20).call(connection);
    }
    let fields = state(connection);
    let (field, total) = fields
        .iter()
        .find(|(field, _)| field.starts_with("held:") && field.matches(':').count() == 1)
        .expect("the state has the total");
    assert_eq!(total, "40");
    for (sequence, garbage) in (2..).zip(["x", "nan", "1e300"]) {
        let mut set = cmd("HSET");
        set.arg("state").arg(field).arg(garbage);
        let _: i64 = set.query(connection).unwrap();
        let reply = RawCall::new("a", sequence).hold(100, 20).call(connection);
        assert_eq!(reply.running, [40], "{garbage}");
    }
}
