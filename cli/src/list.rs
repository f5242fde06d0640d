//! `model-studio-limits list`

use std::io::{self, Write};
use std::process::ExitCode;

use anstyle::Style;
use comfy_table::Table;
use model_studio_limits::{Date, Limits};
use serde::Serialize;

use crate::arguments::{ListArguments, ListFormat, StatusFilter};
use crate::columns::{columns, short_limits};
use crate::tables::{Model, Status, models_of};

pub(crate) fn run(arguments: &ListArguments, output: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut models = models_of(arguments.region);
    models.retain(|model| is_listed(model, arguments));
    match arguments.format {
        ListFormat::Table => write_tables(&models, output)?,
        ListFormat::Json => {
            serde_json::to_writer_pretty(&mut *output, &rows(&models)).map_err(io::Error::from)?;
            writeln!(output)?;
        }
        ListFormat::Yaml => {
            output.write_all(serde_yaml::to_string(&rows(&models))?.as_bytes())?;
        }
        ListFormat::Csv => write_csv(&models, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the status in short form, such as `retires 2026-10-10, use qwen3.7-max`. It is empty for
/// a model that is active.
fn short_status(model: &Model) -> String {
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

fn is_listed(model: &Model, arguments: &ListArguments) -> bool {
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
    let category = model.details.as_ref().map(|details| details.category);
    let has_category = arguments.category.is_none() || arguments.category == category;
    let has_text = arguments.filter.as_ref().is_none_or(|filter| {
        let filter = filter.to_lowercase();
        let series = model.details.iter().map(|details| details.series);
        let mut texts = model.names().chain(series);
        texts.any(|text| text.to_lowercase().contains(&filter))
    });
    has_status && has_category && has_text
}

/// Writes a table for each region.
fn write_tables(models: &[Model], output: &mut impl Write) -> io::Result<()> {
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

fn table(models: &[Model]) -> Table {
    let mut table = columns(["  MODEL", "LIMITS", "STATUS"]);
    for model in models {
        let limits = model.details.as_ref().map(|details| {
            let limits = short_limits(details.limits.as_slice());
            let dynamic = if details.dynamic { " or more" } else { "" };
            format!("{limits}{dynamic}")
        });
        let name = format!("  {}", model.name);
        table.add_row([name, limits.unwrap_or_default(), short_status(model)]);
    }
    table
}

/// A model in the machine-readable formats.
#[derive(Serialize)]
struct Row {
    region: &'static str,
    name: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    aliases: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
    dynamic: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<&'static str>,
    status: &'static str,
    /// The date on which the model retires or was retired.
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<&'static str>,
}

impl Row {
    fn new(model: &Model) -> Self {
        let details = model.details.as_ref();
        let (status, date) = match model.status {
            Status::Active => ("active", None),
            Status::Deprecated(date) => ("deprecated", date),
            Status::Retired(date) => ("retired", Some(date)),
        };
        Self {
            region: model.region.name(),
            name: model.name,
            aliases: model.aliases,
            category: details.map(|details| details.category.as_str()),
            series: details.map(|details| details.series),
            limits: details.map(|details| details.limits),
            dynamic: details.is_some_and(|details| details.dynamic),
            pool: details.and_then(|details| details.pool),
            status,
            date: date.as_ref().map(Date::to_string),
            replacement: model.replacement,
        }
    }
}

fn rows(models: &[Model]) -> Vec<Row> {
    models.iter().map(Row::new).collect()
}

fn write_csv(models: &[Model], output: &mut impl Write) -> io::Result<()> {
    // The writer would hide which error the output has.
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "region",
        "name",
        "aliases",
        "category",
        "series",
        "limits",
        "dynamic",
        "pool",
        "status",
        "date",
        "replacement",
    ])?;
    for row in rows(models) {
        let limits = row.limits.map(Limits::as_slice);
        writer.write_record([
            row.region,
            row.name,
            &row.aliases.join(" "),
            row.category.unwrap_or_default(),
            row.series.unwrap_or_default(),
            &limits.map(short_limits).unwrap_or_default(),
            if row.dynamic { "true" } else { "false" },
            row.pool.unwrap_or_default(),
            row.status,
            &row.date.unwrap_or_default(),
            row.replacement.unwrap_or_default(),
        ])?;
    }
    output.write_all(
        &writer
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)?,
    )
}
