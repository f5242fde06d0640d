//! The arguments of `model-studio-gateway`.

use clap::{Parser, Subcommand};
use model_studio_gateway::config::{ClientName, Source};

use crate::demo::DemoArguments;
use crate::mock_command::MockArguments;

/// A reverse proxy that keeps calls below the rate limits of Alibaba Cloud Model Studio
///
/// Clients send calls to the gateway instead of the provider. It waits until the limits allow a call, and
/// then sends it.
#[derive(Parser)]
#[command(
    version,
    name = "model-studio-gateway",
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  model-studio-gateway --region singapore
  model-studio-gateway --config gateway.toml --listen 0.0.0.0:8787
  model-studio-gateway --config gateway.toml --check-config
  model-studio-gateway example > gateway.toml
  model-studio-gateway demo

Exit codes: 0 after the gateway was stopped, 1 if it fails, 2 if the configuration is invalid."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Check the configuration and exit
    #[arg(long)]
    pub(crate) check_config: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create a key for a client, and print it with the lines for the configuration file
    ///
    /// The configuration contains only a hash of the key, so the key cannot be shown again.
    Key {
        /// The name of the client, which logs and metrics show
        name: ClientName,
    },
    /// Print a configuration file that describes every key
    Example,
    /// Show a gateway at work, without a key and without a network
    ///
    /// A mock provider answers, and two clients call it through the gateway: one with a call now and then,
    /// and one with as many calls as the limits allow.
    Demo(DemoArguments),
    /// Start a server that stands in for the provider, to test programs without a key
    ///
    /// It keeps the limits that the gateway has with the same configuration file, and answers with words
    /// that mean nothing. `GET /mock/counts` returns what it has counted.
    MockProvider(MockArguments),
}
