//! Generates the tables of all regions from the provider's data.
//!
//! The data flows one way: the modules `page`, `pools`, `windows` and `lifecycle` read one file
//! each, `table` assembles the tables, `write` turns them into YAML, and `comparison` writes the
//! documentation page that compares them.

mod comparison;
mod data;
mod deployment;
mod error;
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

pub use data::Data;
pub use error::Error;
pub use output::{File, Output};

/// Generates all files.
///
/// # Errors
///
/// Returns the first error in the data.
pub fn generate(data: &Data) -> Result<Output, Error> {
    let mut report = report::Report::default();
    let tables = table::build(data, &mut report)?;
    let mut files: Vec<_> = tables
        .iter()
        .map(|table| File {
            path: format!("{}/{}.yaml", output::TABLES, table.deployment.file),
            text: write::table(table),
        })
        .collect();
    files.push(File {
        path: output::COMPARISON.to_owned(),
        text: comparison::page(&tables),
    });
    files.push(File {
        path: output::REPORT.to_owned(),
        text: report.to_string(),
    });
    Ok(Output { files })
}
