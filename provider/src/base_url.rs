//! The host names of the provider's API.
//!
//! Those without a workspace are on the provider's page "Base URL overview", as of its update on
//! 2026-10-11: <https://www.alibabacloud.com/help/en/model-studio/base-url>. The Chinese version lists the
//! hosts of workspaces in all regions but Hong Kong: <https://help.aliyun.com/zh/model-studio/base-url>.
//! That of Hong Kong is on the page about messages, as of 2026-06-25:
//! <https://www.alibabacloud.com/help/tc/model-studio/anthropic-api-messages>.
//!
//! A host belongs to a region, and serves all of its deployment scopes:
//! <https://www.alibabacloud.com/help/en/model-studio/regions>.

use std::error::Error;
use std::fmt;

use model_studio_limits_core::Escaped;

use crate::region::Region;

impl Region {
    /// Returns the base URL of the region's API: the scheme and the host, without a path and without a
    /// slash at the end.
    ///
    /// With a workspace ID, it is the host of the workspace, which the provider recommends:
    /// `https://{WORKSPACE}.{REGION_ID}.maas.aliyuncs.com`. Only keys of this workspace are accepted.
    ///
    /// Without one, it is the older host that all workspaces of the region share. The provider documents
    /// one for Singapore, Beijing, Virginia and Hong Kong, but none for Frankfurt and Tokyo.
    ///
    /// Append the path of an API: `/compatible-mode/v1` for the one that is compatible with `OpenAI`,
    /// `/apps/anthropic` for the one that is compatible with Anthropic, or `/api/v1` for the provider's
    /// own. All deployment scopes of a region have the same base URL. The hosts are from the provider's
    /// page [Base URL overview](https://www.alibabacloud.com/help/en/model-studio/base-url).
    ///
    /// ```
    /// use model_studio_provider::Region;
    ///
    /// let url = Region::Singapore.base_url(Some("llm-0123456789abcdef"))?;
    /// assert_eq!(url, "https://llm-0123456789abcdef.ap-southeast-1.maas.aliyuncs.com");
    /// assert_eq!(Region::Singapore.base_url(None)?, "https://dashscope-intl.aliyuncs.com");
    ///
    /// let error = Region::Tokyo.base_url(None).unwrap_err();
    /// assert_eq!(error.to_string(), "the workspace of the key is required in the region `tokyo`");
    /// # Ok::<(), model_studio_provider::BaseUrlError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if no host without a workspace is known, if the workspace ID is invalid, or if
    /// this is the root table, which has no host.
    pub fn base_url(self, workspace: Option<&str>) -> Result<String, BaseUrlError> {
        let unknown = BaseUrlError::UnknownHost(self);
        let Some(main) = self.main() else {
            return Err(unknown);
        };
        if let Some(workspace) = workspace {
            check_workspace(workspace)?;
            let id = main.id().ok_or(unknown)?;
            return Ok(format!("https://{workspace}.{id}.maas.aliyuncs.com"));
        }
        let host = shared_host(main).ok_or(BaseUrlError::WorkspaceRequired(self))?;
        Ok(format!("https://{host}"))
    }
}

/// Returns the host that all workspaces of a region share.
fn shared_host(main: Region) -> Option<&'static str> {
    Some(match main {
        Region::Singapore => "dashscope-intl.aliyuncs.com",
        Region::Beijing => "dashscope.aliyuncs.com",
        Region::Virginia => "dashscope-us.aliyuncs.com",
        Region::HongKong => "cn-hongkong.dashscope.aliyuncs.com",
        _ => return None,
    })
}

/// Checks a workspace ID, which becomes a part of the host name.
pub(crate) fn check_workspace(workspace: &str) -> Result<(), BaseUrlError> {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if workspace.is_empty()
        || workspace.len() > 63
        || !workspace.bytes().all(is_valid)
        || workspace.starts_with('-')
        || workspace.ends_with('-')
    {
        return Err(BaseUrlError::InvalidWorkspace(workspace.to_owned()));
    }
    Ok(())
}

/// Error returned when a region has no base URL for a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BaseUrlError {
    /// No host without a workspace is known for the region.
    WorkspaceRequired(Region),
    /// The workspace ID cannot be a part of a host name.
    InvalidWorkspace(String),
    /// This is the root table, or a region whose ID is unknown.
    UnknownHost(Region),
}

impl fmt::Display for BaseUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WorkspaceRequired(region) => write!(
                f,
                "the workspace of the key is required in the region `{region}`"
            ),
            Self::InvalidWorkspace(workspace) => write!(
                f,
                "invalid workspace ID `{}`: expected up to 63 letters, digits and hyphens, such as \
                 `llm-0123456789abcdef`",
                Escaped(workspace)
            ),
            Self::UnknownHost(Region::BuiltIn) => {
                write!(f, "`{}` is a table, not a region", Region::BuiltIn)
            }
            Self::UnknownHost(region) => {
                write!(f, "the host of the region `{region}` is unknown")
            }
        }
    }
}

impl Error for BaseUrlError {}

#[cfg(test)]
mod tests {
    use super::shared_host;
    use crate::Region;

    /// A new region must not be forgotten in `shared_host`: its main table is in one of the two lists.
    #[test]
    fn every_region_has_a_shared_host_or_requires_a_workspace() {
        let main = Region::ALL
            .iter()
            .filter(|region| region.main() == Some(**region));
        let (shared, others): (Vec<Region>, Vec<Region>) =
            main.partition(|region| shared_host(**region).is_some());
        assert_eq!(
            shared,
            [
                Region::Singapore,
                Region::Beijing,
                Region::Virginia,
                Region::HongKong
            ]
        );
        assert_eq!(others, [Region::Frankfurt, Region::Tokyo]);
    }
}
