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
    /// A fraction, an infinity, or an integer beyond `i128`, as text.
    Number(String),
    String(String),
    Sequence(Vec<Node>),
    /// Keys and values in the order of the file, repeated keys included.
    Mapping(Vec<(Node, Node)>),
}

/// Reads a file, which must hold one document.
///
/// To know the places takes some times longer, so they are left out unless `places` asks for them:
/// a file without a problem never needs them.
pub(crate) fn read(text: &str, places: bool) -> Result<Node, Problem> {
    let mut reader = Reader {
        places,
        left: MAX_VALUES,
        caught: None,
    };
    let mut documents = serde_yaml::Deserializer::from_str(text);
    let Some(document) = documents.next() else {
        return Err(Problem::new(Place::START, "the file is empty"));
    };
    let mut root = reader.deserialize(document).map_err(|e| syntax(&e))?;
    root.settle(Place::START);
    if let Some(second) = documents.next() {
        reader.places = true;
        let mut second = reader.deserialize(second).map_err(|e| syntax(&e))?;
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
fn syntax(error: &serde_yaml::Error) -> Problem {
    let place = error.location().map_or(Place::START, |at| Place {
        line: at.line(),
        column: at.column(),
    });
    // Its messages end with the place of the error, and may go on with that of its context.
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    if message.contains("recursion limit") {
        Problem::new(place, "nested too deep")
    } else if message.contains("repetition limit") {
        Problem::new(place, TOO_MANY_VALUES)
    } else if message.contains(TOO_MANY_VALUES) || message.contains(NO_TAGS) {
        // An error of the reader below, after the path that the library puts before it.
        Problem::new(place, message.rsplit(": ").next().unwrap_or(message))
    } else {
        Problem::new(place, format!("not YAML: {message}"))
    }
}

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
        match deserializer.deserialize_any(&mut *self) {
            Ok(value) => Ok(Node {
                value,
                place: Place::UNKNOWN,
            }),
            Err(error) => match self.caught.take() {
                Some(value) => Ok(Node {
                    value,
                    place: place_of(&error),
                }),
                None => Err(error),
            },
        }
    }
}

impl Reader {
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

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        self.scalar(match value.try_into() {
            Ok(value) => Value::Integer(value),
            Err(_) => Value::Number(value.to_string()),
        })
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        self.scalar(Value::Integer(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        self.scalar(Value::Number(value.to_string()))
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
        while let Some(key) = access.next_key_seed(&mut *self)? {
            entries.push((key, access.next_value_seed(&mut *self)?));
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
                for (key, value) in &mut *entries {
                    key.settle(fallback);
                    value.settle(key.place);
                }
                self.place = entries.first().map_or(fallback, |(key, _)| key.place);
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
            Value::Mapping(entries) => entries.iter().for_each(|(key, value)| {
                scalars(key, into);
                scalars(value, into);
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
            ("String(\"a\")", 1, 1),
            ("Integer(1)", 1, 4),
            ("String(\"b\")", 2, 1),
            ("String(\"é\")", 3, 5),
            ("String(\"x\")", 3, 8),
            ("String(\"c\")", 4, 5),
            ("Integer(2)", 4, 12),
            ("String(\"y\")", 4, 15),
            ("Integer(2)", 4, 12),
            ("String(\"y\")", 4, 15),
        ];
        let expected = expected.map(|(value, line, column)| (value.to_owned(), line, column));
        assert_eq!(found, expected);
    }
}
