//! The regions and deployment scopes that have a table.

/// A region and a deployment scope.
pub(crate) struct Deployment {
    /// The name of the table's file, without its extension.
    pub(crate) file: &'static str,
    pub(crate) title: &'static str,
    pub(crate) region: &'static str,
    pub(crate) scope: &'static str,
}

/// All deployments with a table. The first of each region is the main one.
pub(crate) const DEPLOYMENTS: [Deployment; 10] = [
    deployment(["singapore", "Singapore", "singapore", "international"]),
    deployment(["beijing", "Beijing", "beijing", "mainland"]),
    deployment(["virginia", "Virginia", "virginia", "global"]),
    deployment(["virginia_us", "Virginia", "virginia", "us"]),
    deployment(["frankfurt", "Frankfurt", "frankfurt", "global"]),
    deployment(["frankfurt_eu", "Frankfurt", "frankfurt", "eu"]),
    deployment(["tokyo", "Tokyo", "tokyo", "global"]),
    deployment(["tokyo_japan", "Tokyo", "tokyo", "japan"]),
    deployment(["hong_kong", "Hong Kong", "hongkong", "hongkong"]),
    deployment(["hong_kong_global", "Hong Kong", "hongkong", "global"]),
];

const fn deployment([file, title, region, scope]: [&'static str; 4]) -> Deployment {
    Deployment {
        file,
        title,
        region,
        scope,
    }
}

impl Deployment {
    /// Returns the site whose retirement notices apply to the region.
    pub(crate) fn site(&self) -> &'static str {
        match self.region {
            "beijing" => "mainland",
            _ => "international",
        }
    }
}
