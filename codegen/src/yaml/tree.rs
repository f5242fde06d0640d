//! The values of a YAML file.

use crate::diagnostic::Location;

/// A value and its location.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) location: Location,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    /// A floating-point number, or an integer that does not fit into `i128`.
    Float(f64),
    String(String),
    Sequence(Vec<Node>),
    /// In the order of the file, including duplicate keys.
    Mapping(Vec<Entry>),
}

/// A key of a mapping, which is always read as a string, and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) location: Location,
    pub(crate) value: Node,
}

impl Node {
    /// Sets the locations of sequences and mappings to that of the first scalar in them. If they
    /// are empty, sets `fallback`, the location of the key or of the parent.
    pub(super) fn locate(&mut self, fallback: Location) {
        self.location = match &mut self.value {
            Value::Sequence(items) => {
                for item in &mut *items {
                    item.locate(fallback);
                }
                items.first().map_or(fallback, |item| item.location)
            }
            Value::Mapping(entries) => {
                for entry in &mut *entries {
                    entry.value.locate(entry.location);
                }
                entries.first().map_or(fallback, |entry| entry.location)
            }
            _ => return,
        };
    }
}
