//! The data of the enum: static arrays, and the parameters of the lookup.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::literals::{date, option, option_string};
use super::perfect_hash::{self, Parameters};
use crate::settings::Settings;
use crate::table::{Model, Table};
use crate::table_file::{Group, Row};

/// Writes `COLUMNS` and `LOOKUP`, which the runtime's `implement!` uses, and the arrays in them.
/// The lookup is a constant so that its parameters are known where it is inlined into other crates.
pub(super) fn write(code: &mut String, table: &Table, settings: &Settings) {
    let aliases = table.rows().flat_map(|row| &row.aliases);
    let names = table.rows().map(|row| &row.name).chain(aliases);
    let names: Vec<&str> = names.map(|name| name.text.as_str()).collect();
    write_names(code, table, &names, &settings.enum_name);
    write_classes(code, table, settings);
    write_retired(code, table, settings);
    let Parameters {
        seeds,
        pilots,
        index,
        keys,
    } = perfect_hash::find(&names);
    write_array(code, "PILOTS", "u16", pilots.iter().map(u16::to_string));
    write_array(code, "INDEX", "u16", index.iter().map(u16::to_string));
    let keys = keys.iter().map(|key| format!("{key:?}"));
    write_array(code, "KEYS", "[u64; 4]", keys);
    let (private, enum_name) = (settings.private(), &settings.enum_name);
    let count = table.models.len();
    let longest = names.iter().map(|name| name.len()).max().unwrap_or(0);
    _ = write!(
        code,
        "static COLUMNS: {private}::Columns<{enum_name}> = {private}::Columns {{\n\
         models: MODELS_BY_NAME.split_at({count}).0,\n\
         names: &NAMES,\n\
         models_by_name: &MODELS_BY_NAME,\n\
         identifiers: IDENTIFIERS,\n\
         identifier_ends: &IDENTIFIER_ENDS,\n\
         alias_ends: &ALIAS_ENDS,\n\
         class_of: &CLASS_OF,\n\
         classes: &CLASSES,\n\
         retired: &RETIRED,\n\
         }};\n\
         const LOOKUP: {private}::Lookup<'static> = {private}::Lookup {{\n\
         seeds: {seeds:?},\n\
         pilots: &PILOTS,\n\
         index: &INDEX,\n\
         keys: &KEYS,\n\
         names: &NAMES,\n\
         longest: {longest},\n\
         }};\n"
    );
}

/// Returns a value of the runtime's `Source`.
pub(super) fn source(table: &Table, settings: &Settings) -> String {
    let runtime = &settings.runtime;
    let [title, url, overlay] = [&table.source.title, &table.source.url, &table.overlay]
        .map(|text| option_string(text.as_deref()));
    let private = settings.private();
    let date = option(table.source.date.map(|on| date(on, &private)));
    format!("{runtime}::Source::new({title}, {url}, {date}, {overlay})")
}

/// Writes the names of models: model IDs, aliases and identifiers.
fn write_names(code: &mut String, table: &Table, names: &[&str], enum_name: &str) {
    let strings = names.iter().map(|name| format!("{name:?}"));
    write_array(code, "NAMES", "&str", strings);

    let variant = |row: &Row| format!("{enum_name}::{}", row.name.identifier);
    let of_aliases = |row: &Row| vec![variant(row); row.aliases.len()];
    let of_names = table.rows().map(variant);
    let of_names = of_names.chain(table.rows().flat_map(of_aliases));
    write_array(code, "MODELS_BY_NAME", enum_name, of_names);

    let mut aliases = 0;
    let alias_ends = table.rows().map(|row| {
        aliases += row.aliases.len();
        aliases.to_string()
    });
    write_array(code, "ALIAS_ENDS", "u16", alias_ends);

    let mut identifiers = String::new();
    let identifier_ends = table.rows().map(|row| {
        identifiers.push_str(&row.name.identifier);
        identifiers.len().to_string()
    });
    write_array(code, "IDENTIFIER_ENDS", "u32", identifier_ends);
    _ = writeln!(code, "static IDENTIFIERS: &str = \"{identifiers}\";");
}

/// Writes the properties that many models share, as classes.
fn write_classes(code: &mut String, table: &Table, settings: &Settings) {
    let mut classes = Vec::new();
    let mut known = BTreeMap::new();
    let class_of = table.models.iter().map(|model| {
        let class = class(table, model, settings);
        let position = *known.entry(class).or_insert_with_key(|class| {
            classes.push(class.clone());
            classes.len() - 1
        });
        position.to_string()
    });
    write_array(code, "CLASS_OF", "u16", class_of);
    let class_type = format!("{}::Class<{}>", settings.private(), settings.enum_name);
    write_array(code, "CLASSES", &class_type, classes);
}

/// Returns a value of the runtime's `Class`.
fn class(table: &Table, model: &Model, settings: &Settings) -> String {
    let (runtime, private) = (&settings.runtime, settings.private());
    let row = &model.row;
    let Group { category, series } = &table.groups[row.group];
    let mut limits = String::new();
    for limit in &row.limits {
        let kind = limit.kind;
        let count = limit.count;
        let millis = limit.per.map_or(0, |per| per.as_millis());
        _ = write!(
            limits,
            "{private}::limit({runtime}::LimitKind::{kind:?}, {count}, {millis}), "
        );
    }
    let dynamic = row.dynamic;
    let pool = option_string(row.pool());
    let deprecation = option(row.deprecation.as_ref().map(|deprecation| {
        let retires = option(deprecation.retires.map(|on| date(on, &private)));
        let note = option_string(deprecation.note.as_deref());
        let source = option_string(deprecation.source.as_deref());
        format!("{runtime}::Deprecation::new({retires}, {note}, {source})")
    }));
    let replacement = table.replacement(model.replacement);
    let replacement = option(replacement.map(|replacement| {
        let variant = &replacement.name.identifier;
        format!("{}::{variant}", settings.enum_name)
    }));
    format!(
        "{private}::Class {{ category: {runtime}::Category::{category:?}, series: {series:?}, \
         limits: {runtime}::Limits::new(&[{limits}]), dynamic: {dynamic}, pool: {pool}, \
         deprecation: {deprecation}, replacement: {replacement} }}"
    )
}

/// Writes the retired models, sorted by name.
fn write_retired(code: &mut String, table: &Table, settings: &Settings) {
    let (runtime, private) = (&settings.runtime, settings.private());
    let retired = table.retired.iter().map(|retired| {
        let row = &retired.row;
        let name = &row.name;
        let on = date(row.on, &private);
        let replacement = table.replacement(retired.replacement);
        let replacement = option_string(replacement.map(|row| row.name.text.as_str()));
        let note = option_string(row.note.as_deref());
        let source = option_string(row.source.as_deref());
        format!("{runtime}::Retired::new({name:?}, {on}, {replacement}, {note}, {source})")
    });
    write_array(code, "RETIRED", &format!("{runtime}::Retired"), retired);
}

/// Writes a static array, which compiles faster than a slice: constants that refer to a slice are
/// evaluated with all of its items.
fn write_array(
    code: &mut String,
    name: &str,
    item_type: &str,
    items: impl IntoIterator<Item = String>,
) {
    let items: Vec<String> = items.into_iter().collect();
    let (len, items) = (items.len(), items.join(", "));
    _ = writeln!(code, "static {name}: [{item_type}; {len}] = [{items}];");
}
