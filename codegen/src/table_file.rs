//! The contents of table and overlay files, as they are written.
//!
//! Each row is valid on its own, except for the values of properties. `validate` checks them, and that
//! the rows are consistent.

use std::iter;

use model_studio_limits_core::{Category, Date, Limit};

use crate::diagnostic::Location;
use crate::property::Property;
use crate::yaml::Entry;

/// A table file.
#[derive(Debug, Default)]
pub(crate) struct TableFile {
    pub(crate) source: Source,
    pub(crate) properties: Vec<Property>,
    pub(crate) groups: Vec<Group>,
    pub(crate) rows: Vec<Row>,
    pub(crate) retired: Vec<RetiredRow>,
}

/// Where the numbers of a table come from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Source {
    /// The title of the source.
    pub title: Option<String>,
    /// The URL of the source.
    pub url: Option<String>,
    /// The day on which the source was published.
    pub date: Option<Date>,
}

/// What the models of a group share.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) category: Category,
    pub(crate) series: String,
}

/// A model in a table file.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: Name,
    pub(crate) aliases: Vec<Name>,
    /// The position of the group in `TableFile::groups`.
    pub(crate) group: usize,
    pub(crate) limits: Vec<Limit>,
    /// Whether the provider adjusts the limits.
    pub(crate) dynamic: bool,
    /// The pool whose models share the limits.
    pub(crate) pool: Option<(String, Location)>,
    pub(crate) deprecation: Option<Deprecation>,
    /// The values of properties. Only `validate` knows their types, because the rows of an overlay have
    /// the properties that the table declares.
    pub(crate) properties: Vec<Entry>,
}

impl Row {
    /// Returns the model ID and the aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Name> {
        iter::once(&self.name).chain(&self.aliases)
    }

    /// Returns the name of the pool.
    pub(crate) fn pool(&self) -> Option<&str> {
        self.pool.as_ref().map(|(pool, _)| pool.as_str())
    }

    /// Returns the date on which the model retires.
    pub(crate) fn retires(&self) -> Option<Date> {
        self.deprecation.as_ref()?.retires
    }
}

/// A model ID or alias, and its identifier.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) location: Location,
    pub(crate) identifier: String,
    /// The location of the name, or of `variant` if that sets the identifier.
    pub(crate) identifier_location: Location,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Deprecation {
    pub(crate) retires: Option<Date>,
    pub(crate) replacement: Option<(String, Location)>,
    pub(crate) source: Option<String>,
    pub(crate) note: Option<String>,
}

/// A model that is no longer served.
#[derive(Clone, Debug)]
pub(crate) struct RetiredRow {
    pub(crate) name: String,
    pub(crate) location: Location,
    pub(crate) on: Date,
    pub(crate) replacement: Option<(String, Location)>,
    pub(crate) source: Option<String>,
    pub(crate) note: Option<String>,
}

/// An overlay file.
#[derive(Debug, Default)]
pub(crate) struct OverlayFile {
    /// The groups and rows to add.
    pub(crate) additions: TableFile,
    /// The limits to set.
    pub(crate) limits: Vec<LimitsRow>,
    /// The properties to set.
    pub(crate) properties: Vec<PropertiesRow>,
}

/// The limits that an overlay sets for a model.
#[derive(Debug)]
pub(crate) struct LimitsRow {
    pub(crate) name: String,
    pub(crate) location: Location,
    /// The limits to set, or an empty list to remove all limits.
    pub(crate) limits: Vec<Limit>,
}

/// The properties that an overlay sets for a model.
#[derive(Debug)]
pub(crate) struct PropertiesRow {
    pub(crate) name: String,
    pub(crate) location: Location,
    pub(crate) properties: Vec<Entry>,
}
