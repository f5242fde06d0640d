//! Reads the data files: each module returns the rows of one file.

pub(crate) mod notices;
pub(crate) mod page;
pub(crate) mod pools;
pub(crate) mod properties;
pub(crate) mod quotas;
pub(crate) mod tsv;

use std::fs;
use std::path::Path;

use crate::sources::{NOTICE_FILE, PAGE_FILE, POOL_FILE, PROPERTY_FILE, QUOTA_FILE};
use notices::Notice;
use page::Listing;
use pools::Pool;
use properties::Card;
use quotas::Quota;

/// The contents of the data files.
#[derive(Clone, Debug)]
pub struct DataFiles {
    /// The provider's rate limit page.
    pub page: String,
    /// The limits of Beijing models that the quota endpoint returned.
    pub quotas: String,
    /// The provider's retirement notices.
    pub notices: String,
    /// The names of shared quotas.
    pub pools: String,
    /// The properties from the provider's model cards.
    pub properties: String,
}

impl DataFiles {
    /// Reads the files in a directory.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read.
    pub fn load(directory: &Path) -> Result<Self, String> {
        let read = |file: &str| {
            let path = directory.join(file);
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        Ok(Self {
            page: read(PAGE_FILE)?,
            quotas: read(QUOTA_FILE)?,
            notices: read(NOTICE_FILE)?,
            pools: read(POOL_FILE)?,
            properties: read(PROPERTY_FILE)?,
        })
    }
}

/// The rows of the data files.
pub(crate) struct Data<'a> {
    pub(crate) listings: Vec<Listing<'a>>,
    pub(crate) quotas: Vec<Quota<'a>>,
    pub(crate) notices: Vec<Notice<'a>>,
    pub(crate) pools: Vec<Pool<'a>>,
    pub(crate) cards: Vec<Card<'a>>,
}

impl<'a> Data<'a> {
    pub(crate) fn parse(files: &'a DataFiles) -> Result<Self, String> {
        Ok(Self {
            listings: page::read(&files.page)?,
            quotas: quotas::read(&files.quotas)?,
            notices: notices::read(&files.notices)?,
            pools: pools::read(&files.pools)?,
            cards: properties::read(&files.properties)?,
        })
    }
}
