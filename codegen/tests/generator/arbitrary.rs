//! Catalogues at random: names as providers have them and worse, and every key that a row can have.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use serde_yaml::{Mapping, Value};

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) variant: Option<String>,
    /// `None`: not deprecated. The replacement is any text, mostly a name of the table.
    pub(crate) deprecated: Option<(Option<String>, Option<String>)>,
    pub(crate) limits: [Option<u64>; 4],
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) series: String,
    pub(crate) rows: Vec<Row>,
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
        let keys = ["qpm", "tpm", "submissions_per_second", "concurrent_tasks"];
        let limits = keys.into_iter().zip(self.limits);
        let limits = limits.filter_map(|(key, limit)| Some((key, limit?.into())));
        let mut row = vec![
            ("name", self.name.clone().into()),
            ("aliases", self.aliases.clone().into()),
            ("limits", mapping(limits)),
        ];
        row.extend(
            self.variant
                .clone()
                .map(|variant| ("variant", variant.into())),
        );
        row.extend(self.deprecated.clone().map(|deprecated| match deprecated {
            (None, None) => ("deprecated", true.into()),
            (replacement, note) => {
                let replacement = replacement.map(|text| ("replacement", text.into()));
                let note = note.map(|text| ("note", text.into()));
                ("deprecated", mapping(replacement.into_iter().chain(note)))
            }
        }));
        mapping(row)
    }
}

fn mapping<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let entries = entries.into_iter().map(|(key, value)| (key.into(), value));
    Value::Mapping(entries.collect::<Mapping>())
}

/// Names of many shapes, short enough to clash now and then.
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

/// Text that may hold anything.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[A-Z][a-z ]{0,20}",
        2 => r#"[a-z"'\\#{}\[\]<>&`|$%*_!-]{1,20}"#,
        1 => "(\\PC|[\u{0}-\u{1f}\u{7f}\u{85}\u{202e}\u{2028}\r\n\t]){1,10}",
    ]
}

fn row() -> impl Strategy<Value = Row> {
    let limit = |most: u64| weighted(0.5, prop_oneof![1..=10u64, 1..=most]);
    let small = || limit(u32::MAX.into());
    (
        name(),
        vec(name(), 0..3),
        weighted(0.1, "[A-Z_a-z][A-Za-z0-9_]{0,6}"),
        weighted(0.3, (weighted(0.7, name()), weighted(0.3, text()))),
        (small(), limit(u64::MAX), small(), small()),
    )
        .prop_map(|(name, aliases, variant, deprecated, limits)| Row {
            name,
            aliases,
            variant,
            deprecated,
            limits: [limits.0.or(Some(1)), limits.1, limits.2, limits.3],
        })
}

/// A table in which most replacements exist.
pub(crate) fn table(
    rows: impl Into<proptest::collection::SizeRange>,
) -> impl Strategy<Value = Table> {
    (text(), vec((row(), any::<prop::sample::Index>()), rows)).prop_map(|(series, rows)| {
        let names: Vec<String> = rows.iter().map(|(row, _)| row.name.clone()).collect();
        let rows = rows.into_iter().map(|(mut row, index)| {
            if let Some((Some(replacement), _)) = &mut row.deprecated {
                if replacement.len() % 4 != 0 {
                    replacement.clone_from(&names[index.index(names.len())]);
                }
            }
            row
        });
        Table {
            series,
            rows: rows.collect(),
        }
    })
}
