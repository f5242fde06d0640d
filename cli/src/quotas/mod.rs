//! `model-studio-limits quotas`

mod arguments;
mod diff;
mod overlay;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::anyhow;
use model_studio_provider::quotas::{
    self, AccountLimits, ApiKey, Endpoint, EndpointError, Options, QuotaRow,
};
use model_studio_provider::{BaseUrlError, Region};

use crate::exit;
use arguments::Format;

pub(crate) use arguments::Arguments;

pub(crate) fn run(arguments: &Arguments, output: &mut impl Write) -> anyhow::Result<ExitCode> {
    let endpoint = endpoint(arguments)?;
    let rows = fetch(&endpoint, arguments)?;
    let default = if arguments.diff {
        arguments.region
    } else {
        // The table that the overlay in MODEL_STUDIO_LIMITS_OVERLAY applies to.
        Region::BuiltIn
    };
    let table = arguments.table.unwrap_or(default);
    let models = table.table();
    let account = AccountLimits::new(&rows, &models);
    for warning in &account.warnings {
        anstream::eprintln!("warning: {warning}");
    }
    if arguments.diff {
        let differs = diff::write(&account, &models, output)?;
        return Ok(if differs && arguments.exit_code {
            ExitCode::from(exit::DIFFERENCES)
        } else {
            ExitCode::SUCCESS
        });
    }
    let overlay = account.overlay(&models);
    let place = match arguments.format {
        Format::Yaml => {
            overlay::write_yaml(&overlay, table, &endpoint, &account.unknown, output)?;
            "listed in comments at the end"
        }
        Format::Json => {
            overlay::write_json(&overlay, output)?;
            "left out"
        }
    };
    let unknown = account.unknown.len();
    if unknown > 0 {
        let models = if unknown == 1 {
            "1 model is"
        } else {
            &format!("{unknown} models are")
        };
        anstream::eprintln!("note: {models} not in the table `{table}`, and {place}");
    }
    Ok(ExitCode::SUCCESS)
}

fn endpoint(arguments: &Arguments) -> anyhow::Result<Endpoint> {
    // An empty variable counts as one that is not set.
    let workspace = arguments.workspace.as_deref().filter(|id| !id.is_empty());
    let region = arguments.region;
    Endpoint::new(region, workspace, arguments.url.as_deref()).map_err(|error| match error {
        EndpointError::NotDocumented(Region::BuiltIn) => anyhow!(
            "`built-in` is a table, not a region: use --table built-in, and the region of the key, such \
             as --region singapore"
        ),
        EndpointError::BaseUrl(error @ BaseUrlError::WorkspaceRequired(_)) => {
            anyhow!("{error}: use --workspace, or set DASHSCOPE_WORKSPACE_ID")
        }
        EndpointError::InvalidUrl(reason) => anyhow!("invalid --url: {reason}"),
        error => error.into(),
    })
}

fn fetch(endpoint: &Endpoint, arguments: &Arguments) -> anyhow::Result<Vec<QuotaRow>> {
    let key = ApiKey::from_env(ApiKey::VARIABLE)?;
    let options = Options {
        timeout: Duration::from_secs(arguments.timeout),
        retries: arguments.retries,
        user_agent: concat!("model-studio-limits/", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    let rows = quotas::fetch(endpoint, &key, &options, |retry| {
        anstream::eprintln!("{retry}");
    });
    rows.map_err(|error| match error {
        quotas::Error::KeyRejected { region, reason } => anyhow!(
            "the key in {} was rejected in the region `{region}`: {reason}\n\
             A key is valid in one region only. Use --region if it belongs to another.",
            ApiKey::VARIABLE
        ),
        error => error.into(),
    })
}
