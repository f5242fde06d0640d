//! A reverse proxy that keeps the calls of programs in any language below the rate limits of Alibaba
//! Cloud Model Studio.
#![forbid(unsafe_code)]

mod account_limits;
mod admin;
mod admission;
mod caller;
mod client_limits;
pub mod clients;
pub mod config;
mod deadline;
mod effective_limits;
mod error;
mod estimate;
mod failure;
mod formats;
mod gateway;
pub mod key;
pub mod logging;
mod metrics;
pub mod mock_provider;
mod models;
mod proxy;
mod record;
mod request_log;
mod server;
mod shared;
mod status;
mod store_check;
mod tasks;
mod tracker;
mod upstream;
mod waiting;

pub use error::StartError;
pub use gateway::{Gateway, Handle};
