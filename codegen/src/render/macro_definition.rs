//! The macro that checks model IDs at compile time.

use std::fmt::Write as _;

use model_studio_limits_core::{NameEntry, NameList, NameStatus};

use super::docs;
use super::literals::raw_string;
use crate::settings::{Placement, Settings};
use crate::table::Table;

/// Writes the macro.
pub(super) fn write(code: &mut String, table: &Table, settings: &Settings) {
    let enum_name = &settings.enum_name;
    let macro_name = &settings.macro_name();
    let doc = if settings.placement == Placement::RuntimeRoot {
        r#"include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/model_macro.md"))"#.to_owned()
    } else {
        format!("{:?}", docs::for_macro(enum_name, macro_name))
    };
    let (attribute, defined, import) = if settings.placement == Placement::RuntimeModule {
        // Exported macros are at the crate root, where each needs its own name.
        (
            "#[doc(hidden)]\n#[macro_export]",
            format!("__{}_{macro_name}", settings.module_path()),
            "#[doc(inline)]\npub use",
        )
    } else if settings.export_macro {
        ("#[macro_export]", macro_name.clone(), "")
    } else {
        // A `use` imports a name from every namespace, including a module or a function of the
        // user. Therefore the macro is defined under a name that nothing else has.
        (
            "#[allow(clippy::restriction, unused_macros)]",
            format!("__{macro_name}_macro"),
            "#[allow(clippy::restriction, unused_imports)]\npub(crate) use",
        )
    };
    let path = settings.path("$crate", &settings.hidden_module());
    let expand = if settings.export_macro {
        &path
    } else {
        &settings.private()
    };
    // A raw string, so that the procedural macro can use it without resolving escapes.
    let names = raw_string(&name_list(table));
    _ = write!(
        code,
        "#[doc = {doc}]\n\
         {attribute}\n\
         macro_rules! {defined} {{\n\
         ($($input:tt)*) => {{ {expand}::expand! {{ [{path}::{enum_name}] {names} $($input)* }} }};\n\
         }}\n"
    );
    if !import.is_empty() {
        _ = writeln!(code, "{import} {defined} as {macro_name};");
    }
}

/// Returns the names that the macro passes to the procedural macro.
fn name_list(table: &Table) -> String {
    let helps = table.models.iter().map(|model| docs::help(table, model));
    let helps: Vec<String> = helps.collect();
    let mut entries = Vec::new();
    for (row, help) in table.rows().zip(&helps) {
        let variant = row.name.identifier.as_str();
        let status = match row.deprecation {
            None => NameStatus::Active { variant },
            Some(_) => NameStatus::Deprecated { variant, help },
        };
        let names = row.names().map(|name| name.text.as_str());
        entries.extend(names.map(|name| NameEntry { name, status }));
    }
    let retired = table.retired.iter().map(|retired| {
        let help = docs::retired_help(table, retired);
        (&retired.row.name, retired.row.on.to_string(), help)
    });
    let retired: Vec<_> = retired.collect();
    entries.extend(retired.iter().map(|(name, on, help)| NameEntry {
        name,
        status: NameStatus::Retired { on, help },
    }));
    NameList::write(entries)
}
