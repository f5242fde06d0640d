//! The LLM models of Alibaba Cloud Model Studio as an enum, with their rate limits as constants and
//! their names checked when a program is compiled.
//!
//! ```
//! # #[cfg(feature = "built-in")] {
//! use model_studio_limits::{Model, model};
//!
//! // A limit is a constant.
//! const QPM: u32 = Model::QwenPlus.limits().queries_per_minute().unwrap().get();
//! assert_eq!(QPM, 600);
//!
//! // A name in the source is checked when it is compiled; an alias gives its model.
//! assert_eq!(model!("qwen-max-0125"), Model::QwenMax2025_01_25);
//!
//! // A name from elsewhere is checked when it is read.
//! assert!("qwen-pluss".parse::<Model>().is_err());
//! # }
//! ```
//!
#![cfg_attr(
    feature = "built-in",
    doc = "
- [`reference`](mod@reference) is the whole table: every model with its limits.
- [`Model`] is the enum: a variant for each model, found in a search by its name and its aliases.
- [`model!`] turns a name into the variant, and a wrong or deprecated name into an error under it.
"
)]
//! - [`Limits`] are per account, over all its API keys; past either one, calls fail.
//!
//! # Which names are checked when
//!
//! | the name is | use | what is wrong shows |
//! | --- | --- | --- |
//! | in your source | `Model::QwenPlus` or `model!("qwen-plus")` | when you compile |
//! | in a configuration, an argument, a request | `name.parse::<Model>()` | when it is read, with the nearest name |
//! | in a configuration, and no deprecated model is welcome | `Model::parse_active(name)` | when it is read, with the replacement |
//! | likely to be none, and nobody is told | `Model::from_name(name)` | as `None` |
//!
//! A path to a deprecated model, such as `Model::Qwen2_7bInstruct`, is a warning; the name of one in
//! `model!` is an error.
//!
//! # The numbers
//!
//! They are those of the provider's [rate limit page], international site, mid-2025: a baseline
//! that the provider may change, and that an account may have raised. To build with other numbers,
//! list them in an overlay and name it in the variable `MODEL_STUDIO_LIMITS_OVERLAY`, best in
//! `.cargo/config.toml`:
//!
//! ```toml
//! [env]
//! MODEL_STUDIO_LIMITS_OVERLAY = { value = "account.yaml", relative = true }
//! ```
//!
//! ```yaml
//! limits:
//!   qwen-plus: { qpm: 1200 }     # a name or an alias; what is not named keeps its value
//! ```
//!
//! For a table of your own, with the same enum and macro, see [`include_models!`] and
//! [`model-studio-limits-codegen`].
//!
//! # Features
//!
//! - `std` (default): `alloc`, and strum with std.
//! - `alloc`: conversion of models to `String` and `Cow<'static, str>`.
//! - `built-in` (default): `Model` and `model!`. Without it, the build runs no generator: for those
//!   who only bring their own table.
//! - `serde`: models are written as their names, and read from names and aliases.
//! - `clap`: `ValueEnum`, with names, aliases, and the limits as help; deprecated models are accepted
//!   but not shown.
//! - `schemars`: `JsonSchema`, a string that is one of the names.
//!
//! The last three are for the built-in enum and for your own. Without default features the crate is `no_std`.
//!
//! [rate limit page]: https://www.alibabacloud.com/help/en/model-studio/rate-limit
//! [`model-studio-limits-codegen`]: https://docs.rs/model-studio-limits-codegen

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;

mod catalogue;
mod category;
mod error;
mod features;
mod implement;
mod limits;

pub use category::Category;
pub use error::ParseModelError;
pub use limits::Limits;

/// What generated code uses. Not for anybody else: it may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::__implement as implement;
    pub use crate::catalogue::{Catalogue, Class};
    pub use crate::category::Category;
    #[cfg(feature = "serde")]
    pub use crate::features::ModelVisitor;
    #[cfg(feature = "clap")]
    pub use crate::features::possible_value;
    #[cfg(feature = "schemars")]
    pub use crate::features::schema;
    pub use crate::limits::limits;
    #[cfg(feature = "alloc")]
    pub use alloc::{borrow::Cow, string::String};
    #[cfg(feature = "clap")]
    pub use clap;
    pub use model_studio_limits_core::Lookup;
    pub use model_studio_limits_macros::expand;
    #[cfg(feature = "schemars")]
    pub use schemars;
    #[cfg(feature = "serde")]
    pub use serde;
    pub use strum;
}

/// Includes a catalogue of your own: the enum and the macro that a build script generated into the
/// file of this name with `Generator::emit` of [`model-studio-limits-codegen`].
///
/// ```text
/// model_studio_limits::include_models!("models.rs");
/// ```
///
/// [`model-studio-limits-codegen`]: https://docs.rs/model-studio-limits-codegen
#[macro_export]
macro_rules! include_models {
    ($file:literal) => {
        ::core::include!(::core::concat!(::core::env!("OUT_DIR"), "/", $file));
    };
}

#[cfg(feature = "built-in")]
include_models!("models.rs");

/// The examples of the README are tested too.
#[cfg(all(doctest, feature = "built-in"))]
#[doc = include_str!("../README.md")]
struct Readme;
