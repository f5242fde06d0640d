//! Reads the quotas of an account from the provider.
//!
//! [`fetch`] reads the rows of the provider's quota endpoint, and [`AccountLimits::new`] turns them into
//! limits of the models in a table. Requests block the thread: a program with an async runtime should
//! call `fetch` on a thread for blocking tasks.
//!
//! ```no_run
//! use model_studio_limits_core::DisplayLimits;
//! use model_studio_provider::Region;
//! use model_studio_provider::quotas::{AccountLimits, ApiKey, Endpoint, Options, fetch};
//!
//! let region = Region::Singapore;
//! let endpoint = Endpoint::new(region, Some("llm-0123456789abcdef"), None)?;
//! let key = ApiKey::from_env(ApiKey::VARIABLE)?;
//! let rows = fetch(&endpoint, &key, &Options::default(), |retry| eprintln!("{retry}"))?;
//!
//! let table = region.table();
//! let account = AccountLimits::new(&rows, &table);
//! for warning in &account.warnings {
//!     eprintln!("warning: {warning}");
//! }
//! for (model, limits) in account.merged(&table) {
//!     println!("{model}: {}", DisplayLimits(&limits));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod api_key;
mod endpoint;
mod error;
mod fetch;
mod overlay;
mod response;
mod row;

pub use account::{AccountLimits, ModelLimits, Warning};
pub use api_key::{ApiKey, ApiKeyError};
pub use endpoint::{Endpoint, EndpointError};
pub use error::Error;
pub use fetch::{Options, Retry, fetch};
pub use overlay::OverlayEntry;
pub use row::{Quota, QuotaRow};
