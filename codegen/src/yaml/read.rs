//! Reads values of a tree as the types that are expected.

use model_studio_limits_core::{AnyOf, suggest};

use super::tree::{Entry, Node, Value};
use crate::diagnostic::{Diagnostic, Location};

/// Reads values and collects errors. If a method returns `None`, it has added an error.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) errors: Vec<Diagnostic>,
}

/// The entries of a mapping whose keys are known.
pub(crate) struct Fields<'a> {
    location: Location,
    entries: &'a [Entry],
}

impl<'a> Fields<'a> {
    pub(crate) fn get(&self, key: &str) -> Option<&'a Node> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(&entry.value)
    }
}

impl Reader {
    pub(crate) fn error(&mut self, diagnostic: Diagnostic) {
        self.errors.push(diagnostic);
    }

    /// Adds an error, and returns `None`.
    pub(crate) fn fail<T>(&mut self, diagnostic: Diagnostic) -> Option<T> {
        self.error(diagnostic);
        None
    }

    /// Returns the entries of a non-empty mapping.
    pub(crate) fn fields<'a>(
        &mut self,
        node: &'a Node,
        what: &str,
        known: &[&str],
    ) -> Option<Fields<'a>> {
        let entries = self.mapping(node, what)?;
        if entries.is_empty() {
            let message = format!("{what} is empty");
            let help = format!("expected at least one of {}", AnyOf(known));
            return self.fail(Diagnostic::new(node.location, message).help(help));
        }
        for Entry { key, location, .. } in entries {
            if key == "<<" {
                let error = Diagnostic::new(*location, "merge keys are not supported");
                self.error(error.help("write out the merged keys instead"));
            } else if !known.contains(&key.as_str()) {
                self.unknown("key", key, *location, known);
            }
        }
        Some(Fields {
            location: node.location,
            entries,
        })
    }

    /// Returns the entries of a mapping that can have any keys.
    pub(crate) fn mapping<'a>(&mut self, node: &'a Node, what: &str) -> Option<&'a [Entry]> {
        let Value::Mapping(entries) = &node.value else {
            return self.type_error(node, what, "a mapping");
        };
        let mut by_key: Vec<&Entry> = entries.iter().collect();
        by_key.sort_by_key(|entry| &entry.key);
        for same in by_key.chunk_by(|a, b| a.key == b.key) {
            for Entry { key, location, .. } in &same[1..] {
                let first = same[0].location.line;
                let message = format!("duplicate key `{key}`, first defined on line {first}");
                self.error(Diagnostic::new(*location, message));
            }
        }
        Some(entries)
    }

    /// Adds the error for a string that is not in `known`.
    pub(crate) fn unknown(&mut self, kind: &str, name: &str, location: Location, known: &[&str]) {
        let suggestions = suggest(name, known.iter().copied());
        let help = match suggestions.as_slice() {
            [] => format!("expected one of {}", AnyOf(known)),
            _ => format!("did you mean {suggestions}?"),
        };
        self.error(Diagnostic::new(location, format!("unknown {kind} `{name}`")).help(help));
    }

    /// Reads the value of a required key.
    pub(crate) fn required<'a, T>(
        &mut self,
        fields: &Fields<'a>,
        key: &str,
        read: impl FnOnce(&mut Self, &'a Node, &str) -> Option<T>,
    ) -> Option<T> {
        if fields.get(key).is_none() {
            let message = format!("missing field `{key}`");
            self.error(Diagnostic::new(fields.location, message));
        }
        self.optional(fields, key, read)
    }

    /// Reads the value of a key, if there is one. The last argument of `read` is the key, for
    /// messages.
    pub(crate) fn optional<'a, T>(
        &mut self,
        fields: &Fields<'a>,
        key: &str,
        read: impl FnOnce(&mut Self, &'a Node, &str) -> Option<T>,
    ) -> Option<T> {
        read(self, fields.get(key)?, &format!("`{key}`"))
    }

    /// Returns the items of a non-empty list.
    pub(crate) fn items<'a>(&mut self, node: &'a Node, what: &str) -> Option<&'a [Node]> {
        match &node.value {
            Value::Sequence(items) if items.is_empty() => {
                self.fail(Diagnostic::new(node.location, format!("{what} is empty")))
            }
            Value::Sequence(items) => Some(items),
            _ => self.type_error(node, what, "a list"),
        }
    }

    /// Returns a non-blank string.
    pub(crate) fn string<'a>(&mut self, node: &'a Node, what: &str) -> Option<&'a str> {
        match &node.value {
            Value::String(text) if text.trim().is_empty() => {
                self.fail(Diagnostic::new(node.location, format!("{what} is empty")))
            }
            Value::String(text) => Some(text),
            _ => self.type_error(node, what, "a string"),
        }
    }

    pub(crate) fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        self.type_error(node, what, "`true` or `false`")
    }

    /// Adds the error for a value of another type, and returns `None`.
    pub(crate) fn type_error<T>(&mut self, node: &Node, what: &str, expected: &str) -> Option<T> {
        let (found, can_be_quoted) = match &node.value {
            Value::Null => ("null", false),
            Value::Bool(true) => ("`true`", true),
            Value::Bool(false) => ("`false`", true),
            Value::Integer(_) | Value::Float(_) => ("a number", true),
            Value::String(_) => ("a string", false),
            Value::Sequence(_) => ("a list", false),
            Value::Mapping(_) => ("a mapping", false),
        };
        let message = format!("invalid value for {what}: expected {expected}, found {found}");
        let should_be_quoted = can_be_quoted && expected == "a string";
        let help = should_be_quoted.then(|| "put it in quotes".to_owned());
        self.fail(Diagnostic::new(node.location, message).help_maybe(help))
    }
}
