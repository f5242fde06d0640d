//! The URL of the quota endpoint.
//!
//! The provider documents `https://{WORKSPACE}.{REGION}.maas.aliyuncs.com/api/v1/quotas`, and
//! `/api/v1/models/limits` on the pages of the mainland since 2026-08-11.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;

use model_studio_limits_core::AnyOf;
use ureq::http::Uri;
use ureq::http::uri::InvalidUri;

use crate::base_url::{BaseUrlError, check_workspace};
use crate::region::Region;

/// The regions with an endpoint, and its path.
const DOCUMENTED: [(Region, &str); 5] = [
    (Region::Singapore, "/api/v1/quotas"),
    (Region::Beijing, "/api/v1/models/limits"),
    (Region::Virginia, "/api/v1/quotas"),
    (Region::Frankfurt, "/api/v1/quotas"),
    (Region::HongKong, "/api/v1/quotas"),
];

/// The quota endpoint of a region.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The URL, without a query.
    url: String,
    /// Whether the host is this machine.
    is_loopback: bool,
    region: Region,
    workspace: Option<String>,
}

impl Endpoint {
    /// The regions with an endpoint that the provider documents.
    pub const REGIONS: [Region; DOCUMENTED.len()] = {
        let mut regions = [Region::BuiltIn; DOCUMENTED.len()];
        let mut index = 0;
        while index < regions.len() {
            regions[index] = DOCUMENTED[index].0;
            index += 1;
        }
        regions
    };

    /// Returns the endpoint of a region, on the host of the workspace or on another server, such as a
    /// proxy.
    ///
    /// Without a workspace and another server, only [`Region::Singapore`] has an endpoint. The provider
    /// does not document it, but third parties report that it works. The path of the endpoint is appended
    /// to the URL of the server. `http://` is only accepted for loopback addresses, so that the key is
    /// never sent in clear text. A loopback address is asked without a proxy.
    ///
    /// ```
    /// use model_studio_provider::Region;
    /// use model_studio_provider::quotas::Endpoint;
    ///
    /// let endpoint = Endpoint::new(Region::Frankfurt, Some("llm-abc"), None)?;
    /// assert_eq!(endpoint.url(), "https://llm-abc.eu-central-1.maas.aliyuncs.com/api/v1/quotas");
    ///
    /// let endpoint = Endpoint::new(Region::Frankfurt, None, Some("http://127.0.0.1:8080"))?;
    /// assert_eq!(endpoint.url(), "http://127.0.0.1:8080/api/v1/quotas");
    /// # Ok::<(), model_studio_provider::quotas::EndpointError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the provider documents no endpoint for the region, if the workspace is missing
    /// or invalid, or if the URL of the server is invalid or would send the key in clear text.
    pub fn new(
        region: Region,
        workspace: Option<&str>,
        server: Option<&str>,
    ) -> Result<Self, EndpointError> {
        let mut documented = DOCUMENTED.iter();
        let Some((_, path)) = documented.find(|(other, _)| *other == region) else {
            return Err(EndpointError::NotDocumented(region));
        };
        let (base, is_loopback) = if let Some(url) = server {
            workspace.map(check_workspace).transpose()?;
            (url.to_owned(), is_loopback(url)?)
        } else {
            // The host without a workspace is documented for more regions, but not for this endpoint.
            if workspace.is_none() && region != Region::Singapore {
                return Err(BaseUrlError::WorkspaceRequired(region).into());
            }
            (region.base_url(workspace)?, false)
        };
        Ok(Self {
            url: format!("{}{path}", base.trim_end_matches('/')),
            is_loopback,
            region,
            workspace: workspace.map(str::to_owned),
        })
    }

    /// Returns the URL, without a query.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the region.
    #[must_use]
    pub fn region(&self) -> Region {
        self.region
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.is_loopback
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

/// Checks the URL of another server. Returns whether its host is this machine.
fn is_loopback(url: &str) -> Result<bool, EndpointError> {
    let invalid = |reason: &str| EndpointError::InvalidUrl(reason.to_owned());
    let uri: Uri = url
        .parse()
        .map_err(|error: InvalidUri| invalid(&error.to_string()))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(invalid("expected a URL such as `https://example.com`"));
    };
    if authority.as_str().contains('@') || uri.query().is_some() || url.contains('#') {
        return Err(invalid(
            "it must not have a user name, a password, a query or a fragment",
        ));
    }
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback =
        host == "localhost" || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    match scheme {
        "https" => Ok(is_loopback),
        "http" if is_loopback => Ok(true),
        "http" => Err(invalid(&format!(
            "`http://` would send the key in clear text to `{host}`, use `https://`"
        ))),
        _ => Err(invalid(&format!(
            "the scheme `{scheme}` is not supported, use `https`"
        ))),
    }
}

/// Error returned when there is no quota endpoint for a region or a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointError {
    /// The provider documents no endpoint for the region.
    NotDocumented(Region),
    /// The host depends on a workspace that is missing or invalid.
    BaseUrl(BaseUrlError),
    /// The URL of the server cannot be used. The value says why, and does not contain the URL, which could
    /// contain a password.
    InvalidUrl(String),
}

impl From<BaseUrlError> for EndpointError {
    fn from(error: BaseUrlError) -> Self {
        Self::BaseUrl(error)
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDocumented(region) => {
                let regions = Endpoint::REGIONS.map(Region::name);
                let regions = AnyOf(&regions);
                write!(
                    f,
                    "the provider documents a quota endpoint only for {regions}, not for `{region}`"
                )
            }
            Self::BaseUrl(error) => error.fmt(f),
            Self::InvalidUrl(reason) => write!(f, "invalid URL: {reason}"),
        }
    }
}

// The message of a `BaseUrlError` is the message itself, so it is not a source.
impl Error for EndpointError {}
