//! Typed model IDs and rate limits for Alibaba Cloud Model Studio.
//!
//! The provider refuses calls to a model that it does not know or no longer serves, and calls that
//! exceed the model's rate limits. With this crate, the compiler finds wrong model IDs in your code,
//! and limits are constants instead of numbers copied from a web page.
//!
//! ```
//! # #[cfg(feature = "singapore")] {
//! use model_studio_limits::singapore::{Model, model};
//!
//! // Limits can be used in constants.
//! const QPM: u32 = Model::Qwen3_7Plus.limits().queries_per_minute().unwrap().get();
//!
//! // A model ID in source code is checked at compile time. So is an alias.
//! assert_eq!(model!("qwen3.7-plus"), Model::Qwen3_7Plus);
//!
//! // A model ID from elsewhere is checked when it is parsed.
//! let error = "qwen3.7-pluss".parse::<Model>().unwrap_err();
//! assert_eq!(error.to_string(), "unknown model `qwen3.7-pluss`, did you mean `qwen3.7-plus`?");
//! # }
//! ```
//!
//! Models, limits and retirement dates differ by region. Use the module of the region that you call,
//! here `singapore`, and enable the feature of the same name. The [`regions`](mod@regions) page
//! compares them.
//!
#![cfg_attr(
    feature = "built-in",
    doc = "
- [`Model`] is the enum of the root table, and each region has its own. Search this documentation for
  a model ID or alias to find its variants.
- [`model!`] checks a model ID at compile time.
- [`reference`](mod@reference) lists every model with its limits.
"
)]
//! - [`Limits`] are the rate limits of a model. They apply per account, across all of its API keys.
//! - [`Active`] is a model that is not deprecated, for configuration files and command lines.
//! - [`Catalogue`] is the trait that all generated enums implement, for generic code.
//!
//! # Checking model IDs
//!
//! | The model ID comes from | Use | Errors are reported |
//! | --- | --- | --- |
//! | source code | `Model::Qwen3_7Plus` or `model!("qwen3.7-plus")` | at compile time |
//! | a file, an argument, a request | `name.parse::<Model>()` | when it is parsed, with suggestions |
//! | the same, rejecting deprecated models | [`Active<Model>`](Active) or `Model::parse_active(name)` | when it is parsed, with the replacement |
//! | anywhere, if unknown model IDs are expected | `Model::from_name(name)` | never; it returns `None` |
//!
//! A deprecated model is still served. Using its variant triggers a compiler warning, and using its
//! model ID in `model!` is an error, unless you allow it. A retired model is no longer served. It has
//! no variant, and its model ID is rejected at compile time and when it is parsed: "model
//! `qwen-max-latest` was retired on 2026-05-13".
//!
//! # Regions
//!
//! There is a [module](#modules) for each region and deployment scope, such as `singapore` and
//! `virginia_us`, behind a feature of the same name. Each has its own `Model`, `model!` and
//! `reference`. `Model::SOURCE` has the date of the limits and those of the model cards with the
//! properties.
//!
//! The root [`Model`](crate::Model) is older: it is the provider's table for the international site
//! as of mid-2025. More than half of its models have since been retired, so prefer a region in new
//! code.
//!
//! The tables of the regions also contain what the provider has announced:
//!
//! - `deprecation()` returns when a deprecated model retires, with a note and its source, and
//!   `RETIRED` lists the models that are no longer served.
//! - `pool()` returns the name of the quota that a model shares with others.
//! - `is_dynamic()` returns `true` if the provider adjusts the limits of the model, for example based
//!   on an account's spending.
//!
//! # Properties
//!
//! The tables of the regions also contain properties of the models, such as how much fits into one and
//! what its input can be. They can be used in constants, so a program can refuse to compile with a
//! model that does not suit it:
//!
//! ```
//! # #[cfg(feature = "singapore")] {
//! use model_studio_limits::singapore::{Modality, Model, model};
//!
//! const MODEL: Model = model!("qwen3.7-plus");
//! const _: () = assert!(MODEL.context_window().unwrap() >= 200_000);
//!
//! assert!(MODEL.input().unwrap().contains(&Modality::Image));
//! # }
//! ```
//!
//! A property is `None` if the provider's pages do not state it or contradict each other. Generic code
//! finds properties by name, in [`Catalogue::PROPERTIES`] and with [`Catalogue::property`]. A table of
//! your own can declare any properties. The root table has none.
//!
//! # Where the limits come from
//!
//! The limits are from the provider's [rate limit page]. The provider may change them, and your
//! account may have different ones. To build the root `Model` with your account's limits, list them
//! in an overlay:
//!
//! ```yaml
//! # account.yaml
//! limits:
//!   qwen-plus: { qpm: 1200 }     # a model ID or an alias; other limits are unchanged
//! ```
//!
//! Set the environment variable `MODEL_STUDIO_LIMITS_OVERLAY` to the absolute path of the file.
//! Cargo can do this for you:
//!
//! ```toml
//! # .cargo/config.toml
//! [env]
//! MODEL_STUDIO_LIMITS_OVERLAY = { value = "account.yaml", relative = true }
//! ```
//!
//! With `relative = true`, Cargo resolves the path relative to the directory that contains
//! `.cargo`. Cargo looks for `.cargo/config.toml` in the current directory and its parents, not in
//! the directory of the package. If you run Cargo from somewhere else, with `--manifest-path` for
//! example, the variable is not set and the overlay is not applied. To make that a compile error,
//! check `Model::SOURCE`:
//!
//! ```text
//! const _: () = assert!(Model::SOURCE.overlay.is_some(), "set MODEL_STUDIO_LIMITS_OVERLAY");
//! ```
//!
//! To apply an overlay to the table of a region, or to use your own table, generate an enum in a
//! build script with [`model-studio-limits-codegen`], and include it with [`include_models!`].
//!
//! # Features
//!
//! - `std` (default): enables `alloc`, and `std` support in dependencies.
//! - `alloc`: conversions to and from `String` and `Cow<'static, str>`.
//! - `built-in` (default): the root `Model` and `model!`. Disable it if you do not use them, to
//!   skip generating their code.
//! - `singapore`, `beijing` and so on: the [module](#regions) of one region.
//! - `all-regions`: the modules of all regions, for programs that select the region at run time. A
//!   program for a single region builds faster with the feature of that region alone.
//! - `strum` (default): the traits `IntoEnumIterator`, `VariantArray`, `VariantNames` and
//!   `EnumCount` of [strum].
//! - `serde`: models serialize as their model IDs, and deserialize from model IDs and aliases.
//!   [`Category`], [`Limits`], and the enums and values of properties are supported too; deserializing
//!   [`Limits`] also needs `std`.
//! - `clap`: `ValueEnum` for models, categories and the enums of properties. The help of a model shows
//!   its limits. Deprecated models are accepted, but omitted from the help.
//! - `schemars`: `JsonSchema` for models, categories, limits and the enums of properties.
//!
//! The features apply to the built-in enums and to your own. Without default features, the crate is
//! `no_std` and needs no allocator.
//!
//! [rate limit page]: https://www.alibabacloud.com/help/en/model-studio/rate-limit
//! [`model-studio-limits-codegen`]: https://docs.rs/model-studio-limits-codegen
//! [strum]: https://docs.rs/strum

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;

