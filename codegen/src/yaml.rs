//! Reads YAML into a tree in which every value knows its place in the file.
//!
//! All that is known of the YAML library is in this module.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::report::{Place, Problem};

/// The most values that a file may hold, its anchors resolved: some fifty times what the largest
/// catalogue needs per name. It bounds the memory that a file of nested anchors can take.
const MAX_VALUES: usize = 3_000_000;

/// A value of a YAML file.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) place: Place,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    /// A fraction, an infinity, or an integer beyond `i128`.
    Number(f64),
    String(String),
    Sequence(Vec<Node>),
    /// In the order of the file, repeated keys included.
    Mapping(Vec<Entry>),
}

/// A key of a mapping, which is a string whatever it looks like, and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) value: Node,
}

/// Reads a file, which must hold one document.
///
/// To know the places takes some times longer, so they are left out unless `places` asks for them:
/// a file without a problem never needs them.
pub(crate) fn read(text: &str, places: bool) -> Result<Node, Problem> {
    if let Some(place) = too_deep(text) {
        return Err(Problem::new(place, TOO_DEEP));
    }
    let mut reader = Reader {
        places,
        left: MAX_VALUES,
        caught: None,
    };
    let mut documents = serde_yaml::Deserializer::from_str(text);
    let Some(document) = documents.next() else {
        return Err(Problem::new(Place::START, EMPTY));
    };
    let mut root = reader.deserialize(document).map_err(|e| syntax(&e, text))?;
    root.settle(Place::START);
    if matches!(root.value, Value::Null) {
        return Err(Problem::new(Place::START, EMPTY));
    }
    if let Some(second) = documents.next() {
        reader.places = true;
        let mut second = reader.deserialize(second).map_err(|e| syntax(&e, text))?;
        second.settle(Place::START);
        return Err(Problem::new(
            second.place,
            "a second YAML document begins here: a file holds one",
        )
        .help("remove the line `---` above it, or put this part into a file of its own"));
    }
    Ok(root)
}

/// What the YAML library found wrong.
fn syntax(error: &serde_yaml::Error, text: &str) -> Problem {
    let place = error.location().map_or(Place::START, |at| Place {
        line: at.line(),
        column: at.column(),
    });
    // Its messages end with the place of the error, and may go on with that of its context.
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let forbidden = forbidden(text).filter(|_| message.contains("control characters"));
    if let Some((character, place)) = forbidden {
        let code = u32::from(character);
        let message = format!("the character U+{code:04X} is not allowed in YAML");
        return Problem::new(place, message);
    }
    if message.contains("recursion limit") {
        Problem::new(place, TOO_DEEP)
    } else if message.contains("repetition limit") {
        Problem::new(place, TOO_MANY_VALUES)
    } else if message.contains(TOO_MANY_VALUES) || message.contains(NO_TAGS) {
        // An error of the reader below, after the path that the library puts before it.
        Problem::new(place, message.rsplit(": ").next().unwrap_or(message))
    } else if message.contains("invalid type") {
        Problem::new(place, "a key should be a string")
    } else {
        Problem::new(place, format!("not YAML: {message}"))
    }
}

/// Where brackets are nested deeper than any file needs, by far.
///
/// The library's time goes with the depth of brackets times the length of the file, and it counts
/// no depth before it is through. This sees each opening bracket, and only such closing ones as
/// are surely not in quotes or a comment, so that nothing can hide how deep a nest is.
fn too_deep(text: &str) -> Option<Place> {
    const DEEPEST: usize = 1_000;
    if text.matches('[').count() + text.matches('{').count() <= DEEPEST {
        return None;
    }
    let mut depth = 0_usize;
    let mut quote = None;
    let mut before = b'\n';
    let mut before_blank = b'\n';
    let mut word = b'\n';
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        let is_blank = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let after_blank = matches!(before, b' ' | b'\t' | b'\r' | b'\n');
        // A quoted text stands where a value can: behind what announces one, or an anchor or tag.
        // Elsewhere a quote is a character of a text.
        let announced = matches!(
            before_blank,
            b'[' | b'{' | b',' | b':' | b'-' | b'?' | b'\n'
        ) || (after_blank && matches!(word, b'&' | b'!'));
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' if quote.is_none() => depth = depth.saturating_sub(1),
            b'"' | b'\'' if quote.is_none() && announced => quote = Some(byte),
            b'\\' if quote == Some(b'"') => _ = bytes.next(),
            b'#' if quote.is_none() && after_blank => quote = Some(b'\n'),
            _ if quote == Some(byte) => quote = None,
            _ => {}
        }
        if depth > DEEPEST {
            return Some(Place::end_of(text.get(..at).unwrap_or_default()));
        }
        if !is_blank && (after_blank || matches!(before, b'[' | b'{' | b',')) {
            word = byte;
        }
        if !is_blank || byte == b'\n' {
            before_blank = byte;
        }
        before = byte;
    }
    None
}

