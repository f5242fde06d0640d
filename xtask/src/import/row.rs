//! The rows of the data file with the rate limit page.

use std::fmt::Write as _;

use crate::read::tsv;

/// The columns of the file, in its order.
const COLUMNS: [&str; 17] = [
    "region",
    "scope",
    "category",
    "series",
    "name",
    "aliases",
    "rpm",
    "tpm",
    "rps",
    "submissions_per_second",
    "submissions_per_minute",
    "concurrent_tasks",
    "dynamic",
    "tpm_by_monthly_spend",
    "shared_by",
    "batch_exempt",
    "note",
];

/// A column of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Region,
    Scope,
    Category,
    Series,
    Name,
    Aliases,
    Rpm,
    Tpm,
    Rps,
    SubmissionsPerSecond,
    SubmissionsPerMinute,
    ConcurrentTasks,
    Dynamic,
    Tiers,
    SharedBy,
    BatchExempt,
    Note,
}

impl Field {
    pub(super) const LIMITS: [Self; 6] = [
        Self::Rpm,
        Self::Tpm,
        Self::Rps,
        Self::SubmissionsPerSecond,
        Self::SubmissionsPerMinute,
        Self::ConcurrentTasks,
    ];

    /// The columns that are compared cell by cell. What a row limits is compared as a whole.
    pub(super) const OTHERS: [Self; 7] = [
        Self::Scope,
        Self::Category,
        Self::Series,
        Self::Aliases,
        Self::SharedBy,
        Self::BatchExempt,
        Self::Note,
    ];

    pub(super) fn name(self) -> &'static str {
        COLUMNS[self as usize]
    }
}

/// A row: a model in a region and deployment scope.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The line of the name, on the page or in the file.
    pub(super) line: usize,
    cells: [String; COLUMNS.len()],
}

/// What identifies a row: region, deployment scope and name.
pub(super) type Key<'a> = [&'a str; 3];

impl Row {
    /// Returns a row that has only a name.
    pub(super) fn new(line: usize, name: &str) -> Self {
        let cells = Default::default();
        let mut row = Self { line, cells };
        row.set(Field::Name, name);
        row
    }

    pub(super) fn get(&self, field: Field) -> &str {
        &self.cells[field as usize]
    }

    pub(super) fn set(&mut self, field: Field, value: impl Into<String>) {
        self.cells[field as usize] = value.into();
    }

    /// Adds an item to a cell with a list, unless the list has it.
    pub(super) fn add(&mut self, field: Field, separator: &str, item: &str) {
        let cell = &mut self.cells[field as usize];
        if cell.is_empty() {
            item.clone_into(cell);
        } else if !cell.split(separator).any(|other| other == item) {
            *cell = format!("{cell}{separator}{item}");
        }
    }

    pub(super) fn key(&self) -> Key<'_> {
        [Field::Region, Field::Scope, Field::Name].map(|field| self.get(field))
    }

    /// Returns the columns of which two rows have different cells.
    pub(super) fn differences(&self, other: &Self) -> Vec<&'static str> {
        let cells = self.cells.iter().zip(&other.cells).zip(COLUMNS);
        let different = cells.filter(|((one, other), _)| one != other);
        different.map(|(_, column)| column).collect()
    }
}

/// Reads the rows of the file.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<Row>, String> {
    let rows = tsv::rows(file, text)?;
    let rows = rows.iter().map(|row| {
        let mut cells = <[String; COLUMNS.len()]>::default();
        for (cell, column) in cells.iter_mut().zip(COLUMNS) {
            row.get(column)?.text.clone_into(cell);
        }
        let line = row.get(Field::Name.name())?.line;
        Ok(Row { line, cells })
    });
    rows.collect()
}

/// Returns the text of the file.
pub(super) fn write(rows: &[Row]) -> String {
    let mut text = COLUMNS.join("\t");
    text.push('\n');
    for row in rows {
        _ = writeln!(text, "{}", row.cells.join("\t"));
    }
    text
}
