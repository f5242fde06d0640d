//! What goes wrong with processes, servers and clocks.

use std::thread;
use std::time::Duration;

use fastrand::Rng;
use fleet_tests::{
    Proxy, Record, SECOND, WINDOW, Work, Worker, key, limits, limits_of, state_field, within,
};
use model_studio_limits::LimitKind;
use redis::cmd;
use redis_server::RedisServer;

use crate::{WORKER, at_the_same_time, excess_after_loss, limiter, record, request_excess, start};

/// Longer than a window and its guard, so that no window has two losses.
const BETWEEN_LOSSES: Duration = Duration::from_millis(2_600);

#[test]
fn processes_that_are_killed_at_any_moment_exceed_nothing() {
    let server = RedisServer::start();
    let work = Work::requests(1_000, WINDOW, 20 * SECOND);
    let mut running = start(4, &server.url(), work);
    let mut killed = Vec::new();
    let mut random = Rng::with_seed(1);
    for _ in 0..12 {
        thread::sleep(Duration::from_millis(random.u64(150..900)));
        let index = random.usize(..running.len());
        let new = Worker::start(WORKER, &server.url(), work);
        let mut old = std::mem::replace(&mut running[index], new);
        old.kill();
        killed.push(old);
    }
    thread::sleep(SECOND);
    for worker in &mut running {
        worker.kill();
    }
    killed.append(&mut running);
    let sends = killed.into_iter().map(Worker::sends);
    // Some are killed before they send anything.
    let record = Record::new(sends.filter(|sends| !sends.is_empty()).collect());
    let (most, pause) = (record.most_in_any(WINDOW), record.longest_pause());
    println!("{most} of 1000, longest pause {pause:?}: {record}");
    assert!(most <= 1_000, "{most}: {record}");
    // The turn of a killed process is lost after at most 0.35 s, and up to 0.2 s that it was admitted
    // are not sent. The rest is for a machine that does other work.
    assert!(pause < SECOND, "{pause:?} without a request");
}

