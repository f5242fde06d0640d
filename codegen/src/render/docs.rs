//! The text of generated items: documentation, `#[deprecated]` notes, and the help in errors of
//! the macro.
//!
//! Strings of a table are escaped or put into code spans, so that they are not parsed as HTML.

use std::fmt::Write as _;

use model_studio_limits_core::DisplayLimits;

use crate::characters::is_invisible;
use crate::table::{Model, RetiredModel, Table};
use crate::table_file::Row;

/// The documentation of a model.
pub(super) struct ModelDocs {
    /// The documentation of the variant.
    pub(super) variant: String,
    /// The `#[deprecated]` attribute, or an empty string.
    pub(super) deprecated: String,
    /// The help in the macro's error for a deprecated model, or an empty string.
    pub(super) help: String,
}

/// Returns the documentation of all models.
pub(super) fn for_models(catalogue: &Table, enum_name: &str) -> Vec<ModelDocs> {
    let groups = catalogue.groups.iter();
    let groups = groups.map(|group| format!("{}, {}", group.category, prose(&group.series)));
    let groups: Vec<String> = groups.collect();
    let models = catalogue.models.iter();
    let docs = models.map(|model| {
        let replacement = catalogue.replacement(model.replacement);
        let deprecation = model.row.deprecation.as_ref();
        let retires = deprecation.and_then(|deprecation| {
            let source = deprecation.source.as_deref().map(one_line);
            match (deprecation.retires, source) {
                (Some(date), Some(source)) => Some(format!("retires on {date} ({source})")),
                (Some(date), None) => Some(format!("retires on {date}")),
                (None, source) => source.map(|source| format!("source: {source}")),
            }
        });
        let note = deprecation.and_then(|deprecation| deprecation.note.as_deref().map(one_line));
        let note = join([retires, note]);
        ModelDocs {
            variant: for_variant(model, &groups[model.row.group], replacement, enum_name),
            deprecated: match deprecation {
                Some(_) => deprecated(replacement, note.as_deref(), enum_name),
                None => String::new(),
            },
            help: help(replacement, note),
        }
    });
    docs.collect()
}

/// Returns the documentation of the enum.
pub(super) fn for_enum(catalogue: &Table) -> String {
    let aliases: usize = catalogue.rows().map(|row| row.aliases.len()).sum();
    let mut doc = format!(
        "A model.\n\nGenerated from {}: {} and {}.",
        code(&one_line(&catalogue.file_name)),
        counted(catalogue.models.len(), "model", "models"),
        counted(aliases, "alias", "aliases"),
    );
    let title = catalogue.source.title.as_deref().map(prose);
    let url = catalogue.source.url.as_deref().map(link);
    match (title, url) {
        (Some(title), Some(url)) => _ = write!(doc, " Source: {title}, {url}."),
        (Some(only), None) | (None, Some(only)) => _ = write!(doc, " Source: {only}."),
        (None, None) => {}
    }
    if let Some(overlay) = &catalogue.overlay {
        let overlay = code(&one_line(overlay));
        _ = match catalogue
            .models
            .iter()
            .filter(|m| m.baseline.is_some())
            .count()
        {
            0 => write!(doc, " The overlay {overlay} adds models."),
            changed => {
                let changed = counted(changed, "model", "models");
                write!(doc, " The overlay {overlay} sets the limits of {changed}.")
            }
        };
    }
    doc.push_str(
        "\n\nThe order and the discriminants of the variants follow the table, and may change \
         between releases.",
    );
    doc
}

/// Returns the documentation of a variant.
fn for_variant(model: &Model, group: &str, replacement: Option<&Row>, enum_name: &str) -> String {
    let row = &model.row;
    let mut doc = code(&row.name.text);
    for (index, alias) in row.aliases.iter().enumerate() {
        let separator = match (index, row.aliases.len()) {
            (0, 1) => ", alias ",
            (0, _) => ", aliases ",
            _ => ", ",
        };
        _ = write!(doc, "{separator}{}", code(&alias.text));
    }
    _ = write!(doc, ": {} ({group}).", DisplayLimits(&row.limits));
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
        let pool = code(&one_line(pool));
        _ = write!(doc, " All models in the pool {pool} share these limits.");
    }
    if let Some(date) = row.retires() {
        _ = write!(doc, " Retires on {date}.");
    }
    if let Some(replacement) = replacement {
        _ = write!(doc, " Replaced by {}.", model_link(replacement, enum_name));
    }
    doc
}

