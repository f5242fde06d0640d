//! Parses YAML into a tree. This is the only file that uses the YAML library.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::nesting::find_deep_nesting;
use super::tree::{Entry, Node, Value};
use crate::diagnostic::{Diagnostic, Location};

/// The largest number of values in a file, with aliases expanded. It is far above what a table with
/// the largest number of names needs, and bounds the memory that nested aliases can take.
const MAX_VALUES: usize = 3_000_000;

/// Parses a file, which must contain exactly one document.
///
/// Finding locations takes several times as long as parsing. A valid file does not need them, so
/// they are only found if `locations` is `true`.
pub(crate) fn parse(text: &str, locations: bool) -> Result<Node, Diagnostic> {
    if let Some(location) = find_deep_nesting(text) {
        return Err(Diagnostic::new(location, TOO_DEEP));
    }
    let mut builder = Builder {
        locations,
        values_left: MAX_VALUES,
        scalar: None,
        reason: None,
    };
    let mut documents = serde_yaml::Deserializer::from_str(text);
    let Some(document) = documents.next() else {
        return Err(Diagnostic::new(Location::START, EMPTY));
    };
    let root = builder.root(document, text)?;
    if matches!(root.value, Value::Null) {
        return Err(Diagnostic::new(Location::START, EMPTY));
    }
    if let Some(second) = documents.next() {
        builder.locations = true;
        let location = builder.root(second, text)?.location;
        let error = Diagnostic::new(location, "expected one YAML document, found a second one");
        let help = "remove the `---` line above it, or move this document to its own file";
        return Err(error.help(help));
    }
    Ok(root)
}

/// Returns the diagnostic for an error: the reason of the builder, or the message of the library.
fn diagnostic(error: &serde_yaml::Error, reason: Option<&'static str>, text: &str) -> Diagnostic {
    let location = error
        .location()
        .map_or(Location::START, |location| Location {
            line: location.line(),
            column: location.column(),
        });
    if let Some(reason) = reason {
        return Diagnostic::new(location, reason);
    }
    // The messages end with the location of the error, sometimes followed by that of its context.
    let message = error.to_string();
    let (message, _) = message.split_once(" at line ").unwrap_or((&message, ""));
    if message.starts_with("control characters") {
        if let Some((character, location)) = find_forbidden(text) {
            let code = u32::from(character);
            let message = format!("the character U+{code:04X} is not allowed in YAML");
            return Diagnostic::new(location, message);
        }
    }
    match message {
        "recursion limit exceeded" => Diagnostic::new(location, TOO_DEEP),
        "repetition limit exceeded" => Diagnostic::new(location, TOO_MANY_VALUES),
        // Only keys are requested as strings.
        _ if message.ends_with(", expected any value") => Diagnostic::new(location, KEY_TYPE),
        _ => Diagnostic::new(location, format!("invalid YAML: {message}")),
    }
}

/// Returns the first character that YAML does not allow.
fn find_forbidden(text: &str) -> Option<(char, Location)> {
    let is_allowed = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | '\u{85}')
            || !(c.is_control() || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}'))
    };
    let (index, character) = text.char_indices().find(|(_, c)| !is_allowed(*c))?;
    Some((character, Location::end_of(&text[..index])))
}

const TOO_DEEP: &str = "values are nested too deeply";
const EMPTY: &str = "the file contains no data";
const TOO_MANY_VALUES: &str = "the file contains too many values";
const KEY_TYPE: &str = "keys must be strings";
const TAG: &str = "tags such as `!name` are not supported";

/// Builds the tree of a document.
///
/// Serde passes on no locations. The library puts them into its errors, and they are exact in
/// errors from the visitor of a scalar. To get locations, that visitor therefore stores the value
/// in `scalar` and returns an error, whose message ends with the location. The library has consumed
/// the scalar by then, so building continues after it.
///
/// Another parser that reports locations, such as saphyr-parser, would add half to the build time of
/// this package, and would leave errors without locations in files that it rejects and `serde_yaml`
/// accepts.
struct Builder {
    locations: bool,
    values_left: usize,
    scalar: Option<Value>,
    /// The reason why the builder stopped, unless the library returned an error.
    reason: Option<&'static str>,
}

impl<'de> DeserializeSeed<'de> for &mut Builder {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let read = deserializer.deserialize_any(&mut *self);
        let (value, location) = self.located(read)?;
        Ok(Node { value, location })
    }
}

