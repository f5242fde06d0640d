//! The regions and deployment scopes.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use model_studio_limits_core::{AnyOf, Escaped};

/// Defines [`Region`] from the list of the regions of `model_studio_limits`.
macro_rules! define_region {
    ($($module:ident {
        $variant:ident, $name:literal, region: $region:literal, scope: $scope:literal, id: $id:expr
    })*) => {
        /// A region and deployment scope of the provider, or the root table of `model-studio-limits`.
        ///
        /// Each has a [table](Self::table) of models. With [`FromStr`], a region is parsed from its name,
        /// such as `virginia_us` or `virginia-us`, or from the provider's ID of its main table, such as
        /// `us-east-1`.
        ///
        /// ```
        /// use model_studio_provider::Region;
        ///
        /// let region: Region = "ap-southeast-1".parse()?;
        /// assert_eq!(region, Region::Singapore);
        /// assert_eq!(region.to_string(), "singapore");
        ///
        /// let error = "atlantis".parse::<Region>().unwrap_err();
        /// assert!(error.to_string().starts_with("unknown region `atlantis`, expected `singapore`, "));
        /// # Ok::<(), model_studio_provider::ParseRegionError>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Region {
            $(
                #[doc = concat!($region, ", ", $scope, " scope.")]
                $variant,
            )*
            /// The international site in mid-2025, the root table of the crate `model-studio-limits`.
            BuiltIn,
        }

        impl Region {
            /// Every region. The root table is not among them, since it is older.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            const ALL_AND_BUILT_IN: &'static [Self] = &[$(Self::$variant,)* Self::BuiltIn];

            /// Returns the name, which is also that of the feature and the module of
            /// `model-studio-limits`, such as `virginia_us`. It is `built-in` for the root table.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::BuiltIn => "built-in",
                }
            }

            /// Returns the provider's ID of the region, such as `ap-southeast-1`, or `None` if it is
            /// unknown or if this is not the main table of the region.
            #[must_use]
            pub const fn id(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => $id,)*
                    Self::BuiltIn => None,
                }
            }

            /// Returns the region and the scope in words, such as `Virginia, US scope`.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($region, ", ", $scope, " scope"),)*
                    Self::BuiltIn => {
                        "The international site in mid-2025, the root table of the Rust crate"
                    }
                }
            }

            /// Returns the region in words, without the scope.
            const fn location(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => Some($region),)*
                    Self::BuiltIn => None,
                }
            }
        }
    };
}

model_studio_limits::__private::regions!(define_region);

impl Region {
    /// Returns the main deployment scope of the same region, which is the first in the list, or `None`
    /// for the root table.
    pub(crate) fn main(self) -> Option<Self> {
        let location = self.location()?;
        let mut regions = Self::ALL.iter().copied();
        regions.find(|region| region.location() == Some(location))
    }

    /// Returns the other names: the name with hyphens, and the ID.
    fn aliases(self) -> impl Iterator<Item = String> {
        let name = self.name();
        let hyphenated = name.contains('_').then(|| name.replace('_', "-"));
        hyphenated.into_iter().chain(self.id().map(str::to_owned))
    }
}

impl FromStr for Region {
    type Err = ParseRegionError;

    fn from_str(name: &str) -> Result<Self, ParseRegionError> {
        let has_name =
            |region: &Self| region.name() == name || region.aliases().any(|alias| alias == name);
        let found = Self::ALL_AND_BUILT_IN.iter().copied().find(has_name);
        found.ok_or_else(|| ParseRegionError(name.to_owned()))
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Error returned when the name of a region is unknown. Its message lists the known names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseRegionError(String);

impl fmt::Display for ParseRegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let regions = Region::ALL_AND_BUILT_IN.iter();
        let names: Vec<&str> = regions.map(|region| region.name()).collect();
        let name = Escaped(&self.0);
        write!(f, "unknown region `{name}`, expected {}", AnyOf(&names))
    }
}

impl Error for ParseRegionError {}

#[cfg(feature = "clap")]
impl clap::ValueEnum for Region {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL_AND_BUILT_IN
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        let value = clap::builder::PossibleValue::new(self.name());
        Some(value.help(self.description()).aliases(self.aliases()))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Region {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Region {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}
