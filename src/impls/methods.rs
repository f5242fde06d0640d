//! The constants and methods of every enum.

#[doc(hidden)]
#[macro_export]
macro_rules! __implement_methods {
    ($kind:ident $Model:ident $source:expr) => {
        impl $Model {
            /// Every model, in the order of the table.
            #[doc = $crate::__example!($kind, "
```
use model_studio_limits::Model;

assert_eq!(Model::ALL[0].name(), \"qwq-plus\");
assert!(Model::ALL.contains(&Model::QwenPlus));
```")]
            pub const ALL: &'static [Self] = COLUMNS.models;

            /// The models of the table that the provider no longer serves, sorted by name. They are
            /// not in [`ALL`](Self::ALL).
            pub const RETIRED: &'static [$crate::Retired] = COLUMNS.retired;

            /// The properties that the table declares, in its order.
            pub const PROPERTIES: &'static [$crate::Property] = COLUMNS.properties;

            /// The source of the table, and the overlay that was applied to it.
            #[doc = $crate::__example!($kind, "
```
use model_studio_limits::Model;

let title = Model::SOURCE.title.unwrap();
assert!(title.starts_with(\"Rate limits of Alibaba Cloud Model Studio\"));
```")]
            pub const SOURCE: $crate::Source = $source;

            /// Returns the model ID sent to the API.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
assert_eq!(Model::QwenPlus2025_04_28.name(), \"qwen-plus-2025-04-28\");
```")]
            #[inline]
            #[must_use]
            pub const fn name(self) -> &'static str {
                COLUMNS.names[self as usize]
            }

            /// Returns the other model IDs that the provider accepts for the model.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
assert_eq!(Model::QwenPlus2025_04_28.aliases(), [\"qwen-plus-0428\"]);
assert!(Model::QwenPlus.aliases().is_empty());
```")]
            #[inline]
            #[must_use]
            pub const fn aliases(self) -> &'static [&'static str] {
                COLUMNS.aliases(self as usize)
            }

            /// Returns the heading above the model in the provider's table.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
assert_eq!(Model::QwenPlus.series(), \"Qwen LLMs\");
```")]
            #[inline]
            #[must_use]
            pub const fn series(self) -> &'static str {
                COLUMNS.group.require(self as usize).series
            }

            /// Returns the category of the model.
            #[doc = $crate::__example!($kind, "
```
use model_studio_limits::{Category, Model};

assert_eq!(Model::TextEmbeddingV3.category(), Category::Embedding);
```")]
            #[inline]
            #[must_use]
            pub const fn category(self) -> $crate::Category {
                COLUMNS.group.require(self as usize).category
            }

            /// Returns the rate limits of the model. They apply per account, across all of its API
            /// keys.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
const QPM: u32 = Model::QwenPlus.limits().queries_per_minute().unwrap().get();
# if Model::SOURCE.overlay.is_none() {
assert_eq!(QPM, 600);
# }
```")]
            #[inline]
            #[must_use]
            pub const fn limits(self) -> $crate::Limits {
                COLUMNS.limits.get(self as usize)
            }

            /// Returns `true` if the provider adjusts the limits of the model, for example
            /// based on an account's spending. [`limits`](Self::limits) then returns the lowest
            /// published values.
            #[inline]
            #[must_use]
            pub const fn is_dynamic(self) -> bool {
                COLUMNS.dynamic.get(self as usize).is_some()
            }

            /// Returns the name of the pool that the model belongs to. All models in a pool share
            /// one quota: the limits apply to their combined usage.
            #[inline]
            #[must_use]
            pub const fn pool(self) -> ::core::option::Option<&'static str> {
                COLUMNS.pool.get(self as usize)
            }

            /// Returns `true` if the provider has deprecated the model.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
assert!(!Model::QwenPlus.is_deprecated());
assert!(Model::from_name(\"qwen2-7b-instruct\").unwrap().is_deprecated());
```")]
            #[inline]
            #[must_use]
            pub const fn is_deprecated(self) -> bool {
                self.deprecation().is_some()
            }

            /// Returns the deprecation of the model, or `None` if it is not deprecated.
            #[inline]
            #[must_use]
            pub const fn deprecation(self) -> ::core::option::Option<$crate::Deprecation> {
                COLUMNS.deprecation.get(self as usize)
            }

            /// Returns the date on which the model retires, if the provider has announced one.
            #[inline]
            #[must_use]
            pub const fn retires(self) -> ::core::option::Option<$crate::Date> {
                match self.deprecation() {
                    ::core::option::Option::Some(deprecation) => deprecation.retires,
                    ::core::option::Option::None => ::core::option::Option::None,
                }
            }

            /// Returns the model that the provider recommends instead of a deprecated one. If that
            /// model has a replacement too, returns the last model of the chain.
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
                COLUMNS.replacement.get(self as usize)
            }

            /// Returns the value of the property with this name, or `None` if the table does not
            /// declare it, or has no value for the model.
            #[must_use]
            pub fn property(self, name: &str) -> ::core::option::Option<$crate::PropertyValue> {
                $crate::Catalogue::property(self, name)
            }

            /// Returns the position of the model in [`ALL`](Self::ALL). It may change between
            /// releases.
            #[inline]
            #[must_use]
            pub const fn index(self) -> usize {
                self as usize
            }

            /// Returns the model with this model ID or alias. The match is exact and
            /// case-sensitive.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
assert_eq!(Model::from_name(\"qwen-plus-0428\"), Some(Model::QwenPlus2025_04_28));
assert_eq!(Model::from_name(\"Qwen-Plus\"), None);
```")]
            ///
            /// To report an unknown name to a user, parse the string instead: the error of
            /// [`FromStr`] contains suggestions.
            ///
            /// [`FromStr`]: ::core::str::FromStr
            #[inline]
            #[must_use]
            pub const fn from_name(name: &str) -> ::core::option::Option<Self> {
                match LOOKUP.find(name) {
                    ::core::option::Option::Some(index) => {
                        ::core::option::Option::Some(COLUMNS.models_by_name[index])
                    }
                    ::core::option::Option::None => ::core::option::Option::None,
                }
            }

            /// Parses a model ID or alias, and rejects deprecated models.
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
            /// Returns an error if the string is not a model ID or alias, or if the model is
            /// deprecated.
            pub fn parse_active(
                name: &str,
            ) -> ::core::result::Result<Self, $crate::ParseModelError> {
                <Self as $crate::Catalogue>::parse_active(name)
            }

            /// Returns an iterator over the models that are not deprecated.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
assert!(Model::active().all(|model| !model.is_deprecated()));
```")]
            #[must_use]
            pub fn active() -> impl ::core::iter::Iterator<Item = Self> {
                <Self as $crate::Catalogue>::active()
            }

            /// Returns an iterator over the models of a category.
            #[doc = $crate::__example!($kind, "
```
use model_studio_limits::{Category, Model};

let first = Model::in_category(Category::VideoGeneration).next();
assert_eq!(first, Some(Model::Wan2_1T2vTurbo));
```")]
            #[must_use]
            pub fn in_category(
                category: $crate::Category,
            ) -> impl ::core::iter::Iterator<Item = Self> {
                <Self as $crate::Catalogue>::in_category(category)
            }

            /// Returns an iterator over the models of a series, which is a heading in the
            /// provider's table.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
assert_eq!(Model::in_series(\"Qwen LLMs\").next(), Some(Model::QwqPlus));
```")]
            #[must_use]
            pub fn in_series(series: &str) -> impl ::core::iter::Iterator<Item = Self> {
                <Self as $crate::Catalogue>::in_series(series)
            }

            /// Returns an iterator over all model IDs and aliases, each with its model.
            #[doc = $crate::__example!($kind, "
```
# use model_studio_limits::Model;
assert!(Model::names().any(|pair| pair == (\"qwen-plus-0428\", Model::QwenPlus2025_04_28)));
```")]
            #[must_use]
            pub fn names() -> impl ::core::iter::Iterator<Item = (&'static str, Self)> {
                <Self as $crate::Catalogue>::names()
            }
        }
    };
}
