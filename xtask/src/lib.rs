//! Generates the tables of all regions from the provider's data.
//!
//! The data flows one way: `read` returns the rows of each data file, `rules` turns them into the
//! tables, and `write` formats the tables as YAML and as the documentation page that compares them.

mod changelog;
mod deployment;
mod deviations;
mod import;
mod property;
mod read;
mod rules;
mod sources;
mod table;
mod write;

use deviations::Deviations;
use read::Data;

pub use changelog::add_to_changelog;
pub use import::{CardPage, Import, ProviderPages, QuotaAnswer, import};
pub use read::DataFiles;
pub use write::files::GeneratedFiles;

/// Generates all files.
///
/// # Errors
///
/// Returns the first error in the data.
pub fn generate(files: &DataFiles) -> Result<GeneratedFiles, String> {
    let mut deviations = Deviations::default();
    let data = Data::parse(files)?;
    let tables = rules::apply(&data, &mut deviations)?;
    Ok(GeneratedFiles::new(&data, &tables, deviations))
}
