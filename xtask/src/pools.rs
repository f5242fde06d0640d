//! Quotas that several models share: `pools.tsv` gives them names.

use crate::error::Error;
use crate::page::Row;
use crate::tsv::{self, Cell};

pub(crate) const FILE: &str = "pools.tsv";

const COLUMNS: [&str; 4] = ["pool", "region", "prefix", "shared_by"];

/// A quota that several models share.
pub(crate) struct Pool<'a> {
    pub(crate) name: Cell<'a>,
    region: &'a str,
    /// The prefix of the names of its models.
    prefix: &'a str,
    /// What the page says about it.
    shared_by: &'a str,
}

pub(crate) fn read(text: &str) -> Result<Vec<Pool<'_>>, Error> {
    let rows = tsv::rows(FILE, text, COLUMNS)?.into_iter();
    let rows = rows.map(|[name, region, prefix, shared_by]| {
        name.required("pool")?;
        Ok(Pool {
            name,
            region: region.required("region")?,
            prefix: prefix.required("prefix")?,
            shared_by: shared_by.required("shared_by")?,
        })
    });
    rows.collect()
}

/// Returns the pool of a row.
pub(crate) fn find<'a>(pools: &[Pool<'a>], row: &Row<'_>) -> Result<Option<&'a str>, Error> {
    if row.shared_by.text.is_empty() {
        return Ok(None);
    }
    let mut found = pools.iter().filter(|pool| pool.contains(row));
    match (found.next(), found.next()) {
        (Some(pool), None) => Ok(Some(pool.name.text)),
        (None, _) => Err(Error::at(&row.shared_by, "no pool in `pools.tsv` matches")),
        (Some(_), Some(_)) => Err(Error::at(
            &row.shared_by,
            "several pools in `pools.tsv` match",
        )),
    }
}

impl Pool<'_> {
    pub(crate) fn region(&self) -> &str {
        self.region
    }

    fn contains(&self, row: &Row<'_>) -> bool {
        self.region == row.region.text
            && self.shared_by == row.shared_by.text
            && row.name.text.starts_with(self.prefix)
    }

    /// Checks the number of models if the page states it, as in `5 models share …`.
    pub(crate) fn check_size(&self, size: usize) -> Result<(), Error> {
        let first_word = self.shared_by.split(' ').next();
        match first_word.and_then(|word| word.parse::<usize>().ok()) {
            Some(expected) if expected != size => {
                let message = format!("expected {expected} models in the pool, found {size}");
                Err(Error::at(&self.name, message))
            }
            _ => Ok(()),
        }
    }
}
