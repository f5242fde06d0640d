#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
mod acquire;
mod acquire_any;
mod any;
mod builder;
mod class;
mod classes;
mod clock;
mod cost;
mod error;
mod estimator;
mod events;
mod gate;
pub mod guide;
#[cfg(feature = "tower")]
mod layer;
mod limiter;
mod max_output;
mod named_account;
mod permit;
mod quota;
#[cfg(feature = "redis")]
mod redis;
mod refusal;
mod scheduler;
mod settings;
mod sync;
mod time;
mod usage;

pub use account::Account;
pub use acquire::{Acquire, AcquireTask};
pub use acquire_any::AcquireAny;
pub use builder::{Builder, InProcess, LimiterLimits, ModelLimits, NamedLimits};
pub use class::{Class, ClassKey};
pub use classes::AccountClass;
#[cfg(feature = "tokio")]
pub use clock::TokioClock;
pub use clock::{Alarm, Clock, ManualClock, SystemClock};
pub use cost::Cost;
#[cfg(feature = "redis")]
pub use error::BuildError;
pub use error::{AcquireError, TooLarge};
pub use estimator::Estimator;
#[cfg(feature = "tower")]
pub use layer::{BoxError, LimiterLayer, LimiterService};
pub use limiter::Limiter;
pub use named_account::{NamedAccount, UnknownModel};
pub use permit::{Permit, TaskPermit};
#[cfg(feature = "redis")]
pub use redis::{RedisStore, StoreError};
pub use refusal::Refusal;
pub use usage::{ClassUsage, LimitUsage, StoreUsage, Usage};
