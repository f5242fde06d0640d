//! The clients that are compared.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use model_studio_limiter::{Account, RedisStore};
use model_studio_limits::Model;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, Client as RedisClient, Script};
use tokio::time::sleep;

use super::{WINDOW, float, limits, limits_with_tokens};

const MODEL: Model = Model::QwenPlus;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Limiter,
    /// Limits on requests and tokens. Each request is settled with half of its estimate.
    LimiterTokens,
    /// One call per request. A request that has to wait calls again at the time that it was told.
    Gcra,
    /// The same, with the burst that is usual: the whole limit.
    GcraBurst,
    /// A counter for each window of the clock.
    FixedWindow,
    /// Only a round trip.
    Ping,
}

const NAMES: [(Kind, &str); 6] = [
    (Kind::Limiter, "model-studio-limiter"),
    (
        Kind::LimiterTokens,
        "model-studio-limiter, tokens and settling",
    ),
    (Kind::Gcra, "GCRA script, no burst"),
    (Kind::GcraBurst, "GCRA script, burst of the limit"),
    (Kind::FixedWindow, "fixed window, `INCR`"),
    (Kind::Ping, "only `PING`"),
];

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, name) = NAMES[*self as usize];
        f.write_str(name)
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let kind = NAMES.iter().find(|(_, other)| *other == name);
        kind.map(|(kind, _)| *kind)
            .ok_or_else(|| format!("unknown client `{name}`"))
    }
}

/// As in `redis_rate` and redis-cell. Returns 0, or the microseconds until the request may be repeated.
const GCRA: &str = "
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
    pub(super) async fn connect(kind: Kind, url: &str, count: u64) -> Self {
        let connection = async || {
            let client = RedisClient::open(url).expect("the URL is valid");
            let connection = client.get_multiplexed_async_connection().await;
            connection.expect("the server accepts connections")
        };
        let gcra = async |burst| Self::Gcra {
            connection: connection().await,
            script: Script::new(GCRA),
            interval: WINDOW.as_secs_f64() * 1e6 / float(count),
            burst,
        };
        let limiter = async |limits, tokens| {
            let store = RedisStore::connect(url, "bench").await;
            let store = store.expect("the server accepts connections");
            let account = Account::builder().store(store).limits(MODEL, limits);
            Self::Limiter(account.build(), tokens)
        };
        match kind {
            Kind::Limiter => limiter(limits(count), [0, 0]).await,
            Kind::LimiterTokens => limiter(limits_with_tokens(count), [1_000, 500]).await,
            Kind::Gcra => gcra(1).await,
            Kind::GcraBurst => gcra(count).await,
            Kind::FixedWindow => Self::FixedWindow(connection().await, count),
            Kind::Ping => Self::Ping(connection().await),
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
