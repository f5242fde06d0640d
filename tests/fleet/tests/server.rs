//! Fleets of processes on a real server, and what goes wrong with it.
//!
//! Each test has a server of its own. Limits have short windows, so that a few seconds show them.

use std::future::{Future as _, poll_fn};
use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use fleet_tests::{
    ACCOUNT, MODEL, Proxy, Record, SECOND, Server, WINDOW, Work, Worker, account, limits,
    limits_of, now, wait_until, within,
};
use model_studio_limiter::{Account, AcquireError, Limiter, RedisStore, Refusal};
use model_studio_limits::{Limit, LimitKind, Limits, Model};
use redis::cmd;
use tokio::runtime::Runtime;

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

async fn limiter(url: &str, limits: Limits) -> Limiter {
    let account = account(url, limits).await.build();
    account.limiter(MODEL).clone()
}

/// Runs each case of a test in a thread, because most of them wait most of the time.
fn at_the_same_time<T: Sync>(cases: &[T], run: impl Fn(&T) + Sync) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| run(case));
        }
    });
}

/// Held by the tests that measure how much of a limit is used, so that they do not slow down each
/// other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns how much more than a limit one window can have if it contains one loss of state, by the
/// formula of the guide. Requests cost up to `cost`, and the credit is that of the kind of limit.
fn excess_after_loss(limit: u64, window: Duration, credit: Duration, cost: u64) -> u64 {
    // What was admitted before the loss, and starts after it.
    let admitted = 3 * SECOND / 10;
    // A request is recorded up to 100 ms after its time. The guard makes up for that, but after a loss
    // only the pace is left, which has no guard.
    let recorded = SECOND / 10;
    let time = admitted + 2 * credit + recorded;
    let of_time = u128::from(limit) * time.as_nanos() / window.as_nanos();
    u64::try_from(of_time).unwrap() + 2 * cost
}

/// The credit of limits on requests.
const REQUEST_CREDIT: Duration = Duration::from_millis(2);

/// Longer than a window and its guard, so that no window has two losses.
const BETWEEN_LOSSES: Duration = Duration::from_millis(2_600);

/// Returns how much more than 60 requests a window can have if it contains a loss of state.
fn request_excess() -> u64 {
    excess_after_loss(60, WINDOW, REQUEST_CREDIT, 1)
}

#[test]
fn a_saturated_fleet_uses_the_limit_and_does_not_exceed_it() {
    const WINDOW: Duration = Duration::from_secs(4);
    let _alone = alone();
    let check = |&(processes, limit): &(usize, u64)| {
        let server = Server::start();
        let work = Work::requests(limit, WINDOW, 10 * SECOND);
        let record = record(start(processes, &server.url(), work));
        let most = record.most_in_any(WINDOW);
        let (utilisation, fairness) = (record.utilisation(limit, WINDOW), record.fairness());
        println!(
            "{processes} processes, {limit} per 4 s: at most {most}, {utilisation:.3} used, \
             fairness {fairness:.2}"
        );
        assert!(most <= limit, "{record}");
        assert!(utilisation >= 0.95, "{utilisation} of the limit: {record}");
        assert!(fairness > 0.5, "{fairness} of an equal share: {record}");
    };
    at_the_same_time(&[(1, 120), (4, 120), (8, 120), (4, 2_000)], check);
    check(&(32, 2_000));
}

/// The limits of real models, with the default guards.
#[test]
fn a_real_minute_does_not_have_more_than_the_limit() {
    const MINUTE: Duration = Duration::from_secs(60);
    let _alone = alone();
    at_the_same_time(&[(30_000, 500), (600, 0)], |&(limit, per_second)| {
        let server = Server::start();
        let work = Work {
            per_second,
            guard: Duration::ZERO,
            ..Work::requests(limit, MINUTE, 75 * SECOND)
        };
        let record = record(start(4, &server.url(), work));
        let most = record.most_in_any(MINUTE);
        let utilisation = record.utilisation(limit, MINUTE);
        let in_a_second = record.most_in_any(SECOND);
        println!(
            "{limit} per minute: at most {most}, and {in_a_second} in a second; \
             {utilisation:.3} used"
        );
        assert!(most <= limit, "{record}");
        // The guard of a second is 17 ms, and a request may be recorded 20 ms later than that.
        let most_in_a_second = per_second + per_second / 50;
        assert!(
            per_second == 0 || in_a_second <= most_in_a_second,
            "{in_a_second} in a second: {record}"
        );
        assert!(utilisation >= 0.95, "{utilisation} of the limit: {record}");
    });
}

