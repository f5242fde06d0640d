//! A table as plain data, for programs that read tables at run time.

use std::collections::BTreeMap;

use model_studio_limits_core::{Category, Date, Limit, PropertyKind};

use crate::property;
use crate::table;
use crate::table_file::Source;

/// A valid table, with its overlay applied, returned by [`Generator::table`](crate::Generator::table).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Table {
    /// Where the numbers come from.
    pub source: Source,
    /// The properties that the table declares, in its order.
    pub properties: Vec<Property>,
    /// The models, in the order of the table.
    pub models: Vec<Model>,
    /// The models that are no longer served, sorted by name.
    pub retired: Vec<RetiredModel>,
}

/// A property that a table declares.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Property {
    /// The name, such as `context_window`.
    pub name: String,
    /// The type. All values are of the variant of [`PropertyValue`] with the same name.
    pub kind: PropertyKind,
    /// The `description` of the table.
    pub description: Option<String>,
    /// The unit of numbers, such as `tokens`.
    pub unit: Option<String>,
    /// The names of the values that a choice can have. It is empty for other types.
    pub choices: Vec<String>,
}

/// A model of a table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Model {
    /// The model ID sent to the API.
    pub name: String,
    /// The other model IDs that the provider accepts for the model.
    pub aliases: Vec<String>,
    /// The category of the model.
    pub category: Category,
    /// The heading above the model in the provider's table.
    pub series: String,
    /// The rate limits, which are empty if the provider sets none.
    pub limits: Vec<Limit>,
    /// Whether the provider adjusts the limits.
    pub dynamic: bool,
    /// The name of the pool whose models share one quota.
    pub pool: Option<String>,
    /// The deprecation, or `None` if the model is not deprecated.
    pub deprecation: Option<Deprecation>,
    /// The model ID of the last model in the chain of replacements.
    pub replacement: Option<String>,
    /// The values of properties, by name. It contains the defaults, but no entry for a property
    /// without a value.
    pub properties: BTreeMap<String, PropertyValue>,
}

/// What a table says about the end of a deprecated model.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Deprecation {
    /// The date on which the model retires.
    pub retires: Option<Date>,
    /// Where the provider announced the end of the model.
    pub source: Option<String>,
    /// The table's note.
    pub note: Option<String>,
}

/// A model that is no longer served.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RetiredModel {
    /// The former model ID.
    pub name: String,
    /// The date on which the model was retired.
    pub on: Date,
    /// The model ID of the last model in the chain of replacements.
    pub replacement: Option<String>,
    /// Where the provider announced the end of the model.
    pub source: Option<String>,
    /// The table's note.
    pub note: Option<String>,
}

/// The value of a property.
#[derive(Clone, Debug, PartialEq)]
pub enum PropertyValue {
    /// A value of a property of type `integer`.
    Integer(u64),
    /// A value of a property of type `number`.
    Number(f64),
    /// A value of a property of type `boolean`.
    Boolean(bool),
    /// A value of a property of type `text`.
    Text(String),
    /// A value of a property of type `date`.
    Date(Date),
    /// The name of the value of a property of type `choice`.
    Choice(String),
    /// The names of the values of a property of type `choices`.
    Choices(Vec<String>),
}

impl Table {
    /// Returns the model with this model ID or alias, or `None` if the table has none that is still
    /// served. The match is exact and case-sensitive.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&Model> {
        let has_name =
            |model: &&Model| model.name == name || model.aliases.iter().any(|it| it == name);
        self.models.iter().find(has_name)
    }

    pub(crate) fn new(table: &table::Table) -> Self {
        let models = table.models.iter().map(|model| to_model(table, model));
        let retired = table.retired.iter().map(|retired| {
            let row = retired.row.clone();
            RetiredModel {
                name: row.name,
                on: row.on,
                replacement: replacement(table, retired.replacement),
                source: row.source,
                note: row.note,
            }
        });
        Self {
            source: table.source.clone(),
            properties: table.properties.iter().map(to_property).collect(),
            models: models.collect(),
            retired: retired.collect(),
        }
    }
}

fn to_property(property: &property::Property) -> Property {
    let choices = property.choices().map(|choices| choices.values.as_slice());
    let choices = choices.unwrap_or_default().iter();
    Property {
        name: property.name.clone(),
        kind: to_kind(&property.kind),
        description: property.description.clone(),
        unit: property.unit.clone(),
        choices: choices.map(|choice| choice.name.clone()).collect(),
    }
}

const fn to_kind(kind: &property::PropertyKind) -> PropertyKind {
    use property::PropertyKind as Kind;

    match kind {
        Kind::Integer => PropertyKind::Integer,
        Kind::Number => PropertyKind::Number,
        Kind::Boolean => PropertyKind::Boolean,
        Kind::Text => PropertyKind::Text,
        Kind::Date => PropertyKind::Date,
        Kind::Choice(_) => PropertyKind::Choice,
        Kind::Choices(_) => PropertyKind::Choices,
    }
}

fn to_model(table: &table::Table, model: &table::Model) -> Model {
    let row = model.row.clone();
    let group = table.groups[row.group].clone();
    let properties = table.properties.iter().zip(&model.properties);
    let properties = properties
        .filter_map(|(property, value)| Some((property.name.clone(), to_value(value.as_ref()?))));
    Model {
        name: row.name.text,
        aliases: row.aliases.into_iter().map(|alias| alias.text).collect(),
        category: group.category,
        series: group.series,
        limits: row.limits,
        dynamic: row.dynamic,
        pool: row.pool.map(|(pool, _)| pool),
        deprecation: row.deprecation.map(|deprecation| Deprecation {
            retires: deprecation.retires,
            source: deprecation.source,
            note: deprecation.note,
        }),
        replacement: replacement(table, model.replacement),
        properties: properties.collect(),
    }
}

fn to_value(value: &property::PropertyValue) -> PropertyValue {
    use property::PropertyValue as Value;

    let name = |choice: &property::Choice| choice.name.clone();
    match value {
        Value::Integer(value) => PropertyValue::Integer(*value),
        Value::Number(value) => PropertyValue::Number(*value),
        Value::Boolean(value) => PropertyValue::Boolean(*value),
        Value::Text(text) => PropertyValue::Text(text.clone()),
        Value::Date(date) => PropertyValue::Date(*date),
        Value::Choice(choice) => PropertyValue::Choice(name(choice)),
        Value::Choices(choices) => PropertyValue::Choices(choices.iter().map(name).collect()),
    }
}

/// Returns the name of the replacement at a position.
fn replacement(table: &table::Table, position: Option<usize>) -> Option<String> {
    let row = table.replacement(position);
    row.map(|row| row.name.text.clone())
}
