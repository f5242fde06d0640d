//! A connection to the servers of a store.

use ::redis::aio::MultiplexedConnection;
use ::redis::cluster_async::ClusterConnection;
use ::redis::{
    Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ScriptInvocation, ServerErrorKind,
    Value, cmd,
};

/// A connection. Clones share it.
#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    pub(super) async fn invoke(
        &mut self,
        invocation: &ScriptInvocation<'_>,
    ) -> RedisResult<String> {
        match self {
            Self::Single(connection) => invocation.invoke_async(connection).await,
            Self::Cluster(connection) => invocation.invoke_async(connection).await,
        }
    }

    /// Returns the policy by which the server deletes keys when its memory is full. Returns `None` if
    /// it does not delete any, or if the user is not permitted to ask.
    pub(super) async fn eviction_policy(&mut self) -> RedisResult<Option<String>> {
        let mut info = cmd("INFO");
        info.arg("memory");
        match self.query::<Value>(&info).await {
            Ok(info) => Ok(policy_in(&info)),
            Err(error) if is_answer(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        match self {
            Self::Single(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }
}

/// Returns `true` if an error is a server's answer, so that the connection can still be used.
pub(super) fn is_answer(error: &RedisError) -> bool {
    match error.kind() {
        // The master has become a replica.
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown) => false,
        ErrorKind::Server(_) | ErrorKind::Extension => true,
        _ => false,
    }
}

/// Returns a policy that deletes keys from the answer of a server, or from those of a cluster's
/// nodes.
fn policy_in(info: &Value) -> Option<String> {
    let in_text = |text: &str| {
        let mut lines = text.lines();
        let policy = lines.find_map(|line| line.strip_prefix("maxmemory_policy:"))?;
        let policy = policy.trim();
        (policy != "noeviction").then(|| policy.to_owned())
    };
    match info {
        Value::BulkString(bytes) => in_text(&String::from_utf8_lossy(bytes)),
        Value::VerbatimString { text, .. } | Value::SimpleString(text) => in_text(text),
        Value::Map(nodes) => nodes.iter().find_map(|(_, info)| policy_in(info)),
        Value::Array(nodes) => nodes.iter().find_map(policy_in),
        _ => None,
    }
}
