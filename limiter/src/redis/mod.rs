//! Limits whose usage is tracked in Redis or Valkey, for any number of processes.
//!
//! All requests of a process that wait for a quota go to the store in one call of one script, which
//! admits as many as may start soon. There is at most one call at a time for a quota and process.
//!
//! [`StoredQuota`] decides what to send and what a reply means, without I/O. A [`Task`](task::Task)
//! makes its calls, on the thread of the store.

mod clock;
mod connection;
mod error;
mod line;
mod outage;
mod outbox;
mod protocol;
mod quota;
mod server;
mod stated;
mod store;
mod task;
#[cfg(test)]
mod tests;
mod thread;

pub use error::StoreError;
pub(crate) use protocol::{Call, Reply};
pub(crate) use quota::StoredQuota;
pub use store::RedisStore;
pub(crate) use task::Signal;
