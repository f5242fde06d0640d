//! The traits of strum, for the `strum` feature.

#[doc(hidden)]
#[macro_export]
macro_rules! __implement_strum {
    ($kind:ident $Type:ident, $names:expr) => {
        $crate::__with_feature! { $kind "strum"
            impl $crate::__private::strum::VariantArray for $Type {
                const VARIANTS: &'static [Self] = Self::ALL;
            }

            impl $crate::__private::strum::VariantNames for $Type {
                const VARIANTS: &'static [&'static str] = $names;
            }

            impl $crate::__private::strum::EnumCount for $Type {
                const COUNT: usize = Self::ALL.len();
            }

            impl $crate::__private::strum::IntoEnumIterator for $Type {
                type Iterator = ::core::iter::Copied<::core::slice::Iter<'static, Self>>;

                #[inline]
                fn iter() -> ::core::iter::Copied<::core::slice::Iter<'static, Self>> {
                    ::core::iter::Iterator::copied(Self::ALL.iter())
                }
            }
        }
    };
}
