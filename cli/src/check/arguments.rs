//! The arguments of `model-studio-limits check`.

use std::path::PathBuf;

use clap::Args;
use model_studio_limits::Date;
use model_studio_limits_core::AnyOf;

use super::report::Format;
use super::rules;
use crate::date::Days;
use crate::table_arguments::TableArguments;

const REGION: &str = "Check against this region, and assume that all files use Model Studio [default: all \
    regions; models that are active in any of them are not reported]";

const TABLE: &str = "Find the models of your own table instead, which can be those of any provider; \
    its format is that of `model-studio-limits-codegen`";

/// Find deprecated, retired and misspelled model IDs in files
///
/// Files that Git ignores, binary files and symbolic links are skipped. A name is reported as
/// misspelled only where a model is named, as in `model: ...`, and only if it is one typo away from a
/// model ID.
#[derive(Args)]
#[command(mut_arg("region", |region| region.help(REGION)))]
#[command(mut_arg("table", |table| table.help(TABLE)))]
#[command(after_help = format!("\
Examples:
  model-studio-limits check .
  model-studio-limits check src config.yaml --region singapore
  model-studio-limits check . --table limits.yaml
  model-studio-limits check . --summary
  model-studio-limits check . --fix
  model-studio-limits check . --allow qwen-max --allow deprecated
  model-studio-limits check . --format sarif > results.sarif

Kinds of findings:
{}

Exit codes: 0 if nothing was found, 1 if there are findings, 2 after an error.

Settings are also read from the section [check] of the file model-studio-limits.toml in the path or
one of its parents: region, table, overlay, within, as-of, allow and exclude.

A comment `model-studio-limits: allow` suppresses the findings of its line.", rules::help()))]
pub(crate) struct Arguments {
    /// The files and folders to check
    #[arg(required = true)]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) tables: TableArguments,
    /// The format of the findings
    #[arg(long, short, default_value = "text")]
    pub(super) format: Format,
    /// Only print a table with the number of findings of each model
    #[arg(long, conflicts_with = "format")]
    pub(super) summary: bool,
    /// Replace model IDs with the provider's replacement, if there is only one
    #[arg(long)]
    pub(super) fix: bool,
    #[arg(
        long, value_name = "DAYS",
        help = format!(
            "Report models as retiring if they retire within this time [default: {}d]",
            rules::DEFAULT_WITHIN.0
        )
    )]
    pub(super) within: Option<Days>,
    #[arg(
        long, value_name = "MODEL|KIND",
        help = format!("Do not report this model ID or this kind: {}", AnyOf(&rules::kinds()))
    )]
    pub(super) allow: Vec<String>,
    /// Check as of this date, instead of today
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<Date>,
    /// The configuration file [default: the nearest model-studio-limits.toml]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}
