//! Tables and their models, in the form in which every command uses them.

use model_studio_limits::{
    Category, Date, Deprecation, Limits, PropertyKind, PropertyValue, Retired,
};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

/// A table of a region, or a user's own.
pub(crate) struct Table {
    /// The name of the region, or the path of the file.
    pub(crate) name: String,
    /// Whether it is a user's own.
    pub(crate) is_own: bool,
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
    /// Creates a model that is served. `table` is the date of the table.
    pub(crate) fn served(
        name: &'static str,
        aliases: &'static [&'static str],
        deprecation: Option<Deprecation>,
        replacement: Option<&'static str>,
        served: Served,
        table: Option<Date>,
    ) -> Self {
        // The provider postpones some dates: a model in a table was still served at the table's date.
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
    pub(crate) fn retired(retired: &Retired) -> Self {
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

    /// Returns the value of a property, or `None` if there is none.
    pub(crate) fn property(&self, name: &str) -> Option<PropertyValue> {
        self.served.as_ref()?.properties.get(name)
    }

    /// Returns the model ID and the aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// Returns the earliest date of the tables, or `None` if none has a date.
pub(crate) fn date_of(tables: &[Table]) -> Option<Date> {
    tables.iter().filter_map(|table| table.date).min()
}

/// Returns the models that are served.
pub(crate) fn served(models: &[TableModel]) -> impl Iterator<Item = (&TableModel, &Served)> {
    let models = models.iter();
    models.filter_map(|model| Some((model, model.served.as_ref()?)))
}
