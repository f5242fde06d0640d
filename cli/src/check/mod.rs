//! `model-studio-limits check`

mod config;
mod file;
mod finding;
mod life_cycle;
mod place;
mod report;
mod scan;
mod walk;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::ERROR;
use crate::arguments::CheckArguments;
use finding::Finding;

pub(crate) use config::Days;
pub(crate) use report::Format;

/// The exit code if there are findings.
const FINDINGS: u8 = 1;

pub(crate) fn run(
    arguments: &CheckArguments,
    output: &mut (impl Write + ?Sized),
) -> anyhow::Result<ExitCode> {
    let progress = walk::Progress::new();
    let mut outcome = Outcome::default();
    for path in &arguments.paths {
        let config = config::Config::load(path, arguments)?;
        outcome.append(walk::check(path, &config, &progress)?);
    }
    progress.finish();
    // A file can be reached from several paths.
    let key = |finding: &Finding| (finding.path.clone(), finding.bytes.start);
    outcome.findings.sort_by_cached_key(key);
    outcome.findings.dedup_by_key(|finding| key(finding));

    let mut fixed = 0;
    if arguments.fix {
        let (fixable, rest) = outcome.findings.into_iter().partition(|f| f.fix.is_some());
        outcome.findings = rest;
        fixed = apply_fixes(&fixable)?;
    }
    report::write(arguments.format, &outcome.findings, output)?;
    output.flush()?;
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

/// Writes the replacements into the files, and returns their number. The findings are sorted.
fn apply_fixes(findings: &[Finding]) -> anyhow::Result<usize> {
    for findings in findings.chunk_by(|a, b| a.path == b.path) {
        let path = findings[0].path.as_path();
        fix_file(path, findings).with_context(|| format!("cannot fix {}", path.display()))?;
    }
    Ok(findings.len())
}

fn fix_file(path: &Path, findings: &[Finding]) -> anyhow::Result<()> {
    let text = std::fs::read(path)?;
    let mut fixed = Vec::with_capacity(text.len());
    let mut end = 0;
    for finding in findings {
        let name = text.get(finding.bytes.clone());
        anyhow::ensure!(
            name == Some(finding.name.as_bytes()) && finding.bytes.start >= end,
            "the file has changed, run the command again"
        );
        fixed.extend_from_slice(&text[end..finding.bytes.start]);
        fixed.extend_from_slice(finding.fix.unwrap_or(&finding.name).as_bytes());
        end = finding.bytes.end;
    }
    fixed.extend_from_slice(&text[end..]);
    std::fs::write(path, fixed)?;
    Ok(())
}

fn summarize(outcome: &Outcome, fixed: usize) {
    let count = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    };
    let mut paths: Vec<&PathBuf> = outcome
        .findings
        .iter()
        .map(|finding| &finding.path)
        .collect();
    paths.dedup();
    let checked = count(outcome.files, "file");
    if fixed > 0 {
        anstream::eprintln!("fixed {}", count(fixed, "model ID"));
    }
    if !outcome.findings.is_empty() {
        let findings = count(outcome.findings.len(), "finding");
        let files = count(paths.len(), "file");
        anstream::eprintln!("{findings} in {files}, {checked} checked");
    }
}
