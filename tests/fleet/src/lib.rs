//! What the tests of a fleet need: worker processes, a proxy that fails, and calls of the script.
//!
//! The tests run with `cargo test --package fleet-tests --features server`.

mod proxy;
mod record;
pub mod script;
pub mod simulation;
pub mod source;
mod worker;

use std::future::Future;
use std::num::NonZeroU64;
use std::time::{Duration, SystemTime};

use model_studio_limiter::{Account, Builder, ModelLimits, RedisStore};
use model_studio_limits::{Limit, LimitKind, Limits, Model};
use redis::cmd;
use redis_server::RedisServer;
use tokio::time::timeout;

pub use proxy::Proxy;
pub use record::{Record, Sent};
pub use worker::{Work, Worker};

/// The account of all tests. Each test has its own server.
pub const ACCOUNT: &str = "fleet";

/// The model whose limits the tests replace.
pub const MODEL: Model = Model::QwenPlus;

/// Returns limits of these kinds, counts and windows. A count of 0 is no limit.
#[must_use]
pub fn limits(limits: &[(LimitKind, u64, Option<Duration>)]) -> Limits {
    let limits = limits.iter().filter_map(|&(kind, count, per)| {
        let count = NonZeroU64::new(count)?;
        Some(Limit { kind, count, per })
    });
    Limits::new(limits.collect::<Vec<_>>().leak())
}

/// The unit of most durations.
pub const SECOND: Duration = Duration::from_secs(1);

/// The window of most tests.
pub const WINDOW: Duration = Duration::from_secs(2);

/// Returns limits on requests per window and on tasks that run at the same time. 0 is no limit.
#[must_use]
pub fn limits_of(requests: u64, running: u64) -> Limits {
    limits(&[
        (LimitKind::Requests, requests, Some(WINDOW)),
        (LimitKind::ConcurrentTasks, running, None),
    ])
}

/// Connects to a server.
///
/// # Panics
///
/// Panics if the server cannot be reached.
pub async fn connect(url: &str) -> RedisStore {
    RedisStore::connect(url, ACCOUNT).await.unwrap()
}

/// Returns the builder of an account with these limits.
pub fn account(store: RedisStore, limits: Limits) -> Builder<ModelLimits<Model>, RedisStore> {
    Account::builder().limits(MODEL, limits).store(store)
}

/// Returns the only key of a server that ends in this, such as `:state`.
///
/// # Panics
///
/// Panics unless there is exactly one.
#[must_use]
pub fn key(server: &RedisServer, end: &str) -> String {
    let keys: Vec<String> = server.run(cmd("KEYS").arg(format!("*{end}")));
    let [key] = keys.as_slice() else {
        panic!("one key {end} is expected, but there are {keys:?}");
    };
    key.clone()
}

/// Returns the number in the only field of the state that ends in this, such as `:total`.
///
/// # Panics
///
/// Panics unless there is exactly one.
#[must_use]
pub fn state_field(server: &RedisServer, end: &str) -> i64 {
    let fields: Vec<(String, String)> = server.run(cmd("HGETALL").arg(key(server, ":state")));
    let mut fields = fields.iter().filter(|(field, _)| field.ends_with(end));
    let (_, value) = fields.next().expect("the state has the field");
    assert!(fields.next().is_none(), "{end} is ambiguous");
    value.parse().unwrap()
}

/// Waits for something that must not take long, so that a test fails rather than hangs.
///
/// # Panics
///
/// Panics if it takes 20 seconds.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    let result = timeout(20 * SECOND, future).await;
    result.expect("it ends within 20 seconds")
}

/// Returns the time since the epoch, in microseconds.
///
/// # Panics
///
/// Panics if the clock is before the epoch.
#[must_use]
pub fn now() -> u64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    micros(since_epoch.unwrap())
}

/// Returns a duration in microseconds.
///
/// # Panics
///
/// Panics after half a million years.
#[must_use]
pub fn micros(duration: Duration) -> u64 {
    duration.as_micros().try_into().unwrap()
}
