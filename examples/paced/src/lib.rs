//! Sends a batch of prompts as fast as the limits of a model allow.
//!
//! The limits come from [`Model::limits`]. There is one [governor] limiter for queries per minute
//! and one for tokens per minute, and a request waits for both.
//!
//! # Quotas
//!
//! `Quota::per_minute(600)` does not enforce a limit of 600 queries per minute. Its bucket is full
//! at the start and refills while requests are sent: 600 queries are sent at once, and 600 more in
//! the same minute. The quotas of [`quota::within`] enforce the limit in every minute.
//!
//! # Limitations
//!
//! - Tokens are estimated, see [`Request::new`]. The summary shows the estimate and the usage.
//! - The limits apply to all API keys of the account together, and requests of an earlier run count
//!   too. Use `--share` to leave part of the limits to others.
//! - Requests take different amounts of time to arrive, so [`quota::WINDOW`] is longer than a
//!   minute.
//!
//! [`Model::limits`]: model_studio_limits::Model::limits
//! [`Request::new`]: endpoint::Request::new
//! [governor]: https://docs.rs/governor

pub mod endpoint;
pub mod pacer;
pub mod quota;
