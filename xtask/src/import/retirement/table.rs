//! Reads the cells of a table, and finds its rows.
//!
//! A table has four columns: the category, the name, the date and the replacement. All but the name are
//! merged, so that a row can be its name alone. Because a replacement is also a model ID, a name can be
//! followed by its replacement or by the next name.

use std::collections::HashSet;

use model_studio_limits_core::Date;

use crate::import::error::PageError;
use crate::import::markdown::{Line, LineKind};
use crate::import::retirement::texts;
use crate::import::template;

/// What the first row of each table must have.
const FIRST_ROW: &str = "the date and the replacement of the first model";

/// A cell of a table.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) line: usize,
    pub(super) text: String,
    kind: CellKind,
}

#[derive(Debug)]
enum CellKind {
    Category,
    Date,
    /// A name or a replacement, and the aliases below it.
    Id(Vec<String>),
    /// A replacement that is not one model, in the words of the data.
    Words(String),
}

/// A model that is retired.
#[derive(Debug)]
pub(super) struct TableRow {
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    /// `None` if it is not decided which cell is the replacement.
    pub(super) replacement: Option<String>,
    /// The cell with the replacement is in a category above, so it is merged, unless one is missing.
    pub(super) is_replaced_above: bool,
}

/// The model IDs that the data has for a batch.
#[derive(Debug, Default)]
pub(super) struct Known<'a> {
    pub(super) names: HashSet<&'a str>,
    pub(super) replacements: HashSet<&'a str>,
}

/// Returns the date in a text that has the form of a template with the numbers `y`, `m` and `d`. All other
/// numbers must be 0.
pub(super) fn date(text: &str, template: &'static str) -> Option<String> {
    let numbers = template::numbers(template, text)?;
    let [(_, year), (_, month), (_, day), rest @ ..] = &numbers[..] else {
        return None;
    };
    let date = format!("{year:04}-{month:02}-{day:02}");
    let is_valid = date.parse::<Date>().is_ok() && rest.iter().all(|(_, number)| *number == 0);
    is_valid.then_some(date)
}

/// Adds the cell in a line. `batch` is the date of the batch.
pub(super) fn push_cell(cells: &mut Vec<Cell>, line: &Line, batch: &str) -> Result<(), PageError> {
    let text = line.text.as_str();
    if line.kind == LineKind::Quote {
        let alias = text
            .strip_prefix("又称")
            .filter(|alias| texts::is_id(alias));
        let cell = cells.last_mut().map(|cell| &mut cell.kind);
        let (Some(alias), Some(CellKind::Id(aliases))) = (alias, cell) else {
            let message = "expected an alias below a model ID, such as `又称qwen-max-0107`";
            return Err(PageError::found(line, message));
        };
        aliases.push(alias.to_owned());
        return Ok(());
    }
    let kind = if texts::is_category(text) {
        CellKind::Category
    } else if let Some(date) = date(text, "{y}年{m}月{d}日{hours}:{minutes}:{seconds}") {
        if date != batch {
            let message = format!("expected the date of the heading above, {batch}");
            return Err(PageError::found(line, message));
        }
        CellKind::Date
    } else if texts::is_id(text) {
        CellKind::Id(Vec::new())
    } else if let Some(words) = texts::replacement(text) {
        CellKind::Words(words)
    } else {
        let message = "expected a model ID, a date, or a category or replacement that \
                       xtask/src/import/retirement/texts.rs lists";
        return Err(PageError::found(line, message));
    };
    cells.push(Cell {
        line: line.number,
        text: text.to_owned(),
        kind,
    });
    Ok(())
}

/// The rows of a table.
#[derive(Debug)]
pub(super) struct TableRows<'a> {
    pub(super) rows: Vec<TableRow>,
    /// The cells that can be a name, or the replacement of the name before.
    pub(super) undecided: Vec<&'a Cell>,
}

/// Returns the rows of a table. With `are_names`, cells that are not decided are names.
pub(super) fn rows<'a>(
    cells: &'a [Cell],
    known: &'a Known<'a>,
    are_names: bool,
) -> Result<TableRows<'a>, PageError> {
    let mut reader = Reader {
        known,
        are_names,
        rows: Vec::new(),
        undecided: Vec::new(),
        previous: Previous::Start,
        has_date: false,
        place: None,
        merged: None,
        replacements: HashSet::new(),
    };
    let following = cells.iter().skip(1).map(Some).chain([None]);
    for (cell, next) in cells.iter().zip(following) {
        reader.add(cell, next)?;
    }
    if let Some(last) = cells.last() {
        let expected = match reader.previous {
            Previous::Start | Previous::Category => "a model ID",
            _ if reader.is_first_row_incomplete() => FIRST_ROW,
            _ => "",
        };
        if !expected.is_empty() {
            let message = format!("expected {expected} at the end of the table");
            return Err(PageError::new(last.line, message));
        }
    }
    let rows = reader.rows;
    let contradiction = rows.iter().find(|row| {
        let mut replacements = rows.iter().map(|row| row.replacement.as_ref());
        replacements.any(|replacement| replacement == Some(&row.name))
    });
    match contradiction {
        Some(TableRow { line, name, .. }) => {
            let message = format!("`{name}` is also the replacement of another model");
            Err(PageError::new(*line, message))
        }
        None => Ok(TableRows {
            rows,
            undecided: reader.undecided,
        }),
    }
}

