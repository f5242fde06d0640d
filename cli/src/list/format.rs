//! The formats of a list.

use std::io::{self, Write};

use anstyle::Style;
use clap::ValueEnum;
use model_studio_provider::{Property, Region, Served, Status, Table, TableModel};
use serde::Serialize;
use serde_json::Value;

use crate::text_columns::{columns, keep_words_whole, short_limits, short_value};

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Format {
    /// Columns of text
    Table,
    /// A JSON array
    Json,
    /// Comma-separated values
    Csv,
    /// A YAML list
    Yaml,
}

/// A row, in the formats other than `table`.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(flatten)]
    model: &'a TableModel,
    #[serde(skip_serializing_if = "Option::is_none")]
    table_date: Option<String>,
}

fn rows(tables: &[Table]) -> impl Iterator<Item = Row<'_>> {
    tables.iter().flat_map(|table| {
        table.models.iter().map(|model| Row {
            region: table.region.map(Region::name),
            model,
            table_date: table.date.map(|date| date.to_string()),
        })
    })
}

pub(super) fn write_json(tables: &[Table], output: &mut impl Write) -> io::Result<()> {
    let rows: Vec<Row<'_>> = rows(tables).collect();
    serde_json::to_writer_pretty(&mut *output, &rows)?;
    writeln!(output)
}

pub(super) fn write_yaml(tables: &[Table], output: &mut impl Write) -> anyhow::Result<()> {
    let rows: Vec<Row<'_>> = rows(tables).collect();
    output.write_all(serde_yaml::to_string(&rows)?.as_bytes())?;
    Ok(())
}

/// Writes the fields of JSON as columns, followed by a column `properties.NAME` for each property. A list
/// of choices is a JSON array: their names can contain any separator, and an empty list is not the same
/// as no value.
pub(super) fn write_csv(
    tables: &[Table],
    properties: &[Property],
    output: &mut impl Write,
) -> anyhow::Result<()> {
    const COLUMNS: &str = "region,name,aliases,category,series,limits,dynamic,pool,status,date,replacement,note,source,table_date";
    // The writer would hide which error the output has.
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = properties
        .iter()
        .map(|property| format!("properties.{}", property.name));
    writer.write_record(COLUMNS.split(',').map(str::to_owned).chain(names))?;
    for row in rows(tables) {
        let fields = serde_json::to_value(&row)?;
        let model = row.model;
        let limits = model.served.as_ref().map(|served| served.limits);
        let text = |column| match column {
            "aliases" => model.aliases.join(" "),
            "limits" => limits
                .iter()
                .map(|limits| short_limits(limits.as_slice()))
                .collect(),
            _ => csv_field(&fields[column]),
        };
        let values = &fields["properties"];
        let values = properties
            .iter()
            .map(|property| csv_field(&values[property.name]));
        writer.write_record(COLUMNS.split(',').map(text).chain(values))?;
    }
    let text = writer.into_inner();
    output.write_all(&text.map_err(csv::IntoInnerError::into_error)?)?;
    Ok(())
}

fn csv_field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// Writes the models of each table under its name, with these properties instead of the limits if there
/// are any.
pub(super) fn write_tables(
    tables: &[Table],
    properties: &[Property],
    output: &mut impl Write,
) -> io::Result<()> {
    let tables = tables.iter().filter(|table| !table.models.is_empty());
    if tables.clone().next().is_none() {
        anstream::eprintln!("no models match");
    }
    for (index, table) in tables.enumerate() {
        let separator = if index > 0 { "\n" } else { "" };
        let name = &table.name;
        let bold = Style::new().bold();
        writeln!(
            output,
            "{separator}{bold}{name}{bold:#}\n{}",
            text_table(&table.models, properties).trim_fmt()
        )?;
    }
    Ok(())
}

fn text_table(models: &[TableModel], properties: &[Property]) -> comfy_table::Table {
    // A narrow column is wrapped at spaces.
    let names = properties
        .iter()
        .map(|property| property.name.replace('_', " "));
    let mut header = vec!["  MODEL".to_owned()];
    header.extend(names.map(|name| name.to_uppercase()));
    if properties.is_empty() {
        header.push("LIMITS".to_owned());
    }
    header.push("STATUS".to_owned());
    let mut table = columns(header);
    for model in models {
        let values = properties
            .iter()
            .map(|property| model.property(property.name));
        let mut row = vec![format!("  {}", model.name)];
        row.extend(values.map(|value| value.map(short_value).unwrap_or_default()));
        if properties.is_empty() {
            row.push(model.served.as_ref().map(limits).unwrap_or_default());
        }
        row.push(short_status(model));
        table.add_row(row);
    }
    if !properties.is_empty() {
        keep_words_whole(&mut table);
    }
    table
}

/// Returns the limits in short form, such as `600 QPM, 1,000,000 TPM or more`.
fn limits(served: &Served) -> String {
    let limits = short_limits(served.limits.as_slice());
    let dynamic = if served.dynamic { " or more" } else { "" };
    format!("{limits}{dynamic}")
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
