//! Limits whose usage is tracked in Redis or Valkey, for any number of processes.
//!
//! All waiting requests of a process for one quota go to the store in one call of one script, which
//! admits as many as may start soon. A process makes at most one call at a time for each quota.
//!
//! [`StoredQuota`] decides what to send and what a reply means, without I/O. A
//! [`Caller`](caller::Caller) makes its calls, on the thread of the store.

mod caller;
mod client;
mod clock;
mod connection;
mod error;
mod keys;
mod kind_name;
mod limits;
mod outage;
mod outbox;
mod pending;
mod protocol;
mod quota;
mod reply;
mod shared_connection;
mod signal;
mod store;
#[cfg(test)]
mod tests;
mod thread;

pub use error::StoreError;
pub(crate) use protocol::Call;
pub(crate) use quota::StoredQuota;
pub(crate) use reply::Reply;
pub(crate) use signal::Signal;
pub use store::RedisStore;