struct Reader<'a> {
    known: &'a Known<'a>,
    are_names: bool,
    rows: Vec<TableRow>,
    undecided: Vec<&'a Cell>,
    previous: Previous,
    has_date: bool,
    /// Where the last replacement is.
    place: Option<Place>,
    /// The last replacement, whose cell can be merged with those of the rows below. `None` if it is not
    /// decided which cell it is.
    merged: Option<String>,
    /// The model IDs that are replacements in this table.
    replacements: HashSet<&'a str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    SameCategory,
    CategoryAbove,
}

/// What the previous cell is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Previous {
    Start,
    Category,
    Name,
    Replacement,
    Undecided,
}

impl<'a> Reader<'a> {
    fn add(&mut self, cell: &'a Cell, next: Option<&Cell>) -> Result<(), PageError> {
        let is_after_name = self.previous == Previous::Name;
        let expected = match (&cell.kind, self.previous) {
            (CellKind::Category, Previous::Category) => Some("a model ID"),
            (CellKind::Category, _) if self.is_first_row_incomplete() => Some(FIRST_ROW),
            (CellKind::Category, _) => None,
            (_, Previous::Start) => Some("a category"),
            (CellKind::Date | CellKind::Words(_), _) if !is_after_name => Some("a model ID"),
            (CellKind::Id(_) | CellKind::Words(_), _) if is_after_name && !self.has_date => {
                Some("a date such as `2026年10月10日00:00:00`")
            }
            _ => None,
        };
        if let Some(expected) = expected {
            let message = format!("expected {expected}, found `{}`", cell.text);
            return Err(PageError::new(cell.line, message));
        }
        match &cell.kind {
            CellKind::Category => {
                self.place = self.place.map(|_| Place::CategoryAbove);
                self.previous = Previous::Category;
            }
            CellKind::Date => self.has_date = true,
            CellKind::Words(words) => self.set_replacement(Some(words.clone())),
            CellKind::Id(aliases) => match self.role(cell, next) {
                Previous::Replacement => {
                    self.replacements.insert(&cell.text);
                    self.set_replacement(Some(cell.text.clone()));
                }
                Previous::Undecided => {
                    self.undecided.push(cell);
                    self.set_replacement(None);
                    self.previous = Previous::Undecided;
                }
                _ => {
                    self.rows.push(TableRow {
                        line: cell.line,
                        name: cell.text.clone(),
                        aliases: aliases.clone(),
                        replacement: self.merged.clone(),
                        is_replaced_above: self.place == Some(Place::CategoryAbove),
                    });
                    self.previous = Previous::Name;
                }
            },
        }
        Ok(())
    }

    /// Returns what a model ID is: a name, a replacement, or undecided.
    fn role(&self, cell: &Cell, next: Option<&Cell>) -> Previous {
        if [Previous::Category, Previous::Replacement].contains(&self.previous) {
            return Previous::Name;
        }
        if self.place.is_none() || self.is_replacement(cell) {
            return Previous::Replacement;
        }
        let is_followed_by_own_cell = next.is_some_and(|next| match next.kind {
            CellKind::Date | CellKind::Words(_) => true,
            CellKind::Id(_) => self.is_replacement(next),
            CellKind::Category => false,
        });
        let has_aliases = matches!(&cell.kind, CellKind::Id(aliases) if !aliases.is_empty());
        let text = cell.text.as_str();
        let (names, replacements) = (&self.known.names, &self.known.replacements);
        let is_known = names.contains(text) && !replacements.contains(text);
        if is_followed_by_own_cell || has_aliases || is_known || self.are_names {
            Previous::Name
        } else {
            Previous::Undecided
        }
    }

    /// Returns `true` if the table or the data has a cell as a replacement. A notice does not recommend what
    /// it retires.
    fn is_replacement(&self, cell: &Cell) -> bool {
        let text = cell.text.as_str();
        let is_known = self.known.replacements.contains(text) || self.replacements.contains(text);
        is_known && !self.known.names.contains(text)
    }

    /// Sets the replacement of the last row and of those that it is merged with.
    fn set_replacement(&mut self, replacement: Option<String>) {
        if let Some(row) = self.rows.last_mut() {
            row.replacement.clone_from(&replacement);
            row.is_replaced_above = false;
        }
        self.place = Some(Place::SameCategory);
        self.merged = replacement;
        self.previous = Previous::Replacement;
    }

    fn is_first_row_incomplete(&self) -> bool {
        let is_complete = self.has_date && self.place.is_some();
        !self.rows.is_empty() && !is_complete
    }
}
