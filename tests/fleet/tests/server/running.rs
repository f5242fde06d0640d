//! What runs at the same time: requests and tasks.

use std::time::{Duration, Instant};

use fleet_tests::{
    MODEL, SECOND, Work, Worker, account, connect, limits, limits_of, state_field, within,
};
use model_studio_limiter::{Cost, Limiter};
use model_studio_limits::{LimitKind, Limits};
use redis::cmd;
use redis_server::RedisServer;
use tokio::time::{sleep, timeout};

use crate::{WORKER, limiter};

/// Returns a limit on requests that run at the same time.
fn requests_at_once(count: u64) -> Limits {
    limits(&[(LimitKind::ConcurrentRequests, count, None)])
}

async fn is_full(limiter: &Limiter) -> bool {
    timeout(SECOND / 2, limiter.acquire(0)).await.is_err()
}

/// It holds all slots when it is killed. Its tasks would count on.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_frees_what_it_had_running() {
    let server = RedisServer::start();
    let work = Work {
        running: 2,
        tasks: 2,
        latency: 600 * SECOND,
        ..Work::requests(0, SECOND, 600 * SECOND)
    };
    let mut worker = Worker::start(WORKER, &server.url(), work);
    let limiter = limiter(&server.url(), requests_at_once(2)).await;
    sleep(2 * SECOND).await;
    // Longer than what was stated once is counted.
    assert!(timeout(32 * SECOND, limiter.acquire(0)).await.is_err());
    worker.kill();
    let start = Instant::now();
    let permit = timeout(35 * SECOND, limiter.acquire(0)).await;
    permit.expect("the slots are free").unwrap().settle(0);
    println!("free after {:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_frees_what_has_ended_at_once() {
    let server = RedisServer::start();
    let first = limiter(&server.url(), requests_at_once(1)).await;
    let held = || state_field(&server, "held:concurrent_requests");
    within(first.acquire(0)).await.unwrap().settle(0);
    within(first.flush()).await;
    assert_eq!(held(), 0);
    let permit = within(first.acquire(0)).await.unwrap();
    within(first.flush()).await;
    assert_eq!(held(), 1);
    drop(permit);
    within(first.flush()).await;
    assert_eq!(held(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loss_of_state_does_not_forget_what_runs_for_long() {
    let server = RedisServer::start();
    let first = limiter(&server.url(), requests_at_once(2)).await;
    let second = limiter(&server.url(), requests_at_once(2)).await;
    let permits = [
        within(first.acquire(0)).await.unwrap(),
        within(first.acquire(0)).await.unwrap(),
    ];
    let _: String = server.run(&cmd("FLUSHALL"));
    // The process calls again after at most ten seconds.
    sleep(11 * SECOND).await;
    assert!(is_full(&second).await);
    let [one, other] = permits;
    one.settle(0);
    within(second.acquire(0)).await.unwrap().settle(0);
    other.settle(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_count_as_in_a_process() {
    let server = RedisServer::start();
    let url = server.url();
    let first = limiter(&url, requests_at_once(3)).await;
    let second = limiter(&url, requests_at_once(3)).await;
    let heavy = Cost::default().with(LimitKind::ConcurrentRequests, 2);
    let permit = within(first.acquire(heavy)).await.unwrap();
    let one = within(second.acquire(0)).await.unwrap();
    assert!(is_full(&second).await);
    assert_eq!(second.usage().limits[0].used, 3);
    one.settle(0);
    assert!(timeout(SECOND / 2, second.acquire(heavy)).await.is_err());
    permit.settle(0);
    within(second.acquire(heavy)).await.unwrap().settle(0);
    assert!(
        second
            .acquire(heavy.with(LimitKind::ConcurrentRequests, 4))
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_ends_all_units_of_a_task() {
    let server = RedisServer::start();
    let first = limiter(&server.url(), limits_of(0, 3)).await;
    let second = limiter(&server.url(), limits_of(0, 3)).await;
    let heavy = Cost::default().with(LimitKind::ConcurrentTasks, 3);
    let task = within(first.acquire_task_with(heavy)).await.unwrap();
    // The process that submitted the task is gone, and another one sees that it has ended.
    let lease = task.lease().unwrap();
    drop(task);
    drop(first);
    let third = timeout(SECOND / 2, second.acquire_task()).await;
    assert!(third.is_err(), "a dropped task runs");
    // Other text has no effect.
    for other in ["", "x", "x*99999999999999999999", "x*18446744073709551615"] {
        second.finish_task(other);
    }
    second.finish_task(&lease);
    let task = timeout(Duration::from_secs(5), second.acquire_task_with(heavy)).await;
    task.expect("the task has ended").unwrap().finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_task_ends_at_the_longest_duration() {
    let server = RedisServer::start();
    let account = account(connect(&server.url()).await, limits_of(0, 1));
    let account = account.max_task_duration(SECOND).build().unwrap();
    drop(within(account.acquire_task(MODEL)).await.unwrap());
    let start = Instant::now();
    within(account.acquire_task(MODEL)).await.unwrap().finish();
    assert!(start.elapsed() >= SECOND / 2);
}
