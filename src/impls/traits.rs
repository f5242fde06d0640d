//! `Catalogue`, and the traits of the standard library.

#[doc(hidden)]
#[macro_export]
macro_rules! __implement_traits {
    ($kind:ident $Model:ident) => {
        impl $crate::Catalogue for $Model {
            const ALL: &'static [Self] = COLUMNS.models;
            const SOURCE: $crate::Source = Self::SOURCE;
            const COLUMNS: &'static $crate::__private::Columns<Self> = &COLUMNS;

            #[inline]
            fn index(self) -> usize {
                self as usize
            }

            #[inline]
            fn from_name(name: &str) -> ::core::option::Option<Self> {
                Self::from_name(name)
            }
        }

        // Each derive would process the whole enum, including its documentation.
        impl ::core::marker::Copy for $Model {}

        impl ::core::clone::Clone for $Model {
            #[inline]
            fn clone(&self) -> Self {
                *self
            }
        }

        impl ::core::hash::Hash for $Model {
            #[inline]
            fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
                ::core::hash::Hash::hash(&(*self as usize), state);
            }
        }

        impl ::core::cmp::PartialOrd for $Model {
            #[inline]
            fn partial_cmp(&self, other: &Self) -> ::core::option::Option<::core::cmp::Ordering> {
                ::core::option::Option::Some(::core::cmp::Ord::cmp(self, other))
            }
        }

        /// Compares positions in the table, which may change between releases.
        impl ::core::cmp::Ord for $Model {
            #[inline]
            fn cmp(&self, other: &Self) -> ::core::cmp::Ordering {
                ::core::cmp::Ord::cmp(&(*self as usize), &(*other as usize))
            }
        }

        /// Parses a model ID or alias. The match is exact and case-sensitive.
        impl ::core::str::FromStr for $Model {
            type Err = $crate::ParseModelError;

            #[inline]
            fn from_str(name: &str) -> ::core::result::Result<Self, $crate::ParseModelError> {
                let model = Self::from_name(name);
                model.ok_or_else(|| $crate::ParseModelError::__new(name, &COLUMNS))
            }
        }

        /// Parses a model ID or alias. The match is exact and case-sensitive.
        impl ::core::convert::TryFrom<&str> for $Model {
            type Error = $crate::ParseModelError;

            #[inline]
            fn try_from(name: &str) -> ::core::result::Result<Self, $crate::ParseModelError> {
                ::core::str::FromStr::from_str(name)
            }
        }

        /// Writes the model ID.
        impl ::core::fmt::Display for $Model {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.name())
            }
        }

        /// Writes the identifier of the variant.
        impl ::core::fmt::Debug for $Model {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(COLUMNS.identifier(*self as usize))
            }
        }

        /// Returns the model ID.
        impl ::core::convert::AsRef<str> for $Model {
            #[inline]
            fn as_ref(&self) -> &str {
                self.name()
            }
        }

        $crate::__implement_from! { $kind $Model, always, &'static str }
        $crate::__implement_eq! { $kind $Model, always, str }
        $crate::__implement_eq! { $kind $Model, always, &str }
    };
}
