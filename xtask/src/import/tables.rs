//! Divides a section of the rate limit page into tables.

use crate::import::columns::{Column, HeaderCell, header_cell};
use crate::import::error::PageError;
use crate::import::markdown::{Line, LineKind};
use crate::import::sections::Section;

/// A table: its columns, and the lines of each row.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// The line of its first header cell.
    pub(super) line: usize,
    /// The first of two columns of names says what the models do. Its cells are merged.
    pub(super) has_services: bool,
    pub(super) has_scopes: bool,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Line>>,
}

/// Returns the tables of a section. The first line of each row is its name.
pub(super) fn divide(section: &Section<'_>, errors: &mut Vec<PageError>) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let mut name_columns = 0;
    for line in &section.lines {
        let cell = header_cell(line);
        let in_header = tables.last().is_some_and(|table| table.rows.is_empty());
        if section.path.is_empty() {
            // The page begins with text for readers.
            if cell == Some(HeaderCell::Name) {
                let message = "expected a category of xtask/data/headings.tsv above the table";
                errors.push(PageError::new(line.number, message));
                return tables;
            }
            continue;
        }
        if cell == Some(HeaderCell::Name) && (!in_header || has_columns(&tables)) {
            name_columns = 0;
            tables.push(Table {
                line: line.number,
                ..Table::default()
            });
        }
        let Some(table) = tables.last_mut() else {
            errors.push(PageError::found(
                line,
                "expected a table with the column `模型名称`",
            ));
            return tables;
        };
        match (cell, table.rows.last_mut()) {
            (Some(HeaderCell::Name), _) => {
                name_columns += 1;
                table.has_services = name_columns > 1;
            }
            (Some(cell), None) => match cell {
                HeaderCell::Scope => table.has_scopes = true,
                HeaderCell::Limit(column) => table.columns.push(column),
                HeaderCell::Name | HeaderCell::Other => {}
            },
            (Some(_), Some(_)) => {
                errors.push(PageError::found(line, "expected a row, not a header cell"));
            }
            (None, _) if is_name(line) => table.rows.push(vec![line.clone()]),
            (None, Some(row)) => row.push(line.clone()),
            (None, None) if table.has_services && line.kind == LineKind::Text => {}
            (None, None) => {
                errors.push(PageError::found(line, "expected a known column"));
                tables.pop();
                return tables;
            }
        }
    }
    tables
}

fn has_columns(tables: &[Table]) -> bool {
    tables.last().is_some_and(|table| !table.columns.is_empty())
}

/// Returns `true` for a model ID, and for the name of a series, such as `Sambert系列模型`.
fn is_name(line: &Line) -> bool {
    let is_text = line.kind == LineKind::Text;
    is_text && (is_model_id(&line.text) || line.text.ends_with("系列模型"))
}

/// Returns `true` if a text has the form of a model ID, which begins with a letter.
pub(super) fn is_model_id(text: &str) -> bool {
    let is_valid = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    text.len() > 2
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(is_valid)
}
