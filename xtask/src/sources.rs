//! Where the data comes from.

/// The beginning of the name of a file. The date of its newest import and `.tsv` follow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DatedFile(&'static str);

impl DatedFile {
    /// Returns the name of the file of a date.
    pub(crate) fn name(self, date: &str) -> String {
        format!("{}{date}.tsv", self.0)
    }

    /// Returns the date in the name of a file, or `None` if the file has another content.
    pub(crate) fn date(self, file: &str) -> Option<&str> {
        file.strip_prefix(self.0)?.strip_suffix(".tsv")
    }
}

/// The file with the provider's rate limit page. Its date is that of the tables.
pub(crate) const PAGE_FILE: DatedFile = DatedFile("models-");

/// The file with the limits that the quota endpoint returned.
pub(crate) const QUOTA_FILE: DatedFile = DatedFile("windows-");

/// The file with the retirement notices.
pub(crate) const NOTICE_FILE: DatedFile = DatedFile("lifecycle-");

/// The file with the properties from the provider's model cards.
pub(crate) const PROPERTY_FILE: DatedFile = DatedFile("properties-");

/// The address of the page.
pub(crate) const PAGE_URL: &str = "https://www.alibabacloud.com/help/en/model-studio/rate-limit";

/// The beginning of the remark about a model that is no longer on the page. A date follows.
pub(crate) const GONE_SINCE: &str = "gone since ";

/// The file with the names that the tables have for headings of the page.
pub(crate) const HEADING_FILE: &str = "headings.tsv";

/// The file with the names of shared quotas.
pub(crate) const POOL_FILE: &str = "pools.tsv";
