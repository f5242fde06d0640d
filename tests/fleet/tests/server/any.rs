//! Requests that any of several models can serve, whose limits are in a store.

use std::time::{Duration, Instant};

use fleet_tests::{MODEL, Proxy, SECOND, WINDOW, account, connect, limits_of, within};
use model_studio_limiter::{AcquireError, Limiter};
use model_studio_limits::Model;
use redis_server::RedisServer;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use crate::{alone, limiter};

/// The requests per window of each model.
const LIMIT: usize = 60;

/// Sends requests from many tasks, and returns the times at which each limiter has admitted them.
async fn saturate(limiters: &[Limiter], duration: Duration) -> Vec<Vec<Instant>> {
    let mut tasks = JoinSet::new();
    let end = Instant::now() + duration;
    for _ in 0..100 {
        let limiters = limiters.to_vec();
        tasks.spawn(async move {
            let mut sent = Vec::new();
            loop {
                let candidates = limiters.iter().map(|limiter| (limiter, 0));
                let any = Limiter::acquire_any(candidates);
                let Ok(result) = timeout_at(end.into(), any).await else {
                    return sent;
                };
                let (index, permit) = result.unwrap();
                sent.push((index, Instant::now()));
                permit.settle(0);
            }
        });
    }
    let mut sent = vec![Vec::new(); limiters.len()];
    for (index, at) in tasks.join_all().await.into_iter().flatten() {
        sent[index].push(at);
    }
    for times in &mut sent {
        times.sort();
    }
    sent
}

/// Both stores admit each request, and what one of them has admitted in vain is given back.
#[test]
fn two_models_at_saturation_exceed_nothing_and_are_both_used() {
    let _alone = alone();
    let server = RedisServer::start();
    let limits = limits_of(LIMIT as u64, 0);
    let runtime = Runtime::new().unwrap();
    let store = runtime.block_on(connect(&server.url()));
    let account = account(store, limits).limits(Model::QwenTurbo, limits);
    let account = account.build().unwrap();
    let limiters = [MODEL, Model::QwenTurbo].map(|model| account.limiter(model).clone());
    let single = runtime.block_on(saturate(&limiters[..1], 6 * SECOND))[0].len();
    let sent = runtime.block_on(saturate(&limiters, 6 * SECOND));
    let both = sent[0].len() + sent[1].len();
    println!("{single} of a single model, {both} of two");
    for times in sent {
        for window in times.windows(LIMIT + 1) {
            assert!(window[LIMIT] - window[0] >= WINDOW);
        }
        assert!(times.len() >= single / 3, "{} and {single}", times.len());
    }
    // What one store has admitted in vain, it cannot always give to another request in time.
    assert!(both >= single * 6 / 5, "{both} and {single}");
    runtime.block_on(within(account.flush()));
    for limiter in limiters {
        let usage = limiter.usage();
        assert_eq!((usage.queued, usage.in_flight), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_whose_store_cannot_be_reached_is_skipped() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.port());
    let down = limiter(&proxy.url(), limits_of(60, 0)).await;
    proxy.cut();
    let local = Limiter::builder(limits_of(60, 0)).build();
    let candidates = [(&down, 0), (&local, 0)];
    for _ in 0..5 {
        let (index, permit) = within(Limiter::acquire_any(candidates)).await.unwrap();
        permit.settle(0);
        assert_eq!(index, 1);
    }
    assert_eq!(down.usage().queued, 0);
    let only = Limiter::acquire_any_timeout([(&down, 0)], SECOND);
    let result = within(only).await;
    assert!(matches!(result, Err(AcquireError::Store(_))), "{result:?}");
    // `try_acquire_any` asks no store.
    let result = Limiter::try_acquire_any([(&down, 0)]);
    assert!(matches!(result, Err(AcquireError::AskStore)), "{result:?}");
}