#[test]
fn tokens_are_shared_and_settled() {
    const WINDOW: Duration = Duration::from_secs(4);
    let _alone = alone();
    // Estimates of the truth, of twice the truth, and of half of it.
    at_the_same_time(
        &[(100, 100, 0.95), (200, 100, 0.9), (50, 100, 0.95)],
        |&(estimate, cost, least)| {
            let server = Server::start();
            let work = Work {
                requests: 0,
                tokens: 20_000,
                estimate,
                cost,
                latency: Duration::from_millis(50),
                ..Work::requests(0, WINDOW, 10 * SECOND)
            };
            let record = record(start(3, &server.url(), work));
            let most = record.most_tokens_in_any(WINDOW);
            // Requests in flight are counted with half of their cost.
            let in_flight = if estimate < cost {
                3 * 8 * (cost - estimate)
            } else {
                0
            };
            let utilisation = record.utilisation(200, WINDOW);
            println!("estimate {estimate} of {cost}: {utilisation:.3}, {most} tokens");
            assert!(most <= 20_000 + in_flight, "{most} tokens: {record}");
            assert!(utilisation >= least, "{utilisation}: {record}");
        },
    );
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
    // Its turn is lost after at most 0.35 s, and up to 0.2 s that it was admitted are not sent. The
    // rest is for a machine that does other work.
    let pause = record.longest_pause();
    println!("longest pause {pause:?}");
    assert!(pause < SECOND, "{pause:?} without a request");
}

