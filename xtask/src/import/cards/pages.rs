//! The model cards in a checkout of the provider's repository.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The directory of the cards, in the provider's repository. Each category has a directory of its own.
const CARDS: &str = "raw/model-user-guide/support/model-studio-model-list";

/// A model card, which is a page about a model and its snapshots.
#[derive(Clone, Debug)]
pub struct CardPage {
    /// The path of the file, for errors and for the data.
    pub file: String,
    /// Its content.
    pub text: String,
}

impl CardPage {
    /// Reads all cards below the root of the provider's documentation, in the order of their paths.
    /// Returns no cards if their directory is missing.
    pub(crate) fn load(documentation: &Path) -> Result<Vec<Self>, String> {
        let mut cards = Vec::new();
        for category in entries(&documentation.join(CARDS))? {
            if !category.is_dir() {
                continue;
            }
            for path in entries(&category)? {
                if path.extension().is_none_or(|extension| extension != "md") {
                    continue;
                }
                let text = fs::read_to_string(&path);
                let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
                let file = path.strip_prefix(documentation).unwrap_or(&path);
                let parts = file.iter().map(|part| part.to_string_lossy());
                let file = parts.collect::<Vec<_>>().join("/");
                cards.push(Self { file, text });
            }
        }
        Ok(cards)
    }

    /// Returns the name of the file with that of its directory, for errors.
    pub(crate) fn short_name(&self) -> &str {
        self.file
            .strip_prefix(CARDS)
            .map_or(&self.file, |name| name.trim_start_matches('/'))
    }
}

/// Returns the sorted paths in a directory, or none if it is missing.
fn entries(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let error = |error| format!("{}: {error}", directory.display());
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(error(cause)),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<_> = paths.collect::<Result<_, _>>().map_err(error)?;
    paths.sort();
    Ok(paths)
}
