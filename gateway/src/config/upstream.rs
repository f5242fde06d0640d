//! The provider's server, and the URLs of servers.

use std::net::IpAddr;

use http::Uri;
use model_studio_provider::{BaseUrlError, Region};

use super::Upstream;
use super::context::Context;
use super::places::{Place, Problem};

/// Where calls are sent, as it was configured.
pub(super) struct Address<'a> {
    pub(super) region: (Region, Place),
    pub(super) workspace: Option<&'a (String, Place)>,
    pub(super) url: Option<&'a (String, Place)>,
    pub(super) allows_http: bool,
    pub(super) completes_paths: Option<bool>,
}

/// Returns the server at a URL, or that of the region and workspace.
pub(super) fn upstream(address: &Address<'_>, context: &mut Context<'_>) -> Option<Upstream> {
    let base = match address.url {
        Some((url, place)) => {
            let checked = check_url(url, address.allows_http);
            context.check(place.clone(), checked)?
        }
        None => of_region(address, context)?,
    };
    let has_path = base.path() != "/";
    Some(Upstream {
        base,
        completes_paths: address.completes_paths.unwrap_or(!has_path),
    })
}

fn of_region(address: &Address<'_>, context: &mut Context<'_>) -> Option<Uri> {
    let (region, place) = &address.region;
    let workspace = address.workspace.map(|(workspace, _)| workspace.as_str());
    match region.base_url(workspace) {
        Ok(url) => context.check(place.clone(), check_url(&url, false)),
        Err(error) => {
            let place = match (&error, address.workspace) {
                (BaseUrlError::InvalidWorkspace(_), Some((_, place))) => place,
                _ => place,
            };
            let problem = Problem::new(place.clone(), error.to_string());
            context.report(match error {
                BaseUrlError::WorkspaceRequired(_) => {
                    problem.help("use `--workspace`, or set `workspace`")
                }
                _ => problem,
            });
            None
        }
    }
}

/// Checks the URL of a server to which API keys are sent.
fn check_url(url: &str, allows_http: bool) -> Result<Uri, String> {
    let expected = "expected a URL such as `https://example.com`";
    // The URL is not shown, because it could contain a password.
    let uri: Uri = url
        .parse()
        .map_err(|error| format!("{expected}: {error}"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(expected.to_owned());
    };
    if authority.as_str().contains('@') || uri.query().is_some() || url.contains('#') {
        return Err(
            "the URL must not have a user name, a password, a query or a fragment".to_owned(),
        );
    }
    let host = authority.host();
    match scheme {
        "https" => Ok(uri),
        "http" if allows_http || is_loopback(host) => Ok(uri),
        "http" => Err(format!(
            "`http://` would send API keys in clear text to `{host}`: use `https://`, or set \
             `allow_http_upstream = true`"
        )),
        _ => Err(format!(
            "the scheme `{scheme}` is not supported: use `https`"
        )),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}
