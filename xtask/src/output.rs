//! The generated files: writing them, and comparing them with those on disk.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::error::Error;

/// The directory of the tables, in the repository.
pub(crate) const TABLES: &str = "tables";

/// The path of the page that compares the tables, in the repository.
pub(crate) const COMPARISON: &str = "src/regions.md";

/// The path of the report, in the repository.
pub(crate) const REPORT: &str = "xtask/data/report.txt";

/// The generated files.
#[derive(Debug)]
pub struct Output {
    /// All files: the tables, the page that compares them, and the report.
    pub files: Vec<File>,
}

/// A generated file.
#[derive(Debug)]
pub struct File {
    /// The path in the repository.
    pub path: String,
    /// The content.
    pub text: String,
}

impl Output {
    /// Returns the report.
    #[must_use]
    pub fn report(&self) -> &str {
        let report = self.files.iter().find(|file| file.path == REPORT);
        report.map_or("", |file| &file.text)
    }

    /// Writes all files.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be written.
    pub fn write(&self, repository: &Path) -> Result<(), Error> {
        for file in &self.files {
            let path = repository.join(&file.path);
            fs::write(&path, &file.text).map_err(|error| Error::io(&path, &error))?;
        }
        Ok(())
    }

    /// Compares all files with those on disk, and returns a description of each difference.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read.
    pub fn differences(&self, repository: &Path) -> Result<Vec<String>, Error> {
        let mut differences = Vec::new();
        for file in &self.files {
            let path = repository.join(&file.path);
            match fs::read_to_string(&path) {
                Ok(committed) if committed == file.text => {}
                Ok(committed) => differences.push(difference(file, &committed)),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    differences.push(format!("{}: missing", file.path));
                }
                Err(error) => return Err(Error::io(&path, &error)),
            }
        }
        differences.extend(self.unknown_tables(repository)?);
        Ok(differences)
    }

    /// Returns a line for each YAML file in the folder of the tables that is not generated.
    fn unknown_tables(&self, repository: &Path) -> Result<BTreeSet<String>, Error> {
        let directory = repository.join(TABLES);
        let error = |error| Error::io(&directory, &error);
        let mut unknown = BTreeSet::new();
        for entry in fs::read_dir(&directory).map_err(error)? {
            let name = entry.map_err(error)?.file_name();
            let path = format!("{TABLES}/{}", name.to_string_lossy());
            let is_table = path.strip_suffix(".yaml").is_some();
            if is_table && !self.files.iter().any(|file| file.path == path) {
                unknown.insert(format!("{path}: not generated"));
            }
        }
        Ok(unknown)
    }
}

/// The maximum number of differing lines that are shown.
const SHOWN: usize = 5;

/// Describes the part of a file between the lines that are the same at its start and its end.
fn difference(file: &File, committed: &str) -> String {
    let old: Vec<_> = committed.split('\n').collect();
    let new: Vec<_> = file.text.split('\n').collect();
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[same..], &new[same..]);
    let pairs = old.iter().rev().zip(new.iter().rev());
    let same_end = pairs.take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - same_end], &new[..new.len() - same_end]);

    let (path, first) = (&file.path, same + 1);
    let (removed, added) = (old.len(), new.len());
    let mut text =
        format!("{path}:{first}: {removed} committed line(s), {added} generated line(s)");
    for (sign, lines) in [('-', old), ('+', new)] {
        for line in lines.iter().take(SHOWN) {
            text.extend(["\n  ", &format!("{sign} {line}")]);
        }
        if lines.len() > SHOWN {
            text.extend(["\n  ", &format!("{sign} ...")]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_the_lines_that_differ() {
        let file = |text: &str| File {
            path: "tables/a.yaml".to_owned(),
            text: text.to_owned(),
        };
        assert_eq!(
            difference(&file("a\nb\nc\n"), "a\nx\nc\n"),
            "tables/a.yaml:2: 1 committed line(s), 1 generated line(s)\n  - x\n  + b"
        );
        assert_eq!(
            difference(&file("a\na\n"), "a\n"),
            "tables/a.yaml:2: 0 committed line(s), 1 generated line(s)\n  + a"
        );
        assert_eq!(
            difference(&file("a"), "a\r\n").lines().count(),
            4,
            "line ends count"
        );
    }
}
