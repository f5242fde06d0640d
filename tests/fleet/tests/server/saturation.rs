//! Fleets that always have requests use the limits and do not exceed them.

use std::time::Duration;

use fastrand::Rng;
use fleet_tests::{
    MODEL, Proxy, SECOND, WINDOW, Work, account, connect, limits, limits_of, state_field, within,
};
use model_studio_limits::LimitKind;
use redis_server::RedisServer;

use crate::{alone, at_the_same_time, limiter, record, start};

#[test]
fn a_saturated_fleet_uses_the_limit_and_does_not_exceed_it() {
    const WINDOW: Duration = Duration::from_secs(4);
    let _alone = alone();
    let check = |&(processes, limit): &(usize, u64)| {
        let server = RedisServer::start();
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
        let server = RedisServer::start();
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
            let server = RedisServer::start();
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
fn slow_replies_delay_requests_and_exceed_nothing() {
    let _alone = alone();
    let cases = [(1, 0.9), (20, 0.9), (50, 0.85), (200, 0.5)];
    at_the_same_time(&cases, |&(delay, least)| {
        let server = RedisServer::start();
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

/// The numbers of the script are doubles. The limit is the largest number that they all represent.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_counts_exactly_what_is_known() {
    const LIMIT: u64 = 1 << 53;
    let server = RedisServer::start();
    let tokens = limits(&[(LimitKind::Tokens, LIMIT, Some(60 * SECOND))]);
    let limiter = limiter(&server.url(), tokens).await;
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
                state_field(&server, ":total"),
                i64::try_from(known).unwrap(),
                "step {step}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limiters_of_one_quota_in_one_process_are_told_apart() {
    let server = RedisServer::start();
    let store = connect(&server.url()).await;
    let accounts = [(); 2].map(|()| account(store.clone(), limits_of(1_000, 0)).build().unwrap());
    for account in accounts.iter().cycle().take(10) {
        within(account.acquire(MODEL, 0)).await.unwrap().settle(0);
    }
    assert_eq!(state_field(&server, ":total"), 10);
}
