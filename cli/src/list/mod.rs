//! `model-studio-limits list`

mod format;

use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use model_studio_limits::Category;
use model_studio_provider::{Property, PropertyValues, Status, TableModel};

use crate::condition::{Condition, Operator, TypedCondition, size};
use crate::properties::{declared, find};
use crate::table_arguments::TableArguments;
use format::Format;

/// List models with their limits and properties
///
/// `--where` selects models by the properties that their table declares. `--input`, `--output` and
/// `--min-context` are short for conditions on the properties `input`, `output` and `context_window`. A
/// model without a value meets no condition. In numbers, `k` stands for 1,000 and `M` for 1,000,000.
#[derive(Args)]
#[command(after_help = "\
Examples:
  model-studio-limits list qwen3 --region singapore
  model-studio-limits list --category embedding --format json
  model-studio-limits list --input image --min-context 200k --properties context_window,thinking
  model-studio-limits list --where thinking=switchable --where 'max_output>=64k'
  model-studio-limits list --table limits.yaml --overlay account.yaml
  model-studio-limits list --retired --region beijing")]
pub(crate) struct Arguments {
    /// Only models with this text in their model ID, an alias or their series
    filter: Option<String>,
    #[command(flatten)]
    tables: TableArguments,
    /// Only models of this category
    #[arg(long, short)]
    category: Option<Category>,
    #[command(flatten)]
    status: StatusFilter,
    #[command(flatten)]
    properties: PropertyFilter,
    /// Show these properties, such as `context_window,input`
    ///
    /// The format `table` shows them instead of the limits. The other formats contain the limits in any
    /// case, and all properties without this option.
    #[arg(
        long = "properties",
        short = 'p',
        value_name = "NAMES",
        value_delimiter = ','
    )]
    columns: Vec<String>,
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
    // The tables have neither a category nor properties for them.
    #[arg(long, conflicts_with_all = ["category", "PropertyFilter"])]
    retired: bool,
}

#[derive(Args)]
struct PropertyFilter {
    /// Only models with this kind of input, such as `image`; can be repeated
    #[arg(long, value_name = "MODALITY")]
    input: Vec<String>,
    /// Only models with this kind of output, such as `text`; can be repeated
    #[arg(long, value_name = "MODALITY")]
    output: Vec<String>,
    /// Only models with a context window of at least this many tokens, such as `200k` or `1M`
    #[arg(long, value_name = "SIZE", value_parser = size)]
    min_context: Option<u64>,
    /// Only models that meet this condition, such as `thinking=switchable`; can be repeated
    ///
    /// A condition is `NAME=VALUE`, or has another operator: `!=`, `<`, `<=`, `>` or `>=`. Only numbers and
    /// dates have an order. If the property is a list, `=` requires an item to be equal, and `!=` none.
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<Condition>,
}

impl PropertyFilter {
    fn conditions(&self) -> Vec<Condition> {
        let input = self.input.iter();
        let input = input.map(|value| Condition::new("input", Operator::Equal, value));
        let output = self.output.iter();
        let output = output.map(|value| Condition::new("output", Operator::Equal, value));
        let min_context = self.min_context.map(|size| size.to_string());
        let min_context =
            min_context.map(|size| Condition::new("context_window", Operator::AtLeast, &size));
        let conditions = input.chain(output).chain(min_context);
        conditions.chain(self.conditions.iter().cloned()).collect()
    }
}

pub(crate) fn run(arguments: &Arguments, output: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut tables = arguments.tables.tables()?;
    let declared = declared(&tables);
    let columns = selected(&declared, &arguments.columns)?;
    let conditions = arguments.properties.conditions();
    let conditions = conditions.iter().map(|it| it.resolve(&declared));
    let conditions = conditions.collect::<anyhow::Result<Vec<TypedCondition>>>()?;
    for table in &mut tables {
        table.models.retain(|model| {
            is_listed(model, arguments) && conditions.iter().all(|it| it.is_met(model))
        });
    }
    let mut properties = &declared;
    if !columns.is_empty() {
        properties = &columns;
        let models = tables.iter_mut().flat_map(|table| &mut table.models);
        for served in models.filter_map(|model| model.served.as_mut()) {
            served.properties = select(&served.properties, &columns);
        }
    }
    match arguments.format {
        Format::Table => format::write_tables(&tables, &columns, output)?,
        Format::Json => format::write_json(&tables, output)?,
        Format::Csv => format::write_csv(&tables, properties, output)?,
        Format::Yaml => format::write_yaml(&tables, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the properties with these names, in this order.
fn selected(declared: &[Property], names: &[String]) -> anyhow::Result<Vec<Property>> {
    let mut selected = Vec::<Property>::new();
    for name in names {
        let property = find(declared, name)?;
        if selected.iter().any(|other| other.name == name) {
            bail!("duplicate property `{name}` in `--properties`");
        }
        selected.push(property);
    }
    Ok(selected)
}

/// Returns the values of these properties, in this order.
fn select(values: &PropertyValues, properties: &[Property]) -> PropertyValues {
    let names = properties.iter().map(|property| property.name);
    let values = names.filter_map(|name| Some((name, values.get(name)?)));
    PropertyValues(values.collect())
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
