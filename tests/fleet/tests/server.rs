//! Fleets of processes on a real server, and what goes wrong with it.
//!
//! Each test has a server of its own. Limits have short windows, so that a few seconds show them.

use std::future::{Future as _, poll_fn};
use std::num::NonZeroU64;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use fleet_tests::{ACCOUNT, MODEL, Proxy, Record, Server, Work, Worker, account, limits};
use model_studio_limiter::{Account, AcquireError, Limiter, RedisStore, Refusal};
use model_studio_limits::{Limit, LimitKind, Limits, Model};
use redis::cmd;

const SECOND: Duration = Duration::from_secs(1);
const WINDOW: Duration = Duration::from_secs(2);
const WORKER: &str = env!("CARGO_BIN_EXE_worker");

fn start(count: usize, url: &str, work: Work) -> Vec<Worker> {
    (0..count)
        .map(|_| Worker::start(WORKER, url, work))
        .collect()
}

/// Starts workers that share 60 requests per window for some seconds.
fn start_workers(count: usize, url: &str) -> Vec<Worker> {
    start(count, url, Work::requests(60, WINDOW, 7 * SECOND))
}

fn record(workers: Vec<Worker>) -> Record {
    Record::new(workers.into_iter().map(Worker::sends).collect())
}

/// Returns limits on requests per window and on what runs at the same time. 0 is no limit.
fn limits_of(requests: u64, running: u64) -> Limits {
    let limit = |kind, count, per| {
        Some(Limit {
            kind,
            count: NonZeroU64::new(count)?,
            per,
        })
    };
    let all = [
        limit(LimitKind::Requests, requests, Some(WINDOW)),
        limit(LimitKind::ConcurrentTasks, running, None),
    ];
    limits(&all.into_iter().flatten().collect::<Vec<_>>())
}

async fn limiter(url: &str, limits: Limits) -> Limiter {
    let account = account(url, limits).await.build();
    account.limiter(MODEL).clone()
}

#[test]
fn a_saturated_fleet_uses_the_limit_and_does_not_exceed_it() {
    for (processes, limit) in [(1, 60), (4, 60), (8, 60), (4, 1_000)] {
        let server = Server::start();
        let work = Work::requests(limit, WINDOW, 5 * SECOND);
        let record = record(start(processes, &server.url(), work));
        assert!(record.most_in_any(WINDOW) <= limit, "{record}");
        let (utilisation, fairness) = (record.utilisation(limit, WINDOW), record.fairness());
        println!(
            "{processes} processes, {limit} per 2 s: {utilisation:.3}, fairness {fairness:.2}"
        );
        assert!(utilisation > 0.8, "{utilisation} of the limit: {record}");
        assert!(fairness > 0.5, "{fairness} of an equal share: {record}");
    }
}

#[test]
fn tokens_are_shared_and_settled() {
    // Estimates of the truth, of twice the truth, and of half of it.
    for (estimate, cost) in [(100, 100), (200, 100), (50, 100)] {
        let server = Server::start();
        let work = Work {
            requests: 0,
            tokens: 10_000,
            estimate,
            cost,
            latency: Duration::from_millis(50),
            ..Work::requests(0, WINDOW, 5 * SECOND)
        };
        let record = record(start(3, &server.url(), work));
        let most = record.most_in_any(WINDOW) * cost;
        // Requests in flight are counted with half of their cost.
        let in_flight = if estimate < cost {
            3 * 8 * (cost - estimate)
        } else {
            0
        };
        assert!(most <= 10_000 + in_flight, "{most} tokens: {record}");
        let utilisation = record.utilisation(100, WINDOW);
        println!("estimate {estimate} of {cost}: {utilisation:.3}, {most} tokens");
        assert!(utilisation > 0.7, "{utilisation}: {record}");
    }
}

#[test]
fn a_killed_process_does_not_stop_the_others() {
    let server = Server::start();
    let work = Work::requests(60, WINDOW, 6 * SECOND);
    let mut workers = start(4, &server.url(), work);
    for index in [0, 1] {
        thread::sleep(Duration::from_millis(1_300));
        workers[index].kill();
    }
    let record = record(workers);
    assert!(record.most_in_any(WINDOW) <= 60, "{record}");
    // Its turn is lost after 250 ms, and what it was admitted is not sent.
    let pause = record.longest_pause();
    println!("longest pause {pause:?}");
    assert!(pause < SECOND, "{pause:?} without a request");
}

