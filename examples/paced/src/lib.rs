//! Sends a batch of prompts as fast as the limits of a model allow. `README.md` lists the limitations.
//!
//! A [`Limiter`](model_studio_limiter::Limiter) with the limits of the model decides when each request
//! is sent. Requests run on threads, so a slow answer does not delay the others.

pub mod batch;
pub mod endpoint;
