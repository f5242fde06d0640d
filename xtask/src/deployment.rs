//! The tables: one per region and deployment scope.

use crate::page::Row;

/// A region and a deployment scope.
pub(crate) struct Deployment {
    /// The name of the file, without its extension.
    pub(crate) file: &'static str,
    pub(crate) title: &'static str,
    pub(crate) region: &'static str,
    pub(crate) scope: &'static str,
}

/// All tables. The first of each region is the main one.
pub(crate) const DEPLOYMENTS: [Deployment; 10] = [
    deployment("singapore", "Singapore", "singapore", "international"),
    deployment("beijing", "Beijing", "beijing", "mainland"),
    deployment("virginia", "Virginia", "virginia", "global"),
    deployment("virginia_us", "Virginia", "virginia", "us"),
    deployment("frankfurt", "Frankfurt", "frankfurt", "global"),
    deployment("frankfurt_eu", "Frankfurt", "frankfurt", "eu"),
    deployment("tokyo", "Tokyo", "tokyo", "global"),
    deployment("tokyo_japan", "Tokyo", "tokyo", "japan"),
    deployment("hong_kong", "Hong Kong", "hongkong", "hongkong"),
    deployment("hong_kong_global", "Hong Kong", "hongkong", "global"),
];

const fn deployment(
    file: &'static str,
    title: &'static str,
    region: &'static str,
    scope: &'static str,
) -> Deployment {
    Deployment {
        file,
        title,
        region,
        scope,
    }
}

impl Deployment {
    /// Returns the position of the table of a row: that of its scope, or else the main table of its
    /// region.
    pub(crate) fn position(row: &Row<'_>) -> Result<usize, String> {
        let is_of_region = |table: &Self| table.region == row.region.text;
        let is_of_scope = |table: &Self| is_of_region(table) && table.scope == row.scope;
        let position = DEPLOYMENTS.iter().position(is_of_scope);
        let position = position.or_else(|| DEPLOYMENTS.iter().position(is_of_region));
        position.ok_or_else(|| row.region.error("unknown region"))
    }

    /// Returns the site whose notices concern the region.
    pub(crate) fn site(&self) -> &'static str {
        match self.region {
            "beijing" => "mainland",
            _ => "international",
        }
    }
}
