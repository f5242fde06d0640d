//! The error of a configuration.

use std::error;
use std::fmt;
use std::path::Path;

/// Error returned when the settings are invalid. It lists everything that is wrong:
///
/// ```text
/// gateway.toml:3:1: `lisen`: unknown key
///   help: did you mean `listen`?
/// gateway.toml:9:9: `share`: expected a fraction such as `1/4`, found the integer 4
/// ```
///
/// The lines of the file are not shown, since they could contain a secret.
pub struct ConfigError {
    lines: Vec<String>,
}

impl ConfigError {
    pub(super) fn new(lines: Vec<String>) -> Self {
        Self { lines }
    }

    /// Creates an error about a file as a whole.
    pub(super) fn file(path: &Path, message: impl fmt::Display) -> Self {
        Self {
            lines: vec![format!("{}: {message}", path.display())],
        }
    }
}

/// Writes one problem per line, and below it how to solve it.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.join("\n"))
    }
}

/// Writes the problems, so that `unwrap` shows them.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl error::Error for ConfigError {}
