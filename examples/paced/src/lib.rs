//! Sends a batch of prompts as fast as the limits of a model allow.
//!
//! A [`Limiter`] with the limits of the model decides when each request is sent. Requests run on
//! threads, so a slow answer does not delay the others.
//!
//! # Limitations
//!
//! - Input tokens are estimated, see [`Request::new`]. Output tokens are estimated from those of
//!   earlier answers. The summary shows the estimate and the usage.
//! - The limits apply to all API keys of the account together, and requests of an earlier run count
//!   too. Use `--share` to leave part of the limits to others.
//! - At most [`MAX_IN_FLIGHT`] requests run at the same time.
//!
//! [`Limiter`]: model_studio_limiter::Limiter
//! [`MAX_IN_FLIGHT`]: batch::MAX_IN_FLIGHT
//! [`Request::new`]: endpoint::Request::new

pub mod batch;
pub mod endpoint;
