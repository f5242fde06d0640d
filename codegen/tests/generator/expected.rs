//! Reads from the YAML what generated code should contain, without the generator.

use serde_yaml::Value as Yaml;

/// A declared property, with the value of each model.
pub(crate) struct Property {
    pub(crate) name: String,
    /// The type, such as `integer`.
    pub(crate) kind: String,
    pub(crate) description: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) choices: Vec<String>,
    pub(crate) enum_name: Option<String>,
    /// Whether the accessor returns an `Option`.
    pub(crate) is_optional: bool,
    pub(crate) values: Vec<Option<Value>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Integer(u64),
    /// The bits of a floating-point number, so that 0.0 and -0.0 differ.
    Number(u64),
    Boolean(bool),
    Text(String),
    Date(String),
    Choice(String),
    Choices(Vec<String>),
}

/// Returns the names of each model: its model ID and its aliases.
///
/// # Panics
///
/// Panics if the table is invalid.
#[allow(dead_code, reason = "the fuzz targets do not compile generated code")]
pub(crate) fn names(table: &str) -> Vec<Vec<String>> {
    let table = serde_yaml::from_str(table).unwrap();
    rows(&table).into_iter().map(row_names).collect()
}

/// Returns the properties of a valid table, with the values that a valid overlay sets. Returns `None`
/// if `serde_yaml` cannot represent a number, because it has more than 64 bits.
///
/// # Panics
///
/// Panics if the table or the overlay is invalid.
pub(crate) fn properties(table: &[u8], overlay: Option<&[u8]>) -> Option<Vec<Property>> {
    let table: Yaml = serde_yaml::from_slice(table).ok()?;
    let overlay: Yaml = match overlay {
        Some(overlay) => serde_yaml::from_slice(overlay).ok()?,
        None => Yaml::Null,
    };
    let rows = [rows(&table), rows(&overlay)].concat();
    let overlaid = entries(&overlay["properties"]);
    let properties = entries(&table["properties"]).into_iter();
    let properties = properties.map(|(name, declaration)| {
        let values = rows.iter().map(|row| {
            let names = row_names(row);
            let mut overlaid = overlaid.iter();
            let overlaid = overlaid.find(|(model, _)| names.contains(model));
            let overlaid = overlaid.and_then(|(_, values)| values.get(&name));
            let own = row["properties"].get(&name);
            overlaid.or(own).or(declaration.get("default"))
        });
        let kind = text(&declaration["type"]);
        let values = values.map(|yaml| Some(value(&kind, yaml?)));
        Property {
            values: values.collect(),
            description: declaration.get("description").map(text),
            unit: declaration.get("unit").map(text),
            choices: texts(&declaration["values"]),
            enum_name: declaration.get("enum").map(text),
            is_optional: declaration.get("default").is_none()
                && declaration["required"] != Yaml::Bool(true),
            name,
            kind,
        }
    });
    Some(properties.collect())
}

fn value(kind: &str, yaml: &Yaml) -> Value {
    match kind {
        "integer" => Value::Integer(yaml.as_u64().expect("an integer")),
        "number" => Value::Number(yaml.as_f64().expect("a number").to_bits()),
        "boolean" => Value::Boolean(yaml.as_bool().expect("a boolean")),
        "text" => Value::Text(text(yaml)),
        "date" => Value::Date(text(yaml)),
        "choice" => Value::Choice(text(yaml)),
        "choices" => Value::Choices(texts(yaml)),
        _ => panic!("unknown type `{kind}`"),
    }
}

/// Returns the rows of all groups.
fn rows(file: &Yaml) -> Vec<&Yaml> {
    let groups = file["groups"].as_sequence().into_iter().flatten();
    let rows = groups.flat_map(|group| group["models"].as_sequence().into_iter().flatten());
    rows.collect()
}

fn row_names(row: &Yaml) -> Vec<String> {
    let aliases = row["aliases"].as_sequence().into_iter().flatten();
    let aliases = aliases.map(|alias| alias.get("name").unwrap_or(alias));
    [&row["name"]]
        .into_iter()
        .chain(aliases)
        .map(text)
        .collect()
}

fn entries(yaml: &Yaml) -> Vec<(String, &Yaml)> {
    let entries = yaml.as_mapping().into_iter().flatten();
    entries.map(|(key, value)| (text(key), value)).collect()
}

fn texts(yaml: &Yaml) -> Vec<String> {
    let items = yaml.as_sequence().into_iter().flatten();
    items.map(text).collect()
}

fn text(yaml: &Yaml) -> String {
    yaml.as_str().expect("a string").to_owned()
}
