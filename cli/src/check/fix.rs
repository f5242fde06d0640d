//! Writes replacements into files.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use model_studio_limits_core::Escaped;
use tempfile::NamedTempFile;

use super::Outcome;
use super::finding::Finding;

/// Fixes what can be fixed, and returns the rest and the number of findings that were fixed. If a file
/// cannot be written, its findings stay. The findings are sorted.
pub(super) fn apply(mut outcome: Outcome) -> (Outcome, usize) {
    let all = std::mem::take(&mut outcome.findings);
    let mut fixed = 0;
    for findings in all.chunk_by(|a, b| a.file == b.file) {
        match fix_file(&findings[0].file, findings) {
            Ok(()) => {
                let rest = findings.iter().filter(|finding| finding.fix.is_none());
                let rest: Vec<Finding> = rest.cloned().collect();
                fixed += findings.len() - rest.len();
                outcome.findings.extend(rest);
            }
            Err(error) => {
                let path = findings[0].path.to_string_lossy();
                let problem = format!("cannot fix {}: {error:#}", Escaped(&path));
                outcome.problems.push(problem);
                outcome.findings.extend_from_slice(findings);
            }
        }
    }
    (outcome, fixed)
}

fn fix_file(path: &Path, findings: &[Finding]) -> anyhow::Result<()> {
    if findings.iter().all(|finding| finding.fix.is_none()) {
        return Ok(());
    }
    let text = fs::read(path)?;
    let mut fixed = Vec::with_capacity(text.len());
    let mut end = 0;
    for finding in findings {
        let Some(replacement) = finding.fix else {
            continue;
        };
        ensure!(
            text.get(finding.bytes.clone()) == Some(finding.name.as_bytes()),
            "the file has changed, run the command again"
        );
        fixed.extend_from_slice(&text[end..finding.bytes.start]);
        fixed.extend_from_slice(replacement.as_bytes());
        end = finding.bytes.end;
    }
    fixed.extend_from_slice(&text[end..]);
    replace(path, &fixed)
}

/// Replaces a file in one step, so that it is complete if writing fails.
fn replace(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    let metadata = fs::metadata(path)?;
    // A file that is protected from writing could still be replaced.
    ensure!(!metadata.permissions().readonly(), "the file is read-only");
    let directory = path.parent().context("the file has no folder")?;
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(text)?;
    file.as_file().set_permissions(metadata.permissions())?;
    file.persist(path)?;
    Ok(())
}
