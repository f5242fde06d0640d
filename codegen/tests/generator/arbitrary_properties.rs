//! Random declarations of properties, and values of them.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_yaml::{Mapping, Value};

#[derive(Clone, Debug)]
pub(crate) struct Property {
    pub(crate) name: String,
    kind: &'static str,
    description: Option<String>,
    unit: Option<String>,
    /// The names of the values, for a choice.
    values: Vec<String>,
    enum_name: Option<String>,
    presence: Presence,
}

#[derive(Clone, Debug)]
enum Presence {
    Optional,
    Required,
    Default(AnyValue),
}

/// A value of each type. Those of choices are indexes of the names.
#[derive(Clone, Debug)]
pub(crate) struct AnyValue {
    integer: u64,
    number: f64,
    boolean: bool,
    text: String,
    date: String,
    chosen: Vec<Index>,
}

impl Property {
    pub(crate) fn is_required(&self) -> bool {
        matches!(self.presence, Presence::Required)
    }

    /// Returns the declaration.
    pub(crate) fn yaml(&self) -> Value {
        let mut fields = vec![("type", self.kind.into())];
        let texts = [("description", &self.description), ("unit", &self.unit)];
        for (key, text) in texts {
            fields.extend(text.clone().map(|text| (key, text.into())));
        }
        if self.is_choice() {
            fields.push(("values", self.values.clone().into()));
            fields.extend(self.enum_name.clone().map(|name| ("enum", name.into())));
        }
        match &self.presence {
            Presence::Optional => {}
            Presence::Required => fields.push(("required", true.into())),
            Presence::Default(value) => fields.push(("default", self.value(value))),
        }
        mapping(fields)
    }

    /// Returns the value that has the type of the property.
    pub(crate) fn value(&self, any: &AnyValue) -> Value {
        match self.kind {
            "integer" => any.integer.into(),
            "number" => any.number.into(),
            "boolean" => any.boolean.into(),
            "text" => any.text.clone().into(),
            "date" => any.date.clone().into(),
            "choice" => any.chosen[0].get(&self.values).clone().into(),
            _ => {
                let chosen = any.chosen[1..].iter().map(|index| index.get(&self.values));
                let mut unique = HashSet::new();
                let chosen = chosen.filter(|name| unique.insert(*name));
                Value::Sequence(chosen.map(|name| name.clone().into()).collect())
            }
        }
    }

    fn is_choice(&self) -> bool {
        matches!(self.kind, "choice" | "choices")
    }
}

pub(crate) fn mapping<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let entries = entries.into_iter().map(|(key, value)| (key.into(), value));
    Value::Mapping(entries.collect::<Mapping>())
}

/// Returns text with any characters.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[A-Z][a-z ]{0,20}",
        2 => r#"[a-z"'\\#{}\[\]<>&`|$%*_!-]{1,20}"#,
        1 => "(\\PC|[\u{0}-\u{1f}\u{7f}\u{85}\u{202e}\u{2028}\r\n\t]){1,10}",
    ]
}

/// The largest number of properties of a random table.
pub(crate) const MAX_PROPERTIES: usize = 4;

/// Returns declarations, some of which share an enum.
pub(crate) fn properties() -> impl Strategy<Value = Vec<Property>> {
    (
        vec(property(), 0..=MAX_PROPERTIES),
        choices(),
        vec(any::<bool>(), MAX_PROPERTIES),
    )
        .prop_map(|(mut properties, shared, shares)| {
            let choices = properties
                .iter_mut()
                .filter(|property| property.is_choice());
            for (property, _) in choices.zip(shares).filter(|(_, shares)| *shares) {
                property.enum_name = Some("Shared".to_owned());
                property.values.clone_from(&shared);
            }
            properties
        })
}

const TYPES: [&str; 7] = [
    "integer", "number", "boolean", "text", "date", "choice", "choices",
];

fn property() -> impl Strategy<Value = Property> {
    let name = prop_oneof![
        8 => "[a-z][a-z0-9_]{0,6}",
        4 => "(u64|f64|bool|str|char|vec|option|some|none|result|ok|string|unwrap|model|date|_x|a__b)",
        1 => "(limits|type|self|to_string|__x|A|index)",
    ];
    let enum_name =
        "(Option|Some|Result|Ok|Vec|String|Copy|Debug|Self_|S|D|U64|E__1|Property|Limits)";
    let presence = prop_oneof![
        4 => Just(Presence::Optional),
        1 => Just(Presence::Required),
        2 => any_value().prop_map(Presence::Default),
    ];
    (
        name,
        select(&TYPES[..]),
        weighted(0.5, text()),
        weighted(0.5, text()),
        choices(),
        weighted(0.3, enum_name),
        presence,
    )
        .prop_map(
            |(name, kind, description, unit, values, enum_name, presence)| Property {
                name,
                kind,
                description,
                unit: unit.filter(|_| matches!(kind, "integer" | "number")),
                values,
                enum_name,
                presence,
            },
        )
}

/// Returns names with different identifiers.
fn choices() -> impl Strategy<Value = Vec<String>> {
    let name = prop_oneof![
        3 => "[a-z]{1,6}",
        3 => "(None|Some|Self|self|Option|Result|Ok|Err|Error|Default|Vec|String|type|3d|4:2:0|ALL)",
        1 => r#"[a-z][a-z"'\\{}|*/<>`#$é模]{0,8}"#,
    ];
    vec(name, 1..6).prop_map(|mut names| {
        let mut identifiers = HashSet::new();
        names.retain(|name| {
            let letters = name.chars().filter(char::is_ascii_alphanumeric);
            identifiers.insert(letters.collect::<String>().to_ascii_lowercase())
        });
        names
    })
}

pub(crate) fn any_value() -> impl Strategy<Value = AnyValue> {
    let integer = prop_oneof![0..10u64, any::<u64>(), Just(u64::MAX)];
    let number = prop_oneof![
        prop::num::f64::NORMAL,
        (-5..5i8).prop_map(f64::from),
        select(&[-0.0, 1e300, 5e-324, 0.1, f64::MAX][..]),
    ];
    let date = (0..=9999u16, 1..=12u8, 1..=28u8);
    let date = date.prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"));
    (
        integer,
        number,
        any::<bool>(),
        text(),
        date,
        vec(any::<Index>(), 1..4),
    )
        .prop_map(|(integer, number, boolean, text, date, chosen)| AnyValue {
            integer,
            number,
            boolean,
            text,
            date,
            chosen,
        })
}
