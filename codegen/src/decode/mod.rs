//! Decodes YAML trees into tables and overlays.
//!
//! A value that cannot be decoded is omitted, so that the rest of the file is checked in the same
//! run. The result is only used if there are no diagnostics.

mod limits;

use model_studio_limits_core::{Category, Date};

use crate::decoder::{Decoder, Fields};
use crate::diagnostics::{Diagnostic, Location, is_invisible};
use crate::identifier;
use crate::table::{Deprecation, Group, Name, Overlay, OverlayEntry, Retired, Row, Table};
use crate::yaml::{Node, Value};

/// Decodes a table file.
pub(crate) fn table(decoder: &mut Decoder, root: &Node) -> Option<Table> {
    let fields = decoder.fields(root, "the table", &["source", "groups", "retired"])?;
    let mut table = Table::default();
    let source = decoder.optional(&fields, "source", |decoder, node, what| {
        decoder.fields(node, what, &["title", "url", "date"])
    });
    if let Some(source) = &source {
        table.title = decoder.optional(source, "title", decode_text);
        table.url = decoder.optional(source, "url", decode_text);
        table.date = decoder.optional(source, "date", decode_date);
    }
    let retired = decoder.optional(&fields, "retired", Decoder::items);
    let retired = retired.unwrap_or_default().iter();
    let retired = retired.filter_map(|node| decode_retired(decoder, node));
    table.retired = retired.collect();
    let groups = decoder.required(&fields, "groups", Decoder::items);
    decode_groups(decoder, groups, &mut table);
    Some(table)
}

/// Decodes an overlay file.
pub(crate) fn overlay(decoder: &mut Decoder, root: &Node) -> Option<Overlay> {
    let fields = decoder.fields(root, "the overlay", &["limits", "groups"])?;
    let mut overlay = Overlay::default();
    let groups = decoder.optional(&fields, "groups", Decoder::items);
    decode_groups(decoder, groups, &mut overlay.additions);
    let models = decoder.optional(&fields, "limits", Decoder::mapping);
    let entries = models.unwrap_or_default().iter().filter_map(|entry| {
        Some(OverlayEntry {
            name: entry.key.clone(),
            location: entry.location,
            limits: limits::decode(decoder, &entry.value, "`limits`")?,
        })
    });
    overlay.entries = entries.collect();
    Some(overlay)
}

/// Decodes groups and adds them to the table.
fn decode_groups(decoder: &mut Decoder, groups: Option<&[Node]>, table: &mut Table) {
    for node in groups.unwrap_or_default() {
        decode_group(decoder, node, table);
    }
}

/// Decodes a group and adds it and its rows to the table.
fn decode_group(decoder: &mut Decoder, node: &Node, table: &mut Table) -> Option<()> {
    let fields = decoder.fields(node, "the group", &["category", "series", "models"])?;
    let category = decoder.required(&fields, "category", decode_category);
    let series = decoder.required(&fields, "series", decode_text);
    table.groups.push(Group {
        category: category.unwrap_or(Category::TextGeneration),
        series: series.unwrap_or_default(),
    });
    let group = table.groups.len() - 1;
    for node in decoder.required(&fields, "models", Decoder::items)? {
        table.rows.extend(decode_row(decoder, node, group));
    }
    Some(())
}

fn decode_category(decoder: &mut Decoder, node: &Node, what: &str) -> Option<Category> {
    let name = decoder.string(node, what)?;
    let category = name.parse().ok();
    if category.is_none() {
        decoder.unknown("category", name, node.location, Category::NAMES);
    }
    category
}

fn decode_row(decoder: &mut Decoder, node: &Node, group: usize) -> Option<Row> {
    let keys = [
        "name",
        "aliases",
        "variant",
        "deprecated",
        "limits",
        "dynamic",
        "pool",
    ];
    let fields = decoder.fields(node, "the model", &keys)?;
    let name = decode_name_field(decoder, &fields);
    let aliases = decoder.optional(&fields, "aliases", |decoder, node, what| {
        match &node.value {
            // An empty list is the same as no list.
            Value::Sequence(items) => Some(items.as_slice()),
            _ => decoder.items(node, what),
        }
    });
    let aliases = aliases.unwrap_or_default().iter();
    let aliases = aliases.filter_map(|node| decode_alias(decoder, node));
    let aliases = aliases.collect();
    let deprecation = decoder.optional(&fields, "deprecated", decode_deprecation);
    let limits = decoder.required(&fields, "limits", limits::decode);
    let dynamic = decoder.optional(&fields, "dynamic", Decoder::boolean);
    let pool = decoder.optional(&fields, "pool", decode_reference);
    Some(Row {
        name: name?,
        aliases,
        group,
        limits: limits.unwrap_or_default(),
        dynamic: dynamic.unwrap_or_default(),
        pool,
        deprecation,
    })
}

