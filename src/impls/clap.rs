//! `ValueEnum`, for the `clap` feature.

#[doc(hidden)]
#[macro_export]
macro_rules! __implement_clap {
    ($kind:ident $Type:ident, $doc:literal, $possible_value:expr) => {
        $crate::__with_feature! { $kind "clap"
            #[doc = $doc]
            impl $crate::__private::clap::ValueEnum for $Type {
                fn value_variants<'a>() -> &'a [Self] {
                    Self::ALL
                }

                fn to_possible_value(
                    &self,
                ) -> ::core::option::Option<$crate::__private::clap::builder::PossibleValue> {
                    ::core::option::Option::Some($possible_value(*self))
                }
            }
        }
    };
}

/// Returns the clap value of a model.
#[cfg(feature = "clap")]
#[must_use]
pub fn possible_value<M: crate::Catalogue>(model: M) -> clap::builder::PossibleValue {
    clap::builder::PossibleValue::new(model.name())
        .aliases(model.aliases())
        .help(alloc::string::ToString::to_string(&model.limits()))
        .hide(model.is_deprecated())
}