/// Returns the help for a retired model, or an empty string.
pub(super) fn for_retired(retired: &RetiredModel, catalogue: &Table) -> String {
    let replacement = catalogue.replacement(retired.replacement);
    help(replacement, retired.row.note.as_deref().map(one_line))
}

/// Returns the help for a model that should not be used, or an empty string.
fn help(replacement: Option<&Row>, note: Option<String>) -> String {
    let replacement = replacement.map(|row| format!("use `{}`", row.name.text));
    join([replacement, note]).unwrap_or_default()
}

/// Returns the documentation of the constant of an alias.
pub(super) fn for_alias(alias: &str, row: &Row, enum_name: &str) -> String {
    format!(
        "The alias {} of {}.",
        code(alias),
        model_link(row, enum_name)
    )
}

/// Returns the documentation of the macro.
pub(super) fn for_macro(enum_name: &str, macro_name: &str) -> String {
    format!(
        "Expands to the [`{enum_name}`] with the given model ID or alias, checked at compile time.\n\n\
         `{macro_name}!(\"NAME\")` can be used as an expression, in a constant, and as a pattern. An \
         unknown name is a compile error with suggestions. A deprecated name is a compile error that \
         names the replacement, unless it is written `{macro_name}!(#[allow(deprecated)] \"NAME\")`."
    )
}

/// Returns the `#[deprecated]` attribute, followed by a space.
fn deprecated(replacement: Option<&Row>, note: Option<&str>, enum_name: &str) -> String {
    let replaced = replacement.map(|replacement| {
        let variant = &replacement.name.identifier;
        format!("replaced by `{enum_name}::{variant}`")
    });
    // The compiler shows the note as it is, and rustdoc as Markdown, where a code span keeps it
    // from being parsed as HTML.
    let note = note.map(|note| {
        if note.contains('<') {
            code(note)
        } else {
            note.to_owned()
        }
    });
    match join([replaced, note]) {
        None => "#[deprecated] ".to_owned(),
        Some(note) => format!("#[deprecated(note = {note:?})] "),
    }
}

/// Joins the parts that are present.
fn join(parts: [Option<String>; 2]) -> Option<String> {
    parts.into_iter().flatten().reduce(|a, b| a + "; " + &b)
}

/// Returns a link to the variant of a model.
fn model_link(row: &Row, enum_name: &str) -> String {
    let name = code(&row.name.text);
    let variant = &row.name.identifier;
    format!("[{name}]({enum_name}::{variant})")
}

/// Returns text for a table cell or a heading.
pub(super) fn in_cell(text: &str) -> String {
    one_line(text).replace('|', "\\|")
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Returns a string without line breaks as a code span.
fn code(text: &str) -> String {
    if !text.contains('`') {
        return format!("`{text}`");
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    format!("{fence} {text} {fence}")
}

/// Escapes the characters that are special in inline Markdown.
fn prose(text: &str) -> String {
    let text = one_line(text);
    if text.contains("://") {
        // rustdoc would warn about a bare URL.
        return code(&text);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\`*_[]<>&~|$".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Returns a link if the string is a plain URL, and otherwise a code span.
fn link(url: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&'()*+,;=%".contains(c);
    if (url.starts_with("https://") || url.starts_with("http://")) && url.chars().all(is_plain) {
        format!("<{url}>")
    } else {
        code(&one_line(url))
    }
}

/// Collapses whitespace, and replaces invisible characters with U+FFFD.
pub(super) fn one_line(text: &str) -> String {
    let visible = text.replace(
        |c: char| is_invisible(c) || (c.is_control() && !c.is_whitespace()),
        "\u{fffd}",
    );
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_have_no_effect_as_markdown() {
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(prose("<b>[x]\n\n# y"), r"\<b\>\[x\] # y");
        assert_eq!(prose("see https://a.b"), "`see https://a.b`");
        assert_eq!(link("https://a.b/c?d=e"), "<https://a.b/c?d=e>");
        assert_eq!(link("https://a.b> <script>"), "`https://a.b> <script>`");
    }
}
