//! Text in columns.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
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
