//! Requests that wait.

use std::future::{Future as _, poll_fn};
use std::task::Poll;

use fleet_tests::{SECOND, limits, limits_of, within};
use model_studio_limits::LimitKind;
use redis_server::RedisServer;

use crate::limiter;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_polled_too_late_is_admitted_again() {
    let server = RedisServer::start();
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
    let server = RedisServer::start();
    let tokens = limits(&[(LimitKind::Tokens, 1_000, Some(20 * SECOND))]);
    let limiter = limiter(&server.url(), tokens).await;
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
