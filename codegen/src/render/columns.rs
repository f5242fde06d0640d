//! The data of the enum: static arrays, and the parameters of the lookup.

use std::fmt::Write as _;
use std::num::NonZeroU64;

use super::arrays::{distinct, write_array, write_column};
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
    let attributes = write_attributes(code, table, settings);
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
         {attributes}\
         properties: &PROPERTIES,\n\
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

/// Writes the attributes of the models. Returns the fields of `COLUMNS` for them.
fn write_attributes(code: &mut String, table: &Table, settings: &Settings) -> String {
    let (runtime, private) = (&settings.runtime, settings.private());
    let enum_name = &settings.enum_name;
    let limits = write_limits(code, table, settings);
    let mut fields = format!("limits: {limits},\n");
    let mut field = |name: &str, item_type: &str, value: &dyn Fn(&Model) -> Option<String>| {
        let values = table.models.iter().map(value);
        let column = write_column(code, &private, name, item_type, values);
        _ = writeln!(fields, "{}: {column},", name.to_lowercase());
    };
    field("GROUP", &format!("{private}::Group"), &|model| {
        let Group { category, series } = &table.groups[model.row.group];
        let category = format!("{runtime}::Category::{category:?}");
        Some(format!(
            "{private}::Group {{ category: {category}, series: {series:?} }}"
        ))
    });
    field("DYNAMIC", "bool", &|model| {
        model.row.dynamic.then(|| "true".to_owned())
    });
    field("POOL", "&str", &|model| {
        Some(format!("{:?}", model.row.pool()?))
    });
    field(
        "DEPRECATION",
        &format!("{runtime}::Deprecation"),
        &|model| {
            let deprecation = model.row.deprecation.as_ref()?;
            let retires = option(deprecation.retires.map(|on| date(on, &private)));
            let note = option_string(deprecation.note.as_deref());
            let source = option_string(deprecation.source.as_deref());
            Some(format!(
                "{runtime}::Deprecation::new({retires}, {note}, {source})"
            ))
        },
    );
    field("REPLACEMENT", enum_name, &|model| {
        let replacement = table.replacement(model.replacement)?;
        Some(format!("{enum_name}::{}", replacement.name.identifier))
    });
    fields
}

/// Writes the limits. Returns the column, an expression.
fn write_limits(code: &mut String, table: &Table, settings: &Settings) -> String {
    let (runtime, private) = (&settings.runtime, settings.private());
    let (positions, lists) = distinct(table.rows().map(|row| Some(&row.limits)));
    let mut len = 0;
    let ends = lists.iter().map(|list| {
        len += list.len();
        len.to_string()
    });
    write_array(code, "LIMIT_ENDS", "u32", ends);
    let positions = positions.iter().map(|position| (position - 1).to_string());
    write_array(code, "LIMIT_POSITIONS", "u16", positions);
    let limits = lists.into_iter().flatten();
    let kinds: Vec<usize> = limits.clone().map(|limit| limit.kind.index()).collect();
    let counts: Vec<NonZeroU64> = limits.clone().map(|limit| limit.count).collect();
    let seconds: Vec<u64> = limits
        .map(|limit| limit.per.map_or(0, |per| per.as_secs()))
        .collect();
    _ = writeln!(
        code,
        "static LIMITS: [{runtime}::Limit; {len}] = \
         {private}::limits(&{kinds:?}, &{counts:?}, &{seconds:?});"
    );
    format!(
        "{private}::LimitColumn {{ positions: &LIMIT_POSITIONS, ends: &LIMIT_ENDS, limits: &LIMITS }}"
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
