//! The length of the text in a JSON value.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// A string of Base64 characters alone is text if it is shorter. No text of this length in any
/// language has neither a space nor punctuation.
const SHORTEST_DATA: usize = 512;

/// What a number counts. In a list of tokens, each number is a token, and a token has about 4 bytes
/// of English text.
const BYTES_OF_NUMBER: u64 = 4;

/// Counts the bytes of all strings in a value. Binary data in Base64 does not count.
#[derive(Clone, Copy)]
pub(super) struct TextCounter {
    /// Whether the keys of objects and numbers count, as in all that a model reads.
    pub(super) counts_keys: bool,
}

/// The bytes of all strings in a value, without keys and numbers.
#[derive(Clone, Copy, Default)]
pub(super) struct TextBytes(pub(super) u64);

impl<'de> Deserialize<'de> for TextBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let counter = TextCounter { counts_keys: false };
        counter.deserialize(deserializer).map(Self)
    }
}

impl TextCounter {
    const fn number(self) -> u64 {
        if self.counts_keys { BYTES_OF_NUMBER } else { 0 }
    }
}

impl<'de> DeserializeSeed<'de> for TextCounter {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TextCounter {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<u64, E> {
        Ok(if is_binary(text) {
            0
        } else {
            text.len() as u64
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<u64, A::Error> {
        let mut bytes = 0;
        while let Some(key) = map.next_key_seed(self)? {
            if self.counts_keys {
                bytes += key;
            }
            bytes += map.next_value_seed(self)?;
        }
        Ok(bytes)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<u64, A::Error> {
        let mut bytes = 0;
        while let Some(item) = list.next_element_seed(self)? {
            bytes += item;
        }
        Ok(bytes)
    }

    fn visit_u64<E>(self, _: u64) -> Result<u64, E> {
        Ok(self.number())
    }

    fn visit_i64<E>(self, _: i64) -> Result<u64, E> {
        Ok(self.number())
    }

    fn visit_f64<E>(self, _: f64) -> Result<u64, E> {
        Ok(self.number())
    }

    fn visit_bool<E>(self, _: bool) -> Result<u64, E> {
        Ok(0)
    }

    fn visit_unit<E>(self) -> Result<u64, E> {
        Ok(0)
    }
}

/// Returns `true` for binary data in Base64: as a `data:` URL, or as a long string of nothing else, as
/// in `input_audio.data` of `OpenAI` and `source.data` of Anthropic.
fn is_binary(text: &str) -> bool {
    let url = text
        .strip_prefix("data:")
        .and_then(|url| url.split_once(','));
    match url {
        Some((kind, data)) if kind.ends_with(";base64") => is_base64(data),
        _ => text.len() >= SHORTEST_DATA && is_base64(text),
    }
}

fn is_base64(data: &str) -> bool {
    // To check each chunk as a whole is several times as fast as to stop within it.
    let mut chunks = data.as_bytes().chunks(64);
    chunks.all(|chunk| {
        chunk
            .iter()
            .fold(true, |all, byte| all & BASE64[usize::from(*byte)])
    })
}

/// Whether each byte can occur in Base64, with the alphabet of URLs and line breaks.
const BASE64: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=' | b'\r' | b'\n');
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests;