/// Decodes an alias: a name, or a mapping that also sets the identifier.
fn decode_alias(decoder: &mut Decoder, node: &Node) -> Option<Name> {
    match node.value {
        Value::String(_) => return decode_name(decoder, node, None, "the alias"),
        Value::Mapping(_) => {}
        _ => return decoder.type_error(node, "the alias", "a string or a mapping"),
    }
    let fields = decoder.fields(node, "the alias", &["name", "variant"])?;
    decode_name_field(decoder, &fields)
}

/// Decodes `name` and `variant`.
fn decode_name_field(decoder: &mut Decoder, fields: &Fields<'_>) -> Option<Name> {
    decoder.required(fields, "name", |decoder, node, what| {
        decode_name(decoder, node, fields.get("variant"), what)
    })
}

fn decode_name(
    decoder: &mut Decoder,
    node: &Node,
    variant: Option<&Node>,
    what: &str,
) -> Option<Name> {
    let variant =
        variant.and_then(|node| Some((decoder.string(node, "`variant`")?, node.location)));
    if let Some((variant, location)) = variant.filter(|(text, _)| !identifier::is_valid(text)) {
        let error = Diagnostic::new(location, format!("`{variant}` is not a valid identifier"));
        decoder.error(error.help(
            "an identifier consists of ASCII letters, digits and `_`, does not begin with a digit, and \
             is not a keyword",
        ));
    }
    let text = decoder.string(node, what)?;
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || is_invisible(c);
    if let Some(bad) = text.chars().find(|c| is_bad(*c)) {
        let bad = match bad {
            ' ' => "a space".to_owned(),
            _ => format!("the character U+{:04X}", u32::from(bad)),
        };
        let message = format!("the name {text:?} contains {bad}");
        return decoder.fail(Diagnostic::new(node.location, message));
    }
    let identifier = match variant {
        Some((variant, _)) => Some(variant.to_owned()),
        None => identifier::variant(text),
    };
    let Some(identifier) = identifier else {
        let message = format!(
            "cannot derive an identifier from `{text}`: it contains no ASCII letters or digits"
        );
        let error = Diagnostic::new(node.location, message);
        return decoder.fail(error.help(if what == "the alias" {
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

fn decode_deprecation(decoder: &mut Decoder, node: &Node, what: &str) -> Option<Deprecation> {
    match &node.value {
        Value::Bool(deprecated) => return deprecated.then(Deprecation::default),
        Value::Mapping(_) => {}
        _ => return decoder.type_error(node, what, "`true`, `false` or a mapping"),
    }
    let keys = ["retires", "replacement", "source", "note"];
    let fields = decoder.fields(node, what, &keys)?;
    Some(Deprecation {
        retires: decoder.optional(&fields, "retires", decode_date),
        replacement: decoder.optional(&fields, "replacement", decode_reference),
        source: decoder.optional(&fields, "source", decode_text),
        note: decoder.optional(&fields, "note", decode_text),
    })
}

fn decode_retired(decoder: &mut Decoder, node: &Node) -> Option<Retired> {
    let keys = ["name", "on", "replacement", "source", "note"];
    let fields = decoder.fields(node, "the retired model", &keys)?;
    let name = decode_name_field(decoder, &fields);
    let on = decoder.required(&fields, "on", decode_date);
    let [source, remark] =
        ["source", "note"].map(|key| decoder.optional(&fields, key, decode_text));
    let replacement = decoder.optional(&fields, "replacement", decode_reference);
    Some(Retired {
        name: name?,
        on: on?,
        replacement,
        source,
        note: remark,
    })
}

fn decode_date(decoder: &mut Decoder, node: &Node, what: &str) -> Option<Date> {
    let text = decoder.string(node, what)?;
    let date = text.parse();
    if let Err(error) = &date {
        let message = format!("invalid {what}: {error}, found `{text}`");
        decoder.error(Diagnostic::new(node.location, message));
    }
    date.ok()
}

fn decode_text(decoder: &mut Decoder, node: &Node, what: &str) -> Option<String> {
    decoder.string(node, what).map(str::to_owned)
}

/// Decodes the name of a model or a pool, which is checked later.
fn decode_reference(decoder: &mut Decoder, node: &Node, what: &str) -> Option<(String, Location)> {
    Some((decode_text(decoder, node, what)?, node.location))
}
