//! The properties that a table declares, and their values.

use model_studio_limits_core::Date;

use crate::diagnostic::Location;

/// The declaration of a property.
#[derive(Clone, Debug)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) location: Location,
    pub(crate) kind: PropertyKind,
    pub(crate) description: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) presence: Presence,
}

#[derive(Clone, Debug)]
pub(crate) enum PropertyKind {
    Integer,
    Number,
    Boolean,
    Text,
    Date,
    Choice(Choices),
    Choices(Choices),
}

/// The values that a property of type `choice` or `choices` can have.
#[derive(Clone, Debug)]
pub(crate) struct Choices {
    /// The enum that is generated for them.
    pub(crate) enum_name: String,
    pub(crate) values: Vec<Choice>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) name: String,
    /// The variant of the enum.
    pub(crate) identifier: String,
}

/// What happens if a model has no value.
#[derive(Clone, Debug)]
pub(crate) enum Presence {
    /// The accessor returns `None`.
    Optional,
    /// It is an error.
    Required,
    /// The accessor returns this value.
    Default(PropertyValue),
}

/// The value of a property.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PropertyValue {
    Integer(u64),
    Number(f64),
    Boolean(bool),
    Text(String),
    Date(Date),
    Choice(Choice),
    Choices(Vec<Choice>),
}

impl Property {
    /// Returns the choices, if the property has any.
    pub(crate) fn choices(&self) -> Option<&Choices> {
        match &self.kind {
            PropertyKind::Choice(choices) | PropertyKind::Choices(choices) => Some(choices),
            _ => None,
        }
    }
}

impl PropertyKind {
    pub(crate) const fn is_numeric(&self) -> bool {
        matches!(self, Self::Integer | Self::Number)
    }
}

impl Choices {
    /// Returns the names of the values.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.values
            .iter()
            .map(|choice| choice.name.as_str())
            .collect()
    }
}
