//! The rows of the data file with exact windows.

use std::fmt::Write as _;

use crate::import::quotas::answer::{Limits, Window};
use crate::read::tsv;

/// The columns of the file, in its order.
const COLUMNS: [&str; 10] = [
    "region",
    "model",
    "count_limit",
    "count_limit_period_s",
    "usage_limit",
    "usage_limit_field",
    "usage_limit_period_s",
    "async_user_queue_limit",
    "async_user_concurrency_limit",
    "async_task_timeout_s",
];

/// A model of a region, and its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QuotaRow {
    cells: [String; COLUMNS.len()],
}

impl QuotaRow {
    pub(super) fn new(region: &str, model: &str) -> Self {
        let mut cells = <[String; COLUMNS.len()]>::default();
        region.clone_into(&mut cells[0]);
        model.clone_into(&mut cells[1]);
        Self { cells }
    }

    pub(super) fn region(&self) -> &str {
        &self.cells[0]
    }

    pub(super) fn model(&self) -> &str {
        &self.cells[1]
    }

    /// Returns the row with other limits. The endpoint does not answer with the last column.
    pub(super) fn with_limits(&self, limits: &Limits) -> Self {
        let mut row = self.clone();
        let number =
            |number: Option<_>| number.map(|number| format!("{number}")).unwrap_or_default();
        let count = |window: Option<Window>| number(window.map(|window| window.count));
        let seconds = |window: Option<Window>| number(window.map(|window| window.seconds));
        let (requests, usage) = (limits.requests, limits.usage.as_ref());
        let window = usage.map(|(window, _)| *window);
        let limits = [
            count(requests),
            seconds(requests),
            count(window),
            usage.map(|(_, field)| field.clone()).unwrap_or_default(),
            seconds(window),
            number(limits.queued_tasks),
            number(limits.concurrent_tasks),
        ];
        row.cells[2..9].clone_from_slice(&limits);
        row
    }
}

/// Reads the rows of the file.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<QuotaRow>, String> {
    let rows = tsv::rows(file, text)?;
    let rows = rows.iter().map(|row| {
        let mut cells = <[String; COLUMNS.len()]>::default();
        for (cell, column) in cells.iter_mut().zip(COLUMNS) {
            row.get(column)?.text.clone_into(cell);
        }
        Ok(QuotaRow { cells })
    });
    rows.collect()
}

/// Returns the text of the file.
pub(super) fn write(rows: &[QuotaRow]) -> String {
    let mut text = COLUMNS.join("\t");
    text.push('\n');
    for row in rows {
        _ = writeln!(text, "{}", row.cells.join("\t"));
    }
    text
}
