//! `model-studio-limits show`

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use model_studio_limits_core::{Escaped, suggest};
use model_studio_provider::{Status, Table, TableModel};

use crate::table_arguments::TableArguments;
use crate::text_columns::short_value;

/// Show the limits, the properties, the life cycle and the aliases of a model
#[derive(Args)]
#[command(after_help = "\
Examples:
  model-studio-limits show qwen-plus
  model-studio-limits show qwen3-max --region beijing
  model-studio-limits show my-model --table limits.yaml")]
pub(crate) struct Arguments {
    /// The model ID or an alias
    name: String,
    #[command(flatten)]
    tables: TableArguments,
}

pub(crate) fn run(arguments: &Arguments, output: &mut impl Write) -> anyhow::Result<ExitCode> {
    let name = arguments.name.as_str();
    let tables = arguments.tables.tables()?;
    let found = tables
        .iter()
        .filter_map(|table| Some((table, table.model(name)?)));
    let found: Vec<(&Table, &TableModel)> = found.collect();
    let Some((_, first)) = found.first() else {
        return unknown(name, &tables);
    };

    writeln!(output, "{}", first.name)?;
    // Tables with the same text share a block.
    let mut blocks = Vec::<(Vec<&str>, String)>::new();
    for (table, model) in found {
        let text = describe(table, model);
        match blocks.iter_mut().find(|(_, other)| *other == text) {
            Some((tables, _)) => tables.push(&table.name),
            None => blocks.push((vec![&table.name], text)),
        }
    }
    for (tables, text) in blocks {
        write!(output, "\n{}\n{text}", tables.join(", "))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn unknown(name: &str, tables: &[Table]) -> anyhow::Result<ExitCode> {
    let place = match tables {
        [table] => format!(" in {}", table.name),
        _ => String::new(),
    };
    let models = tables.iter().flat_map(|table| &table.models);
    let names: BTreeSet<&str> = models.flat_map(TableModel::names).collect();
    let suggestions = suggest(name, names);
    let name = Escaped(name);
    if suggestions.as_slice().is_empty() {
        bail!("unknown model `{name}`{place}");
    }
    bail!("unknown model `{name}`{place}, did you mean {suggestions}?")
}

/// Returns a line for each fact about a model, followed by its properties.
fn describe(table: &Table, model: &TableModel) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {key:<12} {value}");
    };
    let status = match model.status {
        Status::Active => "active".to_owned(),
        Status::Deprecated(None) => "deprecated".to_owned(),
        Status::Deprecated(Some(date)) => format!("deprecated, retires on {date}"),
        Status::Retired(date) => format!("retired on {date}"),
    };
    line("status", &status);
    if let Some(replacement) = model.replacement {
        line("replacement", replacement);
    }
    if let Some(note) = model.note {
        line("note", note);
    }
    if let Some(source) = model.source {
        line("announced in", source);
    }
    if let Some(served) = &model.served {
        line("limits", &served.limits.to_string());
        if served.dynamic {
            line(
                "",
                "adjusted by the provider; these are the lowest published values",
            );
        }
        if let Some(pool) = served.pool {
            line(
                "pool",
                &format!("{pool}; all of its models share one quota"),
            );
        }
        if !model.aliases.is_empty() {
            line("aliases", &model.aliases.join(", "));
        }
        line("category", served.category.as_str());
        line("series", served.series);
    }
    if let Some(date) = table.date {
        line("table date", &date.to_string());
    }
    text + &properties(table, model)
}

/// Returns the properties of a model under a heading, since a table can declare one that is called
/// `status`, for example.
fn properties(table: &Table, model: &TableModel) -> String {
    let names = table.properties.iter().map(|property| property.name.len());
    let width = names.max().unwrap_or_default();
    let mut text = String::new();
    for property in &table.properties {
        if let Some(value) = model.property(property.name) {
            let unit = property.unit.map(|unit| format!(" {unit}"));
            let unit = unit.unwrap_or_default();
            let heading = if text.is_empty() {
                "  properties\n"
            } else {
                ""
            };
            let (name, value) = (property.name, short_value(value));
            let _ = writeln!(text, "{heading}    {name:<width$} {value}{unit}");
        }
    }
    text
}