#[test]
fn a_stopped_process_does_not_send_late() {
    let server = Server::start();
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
    let server = Server::start();
    let proxy = Proxy::start(server.port());
    let limiter = limiter(&proxy.url(), limits_of(100, 0)).await;
    limiter.acquire(0).await.unwrap().settle(0);
    for _ in 0..3 {
        proxy.lose_reply();
        limiter.acquire(0).await.unwrap().settle(0);
        assert!(!proxy.will_lose_reply());
    }
    assert_eq!(server.state(":total"), 4);
    assert!(limiter.usage().store.unwrap().failures >= 3);
}

#[test]
fn a_flush_of_scripts_changes_nothing() {
    let server = Server::start();
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
    let server = Server::start();
    let workers = start(4, &server.url(), Work::requests(60, WINDOW, 6 * SECOND));
    for _ in 0..3 {
        thread::sleep(Duration::from_millis(1_500));
        let _: String = server.run(&cmd("FLUSHALL"));
    }
    let record = record(workers);
    let most = record.most_in_any(WINDOW);
    println!("{most} of 60 in a window with a flush");
    // Requests that were admitted before a flush overlap with the first ones after it.
    assert!(most <= 66, "{most}: {record}");
}

#[test]
fn a_promoted_replica_goes_on_with_what_it_knows() {
    let primary = Server::start();
    let replica = Server::start();
    let mut follow = cmd("REPLICAOF");
    let _: String = replica.run(follow.arg("127.0.0.1").arg(primary.port()));
    let start = Instant::now();
    let is_synchronized = || {
        let info: String = replica.run(cmd("INFO").arg("replication"));
        info.contains("master_link_status:up")
    };
    while !is_synchronized() {
        assert!(start.elapsed() < 20 * SECOND, "the replica does not follow");
        thread::sleep(Duration::from_millis(50));
    }
    let proxy = Proxy::start(primary.port());
    let workers = start_workers(3, &proxy.url());
    thread::sleep(3 * SECOND);
    let _: String = replica.run(cmd("REPLICAOF").arg("NO").arg("ONE"));
    proxy.switch(replica.port());
    let record = record(workers);
    let most = record.most_in_any(WINDOW);
    println!(
        "{most} of 60 with a failover, longest pause {:?}",
        record.longest_pause()
    );
    assert!(most <= 63, "{most}: {record}");
    assert!(record.longest_pause() < 3 * SECOND, "{record}");
}

/// The numbers of the script are doubles. The limit is the largest number that they all represent.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_counts_exactly_what_is_known() {
    const LIMIT: u64 = 1 << 53;
    let server = Server::start();
    let tokens = Limit {
        kind: LimitKind::Tokens,
        count: NonZeroU64::new(LIMIT).unwrap(),
        per: Some(60 * SECOND),
    };
    let limiter = limiter(&server.url(), limits(&[tokens])).await;
    let mut random = fastrand::Rng::with_seed(1);
    let mut known = 0;
    for step in 0..200 {
        let amount = random.u64(0..LIMIT / 20_000);
        let mut permit = limiter.acquire(amount).await.unwrap();
        match random.u8(0..4) {
            0 => {
                permit.settle(amount / 3);
                known += amount / 3;
            }
            1 => {
                permit.report(amount + 7);
                permit.settle(2 * amount);
                known += 2 * amount;
            }
            2 => permit.cancel(),
            _ => {
                drop(permit);
                known += amount;
            }
        }
        if step % 20 == 0 {
            // Corrections are sent after 20 ms.
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_eq!(
                server.state(":total"),
                i64::try_from(known).unwrap(),
                "step {step}"
            );
        }
    }
}