#[test]
fn processes_that_are_killed_at_any_moment_exceed_nothing() {
    let server = Server::start();
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
    // A process loses its turn after at most 0.35 s: see above.
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
    within(limiter.acquire(0)).await.unwrap().settle(0);
    for _ in 0..3 {
        proxy.lose_reply();
        within(limiter.acquire(0)).await.unwrap().settle(0);
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
        let server = Server::start();
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
    let primary = Server::start();
    let replica = Server::start();
    replica.follow(&primary);
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
    assert!(most <= 60 + request_excess(), "{most}: {record}");
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
    let mut random = Rng::with_seed(1);
    let mut known = 0;
    for step in 0..200 {
        let amount = random.u64(0..LIMIT / 20_000);
        let mut permit = within(limiter.acquire(amount)).await.unwrap();
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
    let cases = [
        (
            ["--appendonly", "no", "--appendfsync", "no"],
            request_excess(),
        ),
        (["--appendonly", "yes", "--appendfsync", "always"], 0),
    ];
    at_the_same_time(&cases, |&(options, excess)| {
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
    });
}

#[test]
fn slow_replies_delay_requests_and_exceed_nothing() {
    let _alone = alone();
    let cases = [(1, 0.9), (20, 0.9), (50, 0.85), (200, 0.5)];
    at_the_same_time(&cases, |&(delay, least)| {
        let server = Server::start();
        let proxy = Proxy::start(server.port());
        proxy.delay(Duration::from_millis(delay));
        let work = Work::requests(60, WINDOW, 7 * SECOND);
        let record = record(start(2, &proxy.url(), work));
        let most = record.most_in_any(WINDOW);
        let utilisation = record.utilisation(60, WINDOW);
        println!("replies after {delay} ms: at most {most}, {utilisation:.3} used");
        assert!(most <= 60, "{most}: {record}");
        assert!(utilisation > least, "{utilisation}: {record}");
    });
}

/// Cuts the connections for 30 seconds, with or without the loss of a reply.
#[test]
fn a_cut_of_30_seconds_exceeds_nothing_and_passes() {
    at_the_same_time(&[false, true], |&loses_reply| {
        let server = Server::start();
        let proxy = Proxy::start(server.port());
        let workers = start(2, &proxy.url(), Work::requests(60, WINDOW, 40 * SECOND));
        let runtime = Runtime::new().unwrap();
        let account = runtime.block_on(account(&proxy.url(), limits_of(60, 0)));
        // The same guard as the workers have, so that they count together.
        let account = account.guard(SECOND / 10);
        let limiter = account.build().limiter(MODEL).clone();
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
async fn an_outage_fails_at_the_timeout_and_passes() {
    let server = Server::start();
    let proxy = Proxy::start(server.port());
    let limiter = limiter(&proxy.url(), limits_of(100, 0)).await;
    within(limiter.acquire(0)).await.unwrap().settle(0);
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
    within(waiting).await.unwrap().unwrap().settle(0);
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
    let server = Server::start();
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
    let server = Server::start();
    let workers = start(2, &server.url(), Work::requests(60, WINDOW, 10 * SECOND));
    let account = account(&server.url(), limits_of(60, 0)).await;
    // The same guard as the workers have, so that they count together.
    let account = account.guard(SECOND / 10).build();
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

/// A limit per day has no pace beside one per minute, so nothing replaces its count.
#[tokio::test(flavor = "multi_thread")]
async fn lost_state_loses_the_count_of_a_limit_without_a_pace() {
    let server = Server::start();
    let requests = |count, per| Limit {
        kind: LimitKind::Requests,
        count: NonZeroU64::new(count).unwrap(),
        per: Some(per),
    };
    let all = [requests(100, WINDOW), requests(5, 86_400 * SECOND)];
    let limiter = limiter(&server.url(), limits(&all)).await;
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
    let server = Server::start();
    let limiter = limiter(&server.url(), limits_of(100, 0)).await;
    within(limiter.acquire(0)).await.unwrap().settle(0);
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
        let server = Server::start();
        let workers = start(4, &server.url(), Work::requests(60, WINDOW, 8 * SECOND));
        for _ in 0..2 {
            thread::sleep(BETWEEN_LOSSES);
            let mut command = cmd("HINCRBY");
            command.arg(server.key(":state")).arg("offset").arg(step);
            let _: i64 = server.run(&command);
        }
        let record = record(workers);
        let (most, pause) = (record.most_in_any(WINDOW), record.longest_pause());
        println!("{most} of 60 with steps of {step} µs, longest pause {pause:?}");
        assert!(most <= 60 + excess, "{most}: {record}");
        assert!(pause < SECOND, "{pause:?} without a request");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_counted_over_processes_and_ended_by_any() {
    let server = Server::start();
    let limits = limits_of(0, 2);
    let first = limiter(&server.url(), limits).await;
    let second = limiter(&server.url(), limits).await;
    let task = within(first.acquire_task()).await.unwrap();
    let other = within(second.acquire_task()).await.unwrap();
    let blocked = tokio::time::timeout(SECOND / 2, second.acquire_task()).await;
    assert!(blocked.is_err(), "two tasks run");

    // The process that submitted the task is gone, and another one sees that it has ended.
    let lease = task.lease().unwrap();
    drop(task);
    drop(first);
    second.finish_task(&lease);
    let third = within(second.acquire_task()).await.unwrap();
    third.finish();
    other.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_task_ends_at_the_longest_duration() {
    let server = Server::start();
    let account = account(&server.url(), limits_of(0, 1)).await;
    let account = account.max_task_duration(SECOND).build();
    drop(within(account.acquire_task(MODEL)).await.unwrap());
    let start = Instant::now();
    within(account.acquire_task(MODEL)).await.unwrap().finish();
    assert!(start.elapsed() >= SECOND / 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tightest_limit_holds_for_all() {
    let server = Server::start();
    let tight = limiter(&server.url(), limits_of(4, 0)).await;
    let loose = limiter(&server.url(), limits_of(100, 0)).await;
    within(tight.acquire(0)).await.unwrap().settle(0);
    within(loose.acquire(0)).await.unwrap().settle(0);
    assert_eq!(loose.usage().limits[0].available, 4);
    let start = Instant::now();
    for _ in 0..2 {
        within(loose.acquire(0)).await.unwrap().settle(0);
    }
    assert!(start.elapsed() >= SECOND / 2, "one request every 500 ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_for_all() {
    let server = Server::start();
    let limits = limits_of(100, 0);
    let first = limiter(&server.url(), limits).await;
    let second = limiter(&server.url(), limits).await;
    within(second.acquire(0)).await.unwrap().settle(0);
    let permit = within(first.acquire(0)).await.unwrap();
    permit.refused_with_retry_after(Refusal::Burst, 2 * SECOND);
    // The pause is sent in a call of its own.
    tokio::time::sleep(SECOND / 2).await;
    let start = Instant::now();
    within(second.acquire(0)).await.unwrap().settle(0);
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
        within(limiter.acquire(0)).await.unwrap().settle(0);
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
    // More than once if this process is late again: the guard of two seconds is only 33 ms.
    assert!(limiter.usage().store.unwrap().late_grants >= 1);
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
    within(limiter.acquire(500)).await.unwrap().settle(500);
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
    wait_until("the thread ends", || thread.is_finished());
    thread.join().unwrap();
}