/// The place of the first character that YAML does not allow.
fn forbidden(text: &str) -> Option<(char, Place)> {
    let is_allowed = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | '\u{85}')
            || !(c.is_control() || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}'))
    };
    let (at, character) = text.char_indices().find(|(_, c)| !is_allowed(*c))?;
    Some((character, Place::end_of(&text[..at])))
}

const TOO_DEEP: &str = "nested too deep";
const EMPTY: &str = "there is nothing in this file";
const TOO_MANY_VALUES: &str = "the file holds too many values";
const NO_TAGS: &str = "tags (`!name`) have no meaning here";

/// Reads one value, and those in it.
///
/// The library tells a place only in an error, and the exact one only if the error comes from the
/// visitor of a scalar. So where places are wanted, the visitor of each scalar fails, leaving the
/// value in `caught`; whoever asked for the value gets it from there, and the place from the
/// error. The scalar has been consumed by then, and reading goes on behind it.
struct Reader {
    places: bool,
    left: usize,
    caught: Option<Value>,
}

impl<'de> DeserializeSeed<'de> for &mut Reader {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let read = deserializer.deserialize_any(&mut *self);
        let (value, place) = self.placed(read)?;
        Ok(Node { value, place })
    }
}

/// Reads a key.
struct Key<'a>(&'a mut Reader);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = (String, Place);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let read = deserializer.deserialize_str(&mut *self.0);
        match self.0.placed(read)? {
            (Value::String(key), place) => Ok((key, place)),
            _ => Err(de::Error::custom("invalid type")),
        }
    }
}

impl Reader {
    /// A value that was read, and its place if it is a scalar and places are wanted.
    fn placed<E: de::Error>(&mut self, read: Result<Value, E>) -> Result<(Value, Place), E> {
        match (read, self.caught.take()) {
            (Err(error), Some(value)) => Ok((value, place_of(&error))),
            (read, _) => Ok((read?, Place::UNKNOWN)),
        }
    }

    fn count<E: de::Error>(&mut self) -> Result<(), E> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(E::custom(TOO_MANY_VALUES)),
        }
    }

    fn scalar<E: de::Error>(&mut self, value: Value) -> Result<Value, E> {
        self.count()?;
        if self.places {
            self.caught = Some(value);
            Err(E::custom(""))
        } else {
            Ok(value)
        }
    }
}

impl<'de> Visitor<'de> for &mut Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.scalar(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        self.scalar(Value::Null)
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
        reason = "all that matters is that it is too large"
    )]
    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        self.scalar(match value.try_into() {
            Ok(value) => Value::Integer(value),
            Err(_) => Value::Number(value as f64),
        })
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        self.scalar(Value::Integer(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        self.scalar(Value::Number(value))
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
        while let Some((key, place)) = access.next_key_seed(Key(self))? {
            let value = access.next_value_seed(&mut *self)?;
            entries.push(Entry { key, place, value });
        }
        Ok(Value::Mapping(entries))
    }

    fn visit_enum<A: de::EnumAccess<'de>>(self, _: A) -> Result<Value, A::Error> {
        Err(de::Error::custom(NO_TAGS))
    }
}

/// The place that the library put at the end of an error: `… at line 3 column 5`, and nothing for
/// the first character of the file.
fn place_of(error: &impl fmt::Display) -> Place {
    let error = error.to_string();
    let place = error.rsplit_once(" at line ").and_then(|(_, place)| {
        let (line, column) = place.split_once(" column ")?;
        Some(Place {
            line: line.parse().ok()?,
            column: column.parse().ok()?,
        })
    });
    place.unwrap_or(Place::START)
}

impl Node {
    /// Gives a sequence or a mapping the place of the first scalar in it or, if there is none, the
    /// one it is given: of its key, or of what holds it.
    fn settle(&mut self, fallback: Place) {
        match &mut self.value {
            Value::Sequence(items) => {
                for item in &mut *items {
                    item.settle(fallback);
                }
                self.place = items.first().map_or(fallback, |item| item.place);
            }
            Value::Mapping(entries) => {
                for entry in &mut *entries {
                    entry.value.settle(entry.place);
                }
                self.place = entries.first().map_or(fallback, |entry| entry.place);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scalars of a tree, with their places.
    fn scalars(node: &Node, into: &mut Vec<(String, usize, usize)>) {
        match &node.value {
            Value::Sequence(items) => items.iter().for_each(|item| scalars(item, into)),
            Value::Mapping(entries) => entries.iter().for_each(|entry| {
                let Place { line, column } = entry.place;
                into.push((format!("{:?}", entry.key), line, column));
                scalars(&entry.value, into);
            }),
            value => into.push((format!("{value:?}"), node.place.line, node.place.column)),
        }
    }

    #[test]
    fn every_scalar_knows_its_place() {
        let text = "a: 1\nb:\n  - é: x\n    c: &n [2, \"y\"]\n  - *n\n";
        let mut found = Vec::new();
        scalars(&read(text, true).unwrap(), &mut found);
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