#[test]
fn a_restart_is_survived() {
    for (options, excess) in [
        (["--appendonly", "no", "--appendfsync", "no"], 6),
        (["--appendonly", "yes", "--appendfsync", "always"], 0),
    ] {
        let mut server = Server::start_with(&options);
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
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_replies_delay_requests_and_exceed_nothing() {
    let server = Server::start();
    let proxy = Proxy::start(server.port());
    proxy.delay(Duration::from_millis(200));
    let workers = start(2, &proxy.url(), Work::requests(60, WINDOW, 6 * SECOND));
    let record = tokio::task::spawn_blocking(move || record(workers))
        .await
        .unwrap();
    assert!(record.most_in_any(WINDOW) <= 60, "{record}");
    println!(
        "replies after 200 ms: {:.3}",
        record.utilisation(60, WINDOW)
    );
    assert!(record.utilisation(60, WINDOW) > 0.5, "{record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_fails_at_the_timeout_and_passes() {
    let server = Server::start();
    let proxy = Proxy::start(server.port());
    let limiter = limiter(&proxy.url(), limits_of(100, 0)).await;
    limiter.acquire(0).await.unwrap().settle(0);
    proxy.cut();
    let result = limiter.acquire_timeout(0, SECOND).await;
    assert!(matches!(result, Err(AcquireError::Store(_))), "{result:?}");
    // A request without a timeout waits until the server is back.
    let waiting = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.acquire(0).await }
    });
    tokio::time::sleep(SECOND).await;
    assert!(!waiting.is_finished());
    proxy.restore();
    waiting.await.unwrap().unwrap().settle(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fallback_keeps_to_its_share_during_an_outage() {
    let server = Server::start();
    let proxy = Proxy::start(server.port());
    let store = RedisStore::connect(&proxy.url(), ACCOUNT).await.unwrap();
    let account = Account::<Model>::builder()
        .limits(MODEL, limits_of(40, 0))
        .store(store.fallback(1, 2))
        .build();
    let limiter = account.limiter(MODEL);
    limiter.acquire(0).await.unwrap().settle(0);
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
    while calls() == before {
        limiter.acquire(0).await.unwrap().settle(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_clock_that_steps_back_stops_nobody() {
    let server = Server::start();
    let limiter = limiter(&server.url(), limits_of(100, 0)).await;
    limiter.acquire(0).await.unwrap().settle(0);
    // As if the server had been an hour ahead.
    let key = server.key(":state");
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

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_counted_over_processes_and_ended_by_any() {
    let server = Server::start();
    let limits = limits_of(0, 2);
    let first = limiter(&server.url(), limits).await;
    let second = limiter(&server.url(), limits).await;
    let task = first.acquire_task().await.unwrap();
    let other = second.acquire_task().await.unwrap();
    let blocked = tokio::time::timeout(SECOND / 2, second.acquire_task()).await;
    assert!(blocked.is_err(), "two tasks run");

    // The process that submitted the task is gone, and another one sees that it has ended.
    let lease = task.lease().unwrap();
    drop(task);
    drop(first);
    second.finish_task(&lease);
    let third = second.acquire_task().await.unwrap();
    third.finish();
    other.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_task_ends_at_the_longest_duration() {
    let server = Server::start();
    let account = account(&server.url(), limits_of(0, 1)).await;
    let account = account.max_task_duration(SECOND).build();
    drop(account.acquire_task(MODEL).await.unwrap());
    let start = Instant::now();
    account.acquire_task(MODEL).await.unwrap().finish();
    assert!(start.elapsed() >= SECOND / 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tightest_limit_holds_for_all() {
    let server = Server::start();
    let tight = limiter(&server.url(), limits_of(4, 0)).await;
    let loose = limiter(&server.url(), limits_of(100, 0)).await;
    tight.acquire(0).await.unwrap().settle(0);
    loose.acquire(0).await.unwrap().settle(0);
    assert_eq!(loose.usage().limits[0].available, 4);
    let start = Instant::now();
    for _ in 0..2 {
        loose.acquire(0).await.unwrap().settle(0);
    }
    assert!(start.elapsed() >= SECOND / 2, "one request every 500 ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_for_all() {
    let server = Server::start();
    let limits = limits_of(100, 0);
    let first = limiter(&server.url(), limits).await;
    let second = limiter(&server.url(), limits).await;
    second.acquire(0).await.unwrap().settle(0);
    let permit = first.acquire(0).await.unwrap();
    permit.refused_with_retry_after(Refusal::Burst, 2 * SECOND);
    // The pause is sent in a call of its own.
    tokio::time::sleep(SECOND / 2).await;
    let start = Instant::now();
    second.acquire(0).await.unwrap().settle(0);
    assert!(start.elapsed() >= SECOND, "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn limiters_of_one_quota_in_one_process_are_told_apart() {
    let server = Server::start();
    let store = RedisStore::connect(&server.url(), ACCOUNT).await.unwrap();
    let limiters = [(); 2].map(|()| {
        let account = Account::<Model>::builder().limits(MODEL, limits_of(1_000, 0));
        account.store(store.clone()).build().limiter(MODEL).clone()
    });
    for limiter in limiters.iter().cycle().take(10) {
        limiter.acquire(0).await.unwrap().settle(0);
    }
    assert_eq!(server.state(":total"), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_polled_too_late_is_admitted_again() {
    let server = Server::start();
    let limiter = limiter(&server.url(), limits_of(100, 0)).await;
    let mut request = Box::pin(limiter.acquire(0));
    // It joins the queue, is admitted, and is not polled again for a while.
    poll_fn(|context| {
        assert!(request.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
    tokio::time::sleep(SECOND).await;
    let permit = tokio::time::timeout(5 * SECOND, request).await;
    permit
        .expect("the request does not hang")
        .unwrap()
        .settle(0);
    assert_eq!(limiter.usage().store.unwrap().late_grants, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_behind_one_that_gave_up_is_admitted() {
    let server = Server::start();
    let limiter = limiter(
        &server.url(),
        limits(&[Limit {
            kind: LimitKind::Tokens,
            count: NonZeroU64::new(1_000).unwrap(),
            per: Some(20 * SECOND),
        }]),
    )
    .await;
    limiter.acquire(500).await.unwrap().settle(500);
    // The pace lets a small request through after ten seconds, and a large one needs twenty.
    let large = tokio::time::timeout(SECOND, limiter.acquire(900));
    let small = limiter.acquire_timeout(1, 15 * SECOND);
    let (large, small) = tokio::join!(large, async {
        tokio::time::sleep(SECOND / 10).await;
        small.await
    });
    assert!(large.is_err());
    small.unwrap().settle(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_can_block_on_a_store() {
    let server = Server::start();
    let limiter = limiter(&server.url(), limits_of(1_000, 0)).await;
    let thread = thread::spawn(move || {
        for _ in 0..5 {
            limiter.blocking_acquire(0).unwrap().settle(0);
        }
    });
    tokio::task::spawn_blocking(|| thread.join())
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_spreads_quotas_over_its_nodes() {
    let options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
    let nodes = [(); 3].map(|()| Server::start_with(&options));
    let ranges = [(0, 5_460), (5_461, 10_922), (10_923, 16_383)];
    for (node, (first, last)) in nodes.iter().zip(ranges) {
        let mut add = cmd("CLUSTER");
        let _: String = node.run(add.arg("ADDSLOTSRANGE").arg(first).arg(last));
    }
    for node in &nodes[1..] {
        let mut meet = cmd("CLUSTER");
        meet.arg("MEET").arg("127.0.0.1").arg(nodes[0].port());
        let _: String = node.run(meet.arg(nodes[0].cluster_port()));
    }
    let start = Instant::now();
    let is_ready = |node: &Server| {
        let info: String = node.run(cmd("CLUSTER").arg("INFO"));
        info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
    };
    while !nodes.iter().all(is_ready) {
        assert!(start.elapsed() < 20 * SECOND, "the cluster does not form");
        thread::sleep(Duration::from_millis(100));
    }

    let urls = nodes.iter().map(Server::url).collect::<Vec<_>>();
    let urls = urls.iter().map(String::as_str).collect::<Vec<_>>();
    let store = RedisStore::connect_cluster(&urls, ACCOUNT).await.unwrap();
    let account = Account::<Model>::builder().store(store).build();
    for model in Model::ALL.iter().take(12) {
        account.acquire(*model, 0).await.unwrap().settle(0);
    }
    for node in &nodes {
        let keys: u64 = node.run(&cmd("DBSIZE"));
        assert!(keys > 0, "a node has no quota");
    }
}
