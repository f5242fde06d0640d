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
        stopped: None,
    };
    let mut documents = serde_yaml::Deserializer::from_str(text);
    let Some(document) = documents.next() else {
        return Err(Problem::new(Place::START, EMPTY));
    };
    let mut root = reader.root(document, text)?;
    root.settle(Place::START);
    if matches!(root.value, Value::Null) {
        return Err(Problem::new(Place::START, EMPTY));
    }
    if let Some(second) = documents.next() {
        reader.places = true;
        let mut second = reader.root(second, text)?;
        second.settle(Place::START);
        return Err(Problem::new(
            second.place,
            "a second YAML document begins here: a file holds one",
        )
        .help("remove the line `---` above it, or put this part into a file of its own"));
    }
    Ok(root)
}

/// What is wrong where reading stopped: what the reader says, or else the YAML library.
fn stopped(error: &serde_yaml::Error, own: Option<&'static str>, text: &str) -> Problem {
    let place = error.location().map_or(Place::START, |at| Place {
        line: at.line(),
        column: at.column(),
    });
    if let Some(own) = own {
        return Problem::new(place, own);
    }
    // Its messages end with the place of the error, and may go on with that of its context.
    let message = error.to_string();
    let (message, _) = message.split_once(" at line ").unwrap_or((&message, ""));
    if message.starts_with("control characters") {
        if let Some((character, place)) = forbidden(text) {
            let code = u32::from(character);
            let message = format!("the character U+{code:04X} is not allowed in YAML");
            return Problem::new(place, message);
        }
    }
    match message {
        "recursion limit exceeded" => Problem::new(place, TOO_DEEP),
        "repetition limit exceeded" => Problem::new(place, TOO_MANY_VALUES),
        // Keys alone are asked for as strings.
        _ if message.ends_with(", expected any value") => Problem::new(place, NO_KEY),
        _ => Problem::new(place, format!("not YAML: {message}")),
    }
}

/// Where brackets are nested deeper than any file needs, by far.
///
/// The library's time goes with the depth of brackets times the length of the file, and it counts
/// no depth before it is through. This counts the brackets that are not in quotes or comments. It
/// is no YAML scanner: who wants to can hide a nest from it, and then waits for the library.
fn too_deep(text: &str) -> Option<Place> {
    const DEEPEST: usize = 1_000;
    if text.matches('[').count() + text.matches('{').count() <= DEEPEST {
        return None;
    }
    let mut depth = 0_usize;
    let mut quote = None;
    // The byte before, the last one that was not blank, and the first of the last word.
    let (mut before, mut before_blank, mut word) = (b'\n', b'\n', b'\n');
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        let is_blank = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let after_blank = matches!(before, b' ' | b'\t' | b'\r' | b'\n');
        // A quoted text stands where a value can: behind what announces one, or an anchor or tag.
        // Elsewhere a quote is a character of a text.
        let announced = match before_blank {
            b'[' | b'{' | b':' | b'-' | b'?' | b'\n' => true,
            b',' => depth > 0,
            _ => after_blank && matches!(word, b'&' | b'!'),
        };
        match (quote, byte) {
            (None, b'[' | b'{') => depth += 1,
            (None, b']' | b'}') => depth = depth.saturating_sub(1),
            (None, b'"' | b'\'') if announced => quote = Some(byte),
            (None, b'#') if after_blank => quote = Some(b'\n'),
            (Some(b'"'), b'\\') => _ = bytes.next(),
            // Twice, it is a character of the text.
            (Some(b'\''), b'\'') if bytes.next_if(|(_, next)| *next == b'\'').is_some() => {}
            (Some(end), _) if end == byte => quote = None,
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
const NO_KEY: &str = "a key should be a string";
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
    /// Why reading ends here, if it is not the library that ends it.
    stopped: Option<&'static str>,
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
            _ => Err(self.0.stop(NO_KEY)),
        }
    }
}

impl Reader {
    /// Reads a document.
    fn root(
        &mut self,
        document: serde_yaml::Deserializer<'_>,
        text: &str,
    ) -> Result<Node, Problem> {
        let root = self.deserialize(document);
        root.map_err(|error| stopped(&error, self.stopped, text))
    }

    /// Ends the reading.
    fn stop<E: de::Error>(&mut self, reason: &'static str) -> E {
        self.stopped = Some(reason);
        E::custom(reason)
    }

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
            None => Err(self.stop(TOO_MANY_VALUES)),
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
        Err(self.stop(NO_TAGS))
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
