//! Tab-separated files: a header, then one row per line. There is no quoting.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::num::NonZeroU64;
use std::str::FromStr;

use model_studio_limits_core::Date;

/// A cell and its position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'a> {
    pub(crate) text: &'a str,
    pub(crate) file: &'a str,
    pub(crate) line: usize,
    /// The position of the first character, counted in characters from 1.
    pub(crate) column: usize,
}

/// A row: its cells by the names of their columns.
#[derive(Debug)]
pub(crate) struct TsvRow<'a> {
    file: &'a str,
    by_column: HashMap<&'a str, Cell<'a>>,
}

/// Reads all rows of a file.
pub(crate) fn rows<'a>(file: &'a str, text: &'a str) -> Result<Vec<TsvRow<'a>>, String> {
    let lines = (1..).zip(text.lines());
    let mut lines = lines.map(|(number, line)| cells(file, number, line));
    let header = lines.next().unwrap_or_default();
    let mut names = HashSet::new();
    if let Some(cell) = header.iter().find(|cell| !names.insert(cell.text)) {
        return Err(cell.error(format!("duplicate column `{}`", cell.text)));
    }
    let rows = lines.map(|cells| match cells.last() {
        Some(last) if cells.len() != header.len() => {
            let (expected, found) = (header.len(), cells.len());
            Err(last.error(format!("expected {expected} cells, found {found}")))
        }
        _ => Ok(TsvRow {
            file,
            by_column: header.iter().map(|cell| cell.text).zip(cells).collect(),
        }),
    });
    rows.collect()
}

fn cells<'a>(file: &'a str, line: usize, text: &'a str) -> Vec<Cell<'a>> {
    let mut column = 1;
    let cells = text.split('\t').map(|text| {
        let cell = Cell {
            text,
            file,
            line,
            column,
        };
        column += text.chars().count() + 1;
        cell
    });
    cells.collect()
}

impl<'a> TsvRow<'a> {
    /// Returns the cell of a column.
    pub(crate) fn get(&self, column: &str) -> Result<Cell<'a>, String> {
        let cell = self.by_column.get(column).copied();
        cell.ok_or_else(|| format!("{}:1:1: the column `{column}` is missing", self.file))
    }

    /// Returns the cell of a column that must not be empty.
    pub(crate) fn required(&self, column: &str) -> Result<Cell<'a>, String> {
        let cell = self.get(column)?;
        if cell.text.is_empty() {
            return Err(cell.error(format!("`{column}` is empty")));
        }
        Ok(cell)
    }
}

impl<'a> Cell<'a> {
    /// Returns an error at this cell.
    pub(crate) fn error(&self, message: impl Display) -> String {
        format!("{}:{}:{}: {message}", self.file, self.line, self.column)
    }

    /// Returns the number, or `None` if the cell is empty.
    pub(crate) fn number(&self) -> Result<Option<NonZeroU64>, String> {
        if self.text.is_empty() {
            return Ok(None);
        }
        self.number_in(self.text).map(Some)
    }

    /// Returns a number that is a part of the cell.
    pub(crate) fn number_in(&self, part: &str) -> Result<NonZeroU64, String> {
        self.parse(part, "a positive integer")
    }

    /// Returns the number, which can be 0.
    pub(crate) fn integer(&self) -> Result<u64, String> {
        self.parse(self.text, "an integer")
    }

    fn parse<T: FromStr>(&self, part: &str, expected: &str) -> Result<T, String> {
        match part.parse() {
            // Without the sign that `parse` accepts.
            Ok(number) if part.bytes().all(|byte| byte.is_ascii_digit()) => Ok(number),
            _ => Err(self.error(format!("expected {expected}, found `{part}`"))),
        }
    }

    /// Returns the date, in the form `2026-10-09`. Such dates compare as strings.
    pub(crate) fn date(&self) -> Result<&'a str, String> {
        if self.text.parse::<Date>().is_ok() {
            return Ok(self.text);
        }
        let message = format!("expected a date such as 2026-10-09, found `{}`", self.text);
        Err(self.error(message))
    }

    /// Returns the items of a list that is separated by commas.
    pub(crate) fn items(&self) -> Vec<&'a str> {
        let items = self.text.split(',').map(str::trim);
        items.filter(|item| !item.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let numbers = rows("file.tsv", text).and_then(|rows| {
            let numbers = rows.iter().map(|row| row.get("count")?.number());
            numbers.collect::<Result<Vec<_>, _>>()
        });
        numbers.unwrap_err()
    }

    #[test]
    fn cells_keep_quotes_and_know_their_position() {
        let rows = rows("file.tsv", "name\tcount\r\n\"ä\" b\t7\r\n").unwrap();
        assert_eq!(rows.len(), 1);
        let [name, count] = ["name", "count"].map(|column| rows[0].get(column).unwrap());
        assert_eq!((name.text, name.line, name.column), ("\"ä\" b", 2, 1));
        assert_eq!((count.text, count.line, count.column), ("7", 2, 7));
    }

    #[test]
    fn errors_show_the_position() {
        assert_eq!(
            error("name\tnumber\na\t1\n"),
            "file.tsv:1:1: the column `count` is missing"
        );
        assert_eq!(
            error("name\tname\na\t1\n"),
            "file.tsv:1:6: duplicate column `name`"
        );
        assert_eq!(
            error("name\tcount\na\n"),
            "file.tsv:2:1: expected 2 cells, found 1"
        );
        for number in ["0", "-1", "+1", "1,000", "99999999999999999999"] {
            assert_eq!(
                error(&format!("name\tcount\na\t1\na\t{number}\n")),
                format!("file.tsv:3:3: expected a positive integer, found `{number}`")
            );
        }
    }
}
