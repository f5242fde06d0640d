//! Deserialization of values that are written as strings.

use core::fmt;
use core::marker::PhantomData;
use core::str::{self, FromStr};

use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// Deserializes a value by parsing a string or UTF-8 bytes. `expected` describes the string in
/// errors about other types.
///
/// # Errors
///
/// Returns an error if the string cannot be parsed or if the deserializer fails.
pub fn deserialize<'de, T, D>(deserializer: D, expected: &'static str) -> Result<T, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(ParseVisitor(expected, PhantomData))
}

/// Parses a `T`, described by a string.
struct ParseVisitor<T>(&'static str, PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for ParseVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: Error>(self, string: &str) -> Result<T, E> {
        string.parse().map_err(E::custom)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<T, E> {
        match str::from_utf8(bytes) {
            Ok(string) => self.visit_str(string),
            Err(_) => Err(E::invalid_value(Unexpected::Bytes(bytes), &self)),
        }
    }
}
