//! The text of generated items: documentation, `#[deprecated]` notes, and the help in errors of
//! the macro.

use std::fmt::Write as _;

use model_studio_limits_core::DisplayLimits;

use super::markdown::{code_span, link, prose};
use super::properties;
use crate::table::{Model, RetiredModel, Table};
use crate::table_file::{Deprecation, Row};
use crate::text::one_line;

/// Returns the documentation of the enum.
pub(super) fn for_enum(table: &Table) -> String {
    let aliases: usize = table.rows().map(|row| row.aliases.len()).sum();
    let mut doc = format!(
        "A model.\n\nGenerated from {}: {} and {}.",
        code_span(&one_line(&table.file_name)),
        counted(table.models.len(), "model", "models"),
        counted(aliases, "alias", "aliases"),
    );
    let title = table.source.title.as_deref().map(prose);
    let url = table.source.url.as_deref().map(link);
    let source: Vec<String> = title.into_iter().chain(url).collect();
    if !source.is_empty() {
        _ = write!(doc, " Source: {}.", source.join(", "));
    }
    if let Some(overlay) = &table.overlay {
        let overlay = code_span(&one_line(overlay));
        let models = |is_set: fn(&Model) -> bool| {
            let models = table.models.iter().filter(|model| is_set(model)).count();
            (models > 0).then(|| counted(models, "model", "models"))
        };
        let limits = models(|model| model.baseline.is_some());
        let limits = limits.map(|models| format!("the limits of {models}"));
        let properties = models(|model| !model.overlaid_properties.is_empty());
        let properties = properties.map(|models| format!("properties of {models}"));
        let changes: Vec<String> = limits.into_iter().chain(properties).collect();
        _ = if changes.is_empty() {
            write!(doc, " The overlay {overlay} adds models.")
        } else {
            write!(
                doc,
                " The overlay {overlay} sets {}.",
                changes.join(" and ")
            )
        };
    }
    doc.push_str(
        "\n\nThe order and the discriminants of the variants follow the table, and may change \
         between releases.",
    );
    doc
}

/// Returns the documentation of a variant.
pub(super) fn for_variant(table: &Table, model: &Model, enum_name: &str) -> String {
    let row = &model.row;
    let mut doc = code_span(&row.name.text);
    let aliases = row.aliases.iter().map(|alias| code_span(&alias.text));
    let aliases: Vec<String> = aliases.collect();
    if !aliases.is_empty() {
        let word = if aliases.len() == 1 {
            "alias"
        } else {
            "aliases"
        };
        _ = write!(doc, ", {word} {}", aliases.join(", "));
    }
    let group = &table.groups[row.group];
    let (limits, series) = (DisplayLimits(&row.limits), prose(&group.series));
    _ = write!(doc, ": {limits} ({}, {series}).", group.category);
    if let Some(baseline) = &model.baseline {
        let baseline = DisplayLimits(baseline);
        _ = write!(
            doc,
            " Limits changed by an overlay; the table's limits are {baseline}."
        );
    }
    if row.dynamic {
        doc.push_str(
            " The provider adjusts these limits; the numbers are the lowest published values.",
        );
    }
    if let Some(pool) = row.pool() {
        let pool = code_span(&one_line(pool));
        _ = write!(doc, " All models in the pool {pool} share these limits.");
    }
    if let Some(date) = row.retires() {
        _ = write!(doc, " Retires on {date}.");
    }
    if let Some(replacement) = table.replacement(model.replacement) {
        let replacement = variant_link(replacement, enum_name);
        _ = write!(doc, " Replaced by {replacement}.");
    }
    doc.push_str(&properties::summary(table, model));
    doc
}

/// Returns the documentation of the constant of an alias.
pub(super) fn for_alias(alias: &str, row: &Row, enum_name: &str) -> String {
    let model = variant_link(row, enum_name);
    format!("The alias {} of {model}.", code_span(alias))
}

/// Returns the documentation of the macro.
pub(super) fn for_macro(enum_name: &str, macro_name: &str) -> String {
    format!(
        "Expands to the [`{enum_name}`] with the given model ID or alias, checked at compile time.\n\n\
         `{macro_name}!(\"NAME\")` can be used as an expression, in a constant, and as a pattern. An \
         unknown name is a compile error with suggestions. A retired or deprecated name is a compile \
         error that names the replacement, unless a deprecated one is written \
         `{macro_name}!(#[allow(deprecated)] \"NAME\")`."
    )
}

/// Returns the `#[deprecated]` attribute of a deprecated model followed by a space, or an empty
/// string.
pub(super) fn deprecated(table: &Table, model: &Model, enum_name: &str) -> String {
    let Some(deprecation) = &model.row.deprecation else {
        return String::new();
    };
    let replaced = table.replacement(model.replacement).map(|replacement| {
        let variant = &replacement.name.identifier;
        format!("replaced by `{enum_name}::{variant}`")
    });
    // The compiler shows the note as it is, and rustdoc as Markdown, where a code span keeps it
    // from being parsed as HTML.
    let note = note(deprecation).map(|note| {
        if note.contains('<') {
            code_span(&note)
        } else {
            note
        }
    });
    match join([replaced, note]) {
        None => "#[deprecated] ".to_owned(),
        Some(note) => format!("#[deprecated(note = {note:?})] "),
    }
}

/// Returns the help in the macro's error for a deprecated model, or an empty string.
pub(super) fn help(table: &Table, model: &Model) -> String {
    let note = model.row.deprecation.as_ref().and_then(note);
    help_of(table.replacement(model.replacement), note)
}

/// Returns the help in the macro's error for a retired model, or an empty string.
pub(super) fn retired_help(table: &Table, retired: &RetiredModel) -> String {
    help_of(
        table.replacement(retired.replacement),
        retired.row.note.clone(),
    )
}

fn help_of(replacement: Option<&Row>, note: Option<String>) -> String {
    let replacement = replacement.map(|row| format!("use `{}`", row.name.text));
    join([replacement, note]).unwrap_or_default()
}

/// Returns the date, the source and the note of a deprecation.
fn note(deprecation: &Deprecation) -> Option<String> {
    let retires = match (deprecation.retires, &deprecation.source) {
        (Some(date), Some(source)) => Some(format!("retires on {date} ({source})")),
        (Some(date), None) => Some(format!("retires on {date}")),
        (None, Some(source)) => Some(format!("source: {source}")),
        (None, None) => None,
    };
    join([retires, deprecation.note.clone()])
}

/// Joins the parts that are present.
fn join(parts: [Option<String>; 2]) -> Option<String> {
    parts.into_iter().flatten().reduce(|a, b| a + "; " + &b)
}

/// Returns a link to the variant of a model.
fn variant_link(row: &Row, enum_name: &str) -> String {
    let name = code_span(&row.name.text);
    format!("[{name}]({enum_name}::{})", row.name.identifier)
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
