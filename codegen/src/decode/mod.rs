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
pub(crate) fn table(root: &Node) -> (Table, Vec<Diagnostic>) {
    let mut decoder = Decoder::default();
    let table = decode_table(&mut decoder, root).unwrap_or_default();
    (table, decoder.diagnostics)
}

/// Decodes an overlay file.
pub(crate) fn overlay(root: &Node) -> (Overlay, Vec<Diagnostic>) {
    let mut decoder = Decoder::default();
    let overlay = decode_overlay(&mut decoder, root).unwrap_or_default();
    (overlay, decoder.diagnostics)
}

fn decode_table(decoder: &mut Decoder, root: &Node) -> Option<Table> {
    let fields = decoder.fields(root, "the table", &["source", "groups", "retired"])?;
    let source = fields.get("source");
    let source =
        source.and_then(|node| decoder.fields(node, "`source`", &["title", "url", "date"]));
    let mut table = Table::default();
    if let Some(source) = &source {
        table.title = optional_string(decoder, source, "title");
        table.url = optional_string(decoder, source, "url");
        table.date = optional_date(decoder, source, "date");
    }
    if let Some(retired) = fields.get("retired") {
        let retired = decoder.items(retired, "`retired`").unwrap_or_default();
        let retired = retired
            .iter()
            .filter_map(|node| decode_retired(decoder, node));
        table.retired = retired.collect();
    }
    let groups = decoder.required(&fields, "groups");
    decode_groups(decoder, groups, &mut table);
    Some(table)
}

/// Decodes `groups` and adds them to the table.
fn decode_groups(decoder: &mut Decoder, groups: Option<&Node>, table: &mut Table) {
    let groups = groups.and_then(|groups| decoder.items(groups, "`groups`"));
    for node in groups.unwrap_or_default() {
        decode_group(decoder, node, table);
    }
}

/// Decodes a group and adds it and its rows to the table.
fn decode_group(decoder: &mut Decoder, node: &Node, table: &mut Table) -> Option<()> {
    let fields = decoder.fields(node, "the group", &["category", "series", "models"])?;
    let category = decoder.required(&fields, "category");
    let category = category.and_then(|node| decode_category(decoder, node));
    let series = decoder.required(&fields, "series");
    let series = series.and_then(|node| decoder.string(node, "`series`"));
    table.groups.push(Group {
        category: category.unwrap_or(Category::TextGeneration),
        series: series.unwrap_or_default().to_owned(),
    });
    let group = table.groups.len() - 1;
    let models = decoder.required(&fields, "models")?;
    for node in decoder.items(models, "`models`")? {
        table.rows.extend(decode_row(decoder, node, group));
    }
    Some(())
}

fn decode_category(decoder: &mut Decoder, node: &Node) -> Option<Category> {
    let name = decoder.string(node, "`category`")?;
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
    let name = decoder.required(&fields, "name");
    let name = name.and_then(|name| decode_name(decoder, name, fields.get("variant"), "`name`"));
    let aliases = match fields.get("aliases") {
        // An empty list is the same as no list.
        Some(node) => match &node.value {
            Value::Sequence(items) => items,
            _ => decoder.items(node, "`aliases`").unwrap_or_default(),
        },
        None => &[],
    };
    let aliases = aliases
        .iter()
        .filter_map(|node| decode_alias(decoder, node));
    let aliases = aliases.collect();
    let deprecation = fields.get("deprecated");
    let deprecation = deprecation.and_then(|node| decode_deprecation(decoder, node));
    let limits = decoder.required(&fields, "limits");
    let limits = limits.and_then(|node| limits::decode(decoder, node));
    let dynamic = fields.get("dynamic");
    let dynamic = dynamic.and_then(|node| decoder.boolean(node, "`dynamic`"));
    let pool = fields.get("pool").and_then(|node| {
        let pool = decoder.string(node, "`pool`")?;
        Some((pool.to_owned(), node.location))
    });
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
        _ => {
            decoder.type_error(node, "the alias", "a string or a mapping");
            return None;
        }
    }
    let fields = decoder.fields(node, "the alias", &["name", "variant"])?;
    let name = decoder.required(&fields, "name")?;
    decode_name(decoder, name, fields.get("variant"), "`name`")
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
        decoder.error(Diagnostic::new(node.location, message));
        return None;
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
        decoder.error(error.help(if what == "the alias" {
            format!("add an identifier, as in `{{ name: {text:?}, variant: SomeName }}`")
        } else {
            "add an identifier, as in `variant: SomeName`".to_owned()
        }));
        return None;
    };
    Some(Name {
        text: text.to_owned(),
        location: node.location,
        identifier,
        identifier_location: variant.map_or(node.location, |(_, location)| location),
    })
}

fn decode_deprecation(decoder: &mut Decoder, node: &Node) -> Option<Deprecation> {
    match &node.value {
        Value::Bool(deprecated) => {
            return deprecated.then(Deprecation::default);
        }
        Value::Mapping(_) => {}
        _ => {
            decoder.type_error(node, "`deprecated`", "`true`, `false` or a mapping");
            return None;
        }
    }
    let keys = ["retires", "replacement", "source", "note"];
    let fields = decoder.fields(node, "`deprecated`", &keys)?;
    Some(Deprecation {
        retires: optional_date(decoder, &fields, "retires"),
        replacement: decode_replacement(decoder, &fields),
        source: optional_string(decoder, &fields, "source"),
        note: optional_string(decoder, &fields, "note"),
    })
}

fn decode_replacement(decoder: &mut Decoder, fields: &Fields<'_>) -> Option<(String, Location)> {
    let node = fields.get("replacement")?;
    let name = decoder.string(node, "`replacement`")?;
    Some((name.to_owned(), node.location))
}

fn decode_retired(decoder: &mut Decoder, node: &Node) -> Option<Retired> {
    let keys = ["name", "on", "replacement", "source", "note"];
    let fields = decoder.fields(node, "the retired model", &keys)?;
    let name = decoder.required(&fields, "name");
    let name = name.and_then(|node| decode_name(decoder, node, None, "`name`"));
    let on = decoder.required(&fields, "on");
    let on = on.and_then(|node| decode_date(decoder, node, "`on`"));
    // Only checked: the source is for readers of the table.
    optional_string(decoder, &fields, "source");
    let replacement = decode_replacement(decoder, &fields);
    let remark = optional_string(decoder, &fields, "note");
    Some(Retired {
        name: name?,
        on: on?,
        replacement,
        note: remark,
    })
}

fn optional_date(decoder: &mut Decoder, fields: &Fields<'_>, key: &str) -> Option<Date> {
    decode_date(decoder, fields.get(key)?, &format!("`{key}`"))
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

fn optional_string(decoder: &mut Decoder, fields: &Fields<'_>, key: &str) -> Option<String> {
    let text = decoder.string(fields.get(key)?, &format!("`{key}`"))?;
    Some(text.to_owned())
}

fn decode_overlay(decoder: &mut Decoder, root: &Node) -> Option<Overlay> {
    let fields = decoder.fields(root, "the overlay", &["limits", "groups"])?;
    let mut overlay = Overlay::default();
    decode_groups(decoder, fields.get("groups"), &mut overlay.additions);
    let models = fields.get("limits");
    let models = models.and_then(|limits| decoder.mapping(limits, "`limits`"));
    let models = models.iter().flat_map(Fields::entries);
    overlay.entries = models
        .filter_map(|(name, location, node)| {
            Some(OverlayEntry {
                name: (*name).to_owned(),
                location: *location,
                limits: limits::decode(decoder, node)?,
            })
        })
        .collect();
    Some(overlay)
}
