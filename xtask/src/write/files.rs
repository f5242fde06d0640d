//! The generated files, which are written to disk or compared with those on disk.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::deviations::Deviations;
use crate::read::Data;
use crate::table::RegionTable;
use crate::write::{comparison, rust, yaml};

/// The directory of the tables, in the repository.
const TABLES: &str = "tables";

/// The path of the list of the tables with their texts, in the repository.
const TABLE_LIST: &str = "tables/lib.rs";

/// The path of the list of the regions, in the repository.
const REGION_LIST: &str = "src/region_list.rs";

/// The path of the page that compares the tables, in the repository.
const COMPARISON: &str = "src/regions.md";

/// The path of the report of deviations, in the repository.
const REPORT: &str = "xtask/data/report.txt";

/// The generated files.
#[derive(Debug)]
pub struct GeneratedFiles {
    /// The contents by path in the repository: the tables, the lists of them, the page that
    /// compares them, and the report of deviations.
    pub contents: BTreeMap<String, String>,
}

impl GeneratedFiles {
    pub(crate) fn new(data: &Data<'_>, tables: &[RegionTable<'_>], deviations: Deviations) -> Self {
        let mut contents = BTreeMap::new();
        for table in tables {
            let path = format!("{TABLES}/{}.yaml", table.deployment.file);
            contents.insert(path, yaml::table(table, data));
        }
        contents.insert(TABLE_LIST.to_owned(), rust::tables());
        contents.insert(REGION_LIST.to_owned(), rust::region_list());
        contents.insert(COMPARISON.to_owned(), comparison::page(tables));
        contents.insert(REPORT.to_owned(), deviations.0);
        Self { contents }
    }

    /// Returns the report of deviations.
    #[must_use]
    pub fn report(&self) -> &str {
        &self.contents[REPORT]
    }

    /// Writes all files.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be written.
    pub fn write(&self, repository: &Path) -> Result<(), String> {
        for (path, text) in &self.contents {
            fs::write(repository.join(path), text).map_err(|error| format!("{path}: {error}"))?;
        }
        Ok(())
    }

    /// Compares all files with those on disk, and returns a description of each difference.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read.
    pub fn differences(&self, repository: &Path) -> Result<Vec<String>, String> {
        let mut differences = Vec::new();
        for (path, text) in &self.contents {
            match fs::read_to_string(repository.join(path)) {
                Ok(committed) if committed == *text => {}
                Ok(committed) => differences.push(difference(path, &committed, text)),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    differences.push(format!("{path}: missing"));
                }
                Err(error) => return Err(format!("{path}: {error}")),
            }
        }
        Ok(differences)
    }
}

/// Describes the first line that differs.
fn difference(path: &str, committed: &str, generated: &str) -> String {
    let lines = committed.split('\n').zip(generated.split('\n'));
    let same = lines.take_while(|(old, new)| old == new).count();
    let line = |text: &str| match text.split('\n').nth(same) {
        Some(line) => format!("{line:?}"),
        None => "nothing".to_owned(),
    };
    let (number, old, new) = (same + 1, line(committed), line(generated));
    format!("{path}:{number}: committed {old}, generated {new}")
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn a_difference_shows_the_first_line_that_differs() {
        assert_eq!(
            difference("tables/a.yaml", "a\nx\nc\n", "a\nb\nc\n"),
            r#"tables/a.yaml:2: committed "x", generated "b""#
        );
        assert_eq!(
            difference("tables/a.yaml", "a\n", "a\na\n"),
            r#"tables/a.yaml:2: committed "", generated "a""#
        );
        assert_eq!(
            difference("tables/a.yaml", "a\r\n", "a\n"),
            r#"tables/a.yaml:1: committed "a\r", generated "a""#
        );
    }
}
