//! `model-studio-limits check`

mod config;
mod file;
mod finding;
mod fix;
mod life_cycle;
mod place;
mod report;
mod scan;
mod walk;

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::ERROR;
use crate::arguments::CheckArguments;
use finding::Finding;

pub(crate) use config::Days;
pub(crate) use report::Format;

/// The exit code if there are findings.
const FINDINGS: u8 = 1;

pub(crate) fn run(arguments: &CheckArguments, output: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut outcome = Outcome::default();
    let progress = walk::Progress::new();
    for (file, paths) in by_configuration(arguments, &mut outcome.problems) {
        let config = config::Config::load(file.as_deref(), arguments)?;
        outcome.append(walk::check(&paths, &config, &progress));
    }
    progress.finish();
    // A file can be reached from several paths.
    let findings = &mut outcome.findings;
    findings.sort_by(|a, b| a.place().cmp(&b.place()));
    findings.dedup_by(|a, b| a.place() == b.place());

    let mut fixed = 0;
    if arguments.fix {
        (outcome, fixed) = fix::apply(outcome);
    }
    let written = report::write(arguments.format, &outcome.findings, output);
    match written.and_then(|()| output.flush()) {
        // The reader of the findings has ended, but not the one of the exit code.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => written?,
    }
    for problem in &outcome.problems {
        anstream::eprintln!("error: {problem}");
    }
    summarize(&outcome, fixed);
    Ok(if !outcome.problems.is_empty() {
        ExitCode::from(ERROR)
    } else if !outcome.findings.is_empty() {
        ExitCode::from(FINDINGS)
    } else {
        ExitCode::SUCCESS
    })
}

/// What a check has found.
#[derive(Default)]
struct Outcome {
    findings: Vec<Finding>,
    /// The files and folders that could not be read, and why.
    problems: Vec<String>,
    /// The number of files that were read.
    files: usize,
}

impl Outcome {
    fn append(&mut self, mut other: Self) {
        self.findings.append(&mut other.findings);
        self.problems.append(&mut other.problems);
        self.files += other.files;
    }
}

/// Groups the paths by their configuration files. Adds paths that cannot be checked to the problems.
fn by_configuration<'a>(
    arguments: &'a CheckArguments,
    problems: &mut Vec<String>,
) -> BTreeMap<Option<PathBuf>, Vec<&'a Path>> {
    let mut groups = BTreeMap::<_, Vec<_>>::new();
    for path in &arguments.paths {
        match path.canonicalize() {
            Ok(file) if file.is_file() || file.is_dir() => {
                let config = arguments.config.clone().or_else(|| config::find(&file));
                groups.entry(config).or_default().push(path.as_path());
            }
            Ok(_) => {
                let error = io::Error::other("it is not a file or a folder");
                problems.push(walk::cannot_read(path, &error));
            }
            Err(error) => problems.push(walk::cannot_read(path, &error)),
        }
    }
    groups
}

fn summarize(outcome: &Outcome, fixed: usize) {
    let count = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    };
    let by_path = outcome.findings.chunk_by(|a, b| a.path == b.path);
    let checked = count(outcome.files, "file");
    if fixed > 0 {
        anstream::eprintln!("fixed {}", count(fixed, "model ID"));
    }
    if !outcome.findings.is_empty() {
        let findings = count(outcome.findings.len(), "finding");
        let files = count(by_path.count(), "file");
        anstream::eprintln!("{findings} in {files}, {checked} checked");
    }
}
