//! A reverse proxy that keeps the calls of programs in any language below the rate limits of Alibaba
//! Cloud Model Studio.
#![forbid(unsafe_code)]

pub mod config;
pub mod mock_provider;
