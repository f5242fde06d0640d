//! Tables and their models as values, and the tables of all regions.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use model_studio_limits::{
    Catalogue, Category, Date, Deprecation, Limits, PropertyKind, PropertyValue,
};
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

            /// Returns the date of the source of the region's table.
            const fn date(self) -> Option<Date> {
                match self {
                    $(Self::$variant => model_studio_limits::$module::Model::SOURCE.date,)*
                    Self::BuiltIn => model_studio_limits::Model::SOURCE.date,
                }
            }

            /// Returns the table of the region.
            pub(crate) fn table(self) -> Table {
                match self {
                    $(Self::$variant => table::<model_studio_limits::$module::Model>(self),)*
                    Self::BuiltIn => table::<model_studio_limits::Model>(self),
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

/// A table of a region, or a user's own.
pub(crate) struct Table {
    /// `None` for a user's own table.
    pub(crate) region: Option<Region>,
    /// The name of the region, or the path of the file.
    pub(crate) name: String,
    /// The date of the table's source.
    pub(crate) date: Option<Date>,
    /// The properties that the table declares, in its order.
    pub(crate) properties: Vec<Property>,
    /// The models, retired ones last.
    pub(crate) models: Vec<TableModel>,
}

/// A property that a table declares.
#[derive(Clone, Copy)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) kind: PropertyKind,
    pub(crate) unit: Option<&'static str>,
    /// The names of the values that a choice can have. It is empty for other types.
    pub(crate) choices: &'static [&'static str],
}

/// A model in one table.
#[derive(Debug, Serialize)]
pub(crate) struct TableModel {
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
    /// Returns the status of a deprecated model. The provider postpones some dates: a model in a table
    /// was still served at the table's date.
    pub(crate) fn deprecated(retires: Option<Date>, table: Option<Date>) -> Self {
        Self::Deprecated(retires.filter(|date| table < Some(*date)))
    }

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

/// What only a model that is served has.
#[derive(Debug, Serialize)]
pub(crate) struct Served {
    pub(crate) category: Category,
    pub(crate) series: &'static str,
    pub(crate) limits: Limits,
    pub(crate) dynamic: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pool: Option<&'static str>,
    #[serde(skip_serializing_if = "PropertyValues::is_empty")]
    pub(crate) properties: PropertyValues,
}

/// The values of the properties of a model, with their names.
#[derive(Debug)]
pub(crate) struct PropertyValues(pub(crate) Vec<(&'static str, PropertyValue)>);

impl PropertyValues {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn get(&self, name: &str) -> Option<PropertyValue> {
        let (_, value) = self.0.iter().find(|(other, _)| *other == name)?;
        Some(*value)
    }

    /// Keeps the values of these properties, in this order.
    pub(crate) fn select(&mut self, properties: &[Property]) {
        let names = properties.iter().map(|property| property.name);
        let values = names.filter_map(|name| Some((name, self.get(name)?)));
        self.0 = values.collect();
    }
}

/// Serializes the values as a mapping.
impl Serialize for PropertyValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

impl TableModel {
    /// Returns the value of a property, or `None` if there is none.
    pub(crate) fn property(&self, name: &str) -> Option<PropertyValue> {
        self.served.as_ref()?.properties.get(name)
    }

    /// Returns the model ID and the aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// Returns the tables of one region, or of all regions.
pub(crate) fn tables_of(region: Option<Region>) -> Vec<Table> {
    match region {
        Some(region) => vec![region.table()],
        None => Region::ALL.iter().map(|region| region.table()).collect(),
    }
}

/// Returns the date of the table of one region, or the earliest one of all regions.
pub(crate) fn date_of(region: Option<Region>) -> Option<Date> {
    match region {
        Some(region) => region.date(),
        None => Region::ALL.iter().filter_map(|region| region.date()).min(),
    }
}

/// Returns the models that are served.
pub(crate) fn served(models: &[TableModel]) -> impl Iterator<Item = (&TableModel, &Served)> {
    let models = models.iter();
    models.filter_map(|model| Some((model, model.served.as_ref()?)))
}

fn table<M: Catalogue>(region: Region) -> Table {
    let date = M::SOURCE.date;
    let properties = M::PROPERTIES.iter().map(|property| Property {
        name: property.name,
        kind: property.kind(),
        unit: property.unit,
        choices: property.choices,
    });
    let served = M::ALL.iter().map(|model| {
        let deprecation = model.deprecation();
        let properties = M::PROPERTIES.iter();
        let properties =
            properties.filter_map(|property| Some((property.name, model.property(property.name)?)));
        TableModel {
            name: model.name(),
            aliases: model.aliases(),
            status: match deprecation {
                Some(Deprecation { retires, .. }) => Status::deprecated(retires, date),
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
                properties: PropertyValues(properties.collect()),
            }),
        }
    });
    let retired = M::RETIRED.iter().map(|retired| TableModel {
        name: retired.name,
        aliases: &[],
        status: Status::Retired(retired.on),
        replacement: retired.replacement,
        note: retired.note,
        source: retired.source,
        served: None,
    });
    Table {
        region: Some(region),
        name: region.name().to_owned(),
        date,
        properties: properties.collect(),
        models: served.chain(retired).collect(),
    }
}