#[test]
fn a_stopped_process_does_not_send_late() {
    let server = RedisServer::start();
    let work = Work::requests(60, WINDOW, 7 * SECOND);
    let workers = start(2, &server.url(), work);
    thread::sleep(2 * SECOND);
    workers[0].signal("STOP");
    thread::sleep(3 * SECOND);
    workers[0].signal("CONT");
    let record = record(workers);
    // A request whose permit was returned just before the stop is recorded after it.
    assert!(record.most_in_any(WINDOW) <= 61, "{record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_reply_was_lost_admits_nothing_twice() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.port());
    let limiter = limiter(&proxy.url(), limits_of(100, 0)).await;
    within(limiter.acquire(0)).await.unwrap().settle(0);
    for _ in 0..3 {
        proxy.lose_reply();
        within(limiter.acquire(0)).await.unwrap().settle(0);
        assert!(!proxy.will_lose_reply());
    }
    assert_eq!(state_field(&server, ":total"), 4);
    assert!(limiter.usage().store.unwrap().failures >= 3);
}

#[test]
fn a_flush_of_scripts_changes_nothing() {
    let server = RedisServer::start();
    let workers = start(2, &server.url(), Work::requests(60, WINDOW, 5 * SECOND));
    for _ in 0..3 {
        thread::sleep(SECOND);
        let _: String = server.run(cmd("SCRIPT").arg("FLUSH"));
    }
    let record = record(workers);
    assert!(record.most_in_any(WINDOW) <= 60, "{record}");
    assert!(record.longest_pause() < SECOND, "{record}");
}

#[test]
fn lost_state_starts_at_the_pace_that_was_known() {
    const TOKENS: u64 = 20_000;
    let duration = 8 * SECOND;
    let of_tokens = |cost| {
        let credit = WINDOW / 10;
        let excess = excess_after_loss(TOKENS, WINDOW, credit, cost);
        (Work::tokens(TOKENS, cost, WINDOW, duration), TOKENS, excess)
    };
    let cases = [
        (Work::requests(60, WINDOW, duration), 60, request_excess()),
        of_tokens(100),
        of_tokens(TOKENS / 5),
    ];
    at_the_same_time(&cases, |&(work, limit, excess)| {
        let server = RedisServer::start();
        let workers = start(4, &server.url(), work);
        for _ in 0..2 {
            thread::sleep(BETWEEN_LOSSES);
            let _: String = server.run(&cmd("FLUSHALL"));
        }
        let record = record(workers);
        let most = match work.tokens {
            0 => record.most_in_any(WINDOW),
            _ => record.most_tokens_in_any(WINDOW),
        };
        println!(
            "cost {}: {most} of {limit} in a window with a flush, up to {excess} more allowed",
            work.cost
        );
        assert!(most <= limit + excess, "{most}: {record}");
    });
}

#[test]
fn a_promoted_replica_goes_on_with_what_it_knows() {
    let primary = RedisServer::start();
    let replica = RedisServer::start();
    replica.follow(&primary);
    let proxy = Proxy::start(primary.port());
    let workers = start(3, &proxy.url(), Work::requests(60, WINDOW, 7 * SECOND));
    thread::sleep(3 * SECOND);
    let _: String = replica.run(cmd("REPLICAOF").arg("NO").arg("ONE"));
    proxy.switch(replica.port());
    let record = record(workers);
    let most = record.most_in_any(WINDOW);
    println!(
        "{most} of 60 with a failover, longest pause {:?}",
        record.longest_pause()
    );
    assert!(most <= 60 + request_excess(), "{most}: {record}");
    assert!(record.longest_pause() < 3 * SECOND, "{record}");
}

#[test]
fn a_restart_is_survived() {
    let cases = [
        (
            ["--appendonly", "no", "--appendfsync", "no"],
            request_excess(),
        ),
        (["--appendonly", "yes", "--appendfsync", "always"], 0),
    ];
    at_the_same_time(&cases, |&(options, excess)| {
        let mut server = RedisServer::start_with(&options);
        let workers = start(3, &server.url(), Work::requests(60, WINDOW, 7 * SECOND));
        thread::sleep(2 * SECOND);
        server.restart();
        let record = record(workers);
        let most = record.most_in_any(WINDOW);
        println!(
            "{options:?}: {most} of 60, longest pause {:?}",
            record.longest_pause()
        );
        assert!(most <= 60 + excess, "{most}: {record}");
        assert!(record.longest_pause() < 5 * SECOND, "{record}");
    });
}

/// A limit per day has no pace beside one per minute, so nothing replaces its count.
#[tokio::test(flavor = "multi_thread")]
async fn lost_state_loses_the_count_of_a_limit_without_a_pace() {
    let server = RedisServer::start();
    let limits = limits(&[
        (LimitKind::Requests, 100, Some(WINDOW)),
        (LimitKind::Requests, 5, Some(86_400 * SECOND)),
    ]);
    let limiter = limiter(&server.url(), limits).await;
    for _ in 0..2 {
        for _ in 0..5 {
            within(limiter.acquire(0)).await.unwrap().settle(0);
        }
        let sixth = limiter.acquire_timeout(0, SECOND / 2).await;
        assert!(sixth.is_err(), "the limit per day holds");
        let _: String = server.run(&cmd("FLUSHALL"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_clock_that_steps_back_stops_nobody() {
    let server = RedisServer::start();
    let limiter = limiter(&server.url(), limits_of(100, 0)).await;
    within(limiter.acquire(0)).await.unwrap().settle(0);
    // As if the server had been an hour ahead.
    let key = key(&server, ":state");
    for field in ["now", "start"] {
        let time: u64 = server.run(cmd("HGET").arg(&key).arg(field));
        let _: u64 = server.run(cmd("HSET").arg(&key).arg(field).arg(time + 3_600_000_000));
    }
    for _ in 0..3 {
        let permit = limiter.acquire_timeout(0, 2 * SECOND).await;
        permit.unwrap().settle(0);
    }
    assert_eq!(limiter.usage().store.unwrap().clock_steps, 1);
}

/// A step forward costs what lost state costs, and a step back nothing.
#[test]
fn a_server_clock_that_steps_stops_no_fleet() {
    let excess = request_excess();
    let cases = [
        (1_000_000_i64, excess),
        (3_600_000_000, excess),
        (-1_000_000, 0),
        (-3_600_000_000, 0),
    ];
    at_the_same_time(&cases, |&(step, excess)| {
        let server = RedisServer::start();
        let workers = start(4, &server.url(), Work::requests(60, WINDOW, 8 * SECOND));
        for _ in 0..2 {
            thread::sleep(BETWEEN_LOSSES);
            let mut command = cmd("HINCRBY");
            command.arg(key(&server, ":state")).arg("offset").arg(step);
            let _: i64 = server.run(&command);
        }
        let record = record(workers);
        let (most, pause) = (record.most_in_any(WINDOW), record.longest_pause());
        println!("{most} of 60 with steps of {step} µs, longest pause {pause:?}");
        assert!(most <= 60 + excess, "{most}: {record}");
        assert!(pause < SECOND, "{pause:?} without a request");
    });
}
