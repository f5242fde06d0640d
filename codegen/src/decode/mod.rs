//! Decodes YAML trees as table and overlay files.
//!
//! A value that cannot be decoded is omitted, so that the rest of the file is checked in the same
//! run. The result is only used if there are no errors.

mod limits;
mod numbers;
mod property_declarations;
mod property_values;
mod scalars;

pub(crate) use property_declarations::is_declaration_key;
pub(crate) use property_values::values as properties;

use model_studio_limits_core::Category;

use crate::diagnostic::Diagnostic;
use crate::identifier;
use crate::table_file::{
    Deprecation, Group, LimitsRow, Name, OverlayFile, PropertiesRow, RetiredRow, Row, Source,
    TableFile,
};
use crate::text::is_invisible;
use crate::yaml::{Fields, Node, Reader, Value};

/// Decodes a table file.
pub(crate) fn table_file(reader: &mut Reader, root: &Node) -> Option<TableFile> {
    let fields = reader.fields(
        root,
        "the table",
        &["source", "properties", "groups", "retired"],
    )?;
    let source = reader.optional(&fields, "source", decode_source);
    let properties = reader.optional(&fields, "properties", property_declarations::decode);
    let groups = reader.required(&fields, "groups", Reader::items);
    let retired = reader.optional(&fields, "retired", Reader::items);
    let mut file = TableFile {
        source: source.unwrap_or_default(),
        ..TableFile::default()
    };
    for node in groups.unwrap_or_default() {
        decode_group(reader, node, &mut file);
    }
    match properties {
        None if fields.get("properties").is_some() => {
            // The values cannot be checked without the declarations.
            file.rows.iter_mut().for_each(|row| row.properties.clear());
        }
        properties => file.properties = properties.unwrap_or_default(),
    }
    for node in retired.unwrap_or_default() {
        file.retired.extend(decode_retired(reader, node));
    }
    Some(file)
}

/// Decodes an overlay file.
pub(crate) fn overlay_file(reader: &mut Reader, root: &Node) -> Option<OverlayFile> {
    let fields = reader.fields(root, "the overlay", &["limits", "properties", "groups"])?;
    let groups = reader.optional(&fields, "groups", Reader::items);
    let models = reader.optional(&fields, "limits", Reader::mapping);
    let properties = reader.optional(&fields, "properties", Reader::mapping);
    let mut file = OverlayFile::default();
    for node in groups.unwrap_or_default() {
        decode_group(reader, node, &mut file.additions);
    }
    for entry in models.unwrap_or_default() {
        let limits = limits::decode(reader, &entry.value, "`limits`");
        file.limits.extend(limits.map(|limits| LimitsRow {
            name: entry.key.clone(),
            location: entry.location,
            limits,
        }));
    }
    for entry in properties.unwrap_or_default() {
        let what = format!("the properties of `{}`", entry.key);
        let properties = property_values::entries(reader, &entry.value, &what);
        file.properties
            .extend(properties.map(|properties| PropertiesRow {
                name: entry.key.clone(),
                location: entry.location,
                properties,
            }));
    }
    Some(file)
}

fn decode_source(reader: &mut Reader, node: &Node, what: &str) -> Option<Source> {
    let fields = reader.fields(node, what, &["title", "url", "date"])?;
    Some(Source {
        title: reader.optional(&fields, "title", scalars::text),
        url: reader.optional(&fields, "url", scalars::text),
        date: reader.optional(&fields, "date", scalars::date),
    })
}

/// Decodes a group and adds it and its rows to the file.
fn decode_group(reader: &mut Reader, node: &Node, file: &mut TableFile) -> Option<()> {
    let fields = reader.fields(node, "the group", &["category", "series", "models"])?;
    let category = reader.required(&fields, "category", decode_category);
    let series = reader.required(&fields, "series", scalars::text);
    file.groups.push(Group {
        category: category.unwrap_or(Category::TextGeneration),
        series: series.unwrap_or_default(),
    });
    let group = file.groups.len() - 1;
    for node in reader.required(&fields, "models", Reader::items)? {
        file.rows.extend(decode_row(reader, node, group));
    }
    Some(())
}

fn decode_category(reader: &mut Reader, node: &Node, what: &str) -> Option<Category> {
    let name = reader.string(node, what)?;
    let category = name.parse().ok();
    if category.is_none() {
        reader.unknown("category", name, node.location, Category::NAMES);
    }
    category
}

fn decode_row(reader: &mut Reader, node: &Node, group: usize) -> Option<Row> {
    let keys = [
        "name",
        "aliases",
        "variant",
        "deprecated",
        "limits",
        "dynamic",
        "pool",
        "properties",
    ];
    let fields = reader.fields(node, "the model", &keys)?;
    let name = decode_name_field(reader, &fields);
    let aliases = reader.optional(&fields, "aliases", decode_aliases);
    let limits = reader.required(&fields, "limits", limits::decode);
    let dynamic = reader.optional(&fields, "dynamic", Reader::boolean);
    let properties = reader.optional(&fields, "properties", property_values::entries);
    Some(Row {
        aliases: aliases.unwrap_or_default(),
        group,
        limits: limits.unwrap_or_default(),
        dynamic: dynamic.unwrap_or_default(),
        pool: reader.optional(&fields, "pool", scalars::reference),
        deprecation: reader.optional(&fields, "deprecated", decode_deprecation),
        properties: properties.unwrap_or_default(),
        // Last, so that the other fields are checked even if the name is invalid.
        name: name?,
    })
}

