//! The enum, with a variant for each model and a constant for each alias.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::docs;
use crate::table::Table;
use crate::table_file::{Name, Row};

/// Writes the enum and its constants.
pub(super) fn write(code: &mut String, table: &Table, enum_name: &str) {
    let doc = docs::for_enum(table);
    _ = writeln!(
        code,
        "#[doc = {doc:?}]\n\
         #[derive(PartialEq, Eq)]\n\
         #[non_exhaustive]\n\
         pub enum {enum_name} {{"
    );
    // The constants of aliases and, for each deprecated model, a hidden constant without
    // `#[deprecated]`, which the macro uses for `#[allow(deprecated)]`.
    let mut constants = String::new();
    for model in &table.models {
        let row = &model.row;
        let doc = docs::for_variant(table, model, enum_name);
        let deprecated = docs::deprecated(table, model, enum_name);
        let variant = &row.name.identifier;
        _ = write!(code, "#[doc = {doc:?}] {deprecated}");
        for name in row.aliases.iter().chain([&row.name]) {
            // A search in the documentation finds the variant by each of its names.
            if !name.text.contains(['"', '\'']) && name.text != *variant {
                _ = write!(code, "#[doc(alias = {:?})] ", name.text);
            }
        }
        _ = writeln!(code, "{variant},");
        for alias in constant_aliases(row) {
            let doc = docs::for_alias(&alias.text, row, enum_name);
            let constant = &alias.identifier;
            _ = writeln!(
                constants,
                "#[doc = {doc:?}] {deprecated}pub const {constant}: Self = Self::{variant};"
            );
        }
        if row.deprecation.is_some() {
            _ = writeln!(
                constants,
                "#[doc(hidden)] pub const __Allowed_{variant}: Self = Self::{variant};"
            );
        }
    }
    _ = writeln!(code, "}}\nimpl {enum_name} {{\n{constants}}}");
}

/// Returns the aliases that have constants: those whose identifiers differ from the model's and
/// from each other.
fn constant_aliases(row: &Row) -> impl Iterator<Item = &Name> {
    let mut taken = HashSet::from([row.name.identifier.as_str()]);
    let aliases = row.aliases.iter();
    aliases.filter(move |alias| taken.insert(&alias.identifier))
}
