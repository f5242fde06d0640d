//! Runs the generator on texts.

use std::fs;
use std::path::{Path, PathBuf};

use model_studio_limits_codegen::Generator;

/// A directory of its own for each test, with the files that it writes.
pub(crate) struct Files {
    directory: PathBuf,
}

impl Files {
    pub(crate) fn new(test: &str) -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        fs::create_dir_all(&directory).unwrap();
        Self { directory }
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The code or the report. The report has the names of the files without their directory.
    pub(crate) fn run(&self, generator: &Generator) -> Result<String, String> {
        match generator.generate() {
            Ok(code) => Ok(code.to_string()),
            Err(error) => {
                let directory = format!("{}/", self.directory.display());
                Err(error.to_string().replace(&directory, ""))
            }
        }
    }

    pub(crate) fn generate(&self, table: impl AsRef<[u8]>) -> Result<String, String> {
        self.run(&Generator::new(self.write("limits.yaml", table)))
    }
}
