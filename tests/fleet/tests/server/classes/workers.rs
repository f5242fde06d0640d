//! Processes with classes.

use std::thread;

use fleet_tests::{Record, SECOND, Work, Worker};
use redis_server::RedisServer;

use crate::{WORKER, alone};

/// A limit on requests whose window is short enough for a test.
const WINDOW: std::time::Duration = std::time::Duration::from_secs(4);
const LIMIT: u64 = 200;

fn work(class: u64, weight: u32) -> Work {
    Work {
        class,
        weight,
        ..Work::requests(LIMIT, WINDOW, 16 * SECOND)
    }
}

fn start(server: &RedisServer, work: Work) -> Worker {
    Worker::start(WORKER, &server.url(), work)
}

/// Returns which part of both numbers the first one is.
#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
fn part(one: usize, other: usize) -> f64 {
    one as f64 / (one + other) as f64
}

#[test]
fn processes_share_by_the_weights_of_their_classes() {
    let _alone = alone();
    let server = RedisServer::start();
    let works = [work(1, 3), work(1, 3), work(2, 1), work(2, 1)];
    let workers = works.map(|work| start(&server, work));
    let sends = workers.map(Worker::sends);
    let counts = sends.each_ref().map(Vec::len);
    let record = Record::new(sends.into());
    let (chat, batch) = (counts[0] + counts[1], counts[2] + counts[3]);
    let share = part(chat, batch);
    let (most, used) = (
        record.most_in_any(WINDOW),
        record.utilisation(LIMIT, WINDOW),
    );
    println!("{counts:?}: {share:.3}; at most {most}, {used:.3} used");
    assert!((share - 0.75).abs() < 0.03, "{share}");
    assert!(most <= LIMIT, "{most}: {record}");
    assert!(used >= 0.93, "{used}: {record}");
}

#[test]
fn a_class_goes_on_without_a_killed_process() {
    let _alone = alone();
    let server = RedisServer::start();
    let mut killed = start(&server, work(1, 3));
    let others = [work(1, 3), work(2, 1)].map(|work| start(&server, work));
    thread::sleep(5 * SECOND);
    killed.kill();
    let killed = killed.sends();
    let [chat, batch] = others.map(Worker::sends);
    let until = killed.last().unwrap().at;
    let after = |sends: &[fleet_tests::Sent]| {
        let sends = sends.iter().filter(|sent| sent.at > until + 1_000_000);
        sends.count()
    };
    let (chat_after, batch_after) = (after(&chat), after(&batch));
    let share = part(chat_after, batch_after);
    let record = Record::new(vec![killed, chat, batch]);
    println!("{share:.3} after the kill: {record}");
    assert!((share - 0.75).abs() < 0.04, "{share}: {record}");
    assert!(record.longest_pause() < SECOND, "{record}");
    assert!(record.most_in_any(WINDOW) <= LIMIT, "{record}");
}