/// Reads a key.
struct Key<'a>(&'a mut Builder);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = (String, Location);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let read = deserializer.deserialize_str(&mut *self.0);
        match self.0.located(read)? {
            (Value::String(key), location) => Ok((key, location)),
            _ => Err(self.0.stop(KEY_TYPE)),
        }
    }
}

impl Builder {
    /// Reads the root of a document.
    fn root(
        &mut self,
        document: serde_yaml::Deserializer<'_>,
        text: &str,
    ) -> Result<Node, Diagnostic> {
        let root = self.deserialize(document);
        let mut root = root.map_err(|error| diagnostic(&error, self.reason, text))?;
        root.locate(Location::START);
        Ok(root)
    }

    /// Returns an error that stops the builder.
    fn stop<E: de::Error>(&mut self, reason: &'static str) -> E {
        self.reason = Some(reason);
        E::custom(reason)
    }

    /// Returns a value, and its location if it is a scalar and locations are requested.
    fn located<E: de::Error>(&mut self, read: Result<Value, E>) -> Result<(Value, Location), E> {
        match (read, self.scalar.take()) {
            (Err(error), Some(value)) => Ok((value, location_of(&error))),
            (read, _) => Ok((read?, Location::UNKNOWN)),
        }
    }

    fn count<E: de::Error>(&mut self) -> Result<(), E> {
        let left = self.values_left.checked_sub(1);
        self.values_left = left.ok_or_else(|| self.stop(TOO_MANY_VALUES))?;
        Ok(())
    }

    fn scalar<E: de::Error>(&mut self, value: Value) -> Result<Value, E> {
        self.count()?;
        if self.locations {
            self.scalar = Some(value);
            Err(E::custom(""))
        } else {
            Ok(value)
        }
    }
}

impl<'de> Visitor<'de> for &mut Builder {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.scalar(Value::Null)
    }

    /// An empty document.
    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.scalar(Value::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.scalar(Value::Integer(value.into()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.scalar(Value::Integer(value.into()))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "only the order of magnitude is reported"
    )]
    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        self.scalar(match value.try_into() {
            Ok(value) => Value::Integer(value),
            Err(_) => Value::Float(value as f64),
        })
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        self.scalar(Value::Integer(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        self.scalar(Value::Float(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.scalar(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.count()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(&mut *self)? {
            items.push(item);
        }
        Ok(Value::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.count()?;
        let mut entries = Vec::new();
        while let Some((key, location)) = access.next_key_seed(Key(self))? {
            let value = access.next_value_seed(&mut *self)?;
            entries.push(Entry {
                key,
                location,
                value,
            });
        }
        Ok(Value::Mapping(entries))
    }

    fn visit_enum<A: de::EnumAccess<'de>>(self, _: A) -> Result<Value, A::Error> {
        Err(self.stop(TAG))
    }
}

/// Returns the location at the end of an error message, `… at line 3 column 5`. The library omits
/// it for the first character of the file.
fn location_of(error: &impl fmt::Display) -> Location {
    let error = error.to_string();
    let location = error.rsplit_once(" at line ").and_then(|(_, location)| {
        let (line, column) = location.split_once(" column ")?;
        Some(Location {
            line: line.parse().ok()?,
            column: column.parse().ok()?,
        })
    });
    location.unwrap_or(Location::START)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Collects the scalars of a tree with their locations.
    fn scalars(node: &Node, into: &mut Vec<(String, usize, usize)>) {
        match &node.value {
            Value::Sequence(items) => items.iter().for_each(|item| scalars(item, into)),
            Value::Mapping(entries) => entries.iter().for_each(|entry| {
                let Location { line, column } = entry.location;
                into.push((format!("{:?}", entry.key), line, column));
                scalars(&entry.value, into);
            }),
            value => into.push((
                format!("{value:?}"),
                node.location.line,
                node.location.column,
            )),
        }
    }

    #[test]
    fn every_scalar_has_its_location() {
        let text = "a: 1\nb:\n  - é: x\n    c: &n [2, \"y\"]\n  - *n\n";
        let mut found = Vec::new();
        scalars(&parse(text, true).unwrap(), &mut found);
        let expected = [
            ("\"a\"", 1, 1),
            ("Integer(1)", 1, 4),
            ("\"b\"", 2, 1),
            ("\"é\"", 3, 5),
            ("String(\"x\")", 3, 8),
            ("\"c\"", 4, 5),
            ("Integer(2)", 4, 12),
            ("String(\"y\")", 4, 15),
            ("Integer(2)", 4, 12),
            ("String(\"y\")", 4, 15),
        ];
        let expected = expected.map(|(value, line, column)| (value.to_owned(), line, column));
        assert_eq!(found, expected);
    }
}
