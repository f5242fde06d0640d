//! A temporary directory for the input files of a test.

use std::fs;
use std::path::PathBuf;

use model_studio_limits_codegen::Generator;
use tempfile::TempDir;

pub(crate) struct ScratchDir(TempDir);

impl ScratchDir {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes a file and returns its path.
    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, contents).unwrap();
        path
    }

    /// Returns the generated code, or the report with file names instead of paths.
    pub(crate) fn generate(&self, generator: &Generator) -> Result<String, String> {
        match generator.generate() {
            Ok(code) => Ok(code.to_string()),
            Err(error) => {
                // Joining an empty path adds a separator.
                let prefix = self.0.path().join("").display().to_string();
                Err(error.to_string().replace(&prefix, ""))
            }
        }
    }
}
