//! `model-studio-limits list`

use std::io::{self, Write};
use std::process::ExitCode;

use anstyle::Style;
use clap::{Args, ValueEnum};
use comfy_table::Table;
use model_studio_limits::Category;
use serde_json::Value;

use crate::tables::{Region, Status, TableModel, models_of};
use crate::text_columns::{columns, short_limits};

/// List models with their limits
#[derive(Args)]
#[command(after_help = "\
Examples:
  model-studio-limits list qwen3 --region singapore
  model-studio-limits list --category embedding --format json
  model-studio-limits list --retired --region beijing")]
pub(crate) struct Arguments {
    /// Only models with this text in their model ID, an alias or their series
    filter: Option<String>,
    /// Only models of this region [default: all regions]
    #[arg(long, short)]
    region: Option<Region>,
    /// Only models of this category
    #[arg(long, short)]
    category: Option<Category>,
    #[command(flatten)]
    status: StatusFilter,
    /// The format of the list
    #[arg(long, short, default_value = "table")]
    format: Format,
}

/// Without a filter, retired models are not listed.
#[derive(Args)]
#[group(multiple = false)]
struct StatusFilter {
    /// Only models that are not deprecated
    #[arg(long)]
    active: bool,
    /// Only deprecated models
    #[arg(long)]
    deprecated: bool,
    /// Only models that are no longer served
    // The tables have no category for them.
    #[arg(long, conflicts_with = "category")]
    retired: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Columns of text
    Table,
    /// A JSON array
    Json,
    /// Comma-separated values
    Csv,
    /// A YAML list
    Yaml,
}

pub(crate) fn run(arguments: &Arguments, output: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut models = models_of(arguments.region);
    models.retain(|model| is_listed(model, arguments));
    match arguments.format {
        Format::Table => write_tables(&models, output)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut *output, &models).map_err(io::Error::from)?;
            writeln!(output)?;
        }
        Format::Yaml => {
            output.write_all(serde_yaml::to_string(&models)?.as_bytes())?;
        }
        Format::Csv => write_csv(&models, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the status in short form, such as `retires 2026-10-10, use qwen3.7-max`. It is empty for
/// a model that is active.
fn short_status(model: &TableModel) -> String {
    let mut text = match model.status {
        Status::Active => String::new(),
        Status::Deprecated(None) => "deprecated".to_owned(),
        Status::Deprecated(Some(date)) => format!("retires {date}"),
        Status::Retired(date) => format!("retired {date}"),
    };
    if let Some(replacement) = model.replacement {
        text += ", use ";
        text += replacement;
    }
    text
}

fn is_listed(model: &TableModel, arguments: &Arguments) -> bool {
    let StatusFilter {
        active,
        deprecated,
        retired,
    } = arguments.status;
    let has_status = match model.status {
        Status::Active => !deprecated && !retired,
        Status::Deprecated(_) => !active && !retired,
        Status::Retired(_) => retired,
    };
    let category = model.served.as_ref().map(|served| served.category);
    let has_category = arguments.category.is_none() || arguments.category == category;
    let has_text = arguments.filter.as_ref().is_none_or(|filter| {
        let filter = filter.to_lowercase();
        let series = model.served.iter().map(|served| served.series);
        let mut texts = model.names().chain(series);
        texts.any(|text| text.to_lowercase().contains(&filter))
    });
    has_status && has_category && has_text
}

/// Writes a table for each region.
fn write_tables(models: &[TableModel], output: &mut impl Write) -> io::Result<()> {
    if models.is_empty() {
        anstream::eprintln!("no models match");
    }
    for (index, models) in models.chunk_by(|a, b| a.region == b.region).enumerate() {
        let separator = if index > 0 { "\n" } else { "" };
        let region = models[0].region;
        let bold = Style::new().bold();
        writeln!(
            output,
            "{separator}{bold}{region}{bold:#}\n{}",
            table(models).trim_fmt()
        )?;
    }
    Ok(())
}

fn table(models: &[TableModel]) -> Table {
    let mut table = columns(["  MODEL", "LIMITS", "STATUS"]);
    for model in models {
        let limits = model.served.as_ref().map(|served| {
            let limits = short_limits(served.limits.as_slice());
            let dynamic = if served.dynamic { " or more" } else { "" };
            format!("{limits}{dynamic}")
        });
        let name = format!("  {}", model.name);
        table.add_row([name, limits.unwrap_or_default(), short_status(model)]);
    }
    table
}

/// Writes the fields of JSON as columns.
fn write_csv(models: &[TableModel], output: &mut impl Write) -> io::Result<()> {
    const COLUMNS: &str = "region,name,aliases,category,series,limits,dynamic,pool,status,date,replacement,note,source";
    // The writer would hide which error the output has.
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS.split(','))?;
    for model in models {
        let fields = serde_json::to_value(model)?;
        let limits = model.served.as_ref().map(|served| served.limits);
        let text = |column| match (column, &fields[column]) {
            (_, Value::Null) => String::new(),
            ("aliases", _) => model.aliases.join(" "),
            ("limits", _) => limits
                .iter()
                .map(|limits| short_limits(limits.as_slice()))
                .collect(),
            (_, Value::String(text)) => text.clone(),
            (_, value) => value.to_string(),
        };
        writer.write_record(COLUMNS.split(',').map(text))?;
    }
    let text = writer.into_inner();
    output.write_all(&text.map_err(csv::IntoInnerError::into_error)?)
}
