//! A folder with a configuration file.

use std::fs;
use std::path::PathBuf;

use model_studio_gateway::config::{Config, ConfigError, Flags, Source};
use tempfile::TempDir;

/// A key of a client, and its hash.
pub(crate) const KEY: &str = "msg-4hFAcz0eB3yyTNCfqVp1sQ2wXkLmRdJ8uGtHnYoE5ab";
pub(crate) const HASH: &str =
    "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// A temporary folder with a configuration file.
pub(crate) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    pub(crate) fn new(text: &str) -> Self {
        let scratch = Self {
            folder: TempDir::new().unwrap(),
        };
        scratch.write("gateway.toml", text);
        scratch
    }

    /// Writes a file to the folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn source(&self, flags: Flags) -> Source {
        Source {
            config: Some(self.folder.path().join("gateway.toml")),
            flags,
        }
    }

    pub(crate) fn load(&self) -> Result<Config, ConfigError> {
        self.source(Flags::default()).load()
    }

    /// Returns a text without the path of the folder.
    pub(crate) fn without_path(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

/// Returns the settings of a configuration file.
pub(crate) fn load(text: &str) -> Config {
    Scratch::new(text).load().unwrap()
}
