//! The traits of strum, for the `strum` feature.

#[doc(hidden)]
#[macro_export]
macro_rules! __implement_strum {
    ($kind:ident $Model:ident) => {
        $crate::__with_feature! { $kind "strum"
            impl $crate::__private::strum::VariantArray for $Model {
                const VARIANTS: &'static [Self] = COLUMNS.models;
            }

            impl $crate::__private::strum::VariantNames for $Model {
                const VARIANTS: &'static [&'static str] =
                    COLUMNS.names.split_at(COLUMNS.models.len()).0;
            }

            impl $crate::__private::strum::EnumCount for $Model {
                const COUNT: usize = COLUMNS.models.len();
            }

            impl $crate::__private::strum::IntoEnumIterator for $Model {
                type Iterator = ::core::iter::Copied<::core::slice::Iter<'static, Self>>;

                #[inline]
                fn iter() -> ::core::iter::Copied<::core::slice::Iter<'static, Self>> {
                    ::core::iter::Iterator::copied(COLUMNS.models.iter())
                }
            }
        }
    };
}
