//! Tables and their models, as plain data.

use model_studio_limits::{
    Category, Date, Deprecation, Limits, PropertyKind, PropertyValue, Retired,
};

use crate::region::Region;

/// A table of models with their limits.
///
/// [`Region::table`] returns the table of a region. A program that reads tables of its own, such as with
/// the package `model-studio-limits-codegen`, can bring them into the same form.
#[derive(Clone, Debug)]
pub struct Table {
    /// The name of the region, or of another source, such as the path of a file.
    pub name: String,
    /// The region, or `None` if the table is not the provider's.
    pub region: Option<Region>,
    /// The date of the table's source.
    pub date: Option<Date>,
    /// The properties that the table declares, in its order.
    pub properties: Vec<Property>,
    /// The models, retired ones last.
    pub models: Vec<TableModel>,
}

impl Table {
    /// Returns the model with a name, which is a model ID or an alias. It can be retired.
    ///
    /// This compares all names. A program that looks names up for each request should build a map from
    /// [`TableModel::names`].
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&TableModel> {
        let mut models = self.models.iter();
        models.find(|model| model.names().any(|other| other == name))
    }

    /// Returns the models that are served, in the order of the table.
    pub fn served(&self) -> impl Iterator<Item = (&TableModel, &Served)> {
        let models = self.models.iter();
        models.filter_map(|model| Some((model, model.served.as_ref()?)))
    }
}

/// A property that a table declares, such as the context window.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// The name, such as `context_window`.
    pub name: &'static str,
    /// The type of the values.
    pub kind: PropertyKind,
    /// The unit of the values, such as `tokens`.
    pub unit: Option<&'static str>,
    /// The names of the values that a choice can have. It is empty for other types.
    pub choices: &'static [&'static str],
}

/// A model in one table.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TableModel {
    /// The model ID.
    pub name: &'static str,
    /// Other names that the provider accepts for the model.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "<[_]>::is_empty"))]
    pub aliases: &'static [&'static str],
    /// Where the model is in its life cycle.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub status: Status,
    /// The model ID that the provider recommends instead of a deprecated or retired model.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub replacement: Option<&'static str>,
    /// The table's note on the end of the model.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub note: Option<&'static str>,
    /// Where the provider announced the end of the model.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub source: Option<&'static str>,
    /// What the table has about a model that is served, or `None` for a retired model.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub served: Option<Served>,
}

/// Where a model is in its life cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The model is served, and the provider has not announced its end.
    Active,
    /// The model is served, but deprecated. The date is the one on which the model retires, if one was
    /// announced that is after the date of the table.
    Deprecated(Option<Date>),
    /// The model is no longer served since this date.
    Retired(Date),
}

impl Status {
    /// Returns `active`, `deprecated` or `retired`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deprecated(_) => "deprecated",
            Self::Retired(_) => "retired",
        }
    }

    /// Returns the date on which the model retires or was retired.
    #[must_use]
    pub const fn date(self) -> Option<Date> {
        match self {
            Self::Active => None,
            Self::Deprecated(date) => date,
            Self::Retired(on) => Some(on),
        }
    }
}

/// Serializes the name as `status`, and the date, if there is one.
#[cfg(feature = "serde")]
impl serde::Serialize for Status {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;

        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", self.name())?;
        if let Some(date) = self.date() {
            map.serialize_entry("date", &date.to_string())?;
        }
        map.end()
    }
}

/// What only a model that is served has.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Served {
    /// What the model is for.
    pub category: Category,
    /// The series of the model, such as `Qwen-Plus`.
    pub series: &'static str,
    /// The default rate limits of an account.
    pub limits: Limits,
    /// Whether the provider adjusts the limits. They are then the lowest published values.
    pub dynamic: bool,
    /// The pool of the model, if there is one. All models of a pool share one quota.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub pool: Option<&'static str>,
    /// The values of the properties that are known for the model.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "PropertyValues::is_empty")
    )]
    pub properties: PropertyValues,
}

/// The values of the properties of a model with their names, in the order of the table.
#[derive(Clone, Debug, Default)]
pub struct PropertyValues(pub Vec<(&'static str, PropertyValue)>);

impl PropertyValues {
    /// Returns `true` if no value is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the value of a property, or `None` if it is unknown.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<PropertyValue> {
        let (_, value) = self.0.iter().find(|(other, _)| *other == name)?;
        Some(*value)
    }
}

/// Serializes the values as a mapping.
#[cfg(feature = "serde")]
impl serde::Serialize for PropertyValues {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

impl TableModel {
    /// Creates a model that is served. `table` is the date of the table.
    ///
    /// The date on which a deprecated model retires is dropped if it is not after the date of the table:
    /// the provider postpones some dates, and a model in a table was still served at the table's date.
    #[must_use]
    pub fn served(
        name: &'static str,
        aliases: &'static [&'static str],
        deprecation: Option<Deprecation>,
        replacement: Option<&'static str>,
        served: Served,
        table: Option<Date>,
    ) -> Self {
        let retires = |deprecation: Deprecation| deprecation.retires.filter(|it| table < Some(*it));
        Self {
            name,
            aliases,
            status: deprecation.map_or(Status::Active, |it| Status::Deprecated(retires(it))),
            replacement,
            note: deprecation.and_then(|it| it.note),
            source: deprecation.and_then(|it| it.source),
            served: Some(served),
        }
    }

    /// Creates a model that is no longer served.
    #[must_use]
    pub fn retired(retired: &Retired) -> Self {
        Self {
            name: retired.name,
            aliases: &[],
            status: Status::Retired(retired.on),
            replacement: retired.replacement,
            note: retired.note,
            source: retired.source,
            served: None,
        }
    }

    /// Returns the value of a property, or `None` if it is unknown.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<PropertyValue> {
        self.served.as_ref()?.properties.get(name)
    }

    /// Returns the model ID and the aliases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}
