//! Writes the documentation page that compares the regions.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::table::{Model, Table};

/// Returns the page as Markdown: a row for each model and a column for each table.
pub(crate) fn page(tables: &[Table<'_>]) -> String {
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
    let mut rows = BTreeMap::<&str, Vec<Option<&Model<'_>>>>::new();
    for (column, table) in tables.iter().enumerate() {
        for model in &table.models {
            let row = rows.entry(model.row.name.text);
            row.or_insert_with(|| vec![None; tables.len()])[column] = Some(model);
        }
    }
    for (name, models) in rows {
        _ = write!(page, "| `{name}` |");
        for model in models {
            _ = write!(page, " {} |", cell(model));
        }
        page.push('\n');
    }
    page
}

fn cell(model: Option<&Model<'_>>) -> String {
    let Some(model) = model else {
        return "-".to_owned();
    };
    let limits: Vec<String> = model.limits.iter().map(ToString::to_string).collect();
    let limits = match limits.join(", ") {
        limits if limits.is_empty() => "none".to_owned(),
        limits => limits,
    };
    match model.deprecation {
        Some(_) => format!("({limits})"),
        None => limits,
    }
}
