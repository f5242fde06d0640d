//! The types of properties.

/// The type of a property that a table declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PropertyKind {
    /// The type `integer`.
    Integer,
    /// The type `number`.
    Number,
    /// The type `boolean`.
    Boolean,
    /// The type `text`.
    Text,
    /// The type `date`.
    Date,
    /// The type `choice`.
    Choice,
    /// The type `choices`.
    Choices,
}
