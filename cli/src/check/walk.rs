//! Reads the files below a path in parallel.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ignore::{DirEntry, WalkBuilder, WalkState};
use indicatif::ProgressBar;

use super::config::Config;
use super::file;
use super::git;
use super::outcome::Outcome;
use super::scan::Scanner;

/// Checks the files at these paths. In folders, all files are checked that Git does not ignore.
pub(super) fn check(
    paths: &[&Path],
    config: &Config,
    scanner: &Scanner,
    progress: &Progress,
) -> Outcome {
    let Some((first, others)) = paths.split_first() else {
        return Outcome::default();
    };
    let exclude = config.exclude.clone();
    let mut walk = WalkBuilder::new(first);
    for path in others {
        walk.add(path);
    }
    let folders = paths.iter().filter(|path| path.is_dir());
    for file in folders.flat_map(|folder| git::tracked_but_ignored(folder)) {
        walk.add(file);
    }
    let walk = walk
        // Files such as `.env` contain model IDs.
        .hidden(false)
        .require_git(false)
        .filter_entry(move |entry| entry.file_name() != ".git" && !exclude.matches(entry))
        .build_parallel();
    let outcome = Mutex::new(Outcome::default());
    walk.run(|| {
        let mut buffer = Vec::new();
        let outcome = &outcome;
        Box::new(move |entry| {
            let outcome = || outcome.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = match entry {
                // The filter is not applied to the arguments of the command.
                Ok(entry) if entry.depth() == 0 && config.exclude.matches(&entry) => {
                    return WalkState::Continue;
                }
                Ok(entry) if is_file(&entry) => entry,
                Ok(_) => return WalkState::Continue,
                Err(error) => {
                    outcome().errors.push(error.to_string());
                    return WalkState::Continue;
                }
            };
            match file::check(entry.path(), scanner, config, &mut buffer) {
                Ok(Some(findings)) => {
                    let mut outcome = outcome();
                    outcome.files += 1;
                    outcome.findings.extend(findings);
                }
                Ok(None) => {}
                Err(error) => outcome().cannot("read", entry.path(), &error),
            }
            progress.file_was_checked();
            WalkState::Continue
        })
    });
    let mut outcome = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcome.errors.sort();
    outcome
}

/// Returns `true` for regular files, and for a path argument that is a link to one. Other links are
/// not followed.
fn is_file(entry: &DirEntry) -> bool {
    if entry.depth() == 0 {
        return entry.path().is_file();
    }
    entry.file_type().is_some_and(|kind| kind.is_file())
}

/// Shows the number of checked files on a terminal, if the check takes longer than a second.
pub(super) struct Progress {
    start: Instant,
    files: AtomicUsize,
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            files: AtomicUsize::new(0),
            bar: ProgressBar::new_spinner(),
        }
    }

    fn file_was_checked(&self) {
        const EVERY: usize = 1_000;
        let files = self.files.fetch_add(1, Ordering::Relaxed) + 1;
        if files % EVERY == 0 && self.start.elapsed() > Duration::from_secs(1) {
            self.bar.set_message(format!("{files} files checked"));
            self.bar.tick();
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
