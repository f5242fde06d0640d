//! The thread of the store, and the runtimes of the program.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use fleet_tests::{ACCOUNT, MODEL, SECOND, account, connect, limits_of, state_field};
use model_studio_limiter::{AcquireError, Limiter, RedisStore};
use redis::cmd;
use redis_server::{RedisServer, free_port, wait_until};
use tokio::runtime::Builder;

use crate::limiter;

fn limiter_of(store: RedisStore) -> Limiter {
    let account = account(store, limits_of(1_000, 0)).build().unwrap();
    account.limiter(MODEL).clone()
}

#[test]
fn a_runtime_that_is_blocked_or_idle_stops_nothing() {
    let server = RedisServer::start();
    let url = server.url();
    let thread = thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let limiter = runtime.block_on(async {
            let limiter = limiter(&url, limits_of(1_000, 0)).await;
            // Nothing else runs on the runtime while this blocks it.
            limiter.blocking_acquire(0).unwrap().settle(0);
            limiter
        });
        let permit = runtime.block_on(limiter.acquire(0)).unwrap();
        // From here on, nothing runs on the runtime.
        permit.cancel();
        (runtime, limiter)
    });
    wait_until("the thread ends", || thread.is_finished());
    let (_runtime, _limiter) = thread.join().unwrap();
    wait_until("the request is given back", || {
        state_field(&server, ":total") == 1
    });
}

#[test]
fn a_store_needs_no_runtime_and_ends_with_its_last_user() {
    let server = RedisServer::start();
    let url = server.url();
    let thread = thread::spawn(move || {
        let store = pollster::block_on(connect(&url));
        let limiter = limiter_of(store);
        pollster::block_on(limiter.acquire(0)).unwrap().settle(0);
        limiter.blocking_acquire(0).unwrap().cancel();
        pollster::block_on(limiter.flush());
        limiter.blocking_acquire(0).unwrap().cancel();
    });
    wait_until("the thread ends", || thread.is_finished());
    thread.join().unwrap();
    // The limiter was dropped before it had sent the last change.
    wait_until("the last call is made", || {
        state_field(&server, ":total") == 1
    });
    wait_until("the connection is closed", || {
        let clients: String = server.run(cmd("CLIENT").arg("LIST"));
        clients.lines().count() == 1
    });
}

#[test]
fn a_waker_that_panics_does_not_end_the_calls() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("the waker of a task");
        }
    }
    let server = RedisServer::start();
    let store = pollster::block_on(connect(&server.url()));
    let limiter = limiter_of(store);
    let mut request = limiter.acquire(0);
    let waker = Waker::from(Arc::new(Panics));
    let poll = Pin::new(&mut request).poll(&mut Context::from_waker(&waker));
    assert!(poll.is_pending());
    wait_until("the store has admitted it", || limiter.usage().queued == 0);
    let next = limiter.acquire_timeout(0, 10 * SECOND);
    pollster::block_on(next).unwrap().settle(0);
}

#[test]
fn a_program_can_start_during_an_outage() {
    let port = free_port();
    let url = format!("redis://127.0.0.1:{port}/");
    let connected = pollster::block_on(RedisStore::connect(&url, ACCOUNT));
    assert!(connected.is_err());
    let store = RedisStore::open(&url, ACCOUNT).unwrap();
    assert!(pollster::block_on(store.check()).is_err());
    let limiter = limiter_of(store.clone());
    let result = pollster::block_on(limiter.acquire_timeout(0, SECOND));
    assert!(matches!(result, Err(AcquireError::Store(_))), "{result:?}");
    // The fallback does not need a connection that was there before.
    let limiter = limiter_of(store.fallback(1, 1));
    let permit = pollster::block_on(limiter.acquire_timeout(0, 5 * SECOND));
    permit.unwrap().settle(0);
    assert!(RedisStore::open("http://127.0.0.1/", ACCOUNT).is_err());
}

/// This program has not installed a provider of cryptography, which TLS may need.
#[test]
fn a_connection_that_panics_is_an_error() {
    let url = format!("rediss://127.0.0.1:{}/", RedisServer::start().port());
    let result = pollster::block_on(RedisStore::connect(&url, ACCOUNT));
    println!("{}", result.unwrap_err());
    thread::sleep(Duration::from_millis(10));
}
