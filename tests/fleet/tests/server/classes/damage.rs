//! Data of classes that something has damaged.

use fastrand::Rng;
use fleet_tests::script::{Rate, RawCall, state, step};
use redis::{Connection, cmd};
use redis_server::RedisServer;

use super::{SECOND, class};

/// Any field and any entry of the sorted sets can be damaged. Both classes go on.
#[test]
fn damaged_classes_stop_no_quota() {
    let server = RedisServer::start();
    let mut connection = server.connection();
    let connection = &mut connection;
    let mut random = Rng::with_seed(1);
    let rates = [Rate::per_minute(60_000)];
    let mut sequence = 0;
    let mut ask = |count: usize, connection: &mut Connection| {
        sequence += 1;
        let call = RawCall::new("a", sequence).ask(&rates, &[]);
        call.class(class("chat", 3), &vec![1; count])
            .class(class("batch", 1), &vec![1; count])
            .call(connection)
    };
    let mut other_sequence = 0;
    let mut ask_other = |count: usize, connection: &mut Connection| {
        other_sequence += 1;
        let call = RawCall::new("b", other_sequence).ask(&rates, &vec![1; count]);
        call.class(class("chat", 3), &vec![1; count])
            .call(connection)
    };
    let mut resets = 0;
    for round in 0..400 {
        ask(200, connection);
        ask_other(200, connection);
        let garbage = [
            "", "x", "nan", "inf", "-inf", "1e300", "-1", "0", "1.5", "12 34",
        ];
        let garbage = garbage[random.usize(..garbage.len())];
        let what = match random.u8(..4) {
            0 => {
                let key = ["waiting", "idle"][random.usize(..2)];
                let score = ["inf", "-inf", "1e300", "-1e300", "0"][random.usize(..5)];
                let member = ["chat", "batch", "", "unknown"][random.usize(..4)];
                let _: i64 = cmd("ZADD")
                    .arg(key)
                    .arg(score)
                    .arg(member)
                    .query(connection)
                    .unwrap();
                format!("{key}: {member:?} {score}")
            }
            1 => {
                let key = ["entries:chat", "entries:batch"][random.usize(..2)];
                let field = ["head", "tail", "a", "b"][random.usize(..4)];
                let _: i64 = cmd("HSET")
                    .arg(key)
                    .arg(field)
                    .arg(garbage)
                    .query(connection)
                    .unwrap();
                format!("{key} {field}: {garbage:?}")
            }
            _ => {
                let fields = state(connection).into_iter();
                let fields = fields.filter(|(field, _)| {
                    field.starts_with("class") || field.starts_with("wait") || field == "shares"
                });
                let fields: Vec<(String, String)> = fields.collect();
                let (field, value) = &fields[random.usize(..fields.len())];
                let _: i64 = cmd("HSET")
                    .arg("state")
                    .arg(field)
                    .arg(garbage)
                    .query(connection)
                    .unwrap();
                format!("{field} was {value:?}, is {garbage:?}")
            }
        };
        // The other process leaves, and both classes of this one are served within a second.
        step(connection, SECOND);
        ask_other(0, connection);
        let mut admitted = [0, 0];
        for _ in 0..8 {
            let reply = ask(200, connection);
            resets += reply.resets;
            admitted[0] += reply.starts[1].len();
            admitted[1] += reply.starts[2].len();
            assert!(reply.rates[0][1] <= 60_000, "round {round}: {what}");
            step(connection, SECOND / 4);
        }
        assert!(
            admitted[0] > 0 && admitted[1] > 0,
            "round {round}: {what}: {admitted:?}"
        );
        if round % 10 == 0 {
            // Sometimes, nothing is left.
            ask(0, connection);
            step(connection, 70 * SECOND);
        }
    }
    println!("{resets} resets");
    // Keys of another type.
    for key in ["waiting", "idle", "line:chat", "entries:chat"] {
        for ty in ["SET", "LPUSH"] {
            let _: i64 = cmd("DEL").arg(key).query(connection).unwrap();
            let _: () = cmd(ty).arg(key).arg("x").query(connection).unwrap();
            let reply = ask(200, connection);
            assert_eq!(reply.resets, 1, "{key} {ty}");
            assert!(!reply.starts[1].is_empty(), "{key} {ty}");
        }
    }
}
