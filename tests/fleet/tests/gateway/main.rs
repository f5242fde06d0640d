//! Two gateways that keep the limits of an account together, through a real server.

mod fleet;

use std::time::{Duration, Instant};

use model_studio_gateway::mock_provider::{Distribution, TaskEnd};
use model_studio_limits::LimitKind;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use fleet::{Fleet, at_once, limit};

/// The time after which a test gives up.
const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn what_runs_at_the_same_time_is_bounded_together() {
    let limits = [at_once(LimitKind::ConcurrentRequests, 3)];
    let latency = Distribution::Fixed(30.0);
    let fleet = Fleet::start(&limits, |provider| {
        provider.limits("m", limits).latency(latency)
    })
    .await;
    let mut calls = JoinSet::new();
    for number in 0..30 {
        calls.spawn(fleet.chat(number % 2, ""));
    }
    let statuses = timeout(LONG, calls.join_all()).await.unwrap();
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let counts = fleet.provider.counts("m");
    assert_eq!((counts.accepted, counts.refused), (30, 0));
    assert!(counts.limits[0].largest <= 3);
    fleet.idle().await;
}

/// The windows of the gateways are longer by the time by which a call can arrive later than another one.
#[tokio::test]
async fn rates_are_kept_together() {
    let strict = [limit(LimitKind::Requests, 20, 500)];
    let limits = [limit(LimitKind::Requests, 20, 700)];
    let fleet = Fleet::start(&limits, |provider| provider.limits("m", strict)).await;
    let mut calls = JoinSet::new();
    for number in 0..60 {
        calls.spawn(fleet.chat(number % 2, ""));
    }
    let statuses = timeout(LONG, calls.join_all()).await.unwrap();
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let counts = fleet.provider.counts("m");
    assert_eq!((counts.accepted, counts.refused), (60, 0));
}

#[tokio::test]
async fn a_poll_by_another_gateway_ends_a_task() {
    let limits = [at_once(LimitKind::ConcurrentTasks, 2)];
    let end = TaskEnd::AtPoll(2);
    let fleet = Fleet::start(&limits, |provider| {
        provider.limits("m", limits).task_end(end)
    })
    .await;
    let first = fleet.submit(0).await;
    let _second = fleet.submit(0).await;
    let mut third = tokio::spawn(fleet.submit(0));
    let early = timeout(Duration::from_millis(300), &mut third).await;
    assert!(early.is_err(), "three tasks run");
    assert_eq!(fleet.poll(1, &first).await, "RUNNING");
    let early = timeout(Duration::from_millis(300), &mut third).await;
    assert!(early.is_err(), "a task that runs was ended");
    assert_eq!(fleet.poll(1, &first).await, "SUCCEEDED");
    timeout(LONG, third).await.unwrap().unwrap();
    let counts = fleet.provider.counts("m");
    assert_eq!((counts.accepted, counts.refused), (3, 0));
    assert_eq!(counts.limits[0].largest, 2);
}

/// While the server does not answer, nothing is sent, since only it knows the usage.
#[tokio::test]
async fn an_outage_of_the_server_loses_no_permit() {
    let limits = [at_once(LimitKind::ConcurrentRequests, 2)];
    let latency = Distribution::Fixed(300.0);
    let fleet = Fleet::start(&limits, |provider| {
        provider.limits("m", limits).latency(latency)
    })
    .await;
    let running = [
        tokio::spawn(fleet.chat(0, "")),
        tokio::spawn(fleet.chat(1, "")),
    ];
    while fleet.provider.counts("m").running < 2 {
        sleep(Duration::from_millis(5)).await;
    }
    fleet.server.signal("STOP");
    // What has been admitted is answered.
    for call in running {
        assert_eq!(timeout(LONG, call).await.unwrap().unwrap(), 200);
    }
    let started = Instant::now();
    let refused = fleet.chat(0, "X-Request-Timeout: 1\r\n").await;
    assert!([429, 503].contains(&refused), "{refused}");
    assert!(started.elapsed() < Duration::from_millis(1_100));
    assert_eq!(fleet.provider.counts("m").accepted, 2);
    let waiting = [
        tokio::spawn(fleet.chat(0, "")),
        tokio::spawn(fleet.chat(1, "")),
    ];
    fleet.server.signal("CONT");
    for call in waiting {
        assert_eq!(timeout(LONG, call).await.unwrap().unwrap(), 200);
    }
    fleet.idle().await;
    // All permits have returned: both can be used at the same time, and no third one.
    let mut calls = JoinSet::new();
    for number in 0..6 {
        calls.spawn(fleet.chat(number % 2, ""));
    }
    let statuses = timeout(LONG, calls.join_all()).await.unwrap();
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let counts = fleet.provider.counts("m");
    assert_eq!((counts.accepted, counts.refused), (10, 0));
    assert_eq!(counts.limits[0].largest, 2);
}
