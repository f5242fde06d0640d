//! Reads a user's own table.

use std::path::Path;

use model_studio_limits::{Deprecation, Limits, PropertyValue, Retired};
use model_studio_limits_codegen as codegen;
use model_studio_provider::{Property, PropertyValues, Served, Table, TableModel};

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
        kind: property.kind,
        unit: property.unit.as_deref(),
        choices: names(&property.choices),
    });
    let properties: Vec<Property> = properties.collect();
    let served = table.models.iter().map(|model| {
        let values = properties.iter().filter_map(|property| {
            let value = model.properties.get(property.name)?;
            Some((property.name, to_value(value)))
        });
        let deprecation = model.deprecation.as_ref();
        let served = Served {
            category: model.category,
            series: &model.series,
            limits: Limits::new(&model.limits),
            dynamic: model.dynamic,
            pool: model.pool.as_deref(),
            properties: PropertyValues(values.collect()),
        };
        TableModel::served(
            &model.name,
            names(&model.aliases),
            deprecation
                .map(|it| Deprecation::new(it.retires, it.note.as_deref(), it.source.as_deref())),
            model.replacement.as_deref(),
            served,
            date,
        )
    });
    let retired = table.retired.iter().map(|retired| {
        TableModel::retired(&Retired::new(
            &retired.name,
            retired.on,
            retired.replacement.as_deref(),
            retired.note.as_deref(),
            retired.source.as_deref(),
        ))
    });
    Ok(Table {
        name: path.display().to_string(),
        region: None,
        date,
        models: served.chain(retired).collect(),
        properties,
    })
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
