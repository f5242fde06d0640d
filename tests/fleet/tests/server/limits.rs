//! Limits that differ or change, and pauses.

use std::time::{Duration, Instant};

use fleet_tests::{MODEL, SECOND, WINDOW, Work, account, connect, key, limits, limits_of, within};
use model_studio_limiter::Refusal;
use model_studio_limits::{LimitKind, Limits};
use redis::cmd;
use redis_server::{RedisServer, wait_until};
use tokio::time::{sleep, timeout};

use crate::{alone, limiter, record, start};

fn requests_per_minute(count: u64) -> Limits {
    limits(&[(LimitKind::Requests, count, Some(60 * SECOND))])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raised_limit_ends_waits_in_a_fleet() {
    let server = RedisServer::start();
    let (slow, fast) = (requests_per_minute(1), requests_per_minute(6_000));
    let first = limiter(&server.url(), slow).await;
    let second = limiter(&server.url(), slow).await;
    within(first.acquire(0)).await.unwrap().settle(0);
    let wait = |limiter: &model_studio_limiter::Limiter| {
        let limiter = limiter.clone();
        tokio::spawn(async move { timeout(30 * SECOND, limiter.acquire(0)).await })
    };
    let waiting = [wait(&first), wait(&second)];
    sleep(SECOND).await;
    let raised_at = Instant::now();
    for limiter in [&first, &second] {
        limiter.set_limits(fast);
    }
    for waiting in waiting {
        let permit = waiting.await.unwrap();
        permit.expect("the wait ends").unwrap().settle(0);
    }
    println!("{:?} after the limit was raised", raised_at.elapsed());
    assert!(raised_at.elapsed() < 13 * SECOND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_outlives_an_idle_time_and_ends_for_all() {
    let server = RedisServer::start();
    let first = limiter(&server.url(), limits_of(100, 0)).await;
    let second = limiter(&server.url(), limits_of(100, 0)).await;
    within(second.acquire(0)).await.unwrap().settle(0);
    let permit = within(first.acquire(0)).await.unwrap();
    permit.refused_with_retry_after(Refusal::Burst, 300 * SECOND);
    // The state lives as long as the pause that the server knows.
    wait_until("the pause is sent", || {
        let lasts: i64 = server.run(cmd("PTTL").arg(key(&server, ":state")));
        lasts > 300_000
    });
    let waiting = tokio::spawn({
        let second = second.clone();
        async move { second.acquire(0).await }
    });
    sleep(SECOND).await;
    assert!(!waiting.is_finished());
    first.resume();
    within(waiting).await.unwrap().unwrap().settle(0);
    within(first.acquire(0)).await.unwrap().settle(0);
}

/// With a guard of a millisecond, no timer is exact enough.
#[test]
fn a_tiny_guard_does_not_make_every_request_late() {
    let _alone = alone();
    let server = RedisServer::start();
    let work = Work {
        guard: Duration::from_millis(1),
        ..Work::requests(2_000, 2 * WINDOW, 6 * SECOND)
    };
    let record = record(start(2, &server.url(), work));
    let utilisation = record.utilisation(2_000, 2 * WINDOW);
    println!("{utilisation:.3} with a tiny guard");
    assert!(utilisation >= 0.95, "{utilisation}: {record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_sent_at_once() {
    let server = RedisServer::start();
    let account = account(connect(&server.url()).await, requests_per_minute(60));
    let account = account.burst(10).build().unwrap();
    let start = Instant::now();
    for _ in 0..10 {
        within(account.acquire(MODEL, 0)).await.unwrap().settle(0);
    }
    assert!(start.elapsed() < SECOND, "{:?}", start.elapsed());
    let eleventh = timeout(SECOND / 2, account.acquire(MODEL, 0)).await;
    assert!(eleventh.is_err(), "the burst is used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tightest_limit_holds_for_all() {
    let server = RedisServer::start();
    let tight = limiter(&server.url(), limits_of(4, 0)).await;
    let loose = limiter(&server.url(), limits_of(100, 0)).await;
    within(tight.acquire(0)).await.unwrap().settle(0);
    within(loose.acquire(0)).await.unwrap().settle(0);
    assert_eq!(loose.usage().limits[0].allowed, 4);
    let start = Instant::now();
    for _ in 0..2 {
        within(loose.acquire(0)).await.unwrap().settle(0);
    }
    assert!(start.elapsed() >= SECOND / 2, "one request every 500 ms");
}
