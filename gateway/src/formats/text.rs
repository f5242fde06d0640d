//! The length of the text in a JSON value, and the number of parts that are not text.

use std::fmt;
use std::ops::AddAssign;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// A string of Base64 characters alone is text if it is shorter. No text of this length in any
/// language has neither a space nor punctuation.
const SHORTEST_DATA: usize = 512;

/// What a number counts. In a list of tokens, each number is a token, and a token has about 4 bytes
/// of English text.
const BYTES_OF_NUMBER: u64 = 4;

/// The fields of images, videos, audio and other parts that are not text, in all formats.
const PARTS: [&str; 8] = [
    "image",
    "image_url",
    "video",
    "video_url",
    "audio",
    "input_audio",
    "file_data",
    "file_url",
];

/// What a model reads of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    /// The bytes of text.
    pub(super) bytes: u64,
    /// The number of images and other parts that are not text.
    pub(super) parts: u64,
}

impl AddAssign for Content {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.parts += other.parts;
    }
}

/// Counts the bytes of all strings in a value. Parts that are not text do not count, whether they are
/// binary data in Base64 or a URL.
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
        let content = counter.deserialize(deserializer)?;
        Ok(Self(content.bytes))
    }
}

impl TextCounter {
    fn number(self) -> Content {
        text(if self.counts_keys { BYTES_OF_NUMBER } else { 0 })
    }
}

impl<'de> DeserializeSeed<'de> for TextCounter {
    type Value = Content;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TextCounter {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, string: &str) -> Result<Content, E> {
        Ok(if is_binary(string) {
            Content { bytes: 0, parts: 1 }
        } else {
            text(string.len() as u64)
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        let mut content = Content::default();
        while let Some(key) = map.next_key_seed(Key)? {
            if self.counts_keys {
                content += text(key.bytes);
            }
            if key.is_part && self.counts_keys {
                map.next_value::<IgnoredAny>()?;
                content.parts += 1;
            } else {
                content += map.next_value_seed(self)?;
            }
        }
        Ok(content)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content, A::Error> {
        let mut content = Content::default();
        while let Some(item) = list.next_element_seed(self)? {
            content += item;
        }
        Ok(content)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Content, E> {
        Ok(self.number())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Content, E> {
        Ok(self.number())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Content, E> {
        Ok(self.number())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Content, E> {
        Ok(Content::default())
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::default())
    }
}

/// Reads the key of a field.
struct Key;

/// What is known of the key of a field.
struct KeyContent {
    bytes: u64,
    /// Whether the value is a part that is not text.
    is_part: bool,
}

impl<'de> DeserializeSeed<'de> for Key {
    type Value = KeyContent;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<KeyContent, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = KeyContent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<KeyContent, E> {
        Ok(KeyContent {
            bytes: key.len() as u64,
            is_part: PARTS.contains(&key),
        })
    }
}

fn text(bytes: u64) -> Content {
    Content { bytes, parts: 0 }
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

/// Whether each byte can occur in Base64, with the alphabet of URLs.
const BASE64: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=');
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests;
