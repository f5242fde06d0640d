//! The contents of table and overlay files, as they are written.
//!
//! Rows are well-formed by themselves. Whether they fit together is checked by `validate`.

use model_studio_limits_core::{Category, Limit};

use crate::diagnostics::Location;

/// A table file.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) title: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) groups: Vec<Group>,
    pub(crate) rows: Vec<Row>,
}

/// What the models of a group share.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) category: Category,
    pub(crate) series: String,
}

/// A model of a table file.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: Name,
    pub(crate) aliases: Vec<Name>,
    /// The position of the group in `Table::groups`.
    pub(crate) group: usize,
    pub(crate) limits: Vec<Limit>,
    pub(crate) deprecation: Option<Deprecation>,
}

/// A model ID or alias, and its identifier.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) location: Location,
    pub(crate) identifier: String,
    /// The location of the name, or of `variant` if that gives the identifier.
    pub(crate) identifier_location: Location,
}

#[derive(Debug)]
pub(crate) struct Deprecation {
    pub(crate) replacement: Option<(String, Location)>,
    pub(crate) note: Option<String>,
}

/// An overlay file: for each model, the limits to set.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    pub(crate) entries: Vec<OverlayEntry>,
}

#[derive(Debug)]
pub(crate) struct OverlayEntry {
    pub(crate) name: String,
    pub(crate) location: Location,
    /// Each limit with the location of its key.
    pub(crate) limits: Vec<(Limit, Location)>,
}
