//! Text in columns.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use model_studio_limits::PropertyValue;
use model_studio_limits_core::{Grouped, KeyWindow, Limit, LimitKey};

/// The width of tables that are not shown on a terminal.
const WIDTH: u16 = 80;

/// The least width, below which words would be broken.
const MIN_WIDTH: u16 = 60;

/// Returns an empty table. Its first column is for model IDs, which are not wrapped, since a model ID
/// on two lines could not be copied.
pub(crate) fn columns(header: impl IntoIterator<Item = impl Into<String>>) -> Table {
    let width = terminal_size::terminal_size().map_or(WIDTH, |(width, _)| width.0);
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header.into_iter().map(Into::into).collect::<Vec<String>>())
        .set_width(width.max(MIN_WIDTH));
    if let Some(names) = table.column_mut(0) {
        names.set_constraint(ColumnConstraint::ContentWidth);
        names.set_padding((0, 1));
    }
    table
}

/// Breaks no words, such as numbers and the names of choices. If they do not fit, the table becomes wider
/// than the terminal.
pub(crate) fn keep_words_whole(table: &mut Table) {
    const PADDING: usize = 2;
    // A text can be one long word, such as a sentence in Chinese.
    const MOST: usize = 40;
    for (index, word) in longest_words(table).into_iter().enumerate().skip(1) {
        let word = u16::try_from(word.min(MOST) + PADDING).unwrap_or(u16::MAX);
        if let Some(column) = table.column_mut(index) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(word)));
        }
    }
}

/// Returns the number of characters of the longest word of each column.
fn longest_words(table: &Table) -> Vec<usize> {
    let mut longest = Vec::new();
    for row in table.header().into_iter().chain(table.row_iter()) {
        longest.resize(row.cell_count(), 0);
        for (longest, cell) in longest.iter_mut().zip(row.cell_iter()) {
            let content = cell.content();
            let words = content.split(' ').map(|word| word.chars().count());
            *longest = words.fold(*longest, usize::max);
        }
    }
    longest
}

/// Returns the limits in short form, such as `600 QPM, 1,000,000 TPM`.
pub(crate) fn short_limits(limits: &[Limit]) -> String {
    if limits.is_empty() {
        return "no limit".to_owned();
    }
    let limits = limits.iter().map(|limit| {
        let key = LimitKey::find(limit.kind, KeyWindow::Fixed(limit.per));
        key.map_or(limit.to_string(), |key| {
            format!("{} {}", Grouped(limit.count.get()), key.heading)
        })
    });
    limits.collect::<Vec<_>>().join(", ")
}

/// Returns the value of a property, with the digits of an integer in groups.
pub(crate) fn short_value(value: PropertyValue) -> String {
    match value {
        PropertyValue::Choices([]) => "(none)".to_owned(),
        PropertyValue::Integer(value) => Grouped(value).to_string(),
        value => value.to_string(),
    }
}
