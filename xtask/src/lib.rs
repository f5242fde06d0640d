//! Generates the tables of all regions from the provider's data.
//!
//! The data flows one way: the modules `page`, `pools`, `windows` and `lifecycle` read one file
//! each, `table` assembles the tables, `write` turns them into YAML, and `comparison` writes the
//! documentation page that compares them.

mod comparison;
mod data;
mod deployment;
mod lifecycle;
mod limit;
mod output;
mod page;
mod pools;
mod report;
mod table;
mod tsv;
mod windows;
mod write;

use std::collections::BTreeMap;

pub use data::Data;
pub use output::Output;

/// Generates all files.
///
/// # Errors
///
/// Returns the first error in the data.
pub fn generate(data: &Data) -> Result<Output, String> {
    let mut report = report::Report::default();
    let tables = table::build(data, &mut report)?;
    let mut files = BTreeMap::new();
    for table in &tables {
        let path = format!("{}/{}.yaml", output::TABLES, table.deployment.file);
        files.insert(path, write::table(table));
    }
    files.insert(output::COMPARISON.to_owned(), comparison::page(&tables));
    files.insert(output::REPORT.to_owned(), report.0);
    Ok(Output { files })
}
