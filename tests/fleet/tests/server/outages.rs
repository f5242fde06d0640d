//! Servers that cannot be reached or do not answer.

use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use fleet_tests::{MODEL, Proxy, SECOND, WINDOW, Work, account, connect, limits_of, now, within};
use model_studio_limiter::AcquireError;
use redis_server::{RedisServer, wait_until};
use tokio::runtime::Runtime;

use crate::{at_the_same_time, record, start};

/// Cuts the connections for 30 seconds, with or without the loss of a reply.
#[test]
fn a_cut_of_30_seconds_exceeds_nothing_and_passes() {
    at_the_same_time(&[false, true], |&loses_reply| {
        let server = RedisServer::start();
        let proxy = Proxy::start(server.port());
        let workers = start(2, &proxy.url(), Work::requests(60, WINDOW, 40 * SECOND));
        let runtime = Runtime::new().unwrap();
        let store = runtime.block_on(connect(&proxy.url()));
        // The same guard as the workers have, so that they count together.
        let account = account(store, limits_of(60, 0)).guard(SECOND / 10);
        let limiter = account.build().unwrap().limiter(MODEL).clone();
        thread::sleep(3 * SECOND);
        if loses_reply {
            proxy.lose_reply_and_cut();
            wait_until("a reply is lost", || !proxy.will_lose_reply());
        }
        proxy.cut();
        let cut_at = Instant::now();
        while cut_at.elapsed() < 28 * SECOND {
            let start = Instant::now();
            let result = runtime.block_on(limiter.acquire_timeout(0, 2 * SECOND));
            assert!(matches!(result, Err(AcquireError::Store(_))), "{result:?}");
            let waited = start.elapsed();
            assert!((2 * SECOND..3 * SECOND).contains(&waited), "{waited:?}");
        }
        thread::sleep((30 * SECOND).saturating_sub(cut_at.elapsed()));
        proxy.restore();
        let restored_at = now();
        let record = record(workers);
        let most = record.most_in_any(WINDOW);
        let first = record.sends().iter().find(|sent| sent.at >= restored_at);
        let pause = Duration::from_micros(first.unwrap().at - restored_at);
        println!("a reply is lost: {loses_reply}; at most {most}, first request after {pause:?}");
        assert!(most <= 60, "{most}: {record}");
        assert!(record.longest_pause() > 29 * SECOND, "{record}");
        // The longest delay between attempts to connect is two seconds.
        assert!(pause < 3 * SECOND, "{pause:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fallback_keeps_to_its_share_during_an_outage() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.port());
    let store = connect(&proxy.url()).await.fallback(1, 2);
    let account = account(store, limits_of(40, 0)).build().unwrap();
    let limiter = account.limiter(MODEL);
    within(limiter.acquire(0)).await.unwrap().settle(0);
    proxy.cut();
    let start = Instant::now();
    let mut sent = 0;
    while start.elapsed() < 4 * SECOND {
        if let Ok(permit) = limiter.acquire_timeout(0, SECOND / 2).await {
            permit.settle(0);
            sent += 1;
        }
    }
    // 10 per second after the first second.
    assert!((15..=31).contains(&sent), "{sent}");
    proxy.restore();
    let calls = || limiter.usage().store.unwrap().calls;
    let before = calls();
    within(async {
        while calls() == before {
            limiter.acquire(0).await.unwrap().settle(0);
        }
    })
    .await;
}

/// Processes return to the store at different times, up to two seconds after it is back. Until the
/// last one has, the share of the others comes on top of what the store admits.
#[test]
fn a_fleet_that_falls_back_keeps_to_the_documented_bound() {
    const PROCESSES: u32 = 4;
    let server = RedisServer::start();
    let proxy = Proxy::start(server.port());
    let work = Work {
        fallback: PROCESSES,
        ..Work::requests(60, WINDOW, 14 * SECOND)
    };
    let workers = start(PROCESSES as usize, &proxy.url(), work);
    thread::sleep(3 * SECOND);
    proxy.cut();
    let cut_at = now();
    thread::sleep(5 * SECOND);
    let restored_at = now();
    proxy.restore();
    let record = record(workers);
    let count = |times: Range<u64>| {
        let sends = record.sends().iter();
        sends.filter(|sent| times.contains(&sent.at)).count()
    };
    let by_fallback = count(cut_at + 2_000_000..restored_at);
    let of_cut = record.most_between(cut_at - 2_000_000..restored_at, WINDOW);
    let most = record.most_in_any(WINDOW);
    println!(
        "{by_fallback} by the fallback in 3 s; at most {of_cut} until the return, then {most}"
    );
    // 30 per second, divided among all.
    assert!((60..=100).contains(&by_fallback), "{by_fallback}: {record}");
    let processes = u64::from(PROCESSES);
    assert!(of_cut <= 60 + processes + 2, "{of_cut}: {record}");
    // The others send 3/4 of the rate for up to two seconds.
    let overlap = 60 * (processes - 1) / processes;
    assert!(most <= 60 + overlap + processes + 2, "{most}: {record}");
    assert!(record.longest_pause() < 2 * SECOND, "{record}");
}

/// The server accepts connections while it is stopped, but answers nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_exceeds_nothing_and_passes() {
    let server = RedisServer::start();
    let workers = start(2, &server.url(), Work::requests(60, WINDOW, 10 * SECOND));
    let account = account(connect(&server.url()).await, limits_of(60, 0));
    // The same guard as the workers have, so that they count together.
    let account = account.guard(SECOND / 10).build().unwrap();
    let limiter = account.limiter(MODEL);
    tokio::time::sleep(2 * SECOND).await;
    server.signal("STOP");
    // A call fails after two seconds. If it did not, this would be another error.
    let start = Instant::now();
    let result = limiter
        .acquire_timeout(0, Duration::from_millis(2_700))
        .await;
    assert!(matches!(result, Err(AcquireError::Store(_))), "{result:?}");
    tokio::time::sleep((3 * SECOND).saturating_sub(start.elapsed())).await;
    server.signal("CONT");
    within(limiter.acquire(0)).await.unwrap().settle(0);
    assert!(limiter.usage().store.unwrap().failures >= 1);
    let record = tokio::task::spawn_blocking(|| record(workers));
    let record = record.await.unwrap();
    let (most, pause) = (record.most_in_any(WINDOW), record.longest_pause());
    println!("{most} of 60, longest pause {pause:?}");
    assert!(most <= 60, "{most}: {record}");
    // The longest delay between attempts is two seconds, and the last attempt may fail too.
    assert!(pause > 2 * SECOND && pause < 8 * SECOND, "{pause:?}");
}