fn decode_aliases(reader: &mut Reader, node: &Node, what: &str) -> Option<Vec<Name>> {
    let aliases = match &node.value {
        // An empty list is the same as no list.
        Value::Sequence(items) => items,
        _ => reader.items(node, what)?,
    };
    let aliases = aliases.iter().filter_map(|node| decode_alias(reader, node));
    Some(aliases.collect())
}

/// Decodes an alias: a name, or a mapping that also sets the identifier.
fn decode_alias(reader: &mut Reader, node: &Node) -> Option<Name> {
    match node.value {
        Value::String(_) => return decode_name(reader, node, None, "the alias"),
        Value::Mapping(_) => {}
        _ => return reader.type_error(node, "the alias", "a string or a mapping"),
    }
    let fields = reader.fields(node, "the alias", &["name", "variant"])?;
    decode_name_field(reader, &fields)
}

/// Decodes `name` and `variant`.
fn decode_name_field(reader: &mut Reader, fields: &Fields<'_>) -> Option<Name> {
    reader.required(fields, "name", |reader, node, what| {
        decode_name(reader, node, fields.get("variant"), what)
    })
}

fn decode_name(
    reader: &mut Reader,
    node: &Node,
    variant: Option<&Node>,
    what: &str,
) -> Option<Name> {
    let variant = variant.and_then(|node| Some((reader.string(node, "`variant`")?, node.location)));
    if let Some((variant, location)) = variant.filter(|(text, _)| !identifier::is_valid(text)) {
        let error = Diagnostic::new(location, format!("`{variant}` is not a valid identifier"));
        reader.error(error.help(
            "an identifier consists of ASCII letters, digits and `_`, does not begin with a digit, and \
             is not a keyword",
        ));
    }
    let text = model_name(reader, node, what)?;
    let identifier = match variant {
        Some((variant, _)) => Some(variant.to_owned()),
        None => identifier::variant(text),
    };
    let Some(identifier) = identifier else {
        let message = format!(
            "cannot derive an identifier from `{text}`: it contains no ASCII letters or digits"
        );
        let error = Diagnostic::new(node.location, message);
        return reader.fail(error.help(if what == "the alias" {
            format!("add an identifier, as in `{{ name: {text:?}, variant: SomeName }}`")
        } else {
            "add an identifier, as in `variant: SomeName`".to_owned()
        }));
    };
    Some(Name {
        text: text.to_owned(),
        location: node.location,
        identifier,
        identifier_location: variant.map_or(node.location, |(_, location)| location),
    })
}

/// Returns a model ID or an alias, which has only visible characters.
fn model_name<'a>(reader: &mut Reader, node: &'a Node, what: &str) -> Option<&'a str> {
    let text = reader.string(node, what)?;
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || is_invisible(c);
    if let Some(bad) = text.chars().find(|c| is_bad(*c)) {
        let bad = match bad {
            ' ' => "a space".to_owned(),
            _ => format!("the character U+{:04X}", u32::from(bad)),
        };
        let message = format!("the name {text:?} contains {bad}");
        return reader.fail(Diagnostic::new(node.location, message));
    }
    Some(text)
}

fn decode_deprecation(reader: &mut Reader, node: &Node, what: &str) -> Option<Deprecation> {
    match &node.value {
        Value::Bool(deprecated) => return deprecated.then(Deprecation::default),
        Value::Mapping(_) => {}
        _ => return reader.type_error(node, what, "`true`, `false` or a mapping"),
    }
    let keys = ["retires", "replacement", "source", "note"];
    let fields = reader.fields(node, what, &keys)?;
    Some(Deprecation {
        retires: reader.optional(&fields, "retires", scalars::date),
        replacement: reader.optional(&fields, "replacement", scalars::reference),
        source: reader.optional(&fields, "source", scalars::line),
        note: reader.optional(&fields, "note", scalars::line),
    })
}

fn decode_retired(reader: &mut Reader, node: &Node) -> Option<RetiredRow> {
    let keys = ["name", "on", "replacement", "source", "note"];
    let fields = reader.fields(node, "the retired model", &keys)?;
    let name = reader.required(&fields, "name", |reader, node, what| {
        Some((model_name(reader, node, what)?.to_owned(), node.location))
    });
    let on = reader.required(&fields, "on", scalars::date);
    let replacement = reader.optional(&fields, "replacement", scalars::reference);
    let source = reader.optional(&fields, "source", scalars::line);
    let remark = reader.optional(&fields, "note", scalars::line);
    let (name, location) = name?;
    Some(RetiredRow {
        name,
        location,
        on: on?,
        replacement,
        source,
        note: remark,
    })
}
