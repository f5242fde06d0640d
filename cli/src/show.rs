//! `model-studio-limits show`

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use model_studio_limits_core::{Escaped, suggest};

use crate::tables::{Region, Status, TableModel, models_of};

/// Show the limits, the life cycle and the aliases of a model
#[derive(Args)]
#[command(after_help = "\
Examples:
  model-studio-limits show qwen-plus
  model-studio-limits show qwen3-max --region beijing")]
pub(crate) struct Arguments {
    /// The model ID or an alias
    name: String,
    /// Only this region [default: all regions]
    #[arg(long, short)]
    region: Option<Region>,
}

pub(crate) fn run(arguments: &Arguments, output: &mut impl Write) -> anyhow::Result<ExitCode> {
    let name = arguments.name.as_str();
    let models = models_of(arguments.region);
    let has_name = |model: &&TableModel| model.names().any(|other| other == name);
    let found: Vec<&TableModel> = models.iter().filter(has_name).collect();
    let Some(first) = found.first() else {
        return unknown(arguments, &models);
    };

    writeln!(output, "{}", first.name)?;
    // Regions with the same text share a block.
    let mut blocks = Vec::<(Vec<&str>, String)>::new();
    for model in found {
        let text = describe(model);
        match blocks.iter_mut().find(|(_, other)| *other == text) {
            Some((regions, _)) => regions.push(model.region.name()),
            None => blocks.push((vec![model.region.name()], text)),
        }
    }
    for (regions, text) in blocks {
        write!(output, "\n{}\n{text}", regions.join(", "))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn unknown(arguments: &Arguments, models: &[TableModel]) -> anyhow::Result<ExitCode> {
    let name = Escaped(&arguments.name);
    let region = arguments.region.map(|region| format!(" in {region}"));
    let region = region.unwrap_or_default();
    let names: BTreeSet<&str> = models.iter().flat_map(TableModel::names).collect();
    let suggestions = suggest(&arguments.name, names);
    if suggestions.as_slice().is_empty() {
        bail!("unknown model `{name}`{region}");
    }
    bail!("unknown model `{name}`{region}, did you mean {suggestions}?")
}

/// Returns a line for each property of a model.
fn describe(model: &TableModel) -> String {
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
    if let Some(date) = model.region.source().date {
        line("table date", &date.to_string());
    }
    text
}
