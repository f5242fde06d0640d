//! Runs the command line tool.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The variable that sets the date of today.
pub(crate) const TODAY: &str = "MODEL_STUDIO_LIMITS_TODAY";

/// Returns the root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns a command that runs the tool in a folder, on a day when no table is old.
pub(crate) fn tool(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_model-studio-limits"));
    command.current_dir(directory).args(arguments);
    command.env(TODAY, "2026-10-10");
    command
}

/// Runs the tool in a folder.
pub(crate) fn run(directory: &Path, arguments: &[&str]) -> Output {
    tool(directory, arguments).output().unwrap()
}

/// Returns the standard output as text.
pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

/// Returns the standard error as text.
pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}
