//! The documentation page that lists all models: the runtime's module `reference`.

use std::fmt::Write as _;

use model_studio_limits_core::{Category, Grouped, LimitKey, LimitKind};

use super::docs::in_cell;
use crate::catalogue::{Catalogue, Model};
use crate::table::Group;

/// Renders the page: a table for each series, in which each model links to its variant.
pub(super) fn render(catalogue: &Catalogue, enum_name: &str) -> String {
    let mut page = format!(
        "All models with their rate limits, by category and series. QPM and TPM are queries and \
         tokens per minute.\n\n\
         Limits hold per account, over all its API keys. See [`{enum_name}`](crate::{enum_name}) for \
         the source.\n"
    );
    let mut category = None;
    for (index, group) in catalogue.groups.iter().enumerate() {
        if category != Some(group.category) {
            category = Some(group.category);
            _ = writeln!(page, "\n# {}", title(group.category));
        }
        let models = catalogue.models.iter().filter(|model| model.group == index);
        let models: Vec<&Model> = models.collect();
        write_group(&mut page, catalogue, group, &models, enum_name);
    }
    page
}

fn write_group(
    page: &mut String,
    catalogue: &Catalogue,
    group: &Group,
    models: &[&Model],
    enum_name: &str,
) {
    let keys = LimitKind::all_keys();
    let keys = keys.filter(|key| models.iter().any(|model| count(model, *key).is_some()));
    let keys: Vec<(LimitKind, LimitKey)> = keys.collect();
    let headings: Vec<&str> = keys.iter().map(|(_, key)| key.heading).collect();
    _ = writeln!(page, "\n## {}\n", in_cell(&group.series));
    _ = writeln!(page, "| model ID | {} | |", headings.join(" | "));
    _ = writeln!(page, "| --- | {}--- |", "---: | ".repeat(keys.len()));
    for model in models {
        _ = write!(page, "| {} | ", link(model, enum_name));
        for key in &keys {
            match count(model, *key) {
                Some(count) => _ = write!(page, "{} | ", Grouped(count)),
                None => page.push_str("| "),
            }
        }
        _ = writeln!(page, "{} |", remarks(catalogue, model, enum_name));
    }
}

/// Returns the count of a model's limit for a key.
fn count(model: &Model, (kind, key): (LimitKind, LimitKey)) -> Option<u64> {
    let mut limits = model.limits.iter();
    let limit = limits.find(|limit| (limit.kind, limit.per) == (kind, key.per))?;
    Some(limit.count.get())
}

/// Returns the aliases, the deprecation, and whether an overlay sets the limits.
fn remarks(catalogue: &Catalogue, model: &Model, enum_name: &str) -> String {
    let mut remarks = Vec::new();
    for alias in &model.aliases {
        remarks.push(format!("alias `{}`", in_cell(&alias.text)));
    }
    match catalogue.replacement(model) {
        Some(replacement) => {
            remarks.push(format!("deprecated, use {}", link(replacement, enum_name)));
        }
        None if model.deprecation.is_some() => remarks.push("deprecated".to_owned()),
        None => {}
    }
    if model.baseline.is_some() {
        remarks.push("limits set by an overlay".to_owned());
    }
    remarks.join("; ")
}

/// Returns a link to the variant of a model.
fn link(model: &Model, enum_name: &str) -> String {
    let name = in_cell(&model.name.text);
    let variant = &model.name.identifier;
    format!("[`{name}`](crate::{enum_name}::{variant})")
}

/// Returns a category as a heading, such as `Text generation`.
fn title(category: Category) -> String {
    let words = category.as_str().replace('-', " ");
    let (first, rest) = words.split_at(1);
    first.to_uppercase() + rest
}
