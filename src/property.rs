//! The properties that a table declares, for code that finds them by name.

use core::fmt;

use model_studio_limits_core::PropertyKind;

use crate::Date;
use crate::column::Column;

/// A property that a table declares, from [`Catalogue::PROPERTIES`](crate::Catalogue::PROPERTIES).
///
/// The enum has a method with the name of each property. Use this type and
/// [`Catalogue::property`](crate::Catalogue::property) where the table or the property is not known
/// when you write the code:
///
/// ```
/// # #[cfg(feature = "singapore")] {
/// use model_studio_limits::Catalogue;
///
/// /// Writes what a table says about a model.
/// fn print<M: Catalogue>(model: M) {
///     for property in M::PROPERTIES {
///         if let Some(value) = model.property(property.name) {
///             println!("{}: {value} {}", property.name, property.unit.unwrap_or(""));
///         }
///     }
/// }
///
/// print(model_studio_limits::singapore::Model::Qwen3_7Plus);
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Property {
    /// The name, such as `context_window`.
    pub name: &'static str,
    /// The `description` of the table.
    pub description: Option<&'static str>,
    /// The unit of numbers, such as `tokens`.
    pub unit: Option<&'static str>,
    /// The names of the values that the table declares for a choice. It is empty for other types.
    pub choices: &'static [&'static str],
    values: PropertyColumn,
}

/// The value of a property, returned by [`Catalogue::property`](crate::Catalogue::property).
///
/// [`Display`](fmt::Display) writes the names of several choices separated by commas, as in `text,
/// image`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum PropertyValue {
    /// A value of a property of type `integer`.
    Integer(u64),
    /// A value of a property of type `number`.
    Number(f64),
    /// A value of a property of type `boolean`.
    Boolean(bool),
    /// A value of a property of type `text`.
    Text(&'static str),
    /// A value of a property of type `date`.
    Date(Date),
    /// The name of the value of a property of type `choice`.
    Choice(&'static str),
    /// The names of the values of a property of type `choices`.
    Choices(&'static [&'static str]),
}

impl Property {
    /// Creates a property, for generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        name: &'static str,
        description: Option<&'static str>,
        unit: Option<&'static str>,
        choices: &'static [&'static str],
        values: PropertyColumn,
    ) -> Self {
        Self {
            name,
            description,
            unit,
            choices,
            values,
        }
    }

    /// Returns the type. All values of the property are of the variant of [`PropertyValue`] with the
    /// same name.
    #[must_use]
    pub const fn kind(&self) -> PropertyKind {
        match self.values {
            PropertyColumn::Integer(_) => PropertyKind::Integer,
            PropertyColumn::Number(_) => PropertyKind::Number,
            PropertyColumn::Boolean(_) => PropertyKind::Boolean,
            PropertyColumn::Text(_) => PropertyKind::Text,
            PropertyColumn::Date(_) => PropertyKind::Date,
            PropertyColumn::Choice(_) => PropertyKind::Choice,
            PropertyColumn::Choices(_) => PropertyKind::Choices,
        }
    }

    /// Returns the value of the model at `index`.
    pub(crate) fn value(&self, index: usize) -> Option<PropertyValue> {
        match self.values {
            PropertyColumn::Integer(column) => column.get(index).map(PropertyValue::Integer),
            PropertyColumn::Number(column) => column.get(index).map(PropertyValue::Number),
            PropertyColumn::Boolean(column) => column.get(index).map(PropertyValue::Boolean),
            PropertyColumn::Text(column) => column.get(index).map(PropertyValue::Text),
            PropertyColumn::Date(column) => column.get(index).map(PropertyValue::Date),
            PropertyColumn::Choice(column) => column.get(index).map(PropertyValue::Choice),
            PropertyColumn::Choices(column) => column.get(index).map(PropertyValue::Choices),
        }
    }
}

/// The values of a property. Choices are represented by their names.
#[derive(Clone, Copy, Debug)]
pub enum PropertyColumn {
    /// The type `integer`.
    Integer(&'static Column<u64>),
    /// The type `number`.
    Number(&'static Column<f64>),
    /// The type `boolean`.
    Boolean(&'static Column<bool>),
    /// The type `text`.
    Text(&'static Column<&'static str>),
    /// The type `date`.
    Date(&'static Column<Date>),
    /// The type `choice`.
    Choice(&'static Column<&'static str>),
    /// The type `choices`.
    Choices(&'static Column<&'static [&'static str]>),
}

impl fmt::Display for PropertyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Boolean(value) => value.fmt(f),
            Self::Text(value) | Self::Choice(value) => value.fmt(f),
            Self::Date(value) => value.fmt(f),
            Self::Choices(names) => {
                for (index, name) in names.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}{name}")?;
                }
                Ok(())
            }
        }
    }
}

/// Serializes the value as a number, a boolean, a string or a list of strings.
#[cfg(feature = "serde")]
impl serde::Serialize for PropertyValue {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Integer(value) => serializer.serialize_u64(*value),
            Self::Number(value) => serializer.serialize_f64(*value),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Text(value) | Self::Choice(value) => serializer.serialize_str(value),
            Self::Date(value) => serializer.collect_str(value),
            Self::Choices(names) => serializer.collect_seq(*names),
        }
    }
}
