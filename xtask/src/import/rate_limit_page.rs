//! Reads the provider's rate limit page.

use std::collections::HashMap;

use crate::import::error::{self, PageError};
use crate::import::headings::Headings;
use crate::import::row::{Key, Row};
use crate::import::{markdown, rows, sections, tables};

/// The name of the file, for errors.
pub(super) const FILE: &str = "rate-limit.md";

/// The rows of the page, and what the report must mention.
#[derive(Debug)]
pub(super) struct RateLimitPage {
    pub(super) rows: Vec<Row>,
    pub(super) remarks: Vec<String>,
}

/// Reads the page.
pub(super) fn read(page: &str, headings: &Headings<'_>) -> Result<RateLimitPage, String> {
    let mut errors = Vec::new();
    let mut remarks = Vec::new();
    let mut all = Vec::new();
    for section in sections::divide(markdown::lines(page), headings, &mut errors) {
        let names = headings.names(section.path);
        for table in tables::divide(&section, &mut errors) {
            if table.rows.is_empty() {
                remarks.push(format!("{FILE}:{}: the table has no rows", table.line));
            }
            all.extend(rows::read(&table, &section, &names, &mut errors));
        }
    }
    let all = without_duplicates(all, &mut remarks, &mut errors);
    if all.is_empty() && errors.is_empty() {
        errors.push(PageError::new(1, "expected tables with models, found none"));
    }
    if !errors.is_empty() {
        return Err(error::message(FILE, errors));
    }
    Ok(RateLimitPage { rows: all, remarks })
}

/// Returns the rows without those that the page repeats.
fn without_duplicates(
    rows: Vec<Row>,
    remarks: &mut Vec<String>,
    errors: &mut Vec<PageError>,
) -> Vec<Row> {
    let mut first: HashMap<Key<'_>, &Row> = HashMap::new();
    let mut is_duplicate = Vec::new();
    for row in &rows {
        let Some(other) = first.get(&row.key()) else {
            first.insert(row.key(), row);
            is_duplicate.push(false);
            continue;
        };
        is_duplicate.push(true);
        let (line, [region, scope, name]) = (other.line, row.key());
        if row.differences(other).is_empty() {
            remarks.push(format!("{FILE}:{}: {name}: repeats line {line}", row.line));
        } else {
            let message = format!("{name} in {region}, scope {scope}, differs from line {line}");
            errors.push(PageError::new(row.line, message));
        }
    }
    let rows = rows.into_iter().zip(is_duplicate);
    let rows = rows.filter(|(_, is_duplicate)| !is_duplicate);
    rows.map(|(row, _)| row).collect()
}
