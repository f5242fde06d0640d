//! The documentation of generated items.
//!
//! What comes from a catalogue is shown as it is: nothing in it can end a code span, begin HTML,
//! or mean anything to Markdown.

use std::fmt::Write as _;

use model_studio_limits_core::InWords;

use crate::catalogue::{Catalogue, Model};
use crate::report::is_invisible;

/// The documentation of the enum.
pub(crate) fn for_enum(catalogue: &Catalogue, table: &str, overlay: Option<&str>) -> String {
    let aliases: usize = catalogue.models.iter().map(|m| m.aliases.len()).sum();
    let mut doc = format!(
        "A model, by the name that goes over the wire.\n\nGenerated from {}: {} and {}.",
        code(&one_line(table)),
        counted(catalogue.models.len(), "model", "models"),
        counted(aliases, "alias", "aliases"),
    );
    let title = catalogue.title.as_deref().map(prose);
    let url = catalogue.url.as_deref().map(link);
    match (title, url) {
        (Some(title), Some(url)) => _ = write!(doc, " Source: {title}, {url}."),
        (Some(only), None) | (None, Some(only)) => _ = write!(doc, " Source: {only}."),
        (None, None) => {}
    }
    if let Some(overlay) = overlay {
        let changed = catalogue.models.iter().filter(|m| m.baseline.is_some());
        _ = write!(
            doc,
            " The overlay {} gives {} limits of its own; the documentation of each says so.",
            code(&one_line(overlay)),
            counted(changed.count(), "model", "models")
        );
    }
    doc
}

/// What the documentation of a variant says of each group: its category and series.
pub(crate) fn groups(catalogue: &Catalogue) -> Vec<String> {
    let groups = catalogue.groups.iter();
    groups
        .map(|group| format!("{}, {}", group.category.name, prose(&group.series)))
        .collect()
}

/// The documentation of a variant: name, aliases, limits, category and series, and what replaces it.
pub(crate) fn for_variant(
    catalogue: &Catalogue,
    model: &Model,
    group: &str,
    enum_name: &str,
) -> String {
    let mut doc = code(&model.name.text);
    for (at, alias) in model.aliases.iter().enumerate() {
        let before = match (at, model.aliases.len()) {
            (0, 1) => ", alias ",
            (0, _) => ", aliases ",
            _ => ", ",
        };
        _ = write!(doc, "{before}{}", code(&alias.text));
    }
    _ = write!(doc, ": {} ({group}).", InWords(model.limits.0));
    if let Some(baseline) = &model.baseline {
        _ = write!(
            doc,
            " These limits are set by an overlay; the baseline is {}.",
            InWords(baseline.0)
        );
    }
    if let Some(replacement) = replacement(catalogue, model) {
        let name = code(&replacement.name.text);
        let variant = &replacement.name.identifier;
        _ = write!(doc, " Replaced by [{name}]({enum_name}::{variant}).");
    }
    doc
}

/// The documentation of an alias' constant.
pub(crate) fn for_alias(alias: &str, model: &Model, enum_name: &str) -> String {
    let variant = &model.name.identifier;
    let name = code(&model.name.text);
    let alias = code(alias);
    format!("The alias {alias} of [{name}]({enum_name}::{variant}).")
}

/// The documentation of the macro.
pub(crate) fn for_macro(enum_name: &str, macro_name: &str) -> String {
    format!(
        "The [`{enum_name}`] of a name or alias, checked when it is compiled.\n\n\
         `{macro_name}!(\"NAME\")` can be used as an expression, in a constant, and as a pattern. An \
         unknown name is an error that tells the nearest names; a deprecated one is an error that \
         tells its replacement, unless it is written \
         `{macro_name}!(#[allow(deprecated)] \"NAME\")`."
    )
}

/// What a compiler says of the use of a deprecated model.
pub(crate) fn deprecation(catalogue: &Catalogue, model: &Model, enum_name: &str) -> String {
    let replaced = replacement(catalogue, model).map(|replacement| {
        let variant = &replacement.name.identifier;
        format!("replaced by `{enum_name}::{variant}`")
    });
    // rustdoc shows this as Markdown, but most who read it have it from the compiler as it is: only
    // what could be HTML is escaped.
    let note = note(model).map(|note| note.replace('<', "\\<"));
    let parts: Vec<String> = replaced.into_iter().chain(note).collect();
    parts.join("; ")
}

/// What `model!` suggests instead of a deprecated model; empty if nothing is known.
pub(crate) fn help(catalogue: &Catalogue, model: &Model) -> String {
    let replaced = replacement(catalogue, model);
    let replaced = replaced.map(|replacement| format!("use `{}`", replacement.name.text));
    let parts: Vec<String> = replaced.into_iter().chain(note(model)).collect();
    parts.join("; ")
}

/// The model that replaces a deprecated one.
pub(crate) fn replacement<'a>(catalogue: &'a Catalogue, model: &Model) -> Option<&'a Model> {
    let at = model.deprecation.as_ref()?.replacement?;
    Some(&catalogue.models[at])
}

/// The note of a deprecated model, in one line.
fn note(model: &Model) -> Option<String> {
    let note = model.deprecation.as_ref()?.note.as_deref()?;
    Some(one_line(note))
}

/// A number with its digits in groups of three.
pub(crate) fn grouped(number: u64) -> String {
    let words = InWords([number, 0, 0, 0]).to_string();
    words.split(' ').next().unwrap_or_default().to_owned()
}

/// A text in the cell of a table or in a heading.
pub(crate) fn in_cell(text: &str) -> String {
    one_line(text).replace('|', "\\|")
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A text of one line as a code span.
fn code(text: &str) -> String {
    if !text.contains('`') {
        return format!("`{text}`");
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    format!("{fence} {text} {fence}")
}

/// A text as running text of Markdown: every character that could mean anything is escaped.
fn prose(text: &str) -> String {
    let text = one_line(text);
    if text.contains("://") {
        // rustdoc would have it a link.
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

/// A link to a URL that is nothing but a URL; code, if it is anything else.
fn link(url: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&'()*+,;=%".contains(c);
    if (url.starts_with("https://") || url.starts_with("http://")) && url.chars().all(plain) {
        format!("<{url}>")
    } else {
        code(&one_line(url))
    }
}

/// A text with white space and line breaks as single spaces, and nothing invisible in it.
fn one_line(text: &str) -> String {
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
    fn text_stays_text() {
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(prose("<b>[x]\n\n# y"), r"\<b\>\[x\] # y");
        assert_eq!(prose("see https://a.b"), "`see https://a.b`");
        assert_eq!(link("https://a.b/c?d=e"), "<https://a.b/c?d=e>");
        assert_eq!(link("https://a.b> <script>"), "`https://a.b> <script>`");
    }
}
