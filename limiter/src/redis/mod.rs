//! Limits whose usage is tracked in Redis or Valkey, for any number of processes.
//!
//! All requests of a process that wait for a quota go to the store in one call of one script, which
//! admits as many as may start soon. There is at most one call at a time for a quota and process.

mod call;
mod quota;
mod store;

pub(crate) use call::{Call, Reply};
pub(crate) use store::Signal;
pub use store::{RedisStore, StoreError};
