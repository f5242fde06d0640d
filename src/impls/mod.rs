//! The methods and trait implementations of generated enums.
//!
//! Generated code invokes `implement!` in the module that contains its statics. A macro is needed
//! for what a trait cannot provide: inherent `const` methods, and implementations of foreign traits
//! for an enum in a user's crate. Everything else is a method of `Catalogue` or an ordinary
//! function.
//!
//! A `cfg` inside the body of a macro would refer to the features of the user's crate. Therefore
//! `__private` exports the macro of each feature, or `__implement_nothing` if it is disabled.

mod accessors;
mod alloc;
mod choice;
pub(crate) mod clap;
mod docs;
mod methods;
pub(crate) mod schemars;
mod serde;
mod strum;
mod text;
mod traits;

/// Implements the methods and traits of the enum `$Model`, using the items `COLUMNS` and
/// `LOOKUP` in scope at the call site.
///
/// `$kind` is `built_in`, `region` or `own`. Only the root enum has examples in its documentation.
/// In a user's crate, they would run as tests.
#[doc(hidden)]
#[macro_export]
macro_rules! __implement {
    ($kind:ident $Model:ident $source:expr) => {
        $crate::__implement_methods! { $kind $Model $source }
        $crate::__implement_traits! { $kind $Model }

        $crate::__private::implement_alloc! { $kind $Model }
        $crate::__private::implement_clap! {
            $kind $Model,
            "Accepts model IDs and aliases. The help shows the limits and omits deprecated models.",
            $crate::__private::possible_value
        }
        $crate::__private::implement_schemars! {
            $kind $Model,
            "A string that is a model ID or an alias, described by the limits of the model.",
            $crate::__private::schema(|_: Self| true)
        }
        $crate::__private::implement_serde! { $kind $Model, "the name of a model" }
        $crate::__private::implement_strum! {
            $kind $Model, COLUMNS.names.split_at(COLUMNS.models.len()).0
        }
    };
}

/// Takes the place of the macro of a disabled feature.
#[doc(hidden)]
#[macro_export]
macro_rules! __implement_nothing {
    ($($input:tt)*) => {};
}
