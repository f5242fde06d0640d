//! The command `mock-provider`.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use model_studio_gateway::config::{Flags, Model, Source};
use model_studio_gateway::mock_provider::{Distribution, MockProvider};
use model_studio_provider::Region;

/// The arguments of `mock-provider`.
#[derive(Args, Clone, Debug)]
pub(crate) struct MockArguments {
    /// The configuration file of the gateway, of which the region and the limits are used
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The region whose models and limits are used
    #[arg(long, short, value_name = "REGION", hide_possible_values = true)]
    region: Option<Region>,
    /// The address on which clients connect
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8789")]
    listen: SocketAddr,
    /// Accept only calls with this API key
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// The output tokens of an answer, or their median
    #[arg(long, value_name = "TOKENS", default_value_t = 200)]
    output: u32,
    /// How much the output tokens vary: the standard deviation of their natural logarithm
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0)]
    output_deviation: f64,
    /// The time until an answer begins, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u32,
    /// The time that each output token takes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    time_per_token: u32,
}

impl MockArguments {
    /// Returns where the limits come from.
    pub(crate) fn source(&self) -> Source {
        Source {
            config: self.config.clone(),
            flags: Flags {
                region: self.region,
                ..Flags::default()
            },
        }
    }
}

/// Answers calls until the process ends.
///
/// # Errors
///
/// Returns an error if another program uses the address.
pub(crate) async fn run(
    arguments: MockArguments,
    models: Vec<Model>,
) -> Result<(), Box<dyn Error>> {
    let builder = MockProvider::builder()
        .listen(arguments.listen)
        .models(&models)
        .output(Distribution::LogNormal {
            median: arguments.output.into(),
            sigma: arguments.output_deviation,
        })
        .latency(Distribution::Fixed(arguments.latency.into()))
        .time_per_token(Duration::from_millis(arguments.time_per_token.into()));
    let builder = match arguments.key {
        Some(key) => builder.key(key),
        None => builder,
    };
    let provider = builder.start().await?;
    println!("listening on {}", provider.url());
    std::future::pending().await
}
