//! Reads the fields of a body in one pass, without building a tree.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::Format;
use super::super::text::{Content, TextCounter};
use super::edit::Edit;

/// Reads the fields of a body.
pub(super) fn read(format: Format, body: &[u8]) -> serde_json::Result<Fields<'_>> {
    let mut fields = Fields::new(format, body);
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let reader = ObjectReader {
        object: Object::Body,
        fields: &mut fields,
    };
    reader.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(fields)
}

/// The values of the fields of a body.
pub(super) struct Fields<'a> {
    format: Format,
    body: &'a [u8],
    /// The fields that must not occur again.
    unique: Vec<Meaning>,
    /// The model, and its place in the body.
    pub(super) model: Option<(String, Range<usize>)>,
    pub(super) streams: bool,
    /// The edit that asks for the usage of a stream, if it must be asked for.
    pub(super) usage_edit: Option<Edit>,
    pub(super) output_limit: Option<u64>,
    pub(super) thinking_budget: u64,
    pub(super) answers: u64,
    pub(super) content: Content,
}

/// The objects whose fields are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Object {
    /// The body itself.
    Body,
    /// The `parameters` of the provider's own format.
    Parameters,
}

/// What a field says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Model,
    Stream,
    StreamOptions,
    Parameters,
    /// The bound of the output.
    OutputLimit,
    /// The bound of the thoughts, which the bound of the output does not include.
    ThinkingBudget,
    /// The number of answers or images.
    Answers,
    /// Text that the model reads.
    Text,
    /// Nothing that matters here.
    Other,
}

fn meaning(format: Format, object: Object, key: &str) -> Meaning {
    use Format::{ChatCompletions, Completions, DashScope, Messages, Responses};
    match (key, format, object) {
        ("model", _, Object::Body) => Meaning::Model,
        ("stream", ChatCompletions | Completions | Responses | Messages, _) => Meaning::Stream,
        ("stream_options", ChatCompletions | Completions, _) => Meaning::StreamOptions,
        ("parameters", DashScope, Object::Body) => Meaning::Parameters,
        ("max_tokens", ChatCompletions | Completions | Messages, _)
        | ("max_tokens", DashScope, Object::Parameters)
        | ("max_completion_tokens", ChatCompletions, _)
        | ("max_output_tokens", Responses, _) => Meaning::OutputLimit,
        ("thinking_budget", ..) => Meaning::ThinkingBudget,
        ("n", ..) | ("best_of", Completions, _) => Meaning::Answers,
        (
            "messages" | "prompt" | "suffix" | "input" | "instructions" | "system" | "tools"
            | "functions" | "response_format" | "output_config" | "text",
            ..,
        ) => Meaning::Text,
        _ => Meaning::Other,
    }
}

impl<'a> Fields<'a> {
    fn new(format: Format, body: &'a [u8]) -> Self {
        // The start of the first field. A body without fields has no model, so a comma always
        // follows what is inserted here.
        let start = body
            .iter()
            .position(|byte| *byte == b'{')
            .map_or(0, |brace| brace + 1);
        let insertion = Edit {
            at: start..start,
            text: r#""stream_options":{"include_usage":true},"#.into(),
        };
        let must_ask = matches!(format, Format::ChatCompletions | Format::Completions);
        Self {
            format,
            body,
            unique: Vec::new(),
            model: None,
            streams: false,
            usage_edit: must_ask.then_some(insertion),
            output_limit: None,
            thinking_budget: 0,
            answers: 1,
            content: Content::default(),
        }
    }

    /// Returns the meaning of a key.
    fn key<E: Error>(&mut self, object: Object, key: &str) -> Result<Meaning, E> {
        let meaning = meaning(self.format, object, key);
        match meaning {
            Meaning::Model | Meaning::Stream | Meaning::StreamOptions | Meaning::Parameters => {
                if self.unique.contains(&meaning) {
                    return Err(E::custom(format_args!("duplicate field `{key}`")));
                }
                self.unique.push(meaning);
            }
            // A server that ignores case could read this instead of `model`.
            Meaning::Other if object == Object::Body && key.eq_ignore_ascii_case("model") => {
                return Err(E::custom(format_args!(
                    "unknown field `{key}`, expected `model`"
                )));
            }
            _ => {}
        }
        Ok(meaning)
    }

