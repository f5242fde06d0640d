//! Conversions to and from owned strings, for the `alloc` feature.

#[doc(hidden)]
#[macro_export]
macro_rules! __implement_alloc {
    ($kind:ident $Model:ident) => {
        $crate::__implement_from! { $kind $Model, "alloc", $crate::__private::String }
        $crate::__implement_from! { $kind $Model, "alloc", $crate::__private::Cow<'static, str> }
        $crate::__implement_eq! { $kind $Model, "alloc", $crate::__private::String }

        $crate::__with_feature! { $kind "alloc"
            /// Parses a model ID or alias. The match is exact and case-sensitive.
            impl ::core::convert::TryFrom<$crate::__private::String> for $Model {
                type Error = $crate::ParseModelError;

                fn try_from(
                    name: $crate::__private::String,
                ) -> ::core::result::Result<Self, $crate::ParseModelError> {
                    ::core::str::FromStr::from_str(&name)
                }
            }
        }
    };
}
