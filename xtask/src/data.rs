//! The data files.

use std::fs;
use std::path::Path;

use crate::{lifecycle, page, pools, windows};

/// The contents of the data files.
#[derive(Clone, Debug)]
pub struct Data {
    /// The provider's rate limit page.
    pub models: String,
    /// The provider's retirement notices.
    pub lifecycle: String,
    /// The exact windows of Beijing models.
    pub windows: String,
    /// The names of shared quotas.
    pub pools: String,
}

impl Data {
    /// Reads the files in a directory.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read.
    pub fn load(directory: &Path) -> Result<Self, String> {
        let read = |file: &str| {
            let path = directory.join(file);
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        Ok(Self {
            models: read(page::FILE)?,
            lifecycle: read(lifecycle::FILE)?,
            windows: read(windows::FILE)?,
            pools: read(pools::FILE)?,
        })
    }
}
