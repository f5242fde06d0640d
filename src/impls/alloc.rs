//! Conversions to and from owned strings, for the `alloc` feature.

#[cfg(feature = "alloc")]
#[doc(hidden)]
#[macro_export]
macro_rules! __implement_alloc {
    ($kind:ident $Model:ident) => {
        $crate::__implement_alloc! { @from $kind $Model, $Model, $crate::__private::String }
        $crate::__implement_alloc! { @from $kind $Model, &$Model, $crate::__private::String }
        $crate::__implement_alloc! {
            @from $kind $Model, $Model, $crate::__private::Cow<'static, str>
        }
        $crate::__implement_alloc! {
            @from $kind $Model, &$Model, $crate::__private::Cow<'static, str>
        }

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

        $crate::__with_feature! { $kind "alloc"
            /// Compares with the model ID. Aliases do not compare equal.
            impl ::core::cmp::PartialEq<$crate::__private::String> for $Model {
                #[inline]
                fn eq(&self, name: &$crate::__private::String) -> bool {
                    *self == **name
                }
            }
        }

        $crate::__with_feature! { $kind "alloc"
            impl ::core::cmp::PartialEq<$Model> for $crate::__private::String {
                #[inline]
                fn eq(&self, model: &$Model) -> bool {
                    **self == *model
                }
            }
        }
    };
    (@from $kind:ident $Model:ident, $From:ty, $To:ty) => {
        $crate::__with_feature! { $kind "alloc"
            /// Returns the model ID.
            impl ::core::convert::From<$From> for $To {
                fn from(model: $From) -> Self {
                    ::core::convert::From::from(model.name())
                }
            }
        }
    };
}

#[cfg(not(feature = "alloc"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __implement_alloc {
    ($kind:ident $Model:ident) => {};
}
