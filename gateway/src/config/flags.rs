//! The arguments that override a configuration file.

use clap::Args;
use model_studio_provider::Region;

use super::values::{Address, Share};
use super::{Secret, UnknownModels};

/// The arguments that override the configuration file.
#[derive(Args, Clone, Debug, Default)]
pub struct Flags {
    /// The region of the API keys, which also selects the table of models
    #[arg(long, short)]
    pub region: Option<Region>,
    /// The workspace of the API keys, which is part of the host name `W.REGION.maas.aliyuncs.com`
    #[arg(long, short, value_name = "W", env = "DASHSCOPE_WORKSPACE_ID")]
    pub workspace: Option<String>,
    /// Send calls to this server instead: `https://HOST[/PATH]`
    ///
    /// `http://` is only accepted for loopback addresses, so that API keys are never sent in clear text.
    #[arg(long, value_name = "URL")]
    pub upstream: Option<String>,
    /// The address on which clients connect [default: 127.0.0.1:8787]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<Address>,
    /// Another address for the metrics and the status page
    ///
    /// Without it, they are at `--listen`, but only if that is a loopback address.
    #[arg(long, value_name = "ADDRESS")]
    pub admin_listen: Option<Address>,
    /// The Redis server through which several gateways keep the limits together
    ///
    /// Set the environment variable instead if the URL contains a password, because other users of the
    /// machine can see arguments.
    #[arg(
        long,
        value_name = "URL",
        env = "MODEL_STUDIO_GATEWAY_STORE",
        hide_env_values = true
    )]
    pub store: Option<Secret>,
    /// What happens to calls of models that are not in the table [default: refuse]
    #[arg(long, value_name = "ACTION")]
    pub unknown_models: Option<UnknownModels>,
    /// The part of each limit that this gateway uses, such as `1/4` [default: 1/1]
    #[arg(long, value_name = "FRACTION")]
    pub share: Option<Share>,
    /// Listen on an address that is not loopback, although clients need no key of the gateway
    #[arg(long)]
    pub allow_public: bool,
}
