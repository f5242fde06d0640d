//! The commands and their arguments.

use clap::{Args, Parser, Subcommand, ValueEnum};
use model_studio_limits::Category;

use crate::tables::Region;

/// Model IDs and rate limits of Alibaba Cloud Model Studio, checked where the compiler cannot see
/// them
#[derive(Parser)]
#[command(version, name = "model-studio-limits", max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    List(ListArguments),
    Show(ShowArguments),
}

/// List models with their limits
#[derive(Args)]
#[command(after_help = "\
Examples:
  model-studio-limits list qwen3 --region singapore
  model-studio-limits list --category embedding --format json
  model-studio-limits list --retired --region beijing")]
pub(crate) struct ListArguments {
    /// Only models with this text in their model ID, an alias or their series
    pub(crate) filter: Option<String>,
    /// Only models of this region [default: all regions]
    #[arg(long, short)]
    pub(crate) region: Option<Region>,
    /// Only models of this category
    #[arg(long, short)]
    pub(crate) category: Option<Category>,
    #[command(flatten)]
    pub(crate) status: StatusFilter,
    /// The format of the list
    #[arg(long, short, default_value = "table")]
    pub(crate) format: ListFormat,
}

/// Without a filter, retired models are not listed.
#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct StatusFilter {
    /// Only models that are not deprecated
    #[arg(long)]
    pub(crate) active: bool,
    /// Only deprecated models
    #[arg(long)]
    pub(crate) deprecated: bool,
    /// Only models that are no longer served
    #[arg(long)]
    pub(crate) retired: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ListFormat {
    /// Columns of text
    Table,
    /// A JSON array
    Json,
    /// Comma-separated values
    Csv,
    /// A YAML list
    Yaml,
}

/// Show everything that is known about one model
#[derive(Args)]
#[command(after_help = "\
Examples:
  model-studio-limits show qwen-plus
  model-studio-limits show qwen3-max --region beijing")]
pub(crate) struct ShowArguments {
    /// The model ID or an alias
    pub(crate) name: String,
    /// Only this region [default: all regions]
    #[arg(long, short)]
    pub(crate) region: Option<Region>,
}
