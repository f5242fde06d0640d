//! Reads the data files: each module returns the rows of one file.

pub(crate) mod notices;
pub(crate) mod page;
pub(crate) mod pools;
pub(crate) mod properties;
pub(crate) mod quotas;
pub(crate) mod tsv;

use std::fs;
use std::path::Path;

use model_studio_limits_core::Date;

use crate::sources::{
    DatedFile, HEADING_FILE, NOTICE_FILE, PAGE_FILE, POOL_FILE, PROPERTY_FILE, QUOTA_FILE,
};
use notices::Notice;
use page::Listing;
use pools::Pool;
use properties::Card;
use quotas::Quota;

/// The contents of the data files.
#[derive(Clone, Debug)]
pub struct DataFiles {
    /// The date of the provider's rate limit page.
    pub page_date: String,
    /// The name of the file with the page.
    pub page_file: String,
    /// The provider's rate limit page.
    pub page: String,
    /// The name of the file with the limits that the quota endpoint returned.
    pub quota_file: String,
    /// The limits that the quota endpoint returned.
    pub quotas: String,
    /// The name of the file with the retirement notices.
    pub notice_file: String,
    /// The provider's retirement notices.
    pub notices: String,
    /// The names that the tables have for headings of the page.
    pub headings: String,
    /// The names of shared quotas.
    pub pools: String,
    /// The name of the file with the properties.
    pub property_file: String,
    /// The properties from the provider's model cards.
    pub properties: String,
}

impl DataFiles {
    /// Reads the files in a directory.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read, or if there is not exactly one file of each kind.
    pub fn load(directory: &Path) -> Result<Self, String> {
        let read = |file: &str| {
            let path = directory.join(file);
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        let name = |file: DatedFile| Ok::<_, String>(file.name(&find_date(directory, file)?));
        let (page_file, property_file) = (name(PAGE_FILE)?, name(PROPERTY_FILE)?);
        let (quota_file, notice_file) = (name(QUOTA_FILE)?, name(NOTICE_FILE)?);
        Ok(Self {
            page_date: find_date(directory, PAGE_FILE)?,
            page: read(&page_file)?,
            page_file,
            headings: read(HEADING_FILE)?,
            quotas: read(&quota_file)?,
            quota_file,
            notices: read(&notice_file)?,
            notice_file,
            pools: read(POOL_FILE)?,
            properties: read(&property_file)?,
            property_file,
        })
    }
}

/// Returns the date in the name of the only file of a kind. It can be a month, if the day is not known.
fn find_date(directory: &Path, file: DatedFile) -> Result<String, String> {
    let error = |error| format!("{}: {error}", directory.display());
    let mut dates = Vec::new();
    for entry in fs::read_dir(directory).map_err(error)? {
        let name = entry.map_err(error)?.file_name();
        let date = name.to_str().and_then(|name| file.date(name));
        dates.extend(date.map(str::to_owned));
    }
    let is_date = |date: &str| date.parse::<Date>().is_ok();
    match &dates[..] {
        [date] if is_date(date) || is_date(&format!("{date}-01")) => Ok(date.clone()),
        _ => Err(format!(
            "{}: expected one file with a name such as `{}`",
            directory.display(),
            file.name("2026-10-09")
        )),
    }
}

/// The rows of the data files.
pub(crate) struct Data<'a> {
    pub(crate) page_date: &'a str,
    pub(crate) page_file: &'a str,
    pub(crate) listings: Vec<Listing<'a>>,
    pub(crate) quota_file: &'a str,
    pub(crate) quotas: Vec<Quota<'a>>,
    pub(crate) notice_file: &'a str,
    pub(crate) notices: Vec<Notice<'a>>,
    pub(crate) pools: Vec<Pool<'a>>,
    pub(crate) property_file: &'a str,
    pub(crate) cards: Vec<Card<'a>>,
}

impl<'a> Data<'a> {
    pub(crate) fn parse(files: &'a DataFiles) -> Result<Self, String> {
        Ok(Self {
            page_date: &files.page_date,
            page_file: &files.page_file,
            listings: page::read(&files.page_file, &files.page)?,
            quota_file: &files.quota_file,
            quotas: quotas::read(&files.quota_file, &files.quotas)?,
            notice_file: &files.notice_file,
            notices: notices::read(&files.notice_file, &files.notices)?,
            pools: pools::read(&files.pools)?,
            property_file: &files.property_file,
            cards: properties::read(&files.property_file, &files.properties)?,
        })
    }
}
