//! The tables of the cards. Each row has a label and a value.

use crate::import::error::PageError;
use crate::import::markdown::{Line, LineKind};

/// The rows of a table, and the text around it.
#[derive(Debug)]
pub(super) struct Table<'a, T> {
    pub(super) rows: Vec<(T, &'a Line)>,
    pub(super) remarks: Vec<&'a Line>,
}

/// Reads a table. `label` returns what a label means. A section can have text above, below or in place of
/// the table.
pub(super) fn read<'a, T: Copy + PartialEq>(
    lines: &'a [Line],
    header: [&str; 2],
    label: impl Fn(&str) -> Option<T>,
) -> Result<Table<'a, T>, PageError> {
    let mut table = Table {
        rows: Vec::new(),
        remarks: Vec::new(),
    };
    let is_header = |line: &Line| header.contains(&line.text.as_str());
    let mut has_header = false;
    let mut lines = lines.iter();
    while let Some(line) = lines.next() {
        if line.kind == LineKind::Text && is_header(line) {
            if !table.rows.is_empty() {
                return Err(PageError::found(line, "expected a row, not a header cell"));
            }
            has_header = true;
        } else if let Some(found) = label(&line.text) {
            let [one, other] = header;
            if !has_header {
                let message = format!("expected the header cells `{one}` and `{other}` above");
                return Err(PageError::found(line, message));
            }
            let value = lines.next().filter(|value| {
                value.kind == LineKind::Text && label(&value.text).is_none() && !is_header(value)
            });
            let message = "expected a value below the label";
            let value = value.ok_or_else(|| PageError::found(line, message))?;
            let mut rows = table.rows.iter();
            match rows.find(|(other, _)| *other == found) {
                Some((_, other)) if other.text != value.text => {
                    let line = other.number;
                    let message = format!("expected the value of line {line}");
                    return Err(PageError::found(value, message));
                }
                _ => table.rows.push((found, value)),
            }
        } else if (!has_header && !begins_with_number(line))
            || (!table.rows.is_empty() && is_sentence(line))
        {
            table.remarks.push(line);
        } else {
            return Err(PageError::found(line, "expected a known label"));
        }
    }
    Ok(table)
}

/// Returns `true` for text that is like a cell with a value.
fn begins_with_number(line: &Line) -> bool {
    line.text.starts_with(|c: char| c.is_ascii_digit())
}

/// Returns `true` for a sentence, and for the title of a note.
fn is_sentence(line: &Line) -> bool {
    line.kind == LineKind::Quote || line.text.ends_with('。') || line.text == "说明"
}
