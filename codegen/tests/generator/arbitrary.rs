//! Random tables, with common and unusual names and with every key that a row can have.

use model_studio_limits_core::{KeyWindow, LimitKey};
use proptest::collection::{SizeRange, vec};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_yaml::{Mapping, Value};

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) series: String,
    pub(crate) rows: Vec<Row>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) variant: Option<String>,
    pub(crate) deprecated: Option<Deprecated>,
    /// Pairs of a key and a count.
    pub(crate) limits: Vec<(&'static str, u64)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Deprecated {
    pub(crate) replacement: Option<String>,
    pub(crate) note: Option<String>,
}

impl Table {
    pub(crate) fn yaml(&self) -> String {
        let rows = self.rows.iter().map(Row::yaml).collect();
        let group = mapping([
            ("category", "embedding".into()),
            ("series", self.series.clone().into()),
            ("models", Value::Sequence(rows)),
        ]);
        let table = mapping([("groups", Value::Sequence(vec![group]))]);
        serde_yaml::to_string(&table).unwrap()
    }
}

impl Row {
    fn yaml(&self) -> Value {
        let limits = self.limits.iter();
        let limits = limits.map(|(key, count)| (*key, (*count).into()));
        let mut row = vec![
            ("name", self.name.clone().into()),
            ("aliases", self.aliases.clone().into()),
            ("limits", mapping(limits)),
        ];
        if let Some(variant) = &self.variant {
            row.push(("variant", variant.clone().into()));
        }
        if let Some(deprecated) = &self.deprecated {
            row.push(("deprecated", deprecated.yaml()));
        }
        mapping(row)
    }
}

impl Deprecated {
    fn yaml(&self) -> Value {
        let fields = [("replacement", &self.replacement), ("note", &self.note)];
        let fields = fields.into_iter();
        let fields = fields.filter_map(|(key, text)| Some((key, text.clone()?.into())));
        let fields: Vec<_> = fields.collect();
        if fields.is_empty() {
            true.into()
        } else {
            mapping(fields)
        }
    }
}

fn mapping<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let entries = entries.into_iter().map(|(key, value)| (key.into(), value));
    Value::Mapping(entries.collect::<Mapping>())
}

/// Returns names of many forms, short enough that some are equal.
pub(crate) fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-c1-3][a-c1-3._/:@*~+-]{0,5}",
        4 => "(qwen|gpt|claude|llama)[-.0-9]{0,4}(-(max|plus|instruct|[0-9]{4}))?",
        1 => "(self|Self|type|ALL|COUNT|__x|_|async|r#if)",
        1 => "[a-z]{20,60}-[0-9]",
        1 => r#"[a-z"'\\#{}\[\]<>&`|$%]{1,8}"#,
        1 => "\\PC{1,8}",
    ]
}

/// Returns text with any characters.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[A-Z][a-z ]{0,20}",
        2 => r#"[a-z"'\\#{}\[\]<>&`|$%*_!-]{1,20}"#,
        1 => "(\\PC|[\u{0}-\u{1f}\u{7f}\u{85}\u{202e}\u{2028}\r\n\t]){1,10}",
    ]
}

/// Returns one or more limits.
fn limits() -> impl Strategy<Value = Vec<(&'static str, u64)>> {
    // `rpm` sets the same limit as `qpm`.
    let keys = LimitKey::ALL.iter().filter(|key| key.name != "rpm");
    let keys = keys.filter(|key| key.window != KeyWindow::Any);
    let limits = keys.map(|key| {
        let count = prop_oneof![1..=10u64, 1..=key.kind.max_count()];
        (Just(key.name), count)
    });
    let limits: Vec<_> = limits.collect();
    let len = limits.len();
    limits.prop_flat_map(move |limits| prop::sample::subsequence(limits, 1..=len))
}

fn row() -> impl Strategy<Value = Row> {
    let deprecated = (weighted(0.7, name()), weighted(0.3, text()));
    let deprecated = deprecated.prop_map(|(replacement, note)| Deprecated { replacement, note });
    (
        name(),
        vec(name(), 0..3),
        weighted(0.1, "[A-Z_a-z][A-Za-z0-9_]{0,6}"),
        weighted(0.3, deprecated),
        limits(),
    )
        .prop_map(|(name, aliases, variant, deprecated, limits)| Row {
            name,
            aliases,
            variant,
            deprecated,
            limits,
        })
}

/// Returns tables in which most replacements exist.
pub(crate) fn table(rows: impl Into<SizeRange>) -> impl Strategy<Value = Table> {
    let known = weighted(0.75, any::<Index>());
    (text(), vec((row(), known), rows)).prop_map(|(series, rows)| {
        let names: Vec<String> = rows.iter().map(|(row, _)| row.name.clone()).collect();
        let rows = rows.into_iter().map(|(mut row, known)| {
            let replacement = row.deprecated.as_mut().map(|known| &mut known.replacement);
            if let (Some(Some(replacement)), Some(known)) = (replacement, known) {
                replacement.clone_from(known.get(&names));
            }
            row
        });
        Table {
            series,
            rows: rows.collect(),
        }
    })
}
