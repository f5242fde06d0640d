//! The regions and deployment scopes that have a table.

/// A region and a deployment scope.
pub(crate) struct Deployment {
    /// The name of the table's file, without its extension. The feature, the module and the region
    /// in the command line tool have the same name.
    pub(crate) file: &'static str,
    pub(crate) region: &'static str,
    pub(crate) scope: &'static str,
    /// The region in words.
    pub(crate) title: &'static str,
    /// The scope in words.
    pub(crate) scope_title: &'static str,
    /// The provider's ID of the region, if it is known. Only the main table of a region has it. The IDs are
    /// in the host names on <https://www.alibabacloud.com/help/en/model-studio/base-url>.
    pub(crate) region_id: Option<&'static str>,
}

/// All deployments with a table: its file, the region and the scope in the data, both in words, and
/// the region's ID. The first of each region is the main one.
#[rustfmt::skip]
pub(crate) const DEPLOYMENTS: &[Deployment] = &[
    deployment("singapore", ["singapore", "international"], ["Singapore", "international"], Some("ap-southeast-1")),
    deployment("beijing", ["beijing", "mainland"], ["Beijing", "mainland"], Some("cn-beijing")),
    deployment("virginia", ["virginia", "global"], ["Virginia", "global"], Some("us-east-1")),
    deployment("virginia_us", ["virginia", "us"], ["Virginia", "US"], None),
    deployment("frankfurt", ["frankfurt", "global"], ["Frankfurt", "global"], Some("eu-central-1")),
    deployment("frankfurt_eu", ["frankfurt", "eu"], ["Frankfurt", "EU"], None),
    deployment("tokyo", ["tokyo", "global"], ["Tokyo", "global"], Some("ap-northeast-1")),
    deployment("tokyo_japan", ["tokyo", "japan"], ["Tokyo", "Japan"], None),
    deployment("hong_kong", ["hongkong", "hongkong"], ["Hong Kong", "Hong Kong"], Some("cn-hongkong")),
    deployment("hong_kong_global", ["hongkong", "global"], ["Hong Kong", "global"], None),
];

/// Returns the table of a region and scope. A scope without a table has the main table of its region.
pub(crate) fn table_of(region: &str, scope: &str) -> &'static str {
    let mut of_region = DEPLOYMENTS.iter().filter(|table| table.region == region);
    let main = of_region.clone().next();
    let table = of_region.find(|table| table.scope == scope).or(main);
    table.map(|table| table.file).unwrap_or_default()
}

const fn deployment(
    file: &'static str,
    [region, scope]: [&'static str; 2],
    [title, scope_title]: [&'static str; 2],
    region_id: Option<&'static str>,
) -> Deployment {
    Deployment {
        file,
        region,
        scope,
        title,
        scope_title,
        region_id,
    }
}

impl Deployment {
    /// Returns the site whose retirement notices apply to the region.
    pub(crate) fn site(&self) -> &'static str {
        site(self.region)
    }
}

/// Returns the site whose retirement notices apply to a region.
pub(crate) fn site(region: &str) -> &'static str {
    match region {
        "beijing" => "mainland",
        _ => "international",
    }
}
