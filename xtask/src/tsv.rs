//! Tab-separated files: a header, then one row per line. There is no quoting.

use model_studio_limits_core::Date;

use crate::error::Error;

/// A cell and its position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'a> {
    pub(crate) text: &'a str,
    pub(crate) file: &'static str,
    pub(crate) line: usize,
    /// The position of the first character, counted in characters from 1.
    pub(crate) column: usize,
}

/// Reads all rows of a file with exactly these columns.
pub(crate) fn rows<'a, const N: usize>(
    file: &'static str,
    text: &'a str,
    columns: [&str; N],
) -> Result<Vec<[Cell<'a>; N]>, Error> {
    let mut lines = text.lines().enumerate();
    let (_, header) = lines.next().unwrap_or_default();
    for (cell, column) in row::<N>(file, 1, header)?.iter().zip(columns) {
        if cell.text != column {
            let message = format!("expected the column `{column}`, found `{}`", cell.text);
            return Err(Error::at(cell, message));
        }
    }
    lines
        .map(|(index, line)| row(file, index + 1, line))
        .collect()
}

fn row<'a, const N: usize>(
    file: &'static str,
    line: usize,
    text: &'a str,
) -> Result<[Cell<'a>; N], Error> {
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
    cells
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|cells: Vec<_>| {
            let end = Cell {
                text: "",
                file,
                line,
                column: text.chars().count() + 1,
            };
            let found = cells.len();
            Error::at(&end, format!("expected {N} cells, found {found}"))
        })
}

impl<'a> Cell<'a> {
    /// Returns the text, which must not be empty.
    pub(crate) fn required(&self, column: &str) -> Result<&'a str, Error> {
        if self.text.is_empty() {
            return Err(Error::at(self, format!("`{column}` is empty")));
        }
        Ok(self.text)
    }

    /// Returns the number, or `None` if the cell is empty.
    pub(crate) fn number(&self) -> Result<Option<u64>, Error> {
        if self.text.is_empty() {
            return Ok(None);
        }
        self.number_in(self.text).map(Some)
    }

    /// Returns a number that is a part of the cell.
    pub(crate) fn number_in(&self, part: &str) -> Result<u64, Error> {
        match part.parse() {
            Ok(number) if number > 0 && part.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(number)
            }
            _ => Err(Error::at(
                self,
                format!("expected a positive integer, found `{part}`"),
            )),
        }
    }

    /// Returns the date, in the form `2026-10-09`. Such dates compare as strings.
    pub(crate) fn date(&self) -> Result<&'a str, Error> {
        if self.text.parse::<Date>().is_ok() {
            return Ok(self.text);
        }
        let message = format!("expected a date such as 2026-10-09, found `{}`", self.text);
        Err(Error::at(self, message))
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
        rows("file.tsv", text, ["name", "count"])
            .and_then(|rows| rows.iter().map(|[_, count]| count.number()).collect())
            .map(|_: Vec<_>| ())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn cells_keep_quotes_and_know_their_position() {
        let rows = rows(
            "file.tsv",
            "name\tcount\r\n\"ä\" b\t7\r\n",
            ["name", "count"],
        )
        .unwrap();
        let [[name, count]] = rows[..] else {
            panic!("{rows:?}");
        };
        assert_eq!((name.text, name.line, name.column), ("\"ä\" b", 2, 1));
        assert_eq!((count.text, count.line, count.column), ("7", 2, 7));
    }

    #[test]
    fn errors_show_the_position() {
        assert_eq!(
            error("name\tnumber\n"),
            "file.tsv:1:6: expected the column `count`, found `number`"
        );
        assert_eq!(
            error("name\tcount\na\n"),
            "file.tsv:2:2: expected 2 cells, found 1"
        );
        for number in ["0", "-1", "+1", "1,000", "99999999999999999999"] {
            assert_eq!(
                error(&format!("name\tcount\na\t1\na\t{number}\n")),
                format!("file.tsv:3:3: expected a positive integer, found `{number}`")
            );
        }
    }
}
