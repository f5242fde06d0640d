//! `model-studio-limits check`

mod arguments;
mod config;
mod excerpt;
mod file;
mod finding;
mod fix;
mod git;
mod life_cycle;
mod outcome;
mod position;
mod report;
mod rules;
mod scan;
mod walk;

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::{exit, table_age};
use outcome::Outcome;
use scan::Scanner;

pub(crate) use arguments::Arguments;

pub(crate) fn run(arguments: &Arguments, output: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut outcome = Outcome::default();
    let progress = walk::Progress::new();
    let mut table_date = None;
    let mut warning = None;
    for (file, paths) in by_configuration(arguments, &mut outcome) {
        let config = config::Config::load(file.as_deref(), arguments)?;
        let tables = config.selection.tables()?;
        table_date = table_date
            .into_iter()
            .chain(table_age::date_of(&tables))
            .min();
        warning = warning.or_else(|| table_age::warning(&tables, config.dates.today));
        let scanner = Scanner::new(&config.selection, &tables, config.dates);
        outcome.append(walk::check(&paths, &config, &scanner, &progress));
    }
    progress.finish();
    // A file can be reached from several paths.
    let findings = &mut outcome.findings;
    findings.sort_by(|a, b| a.place().cmp(&b.place()));
    findings.dedup_by(|a, b| a.place() == b.place());

    let fixed = if arguments.fix {
        fix::apply(&mut outcome)
    } else {
        0
    };
    let written = if arguments.summary {
        report::write_summary(&outcome.findings, output)
    } else {
        report::write(arguments.format, &outcome.findings, table_date, output)
    };
    match written.and_then(|()| output.flush()) {
        // The program that reads the findings has exited, but the exit code still counts.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => written?,
    }
    for error in &outcome.errors {
        anstream::eprintln!("error: {error}");
    }
    if let Some(warning) = warning {
        anstream::eprintln!("{warning}");
    }
    summarize(&outcome, fixed);
    Ok(if !outcome.errors.is_empty() {
        ExitCode::from(exit::ERROR)
    } else if !outcome.findings.is_empty() {
        ExitCode::from(exit::FINDINGS)
    } else {
        ExitCode::SUCCESS
    })
}

/// Groups the paths by their configuration files. Paths that cannot be checked are errors.
fn by_configuration<'a>(
    arguments: &'a Arguments,
    outcome: &mut Outcome,
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
                outcome.cannot("read", path, &error);
            }
            Err(error) => outcome.cannot("read", path, &error),
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
