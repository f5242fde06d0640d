//! The properties of the models: the enums of choices, the columns, and the accessors.

use std::fmt::Write as _;

use model_studio_limits_core::Grouped;

use super::arrays::{distinct, write_array, write_positions};
use super::literals::{date, option_string};
use super::markdown::{code_span, prose};
use crate::identifier;
use crate::property::{Choice, Choices, Presence, Property, PropertyKind, PropertyValue};
use crate::settings::Settings;
use crate::table::{Model, Table};

/// Writes the enums of choices, the columns of the properties, the array `PROPERTIES`, and the
/// accessors.
pub(super) fn write(code: &mut String, table: &Table, settings: &Settings) {
    write_enums(code, table, settings);
    let properties = table.properties.iter().enumerate();
    let properties = properties.map(|property| write_property(code, table, property, settings));
    let properties: Vec<String> = properties.collect();
    let item_type = format!("{}::Property", settings.runtime);
    write_array(code, "PROPERTIES", &item_type, properties);
    write_accessors(code, table, settings);
}

/// Returns the choices that generate an enum. Properties can share them.
pub(super) fn enums(table: &Table) -> Vec<&Choices> {
    let mut enums = Vec::<&Choices>::new();
    for choices in table.properties.iter().filter_map(Property::choices) {
        if enums
            .iter()
            .all(|other| other.enum_name != choices.enum_name)
        {
            enums.push(choices);
        }
    }
    enums
}

/// Returns the value of a property as Markdown, without its unit.
pub(super) fn display(value: &PropertyValue) -> String {
    match value {
        PropertyValue::Integer(value) => Grouped(*value).to_string(),
        // `Debug` writes very large and very small numbers with an exponent.
        PropertyValue::Number(value) => format!("{value:?}").trim_end_matches(".0").to_owned(),
        PropertyValue::Boolean(true) => "yes".to_owned(),
        PropertyValue::Boolean(false) => "no".to_owned(),
        PropertyValue::Text(text) => prose(text),
        PropertyValue::Date(date) => date.to_string(),
        PropertyValue::Choice(choice) => prose(&choice.name),
        PropertyValue::Choices(choices) if choices.is_empty() => "(none)".to_owned(),
        PropertyValue::Choices(choices) => {
            let names: Vec<String> = choices.iter().map(|choice| prose(&choice.name)).collect();
            names.join(", ")
        }
    }
}

/// Returns the value of a property as Markdown, with its unit.
fn display_with_unit(property: &Property, value: &PropertyValue) -> String {
    let text = display(value);
    match &property.unit {
        Some(unit) => format!("{text} {}", prose(unit)),
        None => text,
    }
}

/// Returns the sentences about the properties for the documentation of a variant.
pub(super) fn summary(table: &Table, model: &Model) -> String {
    let values = table.properties.iter().zip(&model.properties);
    let values = values.filter_map(|(property, value)| {
        let value = display_with_unit(property, value.as_ref()?);
        Some(format!("{} {value}", code_span(&property.name)))
    });
    let values: Vec<String> = values.collect();
    let mut text = String::new();
    if !values.is_empty() {
        _ = write!(text, "\n\nProperties: {}.", values.join("; "));
    }
    let overlaid = model.overlaid_properties.iter();
    let overlaid = overlaid.map(|index| code_span(&table.properties[*index].name));
    let overlaid: Vec<String> = overlaid.collect();
    if !overlaid.is_empty() {
        _ = write!(text, " An overlay sets {}.", overlaid.join(", "));
    }
    text
}

fn write_enums(code: &mut String, table: &Table, settings: &Settings) {
    let (private, kind) = (settings.private(), settings.placement.kind());
    for choices in enums(table) {
        let name = &choices.enum_name;
        let mut users = Vec::new();
        for property in &table.properties {
            if property
                .choices()
                .is_some_and(|other| other.enum_name == *name)
            {
                users.push(code_span(&property.name));
            }
        }
        let word = if users.len() == 1 {
            "property"
        } else {
            "properties"
        };
        let doc = format!("A value of the {word} {}.", users.join(" and "));
        let what = identifier::snake_case(name).replace('_', " ");
        let values = choices.values.iter();
        let values = values.map(|value| {
            let doc = format!("The value {}.", code_span(&value.name));
            format!("{doc:?} {} {:?},", value.identifier, value.name)
        });
        let values: String = values.collect();
        _ = writeln!(
            code,
            "{private}::choice! {{ {kind} {doc:?} {what:?} {name} {{ {values} }} }}"
        );
    }
}

