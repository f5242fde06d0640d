//! The whole table as documentation: the runtime's module `reference`.

use std::fmt::Write as _;

use crate::catalogue::{Catalogue, Group, LIMIT_KINDS, Model};
use crate::docs::{grouped, in_cell, replacement};

/// The headings of [`LIMIT_KINDS`].
const HEADINGS: [&str; LIMIT_KINDS.len()] = ["QPM", "TPM", "submissions/s", "concurrent tasks"];

/// The table by category and series, each row with a link to its variant.
pub(crate) fn table(catalogue: &Catalogue, enum_name: &str) -> String {
    let mut text = String::from(
        "The whole table, by category and series: queries and tokens per minute (QPM, TPM), task \
         submissions per second, and tasks that run at the same time.\n\n\
         Each limit holds per account, over all its API keys. Where the numbers come from is said \
         at ",
    );
    _ = writeln!(text, "[`{enum_name}`](crate::{enum_name}).");
    let mut category = "";
    for (at, group) in catalogue.groups.iter().enumerate() {
        if group.category.name != category {
            category = group.category.name;
            _ = writeln!(text, "\n# {}", title(category));
        }
        let models = catalogue.models.iter().filter(|model| model.group == at);
        write_group(
            &mut text,
            catalogue,
            group,
            &models.collect::<Vec<_>>(),
            enum_name,
        );
    }
    text
}

fn write_group(
    text: &mut String,
    catalogue: &Catalogue,
    group: &Group,
    models: &[&Model],
    enum_name: &str,
) {
    // The kinds of limit that some model of the group has.
    let kinds: Vec<usize> = (0..LIMIT_KINDS.len())
        .filter(|kind| models.iter().any(|model| model.limits.0[*kind] > 0))
        .collect();
    _ = writeln!(text, "\n## {}\n", in_cell(&group.series));
    let headings: Vec<&str> = kinds.iter().map(|kind| HEADINGS[*kind]).collect();
    _ = writeln!(text, "| name | {} | |", headings.join(" | "));
    _ = writeln!(text, "| --- | {}--- |", "---: | ".repeat(kinds.len()));
    for model in models {
        let variant = &model.name.identifier;
        let name = in_cell(&model.name.text);
        _ = write!(text, "| [`{name}`](crate::{enum_name}::{variant}) | ");
        for kind in &kinds {
            match model.limits.0[*kind] {
                0 => text.push_str("| "),
                limit => _ = write!(text, "{} | ", grouped(limit)),
            }
        }
        _ = writeln!(text, "{} |", remarks(catalogue, model, enum_name));
    }
}

/// Aliases, deprecation, and whether the limits are an account's own.
fn remarks(catalogue: &Catalogue, model: &Model, enum_name: &str) -> String {
    let mut remarks = Vec::new();
    for alias in &model.aliases {
        remarks.push(format!("alias `{}`", in_cell(&alias.text)));
    }
    match replacement(catalogue, model) {
        Some(replacement) => {
            let name = in_cell(&replacement.name.text);
            let variant = &replacement.name.identifier;
            let link = format!("[`{name}`](crate::{enum_name}::{variant})");
            remarks.push(format!("deprecated, use {link}"));
        }
        None if model.deprecation.is_some() => remarks.push("deprecated".to_owned()),
        None => {}
    }
    if model.baseline.is_some() {
        remarks.push("limits set by an overlay".to_owned());
    }
    remarks.join("; ")
}

/// `text-generation` as a heading.
fn title(category: &str) -> String {
    let text = category.replace('-', " ");
    let (first, rest) = text.split_at(1);
    first.to_uppercase() + rest
}
