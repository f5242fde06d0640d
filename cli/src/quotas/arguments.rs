//! The arguments of `model-studio-limits quotas`.

use clap::{Args, ValueEnum};
use model_studio_limits_core::AnyOf;
use model_studio_provider::Region;
use model_studio_provider::quotas::Endpoint;

/// Read the limits of your account from the provider, as an overlay
///
/// Queries the provider's quota endpoint with the key in the environment variable `DASHSCOPE_API_KEY`,
/// and writes the limits with their exact windows.
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
  model-studio-limits quotas --diff --exit-code

Exit codes: 0 on success, 1 if there are differences and `--exit-code` is set, 2 after an error.")]
pub(crate) struct Arguments {
    #[arg(
        long, short, default_value = "singapore", hide_possible_values = true,
        help = format!("The region of the key: {}", AnyOf(&Endpoint::REGIONS.map(Region::name)))
    )]
    pub(super) region: Region,
    /// The workspace of the key, which is part of the host name `W.REGION.maas.aliyuncs.com`
    ///
    /// Without a workspace, only `--region singapore` works. Requests then go to
    /// `dashscope-intl.aliyuncs.com`. The provider does not document this, but third parties report
    /// that it works.
    #[arg(long, short, value_name = "W", env = "DASHSCOPE_WORKSPACE_ID")]
    pub(super) workspace: Option<String>,
    /// The table that the overlay is for [default: built-in, or the region's table with --diff]
    #[arg(long, short)]
    pub(super) table: Option<Region>,
    /// List the differences between the account and the table, instead of writing an overlay
    #[arg(long, conflicts_with = "format")]
    pub(super) diff: bool,
    /// With --diff, exit with 1 if there are differences
    #[arg(long, requires = "diff")]
    pub(super) exit_code: bool,
    /// The format of the overlay
    #[arg(long, short, default_value = "yaml")]
    pub(super) format: Format,
    /// Send requests to this server instead, such as a proxy: `https://HOST[/PATH]`
    ///
    /// The path of the endpoint is appended. `http://` is only accepted for loopback addresses, so that
    /// the key is never sent in clear text.
    #[arg(long)]
    pub(super) url: Option<String>,
    /// The time to wait for each response, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(super) timeout: u64,
    /// How many times to retry a request after a timeout, a broken connection, or status 429 or 5xx
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=20))]
    pub(super) retries: u32,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Format {
    /// With comments
    Yaml,
    /// Without comments
    Json,
}

#[cfg(test)]
mod tests {
    use model_studio_limits_core::AnyOf;
    use model_studio_provider::Region;
    use model_studio_provider::quotas::Endpoint;

    #[test]
    fn the_readme_lists_the_regions() {
        let readme = include_str!("../../README.md").split_whitespace();
        let readme = readme.collect::<Vec<_>>().join(" ");
        let regions = AnyOf(&Endpoint::REGIONS.map(Region::name)).to_string();
        assert!(
            readme.contains(&regions),
            "README.md does not contain: {regions}"
        );
    }
}
