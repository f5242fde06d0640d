//! The URL of the quota endpoint.
//!
//! The provider documents `https://{WORKSPACE}.{REGION}.maas.aliyuncs.com/api/v1/quotas`, and
//! `/api/v1/models/limits` on the pages of the mainland since 2026-08-11.

use std::net::IpAddr;

use anyhow::{Context as _, bail};
use model_studio_limits_core::{AnyOf, Escaped};
use ureq::http::Uri;

use crate::region::Region;

/// The regions with an endpoint, their IDs in the host name, and the path of the endpoint.
const DOCUMENTED: [(Region, &str, &str); 5] = [
    documented(Region::Singapore, "/api/v1/quotas"),
    documented(Region::Beijing, "/api/v1/models/limits"),
    documented(Region::Virginia, "/api/v1/quotas"),
    documented(Region::Frankfurt, "/api/v1/quotas"),
    documented(Region::HongKong, "/api/v1/quotas"),
];

const fn documented(region: Region, path: &'static str) -> (Region, &'static str, &'static str) {
    (region, region.id().expect("the region has an ID"), path)
}

pub(super) struct Endpoint {
    /// The URL, without a query.
    pub(super) url: String,
    /// Whether the host is this machine.
    pub(super) is_loopback: bool,
    pub(super) region: Region,
    workspace: Option<String>,
}

impl Endpoint {
    /// Returns the endpoint of a region, on the host of the workspace or on the server with this URL.
    pub(super) fn new(
        region: Region,
        workspace: Option<&str>,
        url: Option<&str>,
    ) -> anyhow::Result<Self> {
        let mut documented = DOCUMENTED.iter();
        let Some((_, host, path)) = documented.find(|(other, ..)| *other == region) else {
            bail!(no_endpoint(region));
        };
        // An empty variable counts as one that is not set.
        let workspace = workspace.filter(|id| !id.is_empty());
        if let Some(workspace) = workspace {
            check_workspace(workspace)?;
        }
        let (base, is_loopback) = match (url, workspace) {
            (Some(url), _) => (url.to_owned(), is_loopback(url)?),
            (None, Some(workspace)) => (
                format!("https://{workspace}.{host}.maas.aliyuncs.com"),
                false,
            ),
            // The provider does not document this host, but third parties report that it answers.
            (None, None) if region == Region::Singapore => {
                ("https://dashscope-intl.aliyuncs.com".to_owned(), false)
            }
            (None, None) => bail!(
                "the workspace of the key is required in the region `{region}`: use --workspace, or \
                 set DASHSCOPE_WORKSPACE_ID"
            ),
        };
        Ok(Self {
            url: format!("{}{path}", base.trim_end_matches('/')),
            is_loopback,
            region,
            workspace: workspace.map(str::to_owned),
        })
    }

    /// Returns what the URL depends on, for messages about an endpoint that was not found.
    pub(super) fn region_and_workspace(&self) -> String {
        let region = self.region;
        match &self.workspace {
            Some(workspace) => format!("the region `{region}` and the workspace `{workspace}`"),
            None => format!("the region `{region}` without a workspace"),
        }
    }
}

/// Returns the names of the regions with an endpoint.
pub(super) fn regions() -> [&'static str; DOCUMENTED.len()] {
    DOCUMENTED.map(|(region, ..)| region.name())
}

fn no_endpoint(region: Region) -> String {
    if region == Region::BuiltIn {
        return "`built-in` is a table, not a region: use --table built-in, and the region of the \
                key, such as --region singapore"
            .to_owned();
    }
    let regions = regions();
    let regions = AnyOf(&regions);
    format!("the provider documents a quota endpoint only for {regions}, not for `{region}`")
}

/// Checks a workspace ID, which becomes a part of the host name.
fn check_workspace(workspace: &str) -> anyhow::Result<()> {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if workspace.len() > 63
        || !workspace.bytes().all(is_valid)
        || workspace.starts_with('-')
        || workspace.ends_with('-')
    {
        bail!(
            "invalid workspace ID `{}`: expected up to 63 letters, digits and hyphens, such as \
             `llm-0123456789abcdef`",
            Escaped(workspace)
        );
    }
    Ok(())
}

/// Checks the URL of another server. Returns whether its host is this machine.
fn is_loopback(url: &str) -> anyhow::Result<bool> {
    // The URL is not shown, because it could contain a password.
    let uri: Uri = url.parse().context("invalid --url")?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        bail!("invalid --url: expected a URL such as `https://example.com`");
    };
    if authority.as_str().contains('@') || uri.query().is_some() || url.contains('#') {
        bail!("invalid --url: it must not have a user name, a password, a query or a fragment");
    }
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback =
        host == "localhost" || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    match scheme {
        "https" => {}
        "http" if is_loopback => {}
        "http" => bail!(
            "invalid --url: `http://` would send the key in clear text to `{host}`, use `https://`"
        ),
        _ => bail!("invalid --url: the scheme `{scheme}` is not supported, use `https`"),
    }
    Ok(is_loopback)
}

#[cfg(test)]
mod tests {
    use model_studio_limits_core::AnyOf;

    use super::regions;

    #[test]
    fn the_readme_lists_the_regions() {
        let readme = include_str!("../../README.md").split_whitespace();
        let readme = readme.collect::<Vec<_>>().join(" ");
        let regions = AnyOf(&regions()).to_string();
        assert!(
            readme.contains(&regions),
            "README.md does not contain: {regions}"
        );
    }
}
