//! The commands and their arguments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use model_studio_limits::{Category, Date};

use crate::check::{Days, Format};
use crate::tables::Region;

/// Lists model IDs and rate limits of Alibaba Cloud Model Studio, finds outdated model IDs in files,
/// and reads the quotas of an account
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
    Check(CheckArguments),
    Quotas(QuotasArguments),
    Completions(CompletionsArguments),
    Man(ManArguments),
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
    // The tables have no category for them.
    #[arg(long, conflicts_with = "category")]
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

/// Find deprecated, retired and misspelled model IDs in files
///
/// Files that Git ignores, binary files and symbolic links are skipped. A name counts as misspelled
/// only at a place where a model is named, such as `model: ...`, and only if it is one typo away from
/// a model ID.
#[derive(Args)]
#[command(after_help = "\
Examples:
  model-studio-limits check .
  model-studio-limits check src config.yaml --region singapore
  model-studio-limits check . --fix
  model-studio-limits check . --allow qwen-max --allow deprecated
  model-studio-limits check . --format sarif > results.sarif

Exit codes: 0 if nothing was found, 1 if there are findings, 2 after an error.

Settings can also be in the section [check] of a file model-studio-limits.toml in the path or one of
its parents: region, within, as-of, allow and exclude.

A comment `model-studio-limits: allow` suppresses the findings of its line.")]
pub(crate) struct CheckArguments {
    /// The files and folders to check
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// The region to check against; also treats all model IDs as those of Model Studio [default: all
    /// regions; a model that is active in any of them is not reported]
    #[arg(long, short)]
    pub(crate) region: Option<Region>,
    /// The format of the findings
    #[arg(long, short, default_value = "text")]
    pub(crate) format: Format,
    /// Replace model IDs with the provider's replacement, where it is unambiguous
    #[arg(long)]
    pub(crate) fix: bool,
    /// Report models that retire within this time as retiring, and others as deprecated
    /// [default: 90d]
    #[arg(long, value_name = "DAYS")]
    pub(crate) within: Option<Days>,
    /// Do not report this model ID or this kind: retired, retiring, deprecated or misspelled
    #[arg(long, value_name = "MODEL|KIND")]
    pub(crate) allow: Vec<String>,
    /// Check as of this date, instead of today
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<Date>,
    /// The configuration file [default: the nearest model-studio-limits.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Read the limits of your account from the provider, as an overlay
///
/// Queries the provider's quota endpoint with the key in the environment variable `DASHSCOPE_API_KEY`,
/// and writes the limits that it returns, with their exact windows.
///
/// By default, the overlay is for the crate's root table: set `MODEL_STUDIO_LIMITS_OVERLAY` to
/// the absolute path of the file and build. With `--table singapore`, it is for
/// `Generator::shipped("singapore").overlay(..)` in a build script. An overlay can only contain models
/// of its table, so other models are listed in comments.
#[derive(Args)]
#[command(after_help = "\
Examples:
  model-studio-limits quotas > account.yaml
  model-studio-limits quotas --region beijing --workspace llm-abc --table beijing > account.yaml
  model-studio-limits quotas --diff")]
pub(crate) struct QuotasArguments {
    /// The region of the key: `singapore`, `beijing`, `virginia`, `frankfurt` or
    /// `hong_kong`
    #[arg(long, short, default_value = "singapore", hide_possible_values = true)]
    pub(crate) region: Region,
    /// The workspace of the key, which is part of the host name `W.REGION.maas.aliyuncs.com`
    ///
    /// Without a workspace, only `--region singapore` works. Requests then go to
    /// `dashscope-intl.aliyuncs.com`. The provider does not document this, but third parties report
    /// that it works.
    #[arg(long, short, value_name = "W", env = "DASHSCOPE_WORKSPACE_ID")]
    pub(crate) workspace: Option<String>,
    /// The table that the overlay is for [default: built-in, or the region's table with --diff]
    #[arg(long, short)]
    pub(crate) table: Option<Region>,
    /// List where the account differs from the table, instead of writing an overlay
    #[arg(long, conflicts_with = "format")]
    pub(crate) diff: bool,
    /// The format of the overlay
    #[arg(long, short, default_value = "yaml")]
    pub(crate) format: OverlayFormat,
    /// Send requests to this server instead, such as a proxy: `https://HOST[/PATH]`
    ///
    /// The path of the endpoint is appended. `http://` is only accepted for loopback addresses, so that
    /// the key is never sent in clear text.
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// The time to wait for each response, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,
    /// How many times to retry a request after a timeout, a broken connection, or status 429 or 5xx
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=20))]
    pub(crate) retries: u32,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum OverlayFormat {
    /// With comments
    Yaml,
    /// Without comments
    Json,
}

/// Print a completion script for a shell
#[derive(Args)]
#[command(after_help = "\
Examples:
  model-studio-limits completions bash > ~/.local/share/bash-completion/completions/model-studio-limits
  model-studio-limits completions zsh > ~/.zfunc/_model-studio-limits")]
pub(crate) struct CompletionsArguments {
    /// The shell
    pub(crate) shell: Shell,
}

/// Write the man pages to a folder
#[derive(Args)]
#[command(after_help = "\
Examples:
  model-studio-limits man ~/.local/share/man/man1")]
pub(crate) struct ManArguments {
    /// The folder, which is created if it does not exist
    pub(crate) directory: PathBuf,
}
