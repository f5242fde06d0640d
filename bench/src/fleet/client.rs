//! The clients that are compared.

use std::num::NonZeroU64;
use std::time::{Duration, SystemTime};

use model_studio_limiter::{Account, RedisStore};
use model_studio_limits::{Limit, LimitKind, Limits, Model};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, Client as RedisClient, Script};
use tokio::time::sleep;

use crate::measure::float;

/// The limits are per 5 seconds, so that a short run has more than one window.
pub(super) const WINDOW: Duration = Duration::from_secs(5);

const MODEL: Model = Model::QwenPlus;

// The names of the clients.
pub(super) const LIMITER: &str = "model-studio-limiter";
/// Limits on requests and tokens. Each request is settled with half of its estimate.
pub(super) const LIMITER_TOKENS: &str = "model-studio-limiter, tokens and settling";
/// One call per request. A request that has to wait calls again at the time that it was told.
pub(super) const GCRA: &str = "GCRA script, no burst";
/// The same, with the burst that is usual: the whole limit.
pub(super) const GCRA_BURST: &str = "GCRA script, burst of the limit";
/// A counter for each window of the clock.
pub(super) const FIXED_WINDOW: &str = "fixed window, `INCR`";
/// Only a round trip.
pub(super) const PING: &str = "only `PING`";

/// As in `redis_rate` and redis-cell. Returns 0, or the microseconds until the request may be repeated.
const GCRA_SCRIPT: &str = "
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local next = math.max(tonumber(redis.call('GET', KEYS[1])) or now, now) + interval
local wait = next - burst * interval - now
if wait > 0 then
  return math.ceil(wait)
end
redis.call('SET', KEYS[1], string.format('%.3f', next), 'PX', math.ceil((next - now) / 1000) + 1)
return 0";

pub(super) enum Client {
    /// With the estimate and the actual tokens of a request.
    Limiter(Account<Model>, [u64; 2]),
    Gcra {
        connection: MultiplexedConnection,
        script: Script,
        interval: f64,
        burst: u64,
    },
    FixedWindow(MultiplexedConnection, u64),
    Ping(MultiplexedConnection),
}

impl Client {
    pub(super) async fn connect(name: &str, url: &str, count: u64) -> Self {
        let connection = async || {
            let client = RedisClient::open(url).expect("the URL is valid");
            let connection = client.get_multiplexed_async_connection().await;
            connection.expect("the server accepts connections")
        };
        let gcra = async |burst| Self::Gcra {
            connection: connection().await,
            script: Script::new(GCRA_SCRIPT),
            interval: WINDOW.as_secs_f64() * 1e6 / float(count),
            burst,
        };
        let limiter = async |limits: &[_], tokens| {
            let limits = limits.iter().map(|&(kind, count)| Limit {
                kind,
                count: NonZeroU64::new(count).expect("the limit is not 0"),
                per: Some(WINDOW),
            });
            let limits = Limits::new(limits.collect::<Vec<_>>().leak());
            let store = RedisStore::connect(url, "bench").await;
            let store = store.expect("the server accepts connections");
            let account = Account::builder().store(store).limits(MODEL, limits);
            let account = account.build().expect("all settings have an effect");
            Self::Limiter(account, tokens)
        };
        let requests = (LimitKind::Requests, count);
        let tokens = (LimitKind::Tokens, count * 1_000);
        match name {
            LIMITER => limiter(&[requests], [0, 0]).await,
            LIMITER_TOKENS => limiter(&[requests, tokens], [1_000, 500]).await,
            GCRA => gcra(1).await,
            GCRA_BURST => gcra(count).await,
            FIXED_WINDOW => Self::FixedWindow(connection().await, count),
            PING => Self::Ping(connection().await),
            _ => panic!("unknown client `{name}`"),
        }
    }

    /// Waits until a request is admitted.
    pub(super) async fn acquire(&self) {
        const ANSWER: &str = "the server answers";
        match self {
            Self::Limiter(account, [estimate, actual]) => {
                let permit = account.acquire(MODEL, *estimate).await;
                permit.expect("the request is small").settle(*actual);
            }
            Self::Gcra {
                connection,
                script,
                interval,
                burst,
            } => loop {
                let mut connection = connection.clone();
                let mut call = script.key("gcra");
                let call = call.arg(*interval).arg(*burst);
                let wait: u64 = call.invoke_async(&mut connection).await.expect(ANSWER);
                if wait == 0 {
                    return;
                }
                sleep(Duration::from_micros(wait)).await;
            },
            Self::FixedWindow(connection, limit) => loop {
                let mut connection = connection.clone();
                let now = SystemTime::UNIX_EPOCH.elapsed().expect("it is after 1970");
                let window = now.as_millis() / WINDOW.as_millis();
                let key = format!("window:{window}");
                let count: u64 = connection.incr(&key, 1).await.expect(ANSWER);
                if count == 1 {
                    let expire = connection.expire::<_, ()>(&key, 60);
                    expire.await.expect(ANSWER);
                }
                if count <= *limit {
                    return;
                }
                let part = now.as_micros() % WINDOW.as_micros();
                let rest = u64::try_from(WINDOW.as_micros() - part).expect("it is short");
                sleep(Duration::from_micros(rest)).await;
            },
            Self::Ping(connection) => {
                let mut connection = connection.clone();
                connection.ping::<()>().await.expect(ANSWER);
            }
        }
    }
}