mod active;
mod catalogue;
mod column;
mod columns;
mod impls;
mod life_cycle;
mod module_check;
mod parse_error;
mod property;
mod region_list;

pub use active::Active;
pub use catalogue::{Catalogue, Source};
pub use life_cycle::{Deprecation, Retired};
pub use model_studio_limits_core::{
    Category, Date, Limit, LimitKind, Limits, ParseChoiceError, ParseDateError, PropertyKind,
};
pub use parse_error::ParseModelError;
pub use property::{Property, PropertyValue};

/// Items that are only for generated code. They may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::__accessors as accessors;
    pub use crate::__choice as choice;
    pub use crate::__implement as implement;
    pub use crate::__regions as regions;
    pub use crate::column::{Column, LimitColumn, limits};
    pub use crate::columns::{Columns, Group};
    #[cfg(feature = "clap")]
    pub use crate::impls::clap::possible_value;
    #[cfg(feature = "schemars")]
    pub use crate::impls::schemars::{choice_schema, schema};
    pub use crate::module_check::check_module;
    pub use crate::property::PropertyColumn;
    #[cfg(feature = "alloc")]
    pub use alloc::{borrow::Cow, string::String};
    #[cfg(feature = "clap")]
    pub use clap;
    #[cfg(feature = "serde")]
    pub use model_studio_limits_core::deserialize;
    pub use model_studio_limits_core::{Choices, Lookup};
    pub use model_studio_limits_macros::expand;
    #[cfg(feature = "schemars")]
    pub use schemars;
    #[cfg(feature = "serde")]
    pub use serde;
    #[cfg(feature = "strum")]
    pub use strum;

    use crate::Date;

    /// Exports the macro of each feature, or one that expands to nothing.
    macro_rules! implement_features {
        ($($feature:literal $implement:ident as $name:ident,)*) => {
            $(
                #[cfg(feature = $feature)]
                pub use crate::$implement as $name;
                #[cfg(not(feature = $feature))]
                pub use crate::__implement_nothing as $name;
            )*
        };
    }

    implement_features! {
        "alloc" __implement_alloc as implement_alloc,
        "clap" __implement_clap as implement_clap,
        "schemars" __implement_schemars as implement_schemars,
        "serde" __implement_serde as implement_serde,
        "strum" __implement_strum as implement_strum,
    }

    /// Creates a date. The generator has checked that it exists.
    #[must_use]
    pub const fn date(year: u16, month: u8, day: u8) -> Date {
        Date::new(year, month, day).expect("the date exists")
    }
}

/// Includes the enum and the macro that your build script generates from your own table.
///
/// The argument is the file name that was passed to `Generator::emit` from
/// [`model-studio-limits-codegen`].
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

#[cfg(doc)]
#[doc = include_str!("regions.md")]
pub mod regions {}

/// Defines the module of each region.
macro_rules! modules {
    ($($module:ident {
        $variant:ident, $feature:literal, region: $region:literal, scope: $scope:literal, $($rest:tt)*
    })*) => {
        $(
            #[doc = concat!(
                "The models available in ", $region, " with the ", $scope, " deployment scope."
            )]
            #[cfg(feature = $feature)]
            pub mod $module {
                include!(concat!(env!("OUT_DIR"), "/", $feature, ".rs"));
            }
        )*
    };
}

crate::__regions!(modules);
