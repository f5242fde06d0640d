//! What a catalogue's enum can do.

/// Implements the methods and traits of the enum `$Model`. Its tables are where this is called:
/// `CATALOGUE`; `NAMES` and `MODELS`, the names of all models and then the aliases, each with its
/// model; and `LOOKUP`, which finds the positions of names in them.
///
/// `$kind` is `built_in` or `own`. Examples in the documentation are for the built-in enum alone:
/// they would be tests of the crate that an own enum is in, about models that it does not have.
#[doc(hidden)]
#[macro_export]
macro_rules! __implement {
    ($kind:ident $Model:ident) => {
        impl $Model {
            /// Every model, in the order of the table.
            #[doc = $crate::__example!($kind, "
```
use model_studio_limits::Model;

assert_eq!(Model::ALL[0].name(), \"qwq-plus\");
assert!(Model::ALL.contains(&Model::QwenPlus));
```")]
            pub const ALL: &'static [Self] = CATALOGUE.all;

            /// The name that goes over the wire.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
assert_eq!(Model::QwenMax2025_01_25.name(), \"qwen-max-2025-01-25\");
```")]
            #[inline]
            #[must_use]
            pub const fn name(self) -> &'static str {
                CATALOGUE.names[self as usize]
            }

            /// Other names that the provider takes for the model.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
assert_eq!(Model::QwenMax2025_01_25.aliases(), [\"qwen-max-0125\"]);
assert!(Model::QwenMax.aliases().is_empty());
```")]
            #[inline]
            #[must_use]
            pub const fn aliases(self) -> &'static [&'static str] {
                CATALOGUE.aliases(self as usize)
            }

            /// The heading that the model stands under in the provider's table.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
assert_eq!(Model::QwenPlus.series(), \"Qwen LLMs\");
```")]
            #[inline]
            #[must_use]
            pub const fn series(self) -> &'static str {
                CATALOGUE.class(self as usize).series
            }

            /// What the model does.
            #[doc = $crate::__example!($kind, "
```
use model_studio_limits::{Category, Model};

assert_eq!(Model::TextEmbeddingV3.category(), Category::Embedding);
```")]
            #[inline]
            #[must_use]
            pub const fn category(self) -> $crate::__private::Category {
                CATALOGUE.class(self as usize).category
            }

            /// The rate limits of the model: per account, over all its API keys.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
const QPM: u32 = Model::QwenPlus.limits().queries_per_minute().unwrap().get();
assert_eq!(QPM, 600);
```")]
            #[inline]
            #[must_use]
            pub const fn limits(self) -> $crate::Limits {
                CATALOGUE.class(self as usize).limits
            }

            /// Whether the provider has deprecated the model.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
let mut current = Model::ALL.iter().filter(|model| !model.is_deprecated());
assert!(current.any(|model| *model == Model::QwenPlus));
```")]
            #[inline]
            #[must_use]
            pub const fn is_deprecated(self) -> bool {
                CATALOGUE.class(self as usize).deprecated
            }

            /// The model that the provider names instead of a deprecated one. If that is deprecated
            /// and replaced as well, the last of them.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
let old = Model::from_name(\"qwen2-7b-instruct\").unwrap();
assert_eq!(old.replacement(), Some(Model::Qwen3_235bA22b));
assert_eq!(Model::QwenPlus.replacement(), None);
```")]
            #[inline]
            #[must_use]
            pub const fn replacement(self) -> ::core::option::Option<Self> {
                CATALOGUE.class(self as usize).replacement
            }

            /// The model of a name or alias, which must be exact.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
assert_eq!(Model::from_name(\"qwen-max-0125\"), Some(Model::QwenMax2025_01_25));
assert_eq!(Model::from_name(\"Qwen-Max\"), None);
```")]
            ///
            /// To tell a user what is wrong with a name, parse it: the error of [`FromStr`] shows
            /// the nearest name.
            ///
            /// [`FromStr`]: ::core::str::FromStr
            #[inline]
            #[must_use]
            pub const fn from_name(name: &str) -> ::core::option::Option<Self> {
                match LOOKUP.find(name) {
                    ::core::option::Option::Some(at) => ::core::option::Option::Some(MODELS[at]),
                    ::core::option::Option::None => ::core::option::Option::None,
                }
            }

            /// The model of a name or alias, unless it is deprecated: for names from a
            /// configuration, which no compiler checks.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
assert_eq!(Model::parse_active(\"qwen-plus\").unwrap(), Model::QwenPlus);
let error = Model::parse_active(\"qwen2-7b-instruct\").unwrap_err();
assert_eq!(
    error.to_string(),
    \"model `qwen2-7b-instruct` is deprecated, use `qwen3-235b-a22b`\"
);
```")]
            ///
            /// # Errors
            ///
            /// The text is not a name or alias, or that of a deprecated model: the error shows the
            /// nearest name, or the replacement.
            pub fn parse_active(
                name: &str,
            ) -> ::core::result::Result<Self, $crate::ParseModelError> {
                let model: Self = ::core::str::FromStr::from_str(name)?;
                if model.is_deprecated() {
                    let replacement = model.replacement().map(Self::name);
                    return ::core::result::Result::Err($crate::ParseModelError::__deprecated(
                        name,
                        replacement,
                    ));
                }
                ::core::result::Result::Ok(model)
            }
        }

        // `derive` would copy the enum, its documentation and all, for each of these.
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

        /// The order of the table.
        impl ::core::cmp::Ord for $Model {
            #[inline]
            fn cmp(&self, other: &Self) -> ::core::cmp::Ordering {
                ::core::cmp::Ord::cmp(&(*self as usize), &(*other as usize))
            }
        }

        /// Reads a name or alias, which must be exact.
        impl ::core::str::FromStr for $Model {
            type Err = $crate::ParseModelError;

            #[inline]
            fn from_str(name: &str) -> ::core::result::Result<Self, $crate::ParseModelError> {
                match Self::from_name(name) {
                    ::core::option::Option::Some(model) => ::core::result::Result::Ok(model),
                    ::core::option::Option::None => ::core::result::Result::Err(
                        $crate::ParseModelError::__unknown(name, &NAMES),
                    ),
                }
            }
        }

        /// Reads a name or alias, which must be exact.
        impl ::core::convert::TryFrom<&str> for $Model {
            type Error = $crate::ParseModelError;

            #[inline]
            fn try_from(name: &str) -> ::core::result::Result<Self, $crate::ParseModelError> {
                ::core::str::FromStr::from_str(name)
            }
        }

        /// The name that goes over the wire.
        impl ::core::fmt::Display for $Model {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.name())
            }
        }

        /// The identifier of the variant.
        impl ::core::fmt::Debug for $Model {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(CATALOGUE.identifier(*self as usize))
            }
        }

        /// The name that goes over the wire.
        impl ::core::convert::AsRef<str> for $Model {
            #[inline]
            fn as_ref(&self) -> &str {
                self.name()
            }
        }

        /// The name that goes over the wire.
        impl ::core::convert::From<$Model> for &'static str {
            #[inline]
            fn from(model: $Model) -> Self {
                model.name()
            }
        }

        impl $crate::__private::strum::VariantArray for $Model {
            const VARIANTS: &'static [Self] = CATALOGUE.all;
        }

        impl $crate::__private::strum::VariantNames for $Model {
            const VARIANTS: &'static [&'static str] =
                CATALOGUE.names.split_at(CATALOGUE.all.len()).0;
        }

        impl $crate::__private::strum::EnumCount for $Model {
            const COUNT: usize = CATALOGUE.all.len();
        }

        impl $crate::__private::strum::IntoEnumIterator for $Model {
            type Iterator = ::core::iter::Copied<::core::slice::Iter<'static, Self>>;

            #[inline]
            fn iter() -> ::core::iter::Copied<::core::slice::Iter<'static, Self>> {
                ::core::iter::Iterator::copied(CATALOGUE.all.iter())
            }
        }

        /// Whether the text is the name that goes over the wire; an alias is not equal.
        impl ::core::cmp::PartialEq<str> for $Model {
            #[inline]
            fn eq(&self, name: &str) -> bool {
                self.name() == name
            }
        }

        /// Whether the text is the name that goes over the wire; an alias is not equal.
        impl ::core::cmp::PartialEq<&str> for $Model {
            #[inline]
            fn eq(&self, name: &&str) -> bool {
                self.name() == *name
            }
        }

        impl ::core::cmp::PartialEq<$Model> for str {
            #[inline]
            fn eq(&self, model: &$Model) -> bool {
                self == model.name()
            }
        }

        impl ::core::cmp::PartialEq<$Model> for &str {
            #[inline]
            fn eq(&self, model: &$Model) -> bool {
                *self == model.name()
            }
        }

        $crate::__implement_alloc! { $kind $Model }
        $crate::__implement_serde! { $kind $Model }
        $crate::__implement_clap! { $kind $Model }
        $crate::__implement_schemars! { $kind $Model }
    };
}

/// An example of the built-in enum's documentation, or nothing.
#[doc(hidden)]
#[macro_export]
macro_rules! __example {
    (built_in, $example:literal) => {
        $example
    };
    (own, $example:literal) => {
        ""
    };
}
