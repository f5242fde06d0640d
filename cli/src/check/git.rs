//! Files that Git tracks although an ignore file matches them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Returns the tracked files of a folder that Git would ignore if it did not track them. Returns none if
/// the folder is not in a repository, or if Git is not installed.
pub(super) fn tracked_but_ignored(folder: &Path) -> Vec<PathBuf> {
    let mut git = Command::new("git");
    // The configuration of a repository can set a program as its monitor.
    git.args(["-c", "core.fsmonitor=false", "ls-files", "-z"])
        .args(["--cached", "--ignored", "--exclude-standard"])
        .current_dir(folder)
        .stderr(Stdio::null());
    let list = git.output().map(|output| output.stdout).unwrap_or_default();
    let names = list.split(|byte| *byte == 0);
    let files = names.map(|name| folder.join(&*String::from_utf8_lossy(name)));
    let is_file = |file: &PathBuf| file.symlink_metadata().is_ok_and(|it| it.is_file());
    files.filter(is_file).collect()
}
