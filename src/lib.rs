//! The LLM models of Alibaba Cloud Model Studio as an enum, with their rate limits as constants and
//! their names checked when a program is compiled.

#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

mod catalogue;
mod category;
mod error;
mod implement;
mod limits;

pub use category::Category;
pub use error::ParseModelError;
pub use limits::Limits;

/// What generated code uses. Not for anybody else: it may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::__implement as implement;
    pub use crate::catalogue::{Catalogue, Class, keys};
    pub use crate::category::Category;
    pub use crate::limits::limits;
    #[cfg(feature = "alloc")]
    pub use alloc::string::String;
    pub use model_studio_limits_macros::expand;
    pub use model_studio_limits_names::{Key, Lookup};
    pub use strum;
}

/// Includes a catalogue of your own: the enum and the macro that a build script generated into the
/// file of this name with `model_studio_limits_codegen::Generator::emit`.
///
/// ```ignore
/// model_studio_limits::include_models!("models.rs");
/// ```
#[macro_export]
macro_rules! include_models {
    ($file:literal) => {
        ::core::include!(::core::concat!(::core::env!("OUT_DIR"), "/", $file));
    };
}

#[cfg(feature = "built-in")]
include_models!("models.rs");
