//! Random tables, with common and unusual names and with every key that a row can have.

use model_studio_limits_core::{KeyWindow, LimitKey};
use proptest::collection::{SizeRange, vec};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_yaml::Value;

use crate::arbitrary_properties::{
    AnyValue, MAX_PROPERTIES, Property, any_value, mapping, properties, text,
};

#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) properties: Vec<Property>,
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
    /// The values of the properties, in the order in which they are declared.
    pub(crate) values: Vec<Option<AnyValue>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Deprecated {
    pub(crate) replacement: Option<String>,
    pub(crate) note: Option<String>,
}

impl Table {
    pub(crate) fn yaml(&self) -> String {
        let rows = self.rows.iter().map(|row| row.yaml(&self.properties));
        let rows = rows.collect();
        let group = mapping([
            ("category", "embedding".into()),
            ("series", self.series.clone().into()),
            ("models", Value::Sequence(rows)),
        ]);
        let mut table = vec![("groups", Value::Sequence(vec![group]))];
        if !self.properties.is_empty() {
            let properties = self.properties.iter();
            let properties = properties.map(|property| (property.name.as_str(), property.yaml()));
            table.insert(0, ("properties", mapping(properties)));
        }
        serde_yaml::to_string(&mapping(table)).unwrap()
    }

    /// Returns an overlay that sets properties of each row, by its first alias if it has one.
    pub(crate) fn overlay(&self, changes: &[Vec<Option<AnyValue>>]) -> String {
        let rows = self.rows.iter().zip(changes);
        let rows = rows.filter_map(|(row, values)| {
            let name = row.aliases.first().unwrap_or(&row.name);
            Some((name.as_str(), values_yaml(&self.properties, values)?))
        });
        let overlay = mapping([("properties", mapping(rows))]);
        serde_yaml::to_string(&overlay).unwrap()
    }
}

/// Returns the values of properties, unless there are none.
fn values_yaml(properties: &[Property], values: &[Option<AnyValue>]) -> Option<Value> {
    let values = properties.iter().zip(values);
    let values = values.filter_map(|(property, value)| {
        Some((property.name.as_str(), property.value(value.as_ref()?)))
    });
    let values: Vec<_> = values.collect();
    (!values.is_empty()).then(|| mapping(values))
}

impl Row {
    fn yaml(&self, properties: &[Property]) -> Value {
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
        row.extend(values_yaml(properties, &self.values).map(|values| ("properties", values)));
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

/// Returns values for the properties of a table.
pub(crate) fn values() -> impl Strategy<Value = Vec<Option<AnyValue>>> {
    vec(weighted(0.6, any_value()), MAX_PROPERTIES)
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
        values(),
    )
        .prop_map(|(name, aliases, variant, deprecated, limits, values)| Row {
            name,
            aliases,
            variant,
            deprecated,
            limits,
            values,
        })
}

/// Returns tables in which most replacements exist, and required properties have values.
pub(crate) fn table(rows: impl Into<SizeRange>) -> impl Strategy<Value = Table> {
    let known = weighted(0.75, any::<Index>());
    let rows = vec((row(), known), rows);
    (text(), properties(), any_value(), rows).prop_map(|(series, properties, value, rows)| {
        let names: Vec<String> = rows.iter().map(|(row, _)| row.name.clone()).collect();
        let rows = rows.into_iter().map(|(mut row, known)| {
            let replacement = row.deprecated.as_mut().map(|known| &mut known.replacement);
            if let (Some(Some(replacement)), Some(known)) = (replacement, known) {
                replacement.clone_from(known.get(&names));
            }
            let values = properties.iter().zip(&mut row.values);
            for (_, missing) in values.filter(|(property, _)| property.is_required()) {
                missing.get_or_insert_with(|| value.clone());
            }
            row
        });
        Table {
            rows: rows.collect(),
            properties,
            series,
        }
    })
}
