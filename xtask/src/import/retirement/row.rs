//! The rows of the data file with the retirement notices.

use std::fmt::Write as _;

use crate::read::tsv;

/// The columns of the file, in its order.
const COLUMNS: [&str; 9] = [
    "name",
    "aliases",
    "site",
    "status",
    "date",
    "replacement",
    "notice",
    "source",
    "note",
];

/// A notice about a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NoticeRow {
    pub(super) name: String,
    pub(super) aliases: String,
    pub(super) site: String,
    pub(super) status: String,
    pub(super) date: String,
    pub(super) replacement: String,
    /// The number of the notice, or empty.
    pub(super) notice: String,
    pub(super) source: String,
    pub(super) note: String,
}

/// Reads the rows of the file.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<NoticeRow>, String> {
    let rows = tsv::rows(file, text)?;
    let rows = rows.iter().map(|row| {
        let mut cells = <[String; COLUMNS.len()]>::default();
        for (cell, column) in cells.iter_mut().zip(COLUMNS) {
            row.get(column)?.text.clone_into(cell);
        }
        let [
            name,
            aliases,
            site,
            status,
            date,
            replacement,
            notice,
            source,
            note,
        ] = cells;
        Ok(NoticeRow {
            name,
            aliases,
            site,
            status,
            date,
            replacement,
            notice,
            source,
            note,
        })
    });
    rows.collect()
}

/// Returns the text of the file.
pub(super) fn write(rows: &[NoticeRow]) -> String {
    let mut text = COLUMNS.join("\t");
    text.push('\n');
    for row in rows {
        let cells = [
            &row.name,
            &row.aliases,
            &row.site,
            &row.status,
            &row.date,
            &row.replacement,
            &row.notice,
            &row.source,
            &row.note,
        ];
        let cells = cells.map(String::as_str);
        _ = writeln!(text, "{}", cells.join("\t"));
    }
    text
}

impl NoticeRow {
    /// Returns the name and the aliases.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.split(',').filter(|alias| !alias.is_empty());
        std::iter::once(self.name.as_str()).chain(aliases)
    }
}
