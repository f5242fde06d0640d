//! Reads a user's own table.

use std::path::Path;

use model_studio_limits::{Limits, PropertyKind, PropertyValue};
use model_studio_limits_codegen as codegen;

use crate::tables::{Property, PropertyValues, Served, Status, Table, TableModel};

/// Reads the table in a file and applies an overlay.
///
/// Leaks the table: it is read once, and then lives as long as those of the regions.
pub(crate) fn read(path: &Path, overlay: Option<&Path>) -> Result<Table, codegen::Error> {
    let mut generator = codegen::Generator::new(path);
    if let Some(overlay) = overlay {
        generator = generator.overlay(overlay);
    }
    let table: &'static codegen::Table = Box::leak(Box::new(generator.table()?));
    let date = table.source.date;
    let properties = table.properties.iter().map(|property| Property {
        name: &property.name,
        kind: to_kind(property.kind),
        unit: property.unit.as_deref(),
        choices: names(&property.choices),
    });
    let properties: Vec<Property> = properties.collect();
    let served = table.models.iter().map(|model| {
        let deprecation = model.deprecation.as_ref();
        let values = properties.iter().filter_map(|property| {
            let value = model.properties.get(property.name)?;
            Some((property.name, to_value(value)))
        });
        TableModel {
            name: &model.name,
            aliases: names(&model.aliases),
            status: match deprecation {
                Some(deprecation) => Status::deprecated(deprecation.retires, date),
                None => Status::Active,
            },
            replacement: model.replacement.as_deref(),
            note: deprecation.and_then(|it| it.note.as_deref()),
            source: deprecation.and_then(|it| it.source.as_deref()),
            served: Some(Served {
                category: model.category,
                series: &model.series,
                limits: Limits::new(&model.limits),
                dynamic: model.dynamic,
                pool: model.pool.as_deref(),
                properties: PropertyValues(values.collect()),
            }),
        }
    });
    let retired = table.retired.iter().map(|retired| TableModel {
        name: &retired.name,
        aliases: &[],
        status: Status::Retired(retired.on),
        replacement: retired.replacement.as_deref(),
        note: retired.note.as_deref(),
        source: retired.source.as_deref(),
        served: None,
    });
    Ok(Table {
        region: None,
        name: path.display().to_string(),
        date,
        models: served.chain(retired).collect(),
        properties,
    })
}

const fn to_kind(kind: codegen::PropertyKind) -> PropertyKind {
    match kind {
        codegen::PropertyKind::Integer => PropertyKind::Integer,
        codegen::PropertyKind::Number => PropertyKind::Number,
        codegen::PropertyKind::Boolean => PropertyKind::Boolean,
        codegen::PropertyKind::Text => PropertyKind::Text,
        codegen::PropertyKind::Date => PropertyKind::Date,
        codegen::PropertyKind::Choice => PropertyKind::Choice,
        codegen::PropertyKind::Choices => PropertyKind::Choices,
    }
}

fn to_value(value: &'static codegen::PropertyValue) -> PropertyValue {
    match value {
        codegen::PropertyValue::Integer(value) => PropertyValue::Integer(*value),
        codegen::PropertyValue::Number(value) => PropertyValue::Number(*value),
        codegen::PropertyValue::Boolean(value) => PropertyValue::Boolean(*value),
        codegen::PropertyValue::Text(value) => PropertyValue::Text(value),
        codegen::PropertyValue::Date(value) => PropertyValue::Date(*value),
        codegen::PropertyValue::Choice(value) => PropertyValue::Choice(value),
        codegen::PropertyValue::Choices(values) => PropertyValue::Choices(names(values)),
    }
}

fn names(names: &'static [String]) -> &'static [&'static str] {
    let names = names.iter().map(String::as_str);
    names.collect::<Vec<_>>().leak()
}
