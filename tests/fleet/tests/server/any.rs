//! Requests that any of several models can serve, whose limits are in a store.

use std::time::{Duration, Instant};

use fastrand::Rng;
use fleet_tests::{MODEL, Proxy, SECOND, WINDOW, account, connect, limits, limits_of, within};
use model_studio_limiter::{AcquireError, Limiter};
use model_studio_limits::{LimitKind, Model};
use redis_server::RedisServer;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use crate::{alone, limiter};

/// What a limiter has admitted: the times and the tokens of its requests.
type Sent = Vec<(Instant, u64)>;

/// Sends requests of up to this many tokens from many tasks, and returns what each limiter has
/// admitted.
async fn saturate(limiters: &[Limiter], largest: u64, duration: Duration) -> Vec<Sent> {
    let mut tasks = JoinSet::new();
    let end = Instant::now() + duration;
    for task in 0..100 {
        let limiters = limiters.to_vec();
        let mut random = Rng::with_seed(task);
        tasks.spawn(async move {
            let mut sent = Vec::new();
            loop {
                let tokens = random.u64(0..=largest);
                let candidates = limiters.iter().map(|limiter| (limiter, tokens));
                let any = Limiter::acquire_any(candidates);
                let Ok(result) = timeout_at(end.into(), any).await else {
                    return sent;
                };
                let (index, permit) = result.unwrap();
                sent.push((index, (Instant::now(), tokens)));
                permit.settle(tokens);
            }
        });
    }
    let mut sent = vec![Vec::new(); limiters.len()];
    for (index, one) in tasks.join_all().await.into_iter().flatten() {
        sent[index].push(one);
    }
    for times in &mut sent {
        times.sort();
    }
    sent
}

/// Two models admit as much as two single ones, although both stores can admit the same request.
fn two_models_are_both_used(kind: LimitKind, limit: u64, largest: u64) {
    let _alone = alone();
    let server = RedisServer::start();
    let runtime = Runtime::new().unwrap();
    let store = runtime.block_on(connect(&server.url()));
    let limits = limits(&[(kind, limit, Some(WINDOW))]);
    let models = [MODEL, Model::QwenTurbo, Model::QwenMax];
    let account = account(store, limits)
        .limits(models[1], limits)
        .limits(models[2], limits);
    let account = account.build().unwrap();
    let limiters = models.map(|model| account.limiter(model).clone());
    let (both, single) = limiters.split_at(2);
    let amount = |sent: &[(Instant, u64)]| -> u64 {
        let amounts = sent
            .iter()
            .map(|(_, tokens)| if largest == 0 { 1 } else { *tokens });
        amounts.sum()
    };
    let (sent, of_single) = runtime.block_on(async {
        let duration = 6 * SECOND;
        tokio::join!(
            saturate(both, largest, duration),
            saturate(single, largest, duration)
        )
    });
    let amounts = [&sent[0], &sent[1], &of_single[0]].map(|sent| amount(sent));
    let [first, second, single] = amounts;
    println!("{first} + {second} of two models, {single} of a single one");
    for times in sent {
        for (index, (start, _)) in times.iter().enumerate() {
            let window = times[index..].partition_point(|(at, _)| *at - *start < WINDOW);
            assert!(amount(&times[index..][..window]) <= limit);
        }
    }
    assert!((first + second) * 100 >= single * 194, "{amounts:?}");
    runtime.block_on(within(account.flush()));
    for limiter in limiters {
        let usage = limiter.usage();
        assert_eq!((usage.queued, usage.in_flight), (0, 0));
    }
}

#[test]
fn two_models_with_limits_on_requests_are_both_used() {
    two_models_are_both_used(LimitKind::Requests, 60, 0);
}

#[test]
fn two_models_with_limits_on_tokens_are_both_used() {
    two_models_are_both_used(LimitKind::Tokens, 60_000, 2_000);
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
