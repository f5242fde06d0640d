//! `model-studio-limits quotas`

mod api_key;
mod arguments;
mod client;
mod diff;
mod endpoint;
mod limits;
mod overlay;
mod response;

use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;

use crate::exit;
use crate::region::Region;
use arguments::Format;
use endpoint::Endpoint;

pub(crate) use arguments::Arguments;

pub(crate) fn run(arguments: &Arguments, output: &mut impl Write) -> anyhow::Result<ExitCode> {
    let (workspace, url) = (arguments.workspace.as_deref(), arguments.url.as_deref());
    let endpoint = Endpoint::new(arguments.region, workspace, url)?;
    let key = api_key::from_env()?;
    // The host name is sent in clear text, and messages show the URL.
    if key.is_in(&endpoint.url) {
        bail!("the workspace or the URL contains the key");
    }
    let rows = client::fetch(&endpoint, &key, arguments)?;
    let default = if arguments.diff {
        arguments.region
    } else {
        // The table that the overlay in MODEL_STUDIO_LIMITS_OVERLAY applies to.
        Region::BuiltIn
    };
    let table = arguments.table.unwrap_or(default);
    let models = table.table().models;
    let account = limits::account(&rows, &models);
    if arguments.diff {
        let differs = diff::write(&account, &models, output)?;
        return Ok(if differs && arguments.exit_code {
            ExitCode::from(exit::DIFFERENCES)
        } else {
            ExitCode::SUCCESS
        });
    }
    let overlay = overlay::new(&account, &models);
    let place = match arguments.format {
        Format::Yaml => {
            overlay.write_yaml(table, &endpoint, &account.unknown, output)?;
            "listed in comments at the end"
        }
        Format::Json => {
            overlay.write_json(output)?;
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
