//! Where the data comes from. An update of the data changes these constants.

/// The beginning of the name of the file with the provider's rate limit page. The date of the page,
/// which is that of the tables, and `.tsv` follow.
const PAGE_FILE: &str = "models-";

/// Returns the name of the file with the rate limit page of a date.
pub(crate) fn page_file(date: &str) -> String {
    format!("{PAGE_FILE}{date}.tsv")
}

/// Returns the date of the rate limit page in a file, or `None` if the file has another content.
pub(crate) fn page_date(file: &str) -> Option<&str> {
    file.strip_prefix(PAGE_FILE)?.strip_suffix(".tsv")
}

/// The address of the page.
pub(crate) const PAGE_URL: &str = "https://www.alibabacloud.com/help/en/model-studio/rate-limit";

/// The beginning of the remark about a model that is no longer on the page. A date follows.
pub(crate) const GONE_SINCE: &str = "gone since ";

/// The file with the limits that the quota endpoint returned.
pub(crate) const QUOTA_FILE: &str = "windows-2026-08.tsv";

/// The region of the account that asked the quota endpoint.
pub(crate) const QUOTA_REGION: &str = "beijing";

/// The file with the retirement notices.
pub(crate) const NOTICE_FILE: &str = "lifecycle-2026-08.tsv";

/// The beginning of the name of the file with the properties from the provider's model cards. The date of
/// its newest import and `.tsv` follow.
const PROPERTY_FILE: &str = "properties-";

/// Returns the name of the file with the properties of a date.
pub(crate) fn property_file(date: &str) -> String {
    format!("{PROPERTY_FILE}{date}.tsv")
}

/// Returns the date of a file with properties, or `None` if the file has another content.
pub(crate) fn property_date(file: &str) -> Option<&str> {
    file.strip_prefix(PROPERTY_FILE)?.strip_suffix(".tsv")
}

/// The file with the names that the tables have for headings of the page.
pub(crate) const HEADING_FILE: &str = "headings.tsv";

/// The file with the names of shared quotas.
pub(crate) const POOL_FILE: &str = "pools.tsv";
