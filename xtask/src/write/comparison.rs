//! Writes the documentation page that compares the regions.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::table::{RegionTable, TableRow};

/// Returns the page as Markdown: a row for each model and a column for each table.
pub(crate) fn page(tables: &[RegionTable<'_>]) -> String {
    let mut page = String::from(
        "The models of all regions and deployment scopes, with their limits in the notation of the tables.\n\
         \n\
         `-` means that the model is not served there. Limits in parentheses are those of a model that will be\n\
         retired. QPM and TPM are queries and tokens per minute.\n\
         \n\
         | model ID |",
    );
    for table in tables {
        let file = table.deployment.file;
        _ = write!(page, " `{file}` |");
    }
    page.push_str("\n| --- |");
    page.push_str(&" --- |".repeat(tables.len()));
    page.push('\n');
    let mut models = BTreeMap::<&str, Vec<Option<&TableRow<'_>>>>::new();
    for (column, table) in tables.iter().enumerate() {
        for row in &table.rows {
            let cells = models.entry(row.listing.name.text);
            cells.or_insert_with(|| vec![None; tables.len()])[column] = Some(row);
        }
    }
    for (name, rows) in models {
        _ = write!(page, "| `{name}` |");
        for row in rows {
            _ = write!(page, " {} |", cell(row));
        }
        page.push('\n');
    }
    page
}

fn cell(row: Option<&TableRow<'_>>) -> String {
    let Some(row) = row else {
        return "-".to_owned();
    };
    let mut limits: Vec<String> = row.limits.iter().map(ToString::to_string).collect();
    if limits.is_empty() {
        limits.push("none".to_owned());
    }
    let limits = limits.join(", ");
    match row.deprecation {
        Some(_) => format!("({limits})"),
        None => limits,
    }
}
