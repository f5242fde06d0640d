//! What is collected while a configuration is turned into settings.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::Secret;
use super::places::{Place, Problem};
use super::secret_source::SecretSource;

/// The problems that were found, and the folder to which paths are relative.
pub(super) struct Context<'a> {
    pub(super) directory: &'a Path,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Context<'a> {
    pub(super) fn new(directory: &'a Path) -> Self {
        Self {
            directory,
            problems: Vec::new(),
        }
    }

    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Returns a value, or reports the error.
    pub(super) fn check<T>(
        &mut self,
        place: impl Into<Place>,
        value: Result<T, String>,
    ) -> Option<T> {
        value
            .map_err(|message| self.report(Problem::new(place, message)))
            .ok()
    }

    /// Returns a path that may be relative to the configuration file.
    pub(super) fn path(&self, path: &Path) -> PathBuf {
        self.directory.join(path)
    }

    /// Reads a secret.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read, or is empty or not a key or URL. The error does not contain
    /// the secret.
    pub(super) fn secret(&self, source: &SecretSource) -> Result<Secret, String> {
        match source {
            SecretSource::Env(variable) => {
                let name = format!("the environment variable `{variable}`");
                match env::var_os(variable).map(OsString::into_string) {
                    None => Err(format!("{name} is not set")),
                    Some(Err(_)) => Err(format!("{name} is not valid UTF-8")),
                    Some(Ok(text)) => to_secret(&name, &text),
                }
            }
            SecretSource::File(path) => self.secret_file(path),
        }
    }

    /// Reads the secret in a file. See [`secret`](Self::secret).
    pub(super) fn secret_file(&self, path: &Path) -> Result<Secret, String> {
        let path = self.path(path);
        let text = fs::read_to_string(&path);
        let text = text.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        to_secret(&format!("the file {}", path.display()), &text)
    }
}

/// Removes the newline with which many files end.
fn to_secret(name: &str, text: &str) -> Result<Secret, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("{name} is empty"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!(
            "{name} contains a character that is not allowed in a key or URL"
        ));
    }
    Ok(Secret::new(text))
}