/// Writes the column of a property. Returns a value of the runtime's `Property`.
fn write_property(
    code: &mut String,
    table: &Table,
    (index, property): (usize, &Property),
    settings: &Settings,
) -> String {
    let (runtime, private) = (&settings.runtime, settings.private());
    let column = column_name(index);
    let values = table.models.iter().map(|model| {
        let value = model.properties[index].as_ref()?;
        Some((
            expression(property, value, &private),
            name_expression(value),
        ))
    });
    let (positions, values) = distinct(values);
    let (values, names): (Vec<String>, Vec<Option<String>>) = values.into_iter().unzip();
    let (item_type, kind) = types(property, runtime);
    write_array(code, &format!("{column}_VALUES"), &item_type, values);
    let expression = write_positions(code, &private, &column, &positions);
    _ = writeln!(
        code,
        "static {column}: {private}::Column<{item_type}> = {expression};"
    );
    let name_type = match property.kind {
        PropertyKind::Choice(_) => Some("&str"),
        PropertyKind::Choices(_) => Some("&[&str]"),
        _ => None,
    };
    // Generic code gets the names of choices, whose enum it does not know.
    let by_name = name_type.map(|name_type| {
        write_array(
            code,
            &format!("{column}_NAMES"),
            name_type,
            names.into_iter().flatten(),
        );
        format!("{private}::Column {{ positions: &{column}_POSITIONS, values: &{column}_NAMES }}")
    });
    let values = by_name.unwrap_or(column);
    let name = &property.name;
    let description = option_string(property.description.as_deref());
    let unit = option_string(property.unit.as_deref());
    let choices = property.choices().map(Choices::names).unwrap_or_default();
    format!(
        "{runtime}::Property::new({name:?}, {description}, {unit}, &{choices:?}, \
         {private}::PropertyColumn::{kind}(&{values}))"
    )
}

/// Returns the name of the static with the values of a property. The property's own name could
/// conflict with the names of the arrays.
fn column_name(index: usize) -> String {
    format!("PROPERTY_{index}")
}

/// Returns the Rust type of a property, and the variant of the runtime's `PropertyColumn`.
fn types(property: &Property, runtime: &str) -> (String, &'static str) {
    match &property.kind {
        PropertyKind::Integer => ("u64".to_owned(), "Integer"),
        PropertyKind::Number => ("f64".to_owned(), "Number"),
        PropertyKind::Boolean => ("bool".to_owned(), "Boolean"),
        PropertyKind::Text => ("&'static str".to_owned(), "Text"),
        PropertyKind::Date => (format!("{runtime}::Date"), "Date"),
        PropertyKind::Choice(choices) => (choices.enum_name.clone(), "Choice"),
        PropertyKind::Choices(choices) => (format!("&'static [{}]", choices.enum_name), "Choices"),
    }
}

/// Returns an expression for a value.
fn expression(property: &Property, value: &PropertyValue, private: &str) -> String {
    let enum_name = property.choices().map_or("", |choices| &choices.enum_name);
    let variant = |choice: &Choice| format!("{enum_name}::{}", choice.identifier);
    match value {
        PropertyValue::Integer(value) => value.to_string(),
        PropertyValue::Number(value) => format!("{value:?}"),
        PropertyValue::Boolean(value) => value.to_string(),
        PropertyValue::Text(text) => format!("{text:?}"),
        PropertyValue::Date(on) => date(*on, private),
        PropertyValue::Choice(choice) => variant(choice),
        PropertyValue::Choices(choices) => {
            let variants: Vec<String> = choices.iter().map(variant).collect();
            format!("&[{}]", variants.join(", "))
        }
    }
}

/// Returns an expression for the names of choices, and nothing for other values.
fn name_expression(value: &PropertyValue) -> Option<String> {
    match value {
        PropertyValue::Choice(choice) => Some(format!("{:?}", choice.name)),
        PropertyValue::Choices(choices) => {
            let names: Vec<&str> = choices.iter().map(|choice| choice.name.as_str()).collect();
            Some(format!("&{names:?}"))
        }
        _ => None,
    }
}

fn write_accessors(code: &mut String, table: &Table, settings: &Settings) {
    if table.properties.is_empty() {
        return;
    }
    let private = settings.private();
    _ = writeln!(code, "{private}::accessors! {{ {}", settings.enum_name);
    for (index, property) in table.properties.iter().enumerate() {
        let doc = accessor_doc(property);
        let (name, column) = (&property.name, column_name(index));
        let (item_type, _) = types(property, &settings.runtime);
        _ = match property.presence {
            Presence::Optional => writeln!(
                code,
                "{doc:?} {name}: ::core::option::Option<{item_type}> = {column}.get;"
            ),
            _ => writeln!(code, "{doc:?} {name}: {item_type} = {column}.require;"),
        };
    }
    code.push_str("}\n");
}

/// Returns the documentation of an accessor.
fn accessor_doc(property: &Property) -> String {
    let mut doc = String::new();
    if let Some(description) = &property.description {
        let ends_sentence = description.ends_with(['.', '?', '!']);
        let end = if ends_sentence { "" } else { "." };
        _ = write!(doc, "{}{end}\n\n", prose(description));
    }
    _ = write!(doc, "Returns the property {}", code_span(&property.name));
    if let Some(unit) = &property.unit {
        _ = write!(doc, ", in {}", prose(unit));
    }
    match &property.presence {
        Presence::Optional => {
            doc.push_str(", or `None` if the table has no value for the model.");
        }
        Presence::Required => doc.push('.'),
        Presence::Default(default) => {
            _ = write!(
                doc,
                ". The default is {}.",
                display_with_unit(property, default)
            );
        }
    }
    doc
}
