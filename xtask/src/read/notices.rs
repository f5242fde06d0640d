//! The provider's retirement notices.

use crate::read::tsv::{self, Cell, TsvRow};

/// A notice that a model will be, or was, retired.
#[derive(Debug)]
pub(crate) struct Notice<'a> {
    pub(crate) name: Cell<'a>,
    pub(crate) aliases: Vec<&'a str>,
    pub(crate) site: &'a str,
    pub(crate) date: &'a str,
    /// The provider's words: a name, or a sentence.
    pub(crate) replacement: &'a str,
    pub(crate) source: String,
}

impl<'a> Notice<'a> {
    /// Returns the name and the aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        std::iter::once(self.name.text).chain(self.aliases.iter().copied())
    }
}

pub(crate) fn read<'a>(file: &'a str, text: &'a str) -> Result<Vec<Notice<'a>>, String> {
    tsv::rows(file, text)?.iter().map(read_row).collect()
}

fn read_row<'a>(row: &TsvRow<'a>) -> Result<Notice<'a>, String> {
    let (site, status) = (row.get("site")?, row.get("status")?);
    if !["mainland", "international"].contains(&site.text) {
        return Err(site.error("expected `mainland` or `international`"));
    }
    if !["announced", "retired"].contains(&status.text) {
        return Err(status.error("expected `announced` or `retired`"));
    }
    Ok(Notice {
        name: row.required("name")?,
        aliases: row.get("aliases")?.items(),
        site: site.text,
        date: row.get("date")?.date()?,
        replacement: row.get("replacement")?.text,
        source: match row.get("notice")?.text {
            "" => row.required("source")?.text.to_owned(),
            number => format!("notice {number}"),
        },
    })
}
