//! The names of quotas that several models share.

use crate::read::tsv::{self, Cell, TsvRow};
use crate::sources::POOL_FILE;

/// A quota that several models share.
#[derive(Debug)]
pub(crate) struct Pool<'a> {
    pub(crate) name: Cell<'a>,
    pub(crate) region: &'a str,
    /// The prefix of the names of its models.
    pub(crate) prefix: &'a str,
    /// What the page says about it, with `N` in place of numbers.
    pub(crate) shared_by: &'a str,
}

pub(crate) fn read(text: &str) -> Result<Vec<Pool<'_>>, String> {
    tsv::rows(POOL_FILE, text)?.iter().map(read_row).collect()
}

fn read_row<'a>(row: &TsvRow<'a>) -> Result<Pool<'a>, String> {
    Ok(Pool {
        name: row.required("pool")?,
        region: row.required("region")?.text,
        prefix: row.required("prefix")?.text,
        shared_by: row.required("shared_by")?.text,
    })
}
