//! The tables of all regions, as values.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use model_studio_limits::{Catalogue, Category, Date, Deprecation, Limits, Source};
use model_studio_limits_core::{AnyOf, Escaped};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

/// Defines [`Region`] from the list of the regions of `model_studio_limits`.
macro_rules! define_region {
    ($($module:ident {
        $variant:ident, $name:literal, region: $region:literal, scope: $scope:literal, id: $id:expr
    })*) => {
        /// A region and deployment scope, or the root table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
        pub(crate) enum Region {
            $(
                #[value(
                    name = $name,
                    help = concat!($region, ", ", $scope, " scope"),
                    aliases = aliases($name, $id)
                )]
                $variant,
            )*
            /// The international site in mid-2025, the root table of the Rust crate
            #[value(name = "built-in")]
            BuiltIn,
        }

        impl Region {
            /// Every region. The root table is not among them, since it is older.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the name, which is also that of the crate's feature.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::BuiltIn => "built-in",
                }
            }

            /// Returns the provider's ID of the region, which is `None` if it is unknown or if this
            /// is not the region's main table.
            pub(crate) const fn id(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => $id,)*
                    Self::BuiltIn => None,
                }
            }

            /// Returns the models of the table, retired ones last.
            pub(crate) fn models(self) -> Vec<TableModel> {
                match self {
                    $(Self::$variant => models::<model_studio_limits::$module::Model>(self),)*
                    Self::BuiltIn => models::<model_studio_limits::Model>(self),
                }
            }

            /// Returns the source of the table.
            pub(crate) const fn source(self) -> Source {
                match self {
                    $(Self::$variant => model_studio_limits::$module::Model::SOURCE,)*
                    Self::BuiltIn => model_studio_limits::Model::SOURCE,
                }
            }
        }
    };
}

model_studio_limits::__private::regions!(define_region);

/// Returns the other names of a region: its name with hyphens, and its ID.
fn aliases(name: &str, id: Option<&str>) -> impl Iterator<Item = String> {
    let hyphenated = name.contains('_').then(|| name.replace('_', "-"));
    hyphenated.into_iter().chain(id.map(str::to_owned))
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl FromStr for Region {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        <Self as ValueEnum>::from_str(name, false).map_err(|_| {
            let regions: Vec<&str> = Self::value_variants()
                .iter()
                .map(|region| region.name())
                .collect();
            format!(
                "unknown region `{}`, expected {}",
                Escaped(name),
                AnyOf(&regions)
            )
        })
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A model in one table.
#[derive(Debug, Serialize)]
pub(crate) struct TableModel {
    pub(crate) region: Region,
    /// The model ID.
    pub(crate) name: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) aliases: &'static [&'static str],
    #[serde(flatten)]
    pub(crate) status: Status,
    /// What the provider recommends instead of a deprecated or retired model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replacement: Option<&'static str>,
    /// The table's note on the end of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<&'static str>,
    /// Where the provider announced the end of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<&'static str>,
    /// `None` for a retired model.
    #[serde(flatten)]
    pub(crate) served: Option<Served>,
}

/// Where a model is in its life cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Active,
    /// The date is the one on which the model retires, if one was announced that is after the date of
    /// the table.
    Deprecated(Option<Date>),
    /// The date is the one on which the model was retired.
    Retired(Date),
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deprecated(_) => "deprecated",
            Self::Retired(_) => "retired",
        }
    }

    /// Returns the date on which the model retires or was retired.
    pub(crate) const fn date(self) -> Option<Date> {
        match self {
            Self::Active => None,
            Self::Deprecated(date) => date,
            Self::Retired(on) => Some(on),
        }
    }
}

/// Serializes the name as `status`, and the date, if there is one.
impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", self.name())?;
        if let Some(date) = self.date() {
            map.serialize_entry("date", &date.to_string())?;
        }
        map.end()
    }
}

/// The properties of a model that is served.
#[derive(Debug, Serialize)]
pub(crate) struct Served {
    pub(crate) category: Category,
    pub(crate) series: &'static str,
    pub(crate) limits: Limits,
    pub(crate) dynamic: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pool: Option<&'static str>,
}

impl TableModel {
    /// Returns the model ID and the aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// Returns the models of one region, or of all regions.
pub(crate) fn models_of(region: Option<Region>) -> Vec<TableModel> {
    if let Some(region) = region {
        return region.models();
    }
    let regions = Region::ALL.iter();
    regions.flat_map(|region| region.models()).collect()
}

/// Returns the models that are served, with their properties.
pub(crate) fn served(models: &[TableModel]) -> impl Iterator<Item = (&TableModel, &Served)> {
    let models = models.iter();
    models.filter_map(|model| Some((model, model.served.as_ref()?)))
}

fn models<M: Catalogue>(region: Region) -> Vec<TableModel> {
    let served = M::ALL.iter().map(|model| {
        let deprecation = model.deprecation();
        TableModel {
            region,
            name: model.name(),
            aliases: model.aliases(),
            status: match deprecation {
                // The provider postpones some dates: a model in a table was still served at its
                // date.
                Some(Deprecation { retires, .. }) => {
                    Status::Deprecated(retires.filter(|date| M::SOURCE.date < Some(*date)))
                }
                None => Status::Active,
            },
            replacement: model.replacement().map(M::name),
            note: deprecation.and_then(|it| it.note),
            source: deprecation.and_then(|it| it.source),
            served: Some(Served {
                category: model.category(),
                series: model.series(),
                limits: model.limits(),
                dynamic: model.is_dynamic(),
                pool: model.pool(),
            }),
        }
    });
    let retired = M::RETIRED.iter().map(|retired| TableModel {
        region,
        name: retired.name,
        aliases: &[],
        status: Status::Retired(retired.on),
        replacement: retired.replacement,
        note: retired.note,
        source: retired.source,
        served: None,
    });
    served.chain(retired).collect()
}