    /// Reads the value of a field.
    fn value<'de: 'a, A: MapAccess<'de>>(
        &mut self,
        meaning: Meaning,
        map: &mut A,
    ) -> Result<(), A::Error> {
        match meaning {
            Meaning::Model => {
                let value: &RawValue = map.next_value()?;
                let model = serde_json::from_str(value.get())
                    .map_err(|_| wrong_type("`model`", "a string", value))?;
                self.model = Some((model, self.place(value)));
            }
            Meaning::Stream => {
                let value: &RawValue = map.next_value()?;
                let streams: Option<bool> = serde_json::from_str(value.get())
                    .map_err(|_| wrong_type("`stream`", "true or false", value))?;
                self.streams = streams.unwrap_or_default();
            }
            Meaning::StreamOptions => self.usage_edit = self.edit_within(map.next_value()?)?,
            Meaning::Parameters => {
                let object = Object::Parameters;
                map.next_value_seed(ObjectReader {
                    object,
                    fields: self,
                })?;
            }
            // The highest of several values is a bound, whichever of them the provider uses.
            Meaning::OutputLimit => {
                self.output_limit = self.output_limit.max(whole_number(map.next_value()?));
            }
            Meaning::ThinkingBudget => {
                let budget = whole_number(map.next_value()?).unwrap_or_default();
                self.thinking_budget = self.thinking_budget.max(budget);
            }
            Meaning::Answers => {
                let answers = whole_number(map.next_value()?).unwrap_or_default();
                self.answers = self.answers.max(answers);
            }
            Meaning::Text => {
                self.content += map.next_value_seed(TextCounter { counts_keys: true })?;
            }
            Meaning::Other => _ = map.next_value::<IgnoredAny>()?,
        }
        Ok(())
    }

    /// Returns the edit of `stream_options` that asks for the usage, or `None` if they ask already.
    fn edit_within<E: Error>(&self, options: &RawValue) -> Result<Option<Edit>, E> {
        #[derive(Deserialize)]
        struct StreamOptions<'a> {
            #[serde(default, borrow, deserialize_with = "even_null")]
            include_usage: Option<&'a RawValue>,
        }

        let at = self.place(options);
        if options.get() == "null" {
            return Ok(Some(Edit {
                at,
                text: r#"{"include_usage":true}"#.into(),
            }));
        }
        // A list would be read as the fields in the order of the declaration.
        let Some(inside) = options.get().strip_prefix('{') else {
            return Err(wrong_type("`stream_options`", "an object", options));
        };
        let parsed: StreamOptions<'_> = serde_json::from_str(options.get())
            .map_err(|_| E::custom("duplicate field `include_usage` in `stream_options`"))?;
        let start = at.start + 1..at.start + 1;
        Ok(match parsed.include_usage {
            None if inside.trim_start().starts_with('}') => Some(Edit {
                at: start,
                text: r#""include_usage":true"#.into(),
            }),
            None => Some(Edit {
                at: start,
                text: r#""include_usage":true,"#.into(),
            }),
            Some(value) => match value.get() {
                "true" => None,
                "false" | "null" => Some(Edit {
                    at: self.place(value),
                    text: "true".into(),
                }),
                _ => return Err(wrong_type("`include_usage`", "true or false", value)),
            },
        })
    }

    /// Returns the range of the body from which a value was read.
    fn place(&self, value: &RawValue) -> Range<usize> {
        let start = value.get().as_ptr().addr() - self.body.as_ptr().addr();
        start..start + value.get().len()
    }
}

/// Reads an object into the fields.
struct ObjectReader<'f, 'a> {
    object: Object,
    fields: &'f mut Fields<'a>,
}

impl<'de: 'a, 'a> DeserializeSeed<'de> for ObjectReader<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for ObjectReader<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(meaning) = map.next_key_seed(KeyReader {
            object: self.object,
            fields: self.fields,
        })? {
            self.fields.value(meaning, &mut map)?;
        }
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        match self.object {
            Object::Body => Err(E::custom("expected an object, found null")),
            Object::Parameters => Ok(()),
        }
    }

    // The errors of the library quote the value, which can be as long as the body.

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Err(E::custom("expected an object, found a string"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(A::Error::custom("expected an object, found a list"))
    }
}

/// Reads a key of an object.
struct KeyReader<'f, 'a> {
    object: Object,
    fields: &'f mut Fields<'a>,
}

impl<'de> DeserializeSeed<'de> for KeyReader<'_, '_> {
    type Value = Meaning;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Meaning, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyReader<'_, '_> {
    type Value = Meaning;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Meaning, E> {
        self.fields.key(self.object, key)
    }
}

/// Reads the value of a field whether it is null or not.
fn even_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

/// Returns a whole number from 0. The provider answers for other values, or takes them in its own way.
fn whole_number(value: &RawValue) -> Option<u64> {
    value.get().parse().ok()
}

fn wrong_type<E: Error>(field: &str, expected: &str, value: &RawValue) -> E {
    let found = match value.get().as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    };
    E::custom(format_args!("{field}: expected {expected}, found {found}"))
}
