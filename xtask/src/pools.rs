//! Quotas that several models share: `pools.tsv` gives them names.

use crate::page::Row;
use crate::tsv::{self, Cell};

pub(crate) const FILE: &str = "pools.tsv";

/// A quota that several models share.
pub(crate) struct Pool<'a> {
    pub(crate) name: Cell<'a>,
    pub(crate) region: &'a str,
    /// The prefix of the names of its models.
    prefix: &'a str,
    /// What the page says about it.
    shared_by: &'a str,
}

pub(crate) fn read(text: &str) -> Result<Vec<Pool<'_>>, String> {
    let rows = tsv::rows(FILE, text)?.into_iter().map(|row| {
        Ok(Pool {
            name: row.required("pool")?,
            region: row.required("region")?.text,
            prefix: row.required("prefix")?.text,
            shared_by: row.required("shared_by")?.text,
        })
    });
    rows.collect()
}

/// Returns the pool of a row.
pub(crate) fn find<'a>(pools: &[Pool<'a>], row: &Row<'_>) -> Result<Option<&'a str>, String> {
    if row.shared_by.text.is_empty() {
        return Ok(None);
    }
    let mut found = pools.iter().filter(|pool| pool.contains(row));
    match (found.next(), found.next()) {
        (Some(pool), None) => Ok(Some(pool.name.text)),
        (None, _) => Err(row.shared_by.error("no pool in `pools.tsv` matches")),
        (Some(_), Some(_)) => Err(row.shared_by.error("several pools in `pools.tsv` match")),
    }
}

impl Pool<'_> {
    fn contains(&self, row: &Row<'_>) -> bool {
        self.region == row.region.text
            && self.shared_by == row.shared_by.text
            && row.name.text.starts_with(self.prefix)
    }

    /// Checks the number of models if the page states it, as in `5 models share …`.
    pub(crate) fn check_size(&self, size: usize) -> Result<(), String> {
        let first_word = self.shared_by.split(' ').next();
        match first_word.and_then(|word| word.parse::<usize>().ok()) {
            Some(expected) if expected != size => {
                let message = format!("expected {expected} models in the pool, found {size}");
                Err(self.name.error(message))
            }
            _ => Ok(()),
        }
    }
}
